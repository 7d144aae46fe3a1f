// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/command.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/run.hpp"

namespace cohort::subprocess {
namespace {

using Words = std::vector<std::string>;

// As run() takes it.
Words words(const Command& command) { return command.words(); }

TEST(Command, of_one_word_is_a_program_without_arguments) {
  EXPECT_EQ(words({"ls"}), Words{"ls"});
  EXPECT_EQ(words("ls"), Words{"ls"});
  EXPECT_EQ(words(std::string("ls")), Words{"ls"});
  EXPECT_EQ(words(std::filesystem::path("/bin/ls")), Words{"/bin/ls"});
}

TEST(Command, of_two_literals_is_two_words_not_one_string_of_two_pointers) {
  EXPECT_EQ(words({"ls", "-l"}), (Words{"ls", "-l"}));
  EXPECT_EQ(words(Command{"ls", "-l"}), (Words{"ls", "-l"}));
}

TEST(Command, mixes_literals_strings_paths_views_and_numbers) {
  std::filesystem::path directory = "/tmp/a b";
  std::string pattern = "x*";
  std::string_view view = "y";
  EXPECT_EQ(words({"ls", "-l", directory}), (Words{"ls", "-l", "/tmp/a b"}));
  EXPECT_EQ(words({"head", "-n", 5, pattern, view, -1L, 0}), (Words{"head", "-n", "5", "x*", "y", "-1", "0"}));
}

TEST(Command, takes_ranges_of_words) {
  Words list{"echo", "1"};
  std::array<const char*, 2> array{"echo", "2"};
  std::vector<std::filesystem::path> paths{"/bin/ls", "/"};
  EXPECT_EQ(words(list), list);
  EXPECT_EQ(words({list}), list);
  EXPECT_EQ(words(array), (Words{"echo", "2"}));
  EXPECT_EQ(words(paths), (Words{"/bin/ls", "/"}));
}

TEST(Command, refuses_what_is_no_word) {
  static_assert(!std::is_constructible_v<Arg, bool>);
  static_assert(!std::is_constructible_v<Arg, char>);
  static_assert(!std::is_constructible_v<Arg, std::nullptr_t>);
  static_assert(!std::is_constructible_v<Arg, double>);
  static_assert(!std::is_constructible_v<Command, int>);
}

TEST(Command, shows_itself_as_one_could_type_it) {
  EXPECT_EQ((Command{"grep", "it's", "", "a b", "x"}).to_string(), "grep 'it'\"'\"'s' '' 'a b' x");
}

TEST(Command, keeps_every_byte_of_its_words_but_nul) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(run({"printf", "%s", all}, {.out = PIPE}).out, all);
  EXPECT_THROW(run({"echo", std::string("a\0b", 3)}), ValueError);
}

}  // namespace
}  // namespace cohort::subprocess
