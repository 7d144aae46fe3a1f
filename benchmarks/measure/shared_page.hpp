// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory that a process shares with those it forks, faulted in beforehand.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace measure {

inline void* map_pages(std::size_t bytes, int sharing) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::_Exit(2);
  }
  return memory;
}

/// An array of T in shared memory; all bytes zero.
template <class T>
class SharedArray {
 public:
  explicit SharedArray(std::size_t count)
      : bytes_(count * sizeof(T)), data_(static_cast<T*>(map_pages(bytes_, MAP_SHARED))) {}
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;
  ~SharedArray() { ::munmap(data_, bytes_); }
  [[nodiscard]] T* data() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

/// One T in shared memory.
template <class T>
class Shared {
 public:
  Shared() { new (pages_.data()) T(); }
  T* operator->() const { return pages_.data(); }
  T& operator*() const { return *pages_.data(); }

 private:
  SharedArray<T> pages_{1};
};

/// Private memory that the process really has, to make it a large parent.
class ResidentMemory {
 public:
  explicit ResidentMemory(std::size_t bytes) : bytes_(bytes), data_(map_pages(bytes, MAP_PRIVATE)) {}
  ResidentMemory(const ResidentMemory&) = delete;
  ResidentMemory& operator=(const ResidentMemory&) = delete;
  ~ResidentMemory() { ::munmap(data_, bytes_); }

 private:
  std::size_t bytes_;
  void* data_;
};

}  // namespace measure
