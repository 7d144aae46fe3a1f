// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a std::string_view cannot be decoded
#include <string>
#include <string_view>

#include "cohort/wire/codec.hpp"

struct Line {
  TWIN(std::string_view, std::string) text;
};

Line line() { return cohort::decode<Line>({}); }
