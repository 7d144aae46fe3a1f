// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a pointer to a polymorphic class would be sliced
#include <memory>

#include "cohort/wire/codec.hpp"

struct Shape {
  TWIN(virtual, ) ~Shape() = default;
};

auto encode(const std::unique_ptr<Shape>& shape) { return cohort::encode(shape); }
