// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: memory for what must not be found elsewhere. It has pages of its own, which no core dump holds, and is
// overwritten before it goes back to the system. A copy by fork(2) has them too, likewise left out of its dumps.
#pragma once

#include <cstddef>
#include <span>

namespace cohort::os {

class SecretMemory {
 public:
  /// At least one byte. Throws OsError
  explicit SecretMemory(std::size_t size);
  ~SecretMemory();
  SecretMemory(const SecretMemory&) = delete;
  SecretMemory& operator=(const SecretMemory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {data_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  std::byte* data_;
  std::size_t size_;
};

/// Overwrites with zeroes, though nobody may read them any more.
void wipe(std::span<std::byte> bytes) noexcept;

}  // namespace cohort::os
