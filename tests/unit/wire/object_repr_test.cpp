// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How an Object is printed: as CPython 3.11 does.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "cohort/wire/object.hpp"

namespace cohort {
namespace {

TEST(ObjectRepr, shows_each_kind_and_what_lies_within) {
  Object object = Object::dict({{"name", "bob"}, {"scores", Object::list({1, 2.5, nullptr, true})}});
  EXPECT_EQ(object.repr(), "{'name': 'bob', 'scores': [1, 2.5, None, True]}");
  EXPECT_EQ(Object::dict({{Object::tuple({1, "x"}), Object::set({1})}}).repr(), "{(1, 'x'): {1}}");
  EXPECT_EQ(Object::list({Object::list(), Object::tuple(), Object::dict()}).repr(), "[[], (), {}]");
}

TEST(ObjectRepr, is_that_of_python) {
  EXPECT_EQ(Object::tuple({1}).repr(), "(1,)");
  EXPECT_EQ(Object::set().repr(), "set()");
  EXPECT_EQ(Object("it's").repr(), "\"it's\"");
  EXPECT_EQ(Object("it's \"so\"").repr(), "'it\\'s \"so\"'");
  EXPECT_EQ(Object("tab\tline\n\\ \x01 z\xc3\xbc").repr(), "'tab\\tline\\n\\\\ \\x01 z\xc3\xbc'");
  EXPECT_EQ(Object("broken \xc3 \xff").repr(), "'broken \\xc3 \\xff'");
  EXPECT_EQ(Object("\xc2\x80").repr(), "'\\x80'");
  // As CPython 3.11 prints them.
  EXPECT_EQ(Object(1.0).repr(), "1.0");
  EXPECT_EQ(Object(-0.0).repr(), "-0.0");
  EXPECT_EQ(Object(0.1).repr(), "0.1");
  EXPECT_EQ(Object(1e15).repr(), "1000000000000000.0");
  EXPECT_EQ(Object(1e16).repr(), "1e+16");
  EXPECT_EQ(Object(123456789012345680.0).repr(), "1.2345678901234568e+17");
  EXPECT_EQ(Object(0.0001).repr(), "0.0001");
  EXPECT_EQ(Object(0.00001).repr(), "1e-05");
  EXPECT_EQ(Object(5e-324).repr(), "5e-324");
  EXPECT_EQ(Object(1e100).repr(), "1e+100");
  EXPECT_EQ(Object(-std::numeric_limits<double>::infinity()).repr(), "-inf");
  EXPECT_EQ(Object(std::nan("")).repr(), "nan");
}

}  // namespace
}  // namespace cohort
