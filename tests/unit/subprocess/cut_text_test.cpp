// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Text that a limit cuts: no half characters, and no error that is ours and not the program's.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

const std::string kText = "a\u00e9\u20ac\U0001f600b\u00e9\u20ac\U0001f600c";

bool is_whole(const std::string& text) {
  try {
    return decode(text, Encoding::utf8) == text;
  } catch (const DecodeError&) { return false; }
}

// What is left after leaving some characters out at one edge.
bool is_head(const std::string& text) { return is_whole(text) && kText.starts_with(text); }
bool is_tail(const std::string& text) { return is_whole(text) && kText.ends_with(text); }

constexpr ErrorPolicy kPolicies[] = {ErrorPolicy::strict, ErrorPolicy::replace, ErrorPolicy::ignore,
                                     ErrorPolicy::backslashreplace, ErrorPolicy::surrogateescape};
constexpr Encoding kEncodings[] = {Encoding::utf8,  Encoding::utf16,    Encoding::utf16_le, Encoding::utf16_be,
                                   Encoding::utf32, Encoding::utf32_le, Encoding::utf32_be};

TEST(CutText, has_whole_characters_at_every_length_in_every_encoding) {
  for (Encoding encoding : kEncodings) {
    const std::string bytes = encode(kText, encoding);
    for (std::size_t most = 1; most <= bytes.size(); ++most) {
      Options options{.out = PIPE, .encoding = encoding};
      options.max_output = Bytes{most};
      options.overflow = most % 2 != 0 ? Overflow::keep_head : Overflow::keep_tail;
      options.errors = kPolicies[most % std::size(kPolicies)];
      std::string octal;
      for (char c : bytes) {
        char text[8];
        std::snprintf(text, sizeof text, "\\%03o", static_cast<unsigned char>(c));
        octal += text;
      }
      CompletedProcess done = run({"printf", octal}, options);
      EXPECT_TRUE(most % 2 != 0 ? is_head(done.out) : is_tail(done.out))
          << static_cast<int>(encoding) << " " << most << ": " << done.out;
      EXPECT_EQ(done.out_bytes, bytes.size());
      if (most == bytes.size()) { EXPECT_EQ(done.out, kText); }
    }
  }
}

TEST(CutText, still_reports_what_the_program_itself_wrote_wrong) {
  Options options{.out = PIPE, .encoding = Encoding::utf8, .max_output = Bytes{6}, .overflow = Overflow::keep_head};
  EXPECT_THROW(run({"printf", "ab\\377cdefgh"}, options), DecodeError);
  options.errors = ErrorPolicy::replace;
  EXPECT_EQ(run({"printf", "ab\\377cdefgh"}, options).out, "ab\uFFFDcde");
  // An end in the middle of a character without any cut is the program's.
  EXPECT_THROW(run({"printf", "ab\\303"}, {.out = PIPE, .text = true}), DecodeError);
}

TEST(CutText, is_whole_for_popen_and_async_and_in_errors) {
  const Options head{.out = PIPE, .text = true, .max_output = Bytes{2}, .overflow = Overflow::keep_head};
  const Options tail{.out = PIPE, .text = true, .max_output = Bytes{2}, .overflow = Overflow::keep_tail};
  const Command command{"printf", "a\u00e9x\u00e9b"};
  EXPECT_EQ(Popen(command, head).communicate().out, "a");
  EXPECT_EQ(Popen(command, tail).communicate().out, "b");
  EXPECT_EQ(run_async(command, head).get(60s).out, "a");
  try {
    run(command, {.out = PIPE, .text = true, .max_output = Bytes{2}});
    FAIL();
  } catch (const OutputLimitExceeded& error) { EXPECT_EQ(error.process().out, "a"); }
  // Without a text mode bytes are bytes.
  EXPECT_EQ(run(command, {.out = PIPE, .max_output = Bytes{2}, .overflow = Overflow::keep_head}).out, "a\xC3");
}

TEST(CutText, is_whole_when_the_drain_limit_cuts_it) {
  std::vector<std::string> lines;
  CompletedProcess done = run({"sh", "-c", "printf 'ab\\303'; sleep 1000 & echo $! >&2"},
                              {.capture_output = true,
                               .text = true,
                               .on_out_line = [&](std::string_view line) { lines.emplace_back(line); },
                               .drain = 300ms});
  EXPECT_TRUE(done.drain_expired);
  EXPECT_EQ(done.out, "ab");
  EXPECT_EQ(lines, std::vector<std::string>{"ab"});
  kill(std::stoi(done.err), SIGKILL);
}

}  // namespace
}  // namespace cohort::subprocess
