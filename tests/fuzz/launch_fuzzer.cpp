// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a child is told by its parent: the launch block, the text in its environment, and the environment itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "cohort/base/error.hpp"
#include "os/process_attributes.hpp"
#include "process/launch.hpp"
#include "process/reexecution.hpp"

namespace {

void require(bool holds) {
  if (!holds) { std::abort(); }
}

void check_launch(std::span<const std::byte> bytes) {
  try {
    const auto once = cohort::encode(cohort::decode<cohort::detail::Launch>(bytes));
    require(cohort::encode(cohort::decode<cohort::detail::Launch>(once)) == once);
  } catch (const cohort::DecodeError&) { return; }
}

void check_text(const std::string& text) {
  const auto read = cohort::detail::parse_reexecution(text);
  if (!read) { return; }
  require(read->descriptors.size() <= cohort::detail::kMostDescriptors);
  const std::string written = cohort::detail::format_reexecution(*read);
  const auto again = cohort::detail::parse_reexecution(written);
  require(again.has_value() && cohort::detail::format_reexecution(*again) == written);
}

void check_environment(std::span<const std::byte> block) {
  cohort::os::replace_environment(block);
  const auto once = cohort::os::capture_environment();
  require(once.size() <= block.size() + 1);
  for (const std::string& entry : cohort::os::environment_entries()) {
    const std::size_t equals = entry.find('=');
    require(equals != std::string::npos && equals != 0);
  }
  const std::uint64_t digest = cohort::os::environment_digest();
  cohort::os::replace_environment(once);
  require(cohort::os::capture_environment() == once && cohort::os::environment_digest() == digest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 3) {
    case 0: check_launch(bytes); break;
    case 1: check_text(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())); break;
    default:
      if (bytes.size() < 256) { check_environment(bytes); }
  }
  return 0;
}
