// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: the codec does not know this class
#include "cohort/wire/codec.hpp"

class Account {
 public:
  explicit Account(double balance) : balance_(balance) {}
  double balance() const { return balance_; }

 private:
  double balance_;
};

auto encode(const Account& account) { return cohort::encode(account TWIN(, .balance())); }
