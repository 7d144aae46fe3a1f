// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What build a file is, read from bytes that may say anything.
#include "os/build_id.hpp"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "os/fd.hpp"
#include "os/process.hpp"

namespace cohort::os {
namespace {

TEST(BuildId, is_read_from_notes_whatever_they_say) {
  const auto note = [](std::uint32_t name, std::uint32_t value, std::uint32_t type) {
    std::vector<std::byte> bytes(sizeof(Elf64_Nhdr) + 4 + 16, std::byte{7});
    const Elf64_Nhdr head{name, value, type};
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, "GNU", 4);
    return bytes;
  };
  const auto good = note(4, 16, NT_GNU_BUILD_ID);
  ASSERT_TRUE(build_id_of_notes(good).has_value());
  EXPECT_EQ((*build_id_of_notes(good))[3], std::byte{7});
  for (std::size_t size = 0; size < good.size(); ++size) {
    // Exactly so large, so that a sanitizer sees a byte too far.
    const std::vector<std::byte> part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(build_id_of_notes(part).has_value()) << size;
  }
  EXPECT_FALSE(build_id_of_notes(note(4, 17, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(4, UINT32_MAX, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(UINT32_MAX, 16, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(4, 16, 99)).has_value());
}

TEST(BuildId, of_a_file_is_that_of_the_program_that_was_made_of_it) {
  Fd self = open_file("/proc/self/exe", O_RDONLY);
  const auto build = build_id_of_file(self.get());
  ASSERT_TRUE(build.has_value());
  EXPECT_EQ(*build, program_module().build_id);
}

TEST(BuildId, is_not_found_in_what_is_no_program) {
  EXPECT_FALSE(build_id_of_file(null_device().get()).has_value());
  EXPECT_FALSE(build_id_of_file(open_file("/etc/passwd", O_RDONLY).get()).has_value());
  EXPECT_FALSE(build_id_of_file(-1).has_value());
}

TEST(BuildId, without_a_note_is_a_digest_of_the_headers) {
  std::vector<std::byte> headers(112, std::byte{1});
  const BuildId first = digest_of_headers(headers);
  EXPECT_EQ(digest_of_headers(headers), first);
  headers.back() = std::byte{2};
  EXPECT_NE(digest_of_headers(headers), first);
  EXPECT_NE(digest_of_headers({}), BuildId{});
}

}  // namespace
}  // namespace cohort::os
