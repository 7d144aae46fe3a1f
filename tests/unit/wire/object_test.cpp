// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/object.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace {

using cohort::decode;
using cohort::DecodeError;
using cohort::encode;
using cohort::IndexError;
using cohort::KeyError;
using cohort::KindError;
using cohort::Object;
using cohort::ObjectKind;

Object sample() {
  return Object::dict({
      {"name", "bob"},
      {"scores", Object::list({1, 2.5, nullptr, true})},
      {Object::tuple({1, "x"}), Object::set({1, 2, "three"})},
      {7, Object::Bytes{std::byte{1}, std::byte{0xff}}},
      {"nested", Object::dict({{"empty", Object::list()}, {"also", Object::tuple()}})},
  });
}

template <class Error, class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& e) { return e.what(); }
  return "nothing was thrown";
}

TEST(Object, is_made_of_plain_values) {
  EXPECT_EQ(Object().kind(), ObjectKind::none);
  EXPECT_EQ(Object(nullptr).kind(), ObjectKind::none);
  EXPECT_EQ(Object(true).kind(), ObjectKind::boolean);
  EXPECT_EQ(Object(1).kind(), ObjectKind::integer);
  EXPECT_EQ(Object(1U).kind(), ObjectKind::integer);
  EXPECT_EQ(Object(1.5F).kind(), ObjectKind::number);
  EXPECT_EQ(Object("x").kind(), ObjectKind::text);
  EXPECT_EQ(Object(std::string("x")).kind(), ObjectKind::text);
  EXPECT_EQ(Object(std::string_view("x")).kind(), ObjectKind::text);
  EXPECT_EQ(Object(Object::Bytes(3)).kind(), ObjectKind::bytes);
  EXPECT_EQ(Object(std::vector<int>{1, 2}), Object::list({1, 2}));
  EXPECT_EQ(Object(std::vector<std::string>{"a"}), Object::list({"a"}));
  EXPECT_EQ(Object(std::tuple(1, "a")), Object::tuple({1, "a"}));
  EXPECT_EQ(Object(std::pair(1, 2.5)), Object::tuple({1, 2.5}));
  EXPECT_EQ(Object(std::optional<int>()), Object());
  EXPECT_EQ(Object(std::optional<int>(3)), Object(3));
  static_assert(!std::is_constructible_v<Object, int*> && !std::is_constructible_v<Object, char>);
  static_assert(!std::is_constructible_v<Object, const void*>);
  static_assert(cohort::Encodable<Object> && cohort::Encodable<std::vector<Object>>);
  EXPECT_THROW(static_cast<void>(Object(~std::uint64_t{0})), cohort::ValueError);
}

TEST(Object, gives_its_value_by_kind) {
  const Object o = sample();
  EXPECT_EQ(o["name"].as_text(), "bob");
  EXPECT_EQ(o["scores"][0].as_integer(), 1);
  EXPECT_EQ(o["scores"][0].as_number(), 1.0);
  EXPECT_EQ(o["scores"][1].as_number(), 2.5);
  EXPECT_TRUE(o["scores"][2].is_none());
  EXPECT_TRUE(o["scores"][-1].as_bool());
  EXPECT_EQ(o["scores"][3].as_integer(), 1);
  EXPECT_EQ(o[7].as_bytes().size(), 2U);
  EXPECT_TRUE(o[Object::tuple({1, "x"})].as_set().contains("three"));
  EXPECT_EQ(o.size(), 5U);
}

TEST(Object, names_both_kinds_when_asked_for_the_wrong_one) {
  const Object o = Object::list({1});
  EXPECT_EQ(message_of<KindError>([&] { static_cast<void>(o.as_dict()); }),
            "Object.as_dict: expected dict, found list");
  EXPECT_EQ(message_of<KindError>([&] { static_cast<void>(o["a"]); }),
            "Object[]: expected an integer index, found text");
  EXPECT_EQ(message_of<KindError>([&] { static_cast<void>(Object(1).size()); }),
            "Object.size: expected something with items, found integer");
  EXPECT_THROW(static_cast<void>(Object(1.5).as_integer()), KindError);
  EXPECT_THROW(static_cast<void>(Object(1).as_bool()), KindError);
  EXPECT_THROW(static_cast<void>(Object().as_text()), KindError);
  EXPECT_THROW(static_cast<void>(o.as_tuple()), KindError);
  EXPECT_THROW(static_cast<void>(o.as_set()), KindError);
  EXPECT_THROW(static_cast<void>(o.as_bytes()), KindError);
  EXPECT_THROW(static_cast<void>(Object("x").as_number()), KindError);
  try {
    static_cast<void>(o.as_text());
    FAIL();
  } catch (const KindError& e) {
    EXPECT_EQ(e.expected(), "text");
    EXPECT_EQ(e.found(), ObjectKind::list);
  }
}

TEST(Object, names_the_index_or_key_that_is_not_there) {
  const Object o = Object::dict({{"a", Object::list({1, 2})}});
  EXPECT_EQ(message_of<KeyError>([&] { static_cast<void>(o["b"]); }), "Object[]: 'b': the dict has no such key");
  EXPECT_EQ(message_of<IndexError>([&] { static_cast<void>(o["a"][2]); }),
            "Object[]: 2: no such place, there are 2 items");
  EXPECT_THROW(static_cast<void>(o["a"][-3]), IndexError);
}

TEST(Object, changes_in_place_but_not_within_tuples) {
  Object o = sample();
  o["name"] = "eve";
  o["scores"].as_list().push_back("last");
  o["scores"][0] = Object::list({0});
  o.as_dict().set("new", 1);
  o.as_dict().set("new", 2);
  EXPECT_TRUE(o.as_dict().erase(7));
  EXPECT_FALSE(o.as_dict().erase(7));
  EXPECT_EQ(o["name"], Object("eve"));
  EXPECT_EQ(o["scores"].size(), 5U);
  EXPECT_EQ(o["new"], Object(2));
  Object tuple = Object::tuple({1});
  EXPECT_THROW(tuple[0] = 2, KindError);
}

TEST(Object, is_a_value_also_when_it_is_part_of_itself) {
  Object o = Object::list({Object::list({1, 2}), 3});
  const Object copy = o;
  o = o[0];
  EXPECT_EQ(o, Object::list({1, 2}));
  EXPECT_EQ(copy.size(), 2U);
  Object p = copy;
  p = std::move(p[0]);
  EXPECT_EQ(p, Object::list({1, 2}));
  Object taken = std::move(p);
  EXPECT_TRUE(p.is_none());  // NOLINT(bugprone-use-after-move): a promise of the class
  Object dict = sample();
  dict = dict["nested"];
  EXPECT_EQ(dict.repr(), "{'empty': [], 'also': ()}");
}

TEST(Object, compares_as_python_does) {
  EXPECT_EQ(Object(1), Object(1.0));
  EXPECT_EQ(Object(1), Object(true));
  EXPECT_NE(Object(1), Object("1"));
  EXPECT_NE(Object::list({1}), Object::tuple({1}));
  EXPECT_NE(Object(), Object(false));
  EXPECT_NE(Object((std::int64_t{1} << 53) + 1), Object(9007199254740992.0));
  EXPECT_NE(Object(std::numeric_limits<std::int64_t>::max()), Object(9223372036854775808.0));
  EXPECT_NE(Object(std::nan("")), Object(std::nan("")));
  EXPECT_EQ(Object::dict({{"a", 1}, {"b", 2}}), Object::dict({{"b", 2}, {"a", 1}}));
  EXPECT_NE(Object::dict({{"a", 1}}), Object::dict({{"a", 2}}));
  EXPECT_EQ(Object::set({1, 2}), Object::set({2, 1.0}));
  EXPECT_LT(Object(1), Object(1.5));
  EXPECT_LT(Object(-1.5), Object(-1));
  EXPECT_LT(Object("a"), Object("b"));
  EXPECT_LT(Object::list({1, 2}), Object::list({1, 3}));
  EXPECT_LT(Object::tuple({1}), Object::tuple({1, 0}));
  EXPECT_EQ(Object(1) <=> Object("a"), std::partial_ordering::unordered);
  EXPECT_EQ(Object(1) <=> Object(std::nan("")), std::partial_ordering::unordered);
}

TEST(Object, has_keys_that_are_hashable_and_equal_across_numbers) {
  Object o = Object::dict({{1, "int"}});
  o.as_dict().set(1.0, "float");
  o.as_dict().set(true, "bool");
  EXPECT_EQ(o.size(), 1U);
  EXPECT_EQ(o.repr(), "{1: 'bool'}");
  EXPECT_EQ(Object::set({1, 1.0, true, 2}).size(), 2U);
  EXPECT_EQ(message_of<KindError>([] { Object::set({Object::list()}); }),
            "Object.hash: expected a hashable kind, found list");
  EXPECT_THROW(Object::dict({{Object::tuple({1, Object::list()}), 1}}), KindError);
  EXPECT_EQ(std::hash<Object>{}("x"), Object(std::string("x")).hash());
}

TEST(Object, prints_as_python_does) {
  EXPECT_EQ(sample().repr(),
            "{'name': 'bob', 'scores': [1, 2.5, None, True], (1, 'x'): {1, 2, 'three'}, 7: b'\\x01\\xff', "
            "'nested': {'empty': [], 'also': ()}}");
}

TEST(Object, knows_what_python_takes_for_true) {
  for (const Object& o :
       {Object(), Object(false), Object(0), Object(0.0), Object(""), Object::list(), Object::dict()}) {
    EXPECT_FALSE(o.truth()) << o.repr();
  }
  for (const Object& o : {Object(true), Object(-1), Object(0.5), Object("0"), Object::tuple({nullptr})}) {
    EXPECT_TRUE(o.truth()) << o.repr();
  }
}

TEST(Object, survives_the_codec) {
  const Object o = sample();
  const Object back = decode<Object>(encode(o));
  EXPECT_EQ(back, o);
  EXPECT_EQ(back.repr(), o.repr());  // the order of insertion, too
  EXPECT_EQ(decode<Object>(encode(Object())), Object());
}

TEST(Object, refuses_bytes_that_are_no_object) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (int value : values) { out.push_back(static_cast<std::byte>(value)); }
    return out;
  };
  const auto refuse = [](const std::vector<std::byte>& given) {
    EXPECT_THROW(static_cast<void>(decode<Object>(given)), DecodeError);
  };
  refuse(bytes({}));
  refuse(bytes({10}));
  refuse(bytes({1, 2}));
  refuse(bytes({6, 100}));
  refuse(bytes({9, 1, 6, 0}));           // a list in a set
  refuse(bytes({9, 2, 0, 0}));           // none twice
  refuse(bytes({8, 2, 0, 0, 0, 0}));     // the key none twice
  refuse(bytes({8, 1, 7, 1, 6, 0, 0}));  // a tuple that holds a list, as a key
  refuse(std::vector<std::byte>(100'000, std::byte{6}));
}

TEST(Object, bounds_the_depth_on_both_sides) {
  Object deep;
  for (int i = 0; i < 600; ++i) {
    Object outer = Object::list();
    outer.as_list().push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_THROW(static_cast<void>(encode(deep)), cohort::EncodeError);
  std::vector<std::byte> bytes;
  for (int i = 0; i < 100'000; ++i) {
    bytes.push_back(std::byte{6});
    bytes.push_back(std::byte{1});
  }
  EXPECT_THROW(static_cast<void>(decode<Object>(bytes)), DecodeError);
}

TEST(Object, only_ever_throws_a_decode_error_for_changed_bytes) {
  const std::vector<std::byte> good = encode(sample());
  std::mt19937 random(3);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> bytes = good;
    for (auto changes = 1 + random() % 3; changes != 0; --changes) {
      bytes.at(random() % bytes.size()) = static_cast<std::byte>(random() % 3 == 0 ? random() : random() % 12);
    }
    try {
      const auto once = encode(decode<Object>(bytes));
      ASSERT_EQ(encode(decode<Object>(once)), once);
      ++accepted;
    } catch (const DecodeError&) {}
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 20'000);
}

}  // namespace
