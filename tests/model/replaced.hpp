// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The one door to atomics that model tests replace (docs/design/0022). Included before the library's sources: all of
// the standard library that those use, then std::atomic by another name, the explorer's word.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "model/word.hpp"
#include "os/futex.hpp"

namespace std {
template <class T>
using explored_atomic = cohort::model::Word<T>;
}  // namespace std
#define atomic explored_atomic
