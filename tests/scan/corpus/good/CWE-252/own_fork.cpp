// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

struct Repository {
  void fork();
  void copy() { fork(); }
};
void use(Repository& repository) { repository.fork(); }
