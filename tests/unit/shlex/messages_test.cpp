// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What errors say: each names the call that the user made, first.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"

namespace cohort::shlex {
namespace {

struct Mistake {
  const char* begins;  // what the message begins with
  std::function<void()> call;
};

std::string complaint_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) { return error.what(); }
  return "nothing";
}

TEST(Messages, name_the_call) {
  const ShlexOptions posix{.posix = true};
  const Mistake mistakes[] = {
      {"shlex.split: line 1: No closing quotation", [] { (void)split("a 'b"); }},
      {"shlex.split: line 2: No escaped character", [] { (void)split("a\nb \\"); }},
      {"shlex.split: line 1: No closing quotation", [] { (void)split("'", {.posix = false}); }},
      {"shlex.get_token: line 1: No closing quotation", [&] { (void)Shlex("'b", posix).get_token(); }},
      {"shlex.read_token: line 1: No escaped character", [&] { (void)Shlex("\\", posix).read_token(); }},
      {"shlex.get_token: line 1: No closing quotation",
       [&] {
         Shlex lexer("a 'b", posix);
         (void)lexer.read_token();
         (void)lexer.get_token();
       }},
      {"shlex.get_token: line 1: No file name follows source",
       [&] {
         Shlex lexer("source", posix);
         lexer.source = "source";
         (void)lexer.get_token();
       }},
      {"shlex.pop_source: ", [&] { Shlex("", posix).pop_source(); }},
      {"shlex.open_source: ", [&] { (void)Shlex("", posix).open_source(""); }},
  };
  for (const Mistake& mistake : mistakes) {
    std::string said = complaint_of(mistake.call);
    EXPECT_EQ(said.find(mistake.begins), 0U) << "not " << mistake.begins << ", but: " << said;
  }
}

}  // namespace
}  // namespace cohort::shlex
