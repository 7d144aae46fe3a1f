// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What errors say: each names the call that the user made, first.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/object.hpp"

namespace cohort {
namespace {

struct Mistake {
  const char* begins;  // what the message begins with
  std::function<void()> call;
};

void expect_named(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    std::string said = "nothing";
    try {
      mistake.call();
    } catch (const Error& error) { said = error.what(); }
    EXPECT_EQ(said.find(std::string(mistake.begins) + ": "), 0U) << "not " << mistake.begins << ", but: " << said;
  }
}

TEST(Messages, of_objects_name_the_call) {
  const Object number = 1;
  const Object text = "text";
  const Object constant = Object::list({1, 2});
  const Object nan = std::nan("");
  Object list = Object::list({1, 2});
  Object tuple = Object::tuple({1, 2});
  Object dict = Object::dict({{"a", 1}});
  expect_named({
      {"Object", [] { Object too_large(~std::uint64_t{0}); }},
      {"Object.as_bool", [&] { (void)text.as_bool(); }},
      {"Object.as_integer", [&] { (void)text.as_integer(); }},
      {"Object.as_number", [&] { (void)text.as_number(); }},
      {"Object.as_text", [&] { (void)number.as_text(); }},
      {"Object.as_bytes", [&] { (void)number.as_bytes(); }},
      {"Object.as_list", [&] { (void)number.as_list(); }},
      {"Object.as_list", [&] { tuple.as_list().clear(); }},
      {"Object.as_tuple", [&] { (void)number.as_tuple(); }},
      {"Object.as_dict", [&] { (void)number.as_dict(); }},
      {"Object.as_set", [&] { (void)number.as_set(); }},
      {"Object.size", [&] { (void)number.size(); }},
      {"Object[]: 2", [&] { (void)constant[2]; }},
      {"Object[]: -3", [&] { list[-3] = 1; }},
      {"Object[]: 2", [&] { (void)std::as_const(tuple)[2]; }},
      {"Object[]", [&] { tuple[0] = 1; }},
      {"Object[]", [&] { (void)constant["a"]; }},
      {"Object[]: 'b'", [&] { (void)dict["b"]; }},
      {"Object[]", [&] { (void)number[0]; }},
      // What refuses a key, whichever call it was given to.
      {"Object.hash: nan", [&] { (void)Object::set({nan}); }},
      {"Object.hash", [&] { dict.as_dict().set(constant, 1); }},
      {"Object.hash", [&] { (void)dict[constant]; }},
  });
}

TEST(Messages, of_codecs_name_the_call) {
  const std::vector<std::byte> three(3);
  expect_named({
      {"decode: byte 0 of 3", [&] { (void)decode<int>(three); }},
      {"decode: byte 2 of 3", [&] { (void)decode<std::int16_t>(three); }},
      {"encode", [] { Encoder::fail("not a value that can travel"); }},
  });
}

}  // namespace
}  // namespace cohort
