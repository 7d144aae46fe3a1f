// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/linux/busy_file.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>

namespace cohort::os {

namespace {

using namespace std::chrono_literals;

// relaxed, all: counts that only say whether waiting may help. A forked copy may have births counted that never end
// here; the second bounds what that costs.
std::atomic<std::uint64_t> births_begun{0};
std::atomic<std::uint64_t> births_over{0};

}  // namespace

BirthUnderWay::BirthUnderWay() noexcept { births_begun.fetch_add(1, std::memory_order_relaxed); }  // relaxed: a count
BirthUnderWay::~BirthUnderWay() { births_over.fetch_add(1, std::memory_order_relaxed); }           // relaxed: a count

bool BusyFile::wait_a_moment() noexcept {
  if (!refused_before_) begun_ = births_begun.load(std::memory_order_relaxed);  // relaxed: a count
  refused_before_ = true;
  const bool under_way = births_over.load(std::memory_order_relaxed) < begun_;  // relaxed: a count
  if (waited_ >= (under_way ? 1s : 50ms)) return false;
  const timespec time{0, static_cast<long>(pause_.count()) * 1000};
  ::nanosleep(&time, nullptr);
  waited_ += pause_;
  pause_ = std::min<std::chrono::microseconds>(2 * pause_, 5ms);
  return true;
}

}  // namespace cohort::os
