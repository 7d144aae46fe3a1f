// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Copying an item, without a call for what most items are.
#pragma once

#include <cstddef>
#include <cstring>

namespace cohort::ring {

// 16 bytes in a register. Not an array, for which a hardened build guards the stack.
using Quarter = unsigned long __attribute__((vector_size(16)));

/// Copies `size` bytes.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  if (size > 64) [[unlikely]] {
    std::memcpy(to, from, size);
  } else if (size >= 32) {
    // The two halves may overlap.
    Quarter first, second, third, last;
    std::memcpy(&first, from, 16);
    std::memcpy(&second, from + 16, 16);
    std::memcpy(&third, from + size - 32, 16);
    std::memcpy(&last, from + size - 16, 16);
    std::memcpy(to, &first, 16);
    std::memcpy(to + 16, &second, 16);
    std::memcpy(to + size - 32, &third, 16);
    std::memcpy(to + size - 16, &last, 16);
  } else if (size == 8) {
    std::memcpy(to, from, 8);
  } else if (size == 16) {
    std::memcpy(to, from, 16);
  } else if (size == 4) {
    std::memcpy(to, from, 4);
  } else if (size != 0) {
    std::memcpy(to, from, size);
  }
}

}  // namespace cohort::ring
