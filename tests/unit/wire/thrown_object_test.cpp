// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which object was thrown, and where its first base lies in it.
#include "wire/thrown_object.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <typeinfo>

namespace cohort::detail {
namespace {

struct Plain {
  int number = 0;
};
struct Derived : Plain {
  std::string text;
};
// Its first base has no virtual functions, so it lies behind the pointer to those.
struct Mixed : Plain {
  virtual ~Mixed() = default;
};
struct Hidden : private Plain {};
struct Apart : virtual Plain {};

template <class E, class Look>
void thrown(E error, Look look) {
  try {
    throw error;
  } catch (const E& caught) { look(thrown_object(std::current_exception()), static_cast<const void*>(&caught)); }
}

TEST(ThrownObject, is_what_was_thrown_whatever_its_type) {
  thrown(std::runtime_error("x"), [](ThrownObject object, const void* caught) {
    EXPECT_EQ(*object.type, typeid(std::runtime_error));
    EXPECT_EQ(object.object, caught);
  });
  thrown(7, [](ThrownObject object, const void* caught) {
    EXPECT_EQ(*object.type, typeid(int));
    EXPECT_EQ(object.object, caught);
  });
}

TEST(ThrownObject, is_none_where_nothing_is_handled) {
  const ThrownObject none = thrown_object(std::current_exception());
  EXPECT_EQ(none.type, nullptr);
  EXPECT_EQ(none.object, nullptr);
}

TEST(ThrownObject, of_a_nesting_is_the_error_that_was_nested_round) {
  try {
    try {
      throw 1;
    } catch (...) { std::throw_with_nested(std::out_of_range("here")); }
  } catch (const std::out_of_range& caught) {
    const ThrownObject object = thrown_object(std::current_exception());
    EXPECT_EQ(*object.type, typeid(std::out_of_range));
    EXPECT_EQ(object.object, static_cast<const void*>(&caught));
  }
}

TEST(FirstBase, is_found_where_it_lies) {
  thrown(Derived(), [](ThrownObject object, const void* caught) {
    EXPECT_EQ(first_base(object, typeid(Plain).name()), static_cast<const Plain*>(static_cast<const Derived*>(caught)));
    EXPECT_EQ(first_base(object, "another"), caught);
  });
  thrown(Mixed(), [](ThrownObject object, const void* caught) {
    const void* base = static_cast<const Plain*>(static_cast<const Mixed*>(caught));
    EXPECT_NE(base, caught);
    EXPECT_EQ(first_base(object, typeid(Plain).name()), base);
  });
}

TEST(FirstBase, that_is_private_or_virtual_is_not_reached) {
  thrown(Hidden(),
         [](ThrownObject object, const void* caught) { EXPECT_EQ(first_base(object, typeid(Plain).name()), caught); });
  thrown(Apart(),
         [](ThrownObject object, const void* caught) { EXPECT_EQ(first_base(object, typeid(Plain).name()), caught); });
}

}  // namespace
}  // namespace cohort::detail
