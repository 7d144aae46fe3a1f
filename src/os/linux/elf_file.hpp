// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Reading a program or shared library as a file, whatever that says of itself: nothing is mapped, and no size in it is
// taken on trust.
#pragma once

#include <link.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace cohort::os {

/// Reads all `size` bytes at `offset`; false when they are not there.
[[nodiscard]] bool read_at(int fd, std::uint64_t offset, void* to, std::size_t size) noexcept;
/// Reads up to `size` bytes at `offset`. Returns how many.
[[nodiscard]] std::size_t read_some_at(int fd, std::uint64_t offset, void* to, std::size_t size) noexcept;
/// The header of a program or shared library for machines of this byte order and word size; nullopt when the file is
/// neither.
[[nodiscard]] std::optional<ElfW(Ehdr)> read_elf_header(int fd) noexcept;

}  // namespace cohort::os
