// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Named memory as one process has it open: what the handles of SharedMemory share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/fd.hpp"
#include "os/named_memory.hpp"

namespace cohort::detail {

class NamedMemory {
 public:
  NamedMemory(std::string name, os::Fd fd, bool read_only);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_read_only() const noexcept { return read_only_; }
  [[nodiscard]] bool same_memory(const NamedMemory& other) const noexcept;
  [[nodiscard]] std::span<std::byte> bytes() const;
  void resize(std::uint64_t size);
  void refresh();

 private:
  void map(std::uint64_t size, const char* operation);

  const std::string name_;
  const bool read_only_;
  const os::Fd fd_;
  mutable std::mutex mutex_;
  // The last one is current. Earlier ones stay for spans that were taken before a change of size.
  std::vector<os::MemoryMapping> mappings_;
};

/// The name as it is given to the system. Throws ValueError.
[[nodiscard]] std::string checked_memory_name(std::string_view operation, std::string_view name);
/// "psm_" and 8 random hexadecimal digits.
[[nodiscard]] std::string random_memory_name();

}  // namespace cohort::detail
