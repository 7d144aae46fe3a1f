// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory for secrets: pages of its own, out of dumps, wiped before they go.
#include "os/secret_memory.hpp"

#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>

namespace cohort::os {
namespace {

TEST(SecretMemory, is_empty_at_first_and_holds_what_is_put_there) {
  SecretMemory memory(100);
  ASSERT_EQ(memory.bytes().size(), 100u);
  EXPECT_TRUE(std::ranges::all_of(memory.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
  memory.bytes()[99] = std::byte{7};
  EXPECT_EQ(std::as_const(memory).bytes()[99], std::byte{7});
}

TEST(SecretMemory, is_left_out_of_core_dumps) {
  SecretMemory memory(1);
  const auto at = reinterpret_cast<std::uintptr_t>(memory.bytes().data());
  std::ifstream maps("/proc/self/smaps");
  bool within = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) within = begin <= at && at < end;
    if (within && line.starts_with("VmFlags:")) {
      EXPECT_NE(line.find(" dd"), std::string::npos) << line;
      return;
    }
  }
  GTEST_SKIP() << "the kernel does not say";
}

TEST(SecretMemory, goes_back_to_the_system_at_its_end) {
  std::byte* place = nullptr;
  {
    SecretMemory memory(1);
    place = memory.bytes().data();
    EXPECT_EQ(
        ::msync(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(place) & ~std::uintptr_t{4095}), 1, MS_ASYNC),
        0);
  }
  unsigned char resident = 0;
  EXPECT_NE(
      ::mincore(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(place) & ~std::uintptr_t{4095}), 1, &resident),
      0);
}

TEST(Wipe, overwrites_all_bytes) {
  std::array<std::byte, 33> bytes;
  bytes.fill(std::byte{0xff});
  wipe(bytes);
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
  wipe({});
}

}  // namespace
}  // namespace cohort::os
