// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a lambda with captures, or a std::function, cannot travel
#include "cohort/wire/codec.hpp"

struct Adder {
  int add;
  int operator()(int x) const { return x + add; }
};

auto encode(int add) {
  auto lambda = [add](int x) { return x + add; };
  const Adder adder{add};
  static_cast<void>(lambda);
  static_cast<void>(adder);
  return cohort::encode(TWIN(lambda, adder));
}
