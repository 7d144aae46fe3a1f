// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: this struct cannot be searched for pointers .*use std::array
#include <array>

#include "cohort/shared/value.hpp"

using Name = TWIN(char[16], int);
struct Person {
  Name name;
  int age;
};

void use() { cohort::Value<Person> value; }
