// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: shareable memory without a name, and address space to map it into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/fd.hpp"

namespace cohort::os {

/// Bytes in a page of this machine.
[[nodiscard]] std::size_t page_size() noexcept;

/// A sparse memory object of `size` bytes, sealed against shrinking, growing, further seals and, where the
/// kernel can, execution. Nothing is allocated until touched. Honours RLIMIT_FSIZE: a size above it throws
/// OsError(EFBIG) and raises no signal.
/// @param name  shown in /proc/PID/maps, for people only
[[nodiscard]] Fd make_memory(const char* name, std::uint64_t size);
/// The size of a memory object in bytes.
[[nodiscard]] std::uint64_t memory_size(int fd);
/// True when `fd` is a memory object whose size can no longer change.
[[nodiscard]] bool memory_is_sealed(int fd) noexcept;
/// A number that no other memory object of this machine has while this one exists; 0 when unknown.
[[nodiscard]] std::uint64_t memory_number(int fd) noexcept;
/// True when `fd` is, still, the sealed memory object with that number: a program that closes descriptors which are not
/// its own soon has files of its own on their numbers. Two system calls.
[[nodiscard]] bool is_memory(int fd, std::uint64_t number) noexcept;
/// Reads all of `bytes` from `offset` on without mapping anything; false when that much is not there.
[[nodiscard]] bool read_memory(int fd, std::uint64_t offset, std::span<std::byte> bytes) noexcept;
/// Bytes of a memory object that have pages now.
[[nodiscard]] std::uint64_t memory_resident(int fd);

/// Reserves address space that cannot be touched. Returns nullptr when the space is not to be had (RLIMIT_AS, a
/// sanitizer); errno says why.
[[nodiscard]] std::byte* reserve_address_space(std::size_t size) noexcept;
/// Gives reserved space, and what is mapped in it, back.
void release_address_space(std::byte* address, std::size_t size) noexcept;
/// Maps [offset, offset + size) of `fd` at `address` inside reserved space, shared, readable and writable, and left
/// out of core dumps. Throws OsError.
void map_shared(std::byte* address, int fd, std::uint64_t offset, std::size_t size);
/// Gives the pages of [offset, offset + size) back to the system; they read as zero from then on. Best effort.
void discard(int fd, std::uint64_t offset, std::uint64_t size) noexcept;

/// One private page that a forked child finds zeroed (MADV_WIPEONFORK), where the kernel can; nullptr elsewhere.
[[nodiscard]] void* map_wiped_on_fork_page() noexcept;

/// Most bytes of address space that this process may have (RLIMIT_AS); UINT64_MAX when there is no limit.
[[nodiscard]] std::uint64_t address_space_limit() noexcept;
/// Most bytes that a file or memory object of this process may have (RLIMIT_FSIZE); UINT64_MAX when there is no limit.
[[nodiscard]] std::uint64_t file_size_limit() noexcept;
/// The bytes of memory that this process may use in all: the least of RAM and the cgroup's limit.
[[nodiscard]] std::uint64_t memory_limit() noexcept;

}  // namespace cohort::os
