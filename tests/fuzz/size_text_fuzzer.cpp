// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The text of COHORT_MEMORY_BUDGET: it is read as a plain reading of the grammar, in wider numbers, says.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "family/size_text.hpp"

namespace {

__extension__ using Wide = unsigned __int128;

std::optional<std::uint64_t> read(std::string_view text) {
  constexpr Wide kLimit = Wide{1} << 64;
  constexpr std::string_view kUnits = "KMGT";
  Wide number = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<Wide>(text[at] - '0');
    if (number >= kLimit) { return std::nullopt; }
  }
  if (at == 0 || number == 0 || text.size() - at > 1) { return std::nullopt; }
  if (at < text.size()) {
    const char upper = text[at] >= 'a' && text[at] <= 'z' ? static_cast<char>(text[at] - 'a' + 'A') : text[at];
    const std::size_t unit = kUnits.find(upper);
    if (unit == std::string_view::npos) { return std::nullopt; }
    number <<= 10 * (unit + 1);
  }
  if (number >= kLimit) { return std::nullopt; }
  return static_cast<std::uint64_t>(number);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (cohort::family::parse_size(text) != read(text)) { std::abort(); }
  return 0;
}
