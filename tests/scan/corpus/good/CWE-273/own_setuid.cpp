// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

class Account {
 public:
  void setuid(unsigned user) { user_ = user; }
  void copy(const Account& other) { setuid(other.user_); }

 private:
  unsigned user_ = 0;
};
void use(Account& account) { account.setuid(3); }
