// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <span>

#include "cohort/wire/object.hpp"
#include "fuzz/codec_property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  // The first byte chooses the type, so that small inputs reach every corner.
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  using namespace cohort::fuzz;
  switch (data[0] % 6) {
    case 0: check_bytes<Everything>(bytes); break;
    case 1: check_bytes<Node>(bytes); break;
    case 2: check_bytes<Unordered>(bytes); break;
    case 3: check_bytes<cohort::Object>(bytes); break;
    case 4: check_bytes<std::map<std::string, std::optional<std::vector<bool>>>>(bytes); break;
    default:
      check_bytes<std::vector<std::variant<std::monostate, Leaf, std::string, std::vector<std::int64_t>>>>(bytes);
  }
  return 0;
}
