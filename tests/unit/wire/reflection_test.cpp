// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of an aggregate, without macros of the user's.
#include "cohort/wire/reflection.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <tuple>
#include <type_traits>

namespace cohort::detail {
namespace {

struct None {};
struct One {
  int a;
};
struct Three {
  int a;
  std::string b;
  const double c;
};
struct Nested {
  Three inside;
  std::array<int, 3> items;
};
struct WithArray {
  int before;
  char text[4];
};
struct WithBase : One {
  int b;
};
struct WithReference {
  int& a;
};
union Choice {
  int a;
  float b;
};
struct Most {
  char f[1];
};
struct Thirty {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7,
      c8, c9, d0, d1;
};
struct TooMany : Thirty {};
struct More {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7,
      c8, c9, d0, d1, d2;
};

TEST(Reflection, counts_fields) {
  static_assert(kFieldCount<None> == 0 && kFieldCount<One> == 1 && kFieldCount<Three> == 3 && kFieldCount<Nested> == 2);
  static_assert(kFieldCount<Thirty> == kMaxFields);
}

TEST(Reflection, knows_what_it_cannot_see_through) {
  static_assert(shape_of<Three>() == Shape::fields && shape_of<Nested>() == Shape::fields);
  static_assert(shape_of<WithArray>() == Shape::array);
  static_assert(shape_of<WithBase>() == Shape::base_class && shape_of<TooMany>() == Shape::base_class);
  static_assert(shape_of<WithReference>() == Shape::reference);
  static_assert(shape_of<Choice>() == Shape::union_type);
  static_assert(shape_of<More>() == Shape::too_many);
}

TEST(Reflection, lists_fields_as_they_were_declared) {
  static_assert(std::is_same_v<FieldsOf<Three>, TypeList<int, std::string, const double>>);
  static_assert(std::is_same_v<FieldsOf<None>, TypeList<>>);
}

TEST(Reflection, visits_the_fields_themselves_in_order) {
  const Three three{1, "two", 3.0};
  with_fields(three, [&](const int& a, const std::string& b, const double& c) {
    EXPECT_EQ(&a, &three.a);
    EXPECT_EQ(&b, &three.b);
    EXPECT_EQ(&c, &three.c);
  });
  Thirty thirty{};
  thirty.d1 = 32;
  with_fields(thirty, [](const auto&... field) {
    EXPECT_EQ(sizeof...(field), kMaxFields);
    EXPECT_EQ(std::get<kMaxFields - 1>(std::tie(field...)), 32);
  });
}

}  // namespace
}  // namespace cohort::detail
