// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

void prepare() {
  umask(022);
  umask(S_IWGRP | S_IWOTH);
}
