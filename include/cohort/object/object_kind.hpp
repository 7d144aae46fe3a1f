// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The kinds of shared objects. A number of this list stands in the family memory and on the wire: only append.
#pragma once

#include <cstdint>

namespace cohort {
namespace detail {

// Not cohort::ObjectKind: that is what an Object holds (cohort/wire/object.hpp).
enum class ObjectKind : std::uint32_t {
  none = 0,
  lock = 1,
  rlock = 2,
  semaphore = 3,
  bounded_semaphore = 4,
  condition = 5,
  event = 6,
  barrier = 7,
  shared_mutex = 8,
  value = 9,
  array = 10,
  queue = 11,
  simple_queue = 12,
  joinable_queue = 13,
  connection = 14,
  for_tests = 15,
  shared_memory = 16,
  pipe = 17,  // what the two ends of a pipe have in common
};

}  // namespace detail

inline constexpr std::uint32_t kObjectKinds = 18;

namespace object {
using detail::ObjectKind;
}  // namespace object

}  // namespace cohort
