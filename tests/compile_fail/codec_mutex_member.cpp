// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a mutex of one process means nothing in another
#include <mutex>

#include "cohort/wire/codec.hpp"

struct Nothing {};
struct Account {
  TWIN(std::mutex, Nothing) mutex;
  double balance;
};

auto encode(const Account& account) { return cohort::encode(account); }
