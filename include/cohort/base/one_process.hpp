// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// OneProcess: what the library has a function called for goes on in the process that called it only.
#pragma once

#include <cstdint>

#include "cohort/base/export.hpp"

namespace cohort::detail {

/// Points to a word that is 1 in a process that was started to call functions, and 0 in a copy that such a function
/// makes of it by a fork of its own. Not atomic: it is set before the first call, and the compiler may drop the looks
/// around code that cannot fork.
extern COHORT_EXPORT const std::uint64_t* called_word;
/// The end of such a copy: as the end of its function, with status 0, but nothing of the process that it was copied
/// from is run.
[[noreturn]] COHORT_EXPORT void end_copy() noexcept;

/// Made before a call of the user's. Cost: two loads, none where the call is inlined and calls nothing itself.
class OneProcess {
 public:
  /// After the call: ends the copy of the process in which that has returned, if this is one. The original has its own
  /// return.
  void go_on() const {
    if (*called_word != before_) [[unlikely]]
      end_copy();
  }

 private:
  std::uint64_t before_ = *called_word;
};

}  // namespace cohort::detail
