// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: signals, without handlers that do work.
#pragma once

#include <csignal>
#include <initializer_list>
#include <vector>

#include "os/fd.hpp"

namespace cohort::os {

/// Blocks all signals of the calling thread for its lifetime, then puts the old mask back.
class BlockSignals {
 public:
  BlockSignals() noexcept;
  ~BlockSignals();
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t previous_;
};

/// Gives every signal its default action, but for those that are ignored.
void reset_signal_handlers() noexcept;
/// The calling thread's mask.
[[nodiscard]] sigset_t signal_mask() noexcept;
/// The numbers of the signals that the calling thread blocks, as SpawnPlan takes them.
[[nodiscard]] std::vector<int> blocked_signals();
/// Ignores a signal.
void ignore_signal(int number) noexcept;
/// True when this process ignores the signal.
[[nodiscard]] bool is_ignored(int number) noexcept;
/// Blocks some signals in the calling thread.
void block_signals(std::initializer_list<int> numbers) noexcept;
/// Default action for a signal.
void default_signal(int number) noexcept;
/// Blocks SIGCHLD in this thread and returns a descriptor that is readable when a child has ended.
[[nodiscard]] Fd child_ended_fd();

}  // namespace cohort::os
