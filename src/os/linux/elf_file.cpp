// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/linux/elf_file.hpp"

#include <elf.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>

namespace cohort::os {

std::size_t read_some_at(int fd, std::uint64_t offset, void* to, std::size_t size) noexcept {
  std::size_t done = 0;
  while (done < size && offset <= LONG_MAX - size) {
    ssize_t n = ::pread(fd, static_cast<char*>(to) + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool read_at(int fd, std::uint64_t offset, void* to, std::size_t size) noexcept {
  return read_some_at(fd, offset, to, size) == size;
}

std::optional<ElfW(Ehdr)> read_elf_header(int fd) noexcept {
  ElfW(Ehdr) elf;
  if (!read_at(fd, 0, &elf, sizeof elf)) return std::nullopt;
  constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr unsigned char kData = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != kClass ||
      elf.e_ident[EI_DATA] != kData || (elf.e_type != ET_DYN && elf.e_type != ET_EXEC))
    return std::nullopt;
  return elf;
}

}  // namespace cohort::os
