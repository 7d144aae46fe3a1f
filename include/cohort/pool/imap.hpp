// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Imap: results of a lazy map, in the order in which they are ready.
#pragma once

#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "cohort/pool/chunk_invocation.hpp"
#include "cohort/pool/pool_door.hpp"

namespace cohort {

/// A single-pass range of results. Move-only. It draws its input as results are taken, a bounded window ahead, so an endless input is fine.
///
/// A task's error comes out of next() (and so of ++iterator); the items after it can still be taken. Leaving the loop draws no more
/// input; what is under way is finished by the workers and dropped. Threads: one at a time. Python: Pool.imap_unordered, which
/// draws all input at once.
template <class View, class F, class P, class R>
class Imap {
  using Value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

 public:
  Imap(detail::PoolRef pool, View view, F f, const ImapOptions& options)
      : state_(std::make_shared<detail::ImapState>(pool, detail::imap_window(*pool, options.window))),
        view_(std::make_unique<View>(std::move(view))),
        f_(std::move(f)),
        options_(options),
        input_(std::ranges::begin(*view_)) {}
  Imap(Imap&&) noexcept = default;
  Imap& operator=(Imap&&) noexcept = default;

  /// The next result; nullopt at the end.
  /// @throws TimeoutError  none came before the deadline; nothing is lost
  /// @throws what a task threw; the next call goes on with the others
  /// @throws what the input threw, once all results of the items before it have been taken; that is its end
  /// @throws StateError  this object was moved from
  std::optional<Value> next(Deadline deadline = Deadline::never()) {
    if (!state_) detail::throw_moved_from("Imap.next");
    if (at_ == chunk_.size() && !take_chunk(deadline)) return std::nullopt;
    return std::move(chunk_[at_++]);
  }

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Value;
    Iterator() = default;
    explicit Iterator(Imap* imap) : imap_(imap) { ++*this; }
    Value& operator*() const { return *imap_->current_; }
    Iterator& operator++() {
      imap_->current_ = imap_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !imap_->current_; }

   private:
    Imap* imap_ = nullptr;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  using Chunk = detail::ChunkInvocation<F, P, R>;
  using Item = detail::StoredType<P>;

  // Submits as far as the window allows. What the input throws ends it, and is kept until the results before it have been taken.
  void fill() {
    while (!input_ended_ && state_->has_room()) {
      std::vector<Item> items = draw();
      if (items.empty()) return;
      state_->note_submitted();
      try {
        submit_task(
            state_->pool(), Chunk::descriptor, [&](Encoder& out) { encode_chunk(out, items); },
            {.retries = options_.retries}, state_, 0);
      } catch (...) {
        state_->note_not_submitted();
        throw;
      }
    }
  }

  // The items of the next chunk; none at the end.
  std::vector<Item> draw() {
    std::vector<Item> items;
    try {
      for (; items.size() < options_.chunksize && input_ != std::ranges::end(*view_); ++input_)
        items.push_back(Item(*input_));
    } catch (...) { input_failure_ = std::current_exception(); }
    input_ended_ = input_failure_ || items.size() < options_.chunksize;
    return items;
  }

  void encode_chunk(Encoder& out, const std::vector<Item>& items) {
    detail::encode_state(out, f_);
    out.write_raw(static_cast<std::uint64_t>(items.size()));
    for (const Item& item : items) Codec<Item>::encode(out, item);
  }

  bool take_chunk(Deadline deadline) {
    chunk_.clear();
    at_ = 0;
    fill();
    detail::TaskResult result;
    if (!state_->next(result, deadline)) {
      if (input_failure_) std::rethrow_exception(std::exchange(input_failure_, nullptr));
      return false;
    }
    Decoder in(result.value(*state_), DecodeLimits::within_family());
    const std::size_t count = detail::read_result_count(in, options_.chunksize);
    for (std::uint64_t i = 0; i < count; ++i) {
      if constexpr (std::is_void_v<R>)
        chunk_.emplace_back();
      else
        chunk_.push_back(Codec<R>::decode(in));
    }
    in.expect_end();
    return true;
  }

  std::shared_ptr<detail::ImapState> state_;
  std::unique_ptr<View> view_;  // its iterators must survive a move of this object
  F f_;
  ImapOptions options_;
  std::ranges::iterator_t<View> input_;
  bool input_ended_ = false;
  std::exception_ptr input_failure_;
  std::vector<Value> chunk_;
  std::size_t at_ = 0;
  std::optional<Value> current_;
};

}  // namespace cohort
