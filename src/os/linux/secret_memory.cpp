// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/secret_memory.hpp"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero
#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "cohort/base/error.hpp"

namespace cohort::os {

SecretMemory::SecretMemory(std::size_t size) : data_(nullptr), size_(std::max<std::size_t>(size, 1)) {
  void* pages = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw_errno("mmap", std::to_string(size) + " bytes for a key");
  ::madvise(pages, size_, MADV_DONTDUMP);
  data_ = static_cast<std::byte*>(pages);
}

SecretMemory::~SecretMemory() {
  wipe(bytes());
  ::munmap(data_, size_);
}

void wipe(std::span<std::byte> bytes) noexcept {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace cohort::os
