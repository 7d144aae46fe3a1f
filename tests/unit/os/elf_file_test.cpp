// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Reading a program as a file, whatever that says of itself.
#include "os/linux/elf_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "os/memory.hpp"
#include "os/process.hpp"

namespace cohort::os {
namespace {

TEST(ElfFile, of_this_program_has_a_header) {
  Fd self = open_file("/proc/self/exe", O_RDONLY);
  const auto header = read_elf_header(self.get());
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(std::memcmp(header->e_ident, ELFMAG, SELFMAG), 0);
  EXPECT_GT(header->e_phnum, 0);
}

TEST(ElfFile, header_is_refused_of_other_files_and_other_machines) {
  EXPECT_FALSE(read_elf_header(open_file("/etc/passwd", O_RDONLY).get()).has_value());
  EXPECT_FALSE(read_elf_header(null_device().get()).has_value());
  EXPECT_FALSE(read_elf_header(-1).has_value());
  Fd self = open_file("/proc/self/exe", O_RDONLY);
  ElfW(Ehdr) header{};
  ASSERT_TRUE(read_at(self.get(), 0, &header, sizeof header));
  const auto accepted = [](ElfW(Ehdr) given) {
    Fd memory = make_memory("elf", 4096);
    write_full(memory.get(), std::as_bytes(std::span(&given, 1)));
    return read_elf_header(memory.get()).has_value();
  };
  EXPECT_TRUE(accepted(header));
  ElfW(Ehdr) other = header;
  other.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
  EXPECT_FALSE(accepted(other));
  other = header;
  other.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_FALSE(accepted(other));
  other = header;
  other.e_type = ET_CORE;
  EXPECT_FALSE(accepted(other));
}

TEST(ReadAt, gives_all_or_nothing_and_read_some_what_there_is) {
  Fd memory = make_memory("elf", 4096);
  std::array<std::byte, 100> bytes{};
  EXPECT_TRUE(read_at(memory.get(), 3996, bytes.data(), 100));
  EXPECT_FALSE(read_at(memory.get(), 3997, bytes.data(), 100));
  EXPECT_FALSE(read_at(memory.get(), UINT64_MAX - 10, bytes.data(), 100));
  EXPECT_EQ(read_some_at(memory.get(), 3997, bytes.data(), 100), 99u);
  EXPECT_EQ(read_some_at(memory.get(), 5000, bytes.data(), 100), 0u);
  EXPECT_EQ(read_some_at(-1, 0, bytes.data(), 100), 0u);
}

}  // namespace
}  // namespace cohort::os
