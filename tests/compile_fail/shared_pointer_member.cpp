// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a pointer may not live in shared memory
#include "cohort/shared/value.hpp"

struct Node {
  int value;
  TWIN(Node*, int) next;
};

cohort::Value<Node> make() { return cohort::Value<Node>(Node{}); }
