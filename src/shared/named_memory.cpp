// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/named_memory.hpp"

#include <random>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::detail {

NamedMemory::NamedMemory(std::string name, os::Fd fd, bool read_only)
    : name_(std::move(name)), read_only_(read_only), fd_(std::move(fd)) {
  map(os::memory_size(fd_.get()), "SharedMemory.attach");
}

void NamedMemory::map(std::uint64_t size, const char* operation) {
  if (size == 0) throw ValueError(operation, name_, "the memory has no bytes: its maker has not given it a size yet");
  // Not for a stranger, who could make us pay for a file that has nothing but a size.
  if (!read_only_ && os::is_own_memory(fd_.get())) os::reserve_memory(fd_.get(), size, name_);
  mappings_.emplace_back(fd_.get(), size, read_only_);
}

bool NamedMemory::same_memory(const NamedMemory& other) const noexcept {
  return os::memory_number(fd_.get()) == os::memory_number(other.fd_.get());
}

std::span<std::byte> NamedMemory::bytes() const {
  std::lock_guard lock(mutex_);
  return {mappings_.back().data(), mappings_.back().size()};
}

void NamedMemory::resize(std::uint64_t size) {
  std::lock_guard lock(mutex_);
  if (read_only_) throw StateError("SharedMemory.resize", name_, "the memory was attached read-only");
  std::uint64_t now = os::memory_size(fd_.get());
  if (size < now)
    throw ValueError("SharedMemory.resize", name_,
                     "named memory only grows: a process that touches what was cut off would be killed");
  os::grow_memory(fd_.get(), size, name_);
  if (size != mappings_.back().size()) map(size, "SharedMemory.resize");
}

void NamedMemory::refresh() {
  std::lock_guard lock(mutex_);
  std::uint64_t now = os::memory_size(fd_.get());
  if (now != mappings_.back().size()) map(now, "SharedMemory.refresh");
}

std::string checked_memory_name(std::string_view operation, std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    throw ValueError(operation, name.substr(0, name.find('\0')), "a name holds no NUL");
  std::string_view bare = name.starts_with('/') ? name.substr(1) : name;
  if (bare.empty()) throw ValueError(operation, name, "a name has at least one character");
  if (bare.find('/') != std::string_view::npos) throw ValueError(operation, name, "a name holds no '/'");
  if (bare == "." || bare == "..") throw ValueError(operation, name, "not a name but a directory");
  if (bare.size() > os::kLongestMemoryName)
    throw ValueError(operation, name.substr(0, 32), "a name has at most 254 characters");
  return std::string(bare);
}

std::string random_memory_name() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::uint32_t number = random();
  std::string name = "psm_";
  for (int i = 0; i < 8; ++i, number >>= 4) name += kDigits[number & 15];
  return name;
}

}  // namespace cohort::detail
