// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions have the names that their files know, whether exported or not; and files may say what they like.
#include "os/linux/function_names.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "os/fd.hpp"
#include "os/module.hpp"
#include "os/unwind.hpp"

namespace cohort::os {
namespace {

// Exported by no table of the loader's.
[[gnu::noinline]] int first_hidden(int x) { return x + 1; }
[[gnu::noinline]] int second_hidden(int x) { return x * 2; }
[[gnu::noinline]] void throw_from_hidden(void*) { throw first_hidden(1); }

const void* inside(int (*function)(int)) { return reinterpret_cast<const char*>(function) + 1; }
std::uintptr_t linked(const void* address) { return reinterpret_cast<std::uintptr_t>(address) - program_module().base; }

Fd file_of(const std::vector<char>& bytes) {
  Fd file(::memfd_create("names", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return file;
}

// One symbol for a function of 16 bytes at 0x1000, as small as a file for this machine can be.
struct SmallFile {
  ElfW(Ehdr) elf {};
  ElfW(Shdr) sections[3] {};
  ElfW(Sym) symbols[2] {};
  char names[16] = "\0small";

  SmallFile() {
    std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.e_type = ET_DYN;
    elf.e_shoff = sizeof elf;
    elf.e_shentsize = sizeof sections[0];
    elf.e_shnum = 3;
    sections[1].sh_type = SHT_SYMTAB;
    sections[1].sh_offset = sizeof elf + sizeof sections;
    sections[1].sh_size = sizeof symbols;
    sections[1].sh_entsize = sizeof symbols[0];
    sections[1].sh_link = 2;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = sizeof elf + sizeof sections + sizeof symbols;
    sections[2].sh_size = sizeof names;
    symbols[1].st_name = 1;
    symbols[1].st_info = STT_FUNC;
    symbols[1].st_shndx = 1;
    symbols[1].st_value = 0x1000;
    symbols[1].st_size = 16;
  }
  [[nodiscard]] std::vector<char> bytes() const {
    const auto* begin = reinterpret_cast<const char*>(this);
    return {begin, begin + sizeof *this};
  }
  [[nodiscard]] std::string name(std::uintptr_t address = 0x1008) const {
    const Fd file = file_of(bytes());
    return function_names_in_file(file.get(), std::span(&address, 1)).at(0);
  }
};

TEST(FunctionNames, are_known_of_functions_that_are_not_exported) {
  Dl_info info{};
  ::dladdr(inside(first_hidden), &info);
  ASSERT_TRUE(info.dli_sname == nullptr || std::strstr(info.dli_sname, "hidden") == nullptr);
  const void* const addresses[] = {inside(first_hidden), nullptr, inside(second_hidden), &info};
  for (int round = 0; round < 2; ++round) {  // the second time from what was kept
    const auto names = function_names(addresses);
    ASSERT_EQ(names.size(), 4u);
    EXPECT_NE(demangle(names[0].c_str()).find("first_hidden(int)"), std::string::npos) << names[0];
    EXPECT_EQ(names[1], "");
    EXPECT_NE(demangle(names[2].c_str()).find("second_hidden(int)"), std::string::npos) << names[2];
    EXPECT_EQ(names[3], "");
  }
}

TEST(FunctionNames, stand_in_the_stack_of_an_exception) {
  try {
    call_with_trace(throw_from_hidden, nullptr);
    FAIL() << "nothing was thrown";
  } catch (int) {}
  const StackTrace trace = take_trace();
  const std::string text = format_trace(trace);
  EXPECT_NE(text.find("throw_from_hidden(void*) ("), std::string::npos) << text;
}

TEST(FunctionNames, are_asked_for_by_many_threads) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const void* const address = inside(second_hidden);
        if (function_names(std::span(&address, 1)).at(0).find("second_hidden") == std::string::npos) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(FunctionNames, are_empty_without_a_table) {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(self), {}};
  const std::uintptr_t address = linked(inside(first_hidden));
  EXPECT_NE(function_names_in_file(file_of(bytes).get(), std::span(&address, 1)).at(0), "");
  // As strip(1) leaves a file that has none.
  ElfW(Ehdr) elf;
  std::memcpy(&elf, bytes.data(), sizeof elf);
  elf.e_shnum = 0;
  std::memcpy(bytes.data(), &elf, sizeof elf);
  EXPECT_EQ(function_names_in_file(file_of(bytes).get(), std::span(&address, 1)).at(0), "");
  EXPECT_EQ(function_names_in_file(-1, std::span(&address, 1)).at(0), "");
}

TEST(FunctionNames, are_those_of_the_function_that_holds_the_address) {
  const SmallFile file;
  EXPECT_EQ(file.name(0x0fff), "");
  EXPECT_EQ(file.name(0x1000), "small");
  EXPECT_EQ(file.name(0x100f), "small");
  EXPECT_EQ(file.name(0x1010), "");
  SmallFile object;
  object.symbols[1].st_info = STT_OBJECT;
  EXPECT_EQ(object.name(), "");
  SmallFile undefined;
  undefined.symbols[1].st_shndx = SHN_UNDEF;
  EXPECT_EQ(undefined.name(), "");
}

TEST(FunctionNames, take_no_size_of_a_file_on_trust) {
  constexpr auto kLargest = static_cast<std::size_t>(-1);
  SmallFile symbols;
  symbols.sections[1].sh_size = kLargest;
  EXPECT_EQ(symbols.name(), "small");  // and the table ends with the file
  symbols.sections[1].sh_offset = kLargest;
  EXPECT_EQ(symbols.name(), "");
  SmallFile names;
  names.sections[2].sh_size = kLargest;
  EXPECT_EQ(names.name(), "small");
  names.symbols[1].st_name = 0xffffffffu;
  EXPECT_EQ(names.name(), "");
  names.sections[2].sh_offset = kLargest;
  EXPECT_EQ(names.name(), "");
  SmallFile unended;
  std::memset(unended.names, 'x', sizeof unended.names);
  EXPECT_EQ(unended.name(), "");
  SmallFile link;
  link.sections[1].sh_link = 3;
  EXPECT_EQ(link.name(), "");
  SmallFile sections;
  sections.elf.e_shnum = 0xffff;
  EXPECT_EQ(sections.name(), "small");
  sections.elf.e_shoff = kLargest;
  EXPECT_EQ(sections.name(), "");
  SmallFile around;
  around.symbols[1].st_value = kLargest - 7;
  EXPECT_EQ(around.name(0), "");
}

TEST(FunctionNames, survive_any_cut_and_any_flipped_bit) {
  const auto bytes = SmallFile().bytes();
  const std::uintptr_t address = 0x1008;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_LE(function_names_in_file(file_of(cut).get(), std::span(&address, 1)).at(0).size(), 5u);
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_LE(function_names_in_file(file_of(flipped).get(), std::span(&address, 1)).at(0).size(), 15u);
    }
  }
}

}  // namespace
}  // namespace cohort::os
