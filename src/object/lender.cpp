// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/lender.hpp"

#include "family/family.hpp"

namespace cohort::object {

namespace {
thread_local Lending* lending = nullptr;
}  // namespace

bool Lender::holds(Offset object) const noexcept {
  try {
    Family& family = Family::instance();
    auto word = [&](std::uint64_t i) {
      // relaxed: constant while the parcel is ours
      return family.at<std::atomic<std::uint64_t>>(parcel_.offset() + i * sizeof(std::uint64_t))
          ->load(std::memory_order_relaxed);
    };
    const std::uint64_t count = word(0);
    if (count >= family.block_size(parcel_.offset()) / sizeof(std::uint64_t)) return false;
    for (std::uint64_t i = 1; i <= count; ++i)
      if (word(i) == object) return true;
  } catch (...) {  // NOLINT(bugprone-empty-catch): a stray word
  }
  return false;
}

Lending::Lending(std::shared_ptr<Lender> from) noexcept
    : lender(std::move(from)), before_(std::exchange(lending, this)) {}
Lending::~Lending() { lending = before_; }
Lending* Lending::current() noexcept { return lending; }

}  // namespace cohort::object
