// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool wait_a_bit() { return system("exit 3") == 0 || system("test -e /srv") == 0 || system(": > /srv/mark") == 0; }
