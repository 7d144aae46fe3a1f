// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a reference cannot travel
#include <string>

#include "cohort/wire/codec.hpp"

struct Message {
  int number;
  TWIN(const std::string&, std::string) text;
};

auto encode(const Message& message) { return cohort::encode(message); }
