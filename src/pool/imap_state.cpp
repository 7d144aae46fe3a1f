// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/imap_state.hpp"

#include <algorithm>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"

namespace cohort::detail {

namespace {

std::size_t window_of(const PoolBackend& pool, const ImapOptions& options) {
  if (options.chunksize < 1) throw ValueError("Pool.imap_unordered", "chunksize", "must be 1 or more");
  if (options.window != 0) return options.window;
  return std::max<std::size_t>(256, static_cast<std::size_t>(pool.processes()) * 64);
}

}  // namespace

ImapState::ImapState(PoolRef pool, const CallableDescriptor& callable, const ImapOptions& options)
    : pool_(std::move(pool)), callable_(callable), options_(options), window_(window_of(*pool_, options)) {}

void ImapState::deliver(TaskResult&& result) noexcept {
  std::lock_guard guard(mutex_);
  --under_way_;
  arrived_.push_back(std::move(result));  // there is room: expect_result()
}

bool ImapState::has_room() {
  std::lock_guard guard(mutex_);
  std::size_t held = under_way_ + arrived_.size() + (taken_.size() - next_taken_);
  // Many at once, when half of the window is free: one by one, each would wake a worker that has just gone to sleep.
  if (held >= window_)
    filling_ = false;
  else if (held <= window_ / 2)
    filling_ = true;
  return filling_ && held < window_;
}

void ImapState::expect_result() {
  std::lock_guard guard(mutex_);
  std::size_t needed = arrived_.size() + under_way_ + 1;
  if (needed > arrived_.capacity()) arrived_.reserve(std::max(2 * needed, std::min<std::size_t>(window_, 64)));
  ++under_way_;
}

void ImapState::expect_no_result() noexcept {
  std::lock_guard guard(mutex_);
  --under_way_;
}

std::size_t ImapState::draw_chunk(FunctionRef<bool()> draw) noexcept {
  std::size_t drawn = 0;
  try {
    while (drawn < options_.chunksize && draw()) ++drawn;
  } catch (...) { input_failure_ = std::current_exception(); }
  input_ended_ = input_failure_ || drawn < options_.chunksize;
  return drawn;
}

void ImapState::fill(FunctionRef<bool()> draw, FunctionRef<void(Encoder&)> encode) {
  while (!input_ended_ && has_room()) {
    if (draw_chunk(draw) == 0) return;
    expect_result();
    ScopeExit undo([this] { expect_no_result(); });
    pool_->submit(callable_, encode, {.retries = options_.retries}, shared_from_this());
    undo.dismiss();
  }
}

bool ImapState::take_next() {
  if (next_taken_ == taken_.size()) {
    std::lock_guard guard(mutex_);
    if (arrived_.empty()) return under_way_ == 0;
    taken_.clear();
    // The room moves with the vectors, and who is under way keeps it.
    taken_.reserve(arrived_.capacity());
    std::swap(taken_, arrived_);
    next_taken_ = 0;
  }
  current_ = std::move(taken_[next_taken_++]);
  return true;
}

std::optional<std::span<const std::byte>> ImapState::next(FunctionRef<bool()> draw, FunctionRef<void(Encoder&)> encode,
                                                          Deadline deadline) {
  fill(draw, encode);
  current_ = TaskResult();
  if (!take_next() && !pool_->wait_until([this] { return take_next(); }, deadline, operation(), this))
    throw TimeoutError(operation(), task(), "no result has come yet");
  if (current_.kind() != TaskResult::Kind::pending) return current_.value(*this);
  if (input_failure_) std::rethrow_exception(std::exchange(input_failure_, nullptr));
  return std::nullopt;
}

std::string ImapState::task() const { return pool_->name_of_callable(callable()); }

}  // namespace cohort::detail
