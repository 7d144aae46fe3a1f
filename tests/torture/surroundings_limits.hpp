// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The limits of a round, what it has open, and how long it has waited for a processor.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <map>
#include <random>
#include <string>

#include "torture/surroundings.hpp"

namespace cohort::torture {

/// Chooses by the round's own numbers; in effect for the process and what it starts from then on.
class RoundLimits {
 public:
  RoundLimits(const Plan& plan, std::mt19937_64& random) : plan_(plan), random_(random) {}

  /// Those that a user sets in the shell.
  void set_from_the_start();
  /// Those that are met in the middle: near what there is at this moment, and others each time.
  void set_in_the_middle();
  /// Now and then: fewer descriptors than are open.
  void tighten();
  /// As far as this process may.
  static void raise();

 private:
  static void set(__rlimit_resource which, rlim_t soft);
  rlim_t descriptors_with(rlim_t free) const;

  const Plan& plan_;
  std::mt19937_64& random_;
};

/// How long this thread wanted a processor and had none, since it began. The descriptor is opened before any limit.
class ProcessorWait {
 public:
  ProcessorWait();
  [[nodiscard]] std::chrono::nanoseconds now() const;

 private:
  int fd_;
};

/// Each descriptor that is open, and what it names. Empty when that cannot be told.
std::map<int, std::string> open_descriptors();

}  // namespace cohort::torture
