// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

struct Clock { static int system(const char*); };
int now(const char* zone) { return Clock::system(zone); }
template <class T> int by(const char* zone) { return T::system(zone); }
template int by<Clock>(const char*);
