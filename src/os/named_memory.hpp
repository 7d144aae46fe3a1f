// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: shareable memory with a name, which other programs (Python among them) can open.
//
// A name appears with its memory complete: no other process ever opens one that has no size yet, and a process that
// dies while it creates one leaves nothing behind. Names are given without a slash; whoever may create and open them is
// decided by the mode, 0600, as Python does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "os/fd.hpp"

namespace cohort::os {

/// Most bytes that a name may have.
inline constexpr std::size_t kLongestMemoryName = 254;

/// Creates memory of `size` bytes under a name that must be new. It begins with `contents`; the rest is zero. All of
/// its pages are taken beforehand, so that no later store can fail for want of space.
/// @throws OsError: EEXIST the name is taken; ENOSPC there is no room for so much; EFBIG above RLIMIT_FSIZE; others of
///         the system. Nothing was made then.
[[nodiscard]] Fd create_named_memory(const std::string& name, std::uint64_t size,
                                     std::span<const std::byte> contents = {});
/// How named memory is opened.
struct OpenMemoryOptions {
  bool read_only = false;
  bool any_owner = false;  ///< also another user's than this one's and root's
};
/// Opens the memory that has that name. Does not wait, whatever has the name, and opens nothing but a regular file.
/// Throws OsError: ENOENT there is none; EACCES it is another user's; EINVAL, ELOOP it is not a regular file.
[[nodiscard]] Fd open_named_memory(const std::string& name, OpenMemoryOptions options);
/// Whether the memory belongs to this user, or to root. Nobody else can cut it off or write to it, unless they let
/// them.
[[nodiscard]] bool is_own_memory(int fd) noexcept;
/// Takes the name away; who has the memory open keeps it. Throws OsError: ENOENT there is no such name.
void unlink_named_memory(const std::string& name);
/// Makes the memory larger, with its pages taken beforehand. Throws OsError as create_named_memory().
void grow_memory(int fd, std::uint64_t size, const std::string& name);
/// Takes the pages of the first `size` bytes that have none yet, where the file system can. Throws OsError(ENOSPC).
void reserve_memory(int fd, std::uint64_t size, const std::string& name);

/// Memory of a descriptor mapped into this process, left out of core dumps; unmapped on destruction.
class MemoryMapping {
 public:
  MemoryMapping() noexcept = default;
  /// Throws OsError.
  MemoryMapping(int fd, std::uint64_t size, bool read_only);
  MemoryMapping(MemoryMapping&& other) noexcept;
  MemoryMapping& operator=(MemoryMapping&& other) noexcept;
  ~MemoryMapping();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Asks for huge pages behind shared memory that is mapped at `data`. False when the system will not give any.
[[nodiscard]] bool advise_huge_pages(std::byte* data, std::size_t size) noexcept;

}  // namespace cohort::os
