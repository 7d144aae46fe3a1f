// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

// AddressSanitizer has operators of its own; there libFuzzer's limit on memory has to do.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
#define COHORT_COUNT_ALLOCATIONS
#endif
#include "fuzz/cost_property.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  using namespace cohort::fuzz;
  using Sparse = std::optional<std::array<char, 4096>>;
  switch (data[0] % 10) {
    case 0: check_cost<std::unordered_set<CountedKey, PoorHash>>(bytes, "unordered_set"); break;
    case 1: check_cost<std::unordered_map<CountedKey, char, PoorHash>>(bytes, "unordered_map"); break;
    case 2: check_cost<std::unordered_multiset<CountedKey, PoorHash>>(bytes, "unordered_multiset"); break;
    case 3: check_cost<std::unordered_multimap<CountedKey, char, PoorHash>>(bytes, "unordered_multimap"); break;
    case 4: check_cost<std::multiset<CountedKey>>(bytes, "multiset"); break;
    case 5: check_cost<std::map<CountedKey, std::list<Sparse>>>(bytes, "map of lists"); break;
    case 6: check_cost<std::vector<std::unique_ptr<Sparse>>>(bytes, "vector of pointers"); break;
    case 7: check_cost<std::vector<std::vector<std::vector<Sparse>>>>(bytes, "vectors of vectors"); break;
    default: check_cost<cohort::Object>(bytes, "Object");
  }
  return 0;
}
