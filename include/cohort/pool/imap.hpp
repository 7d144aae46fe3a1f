// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Imap: results of a lazy map, in the order in which they are ready.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "cohort/pool/chunk_invocation.hpp"
#include "cohort/pool/pool_backend.hpp"

namespace cohort {

/// A single-pass range of results. Move-only. It draws its input as results are taken, a bounded window ahead, so an
/// endless input is fine.
///
/// A task's error comes out of next() (and so of ++iterator); the items after it can still be taken. Leaving the loop
/// draws no more input; what is under way is finished by the workers and dropped. Threads: one at a time. Python:
/// Pool.imap_unordered, which draws all input at once.
template <class View, class F, class P, class R>
class Imap {
  using Value = detail::ResultOf<R>;
  using Chunk = detail::ChunkInvocation<F, P, R>;
  using Item = detail::StoredType<P>;

 public:
  Imap(const detail::PoolRef& pool, View view, F f, const ImapOptions& options)
      : state_(pool->imap_unordered(Chunk::descriptor, options)),
        view_(std::make_unique<View>(std::move(view))),
        f_(std::move(f)),
        most_in_chunk_(options.chunksize),
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
  struct Draw {
    Imap* imap;
    bool operator()() const { return imap->draw(); }
  };
  struct Encode {
    Imap* imap;
    void operator()(Encoder& out) const { imap->encode(out); }
  };

  bool take_chunk(Deadline deadline) {
    drop_chunk();
    auto bytes = state_->next(Draw{this}, Encode{this}, deadline);
    if (bytes) decode(*bytes);
    return bytes.has_value();
  }

  void drop_chunk() {
    chunk_.clear();
    at_ = 0;
  }

  // One item; false at the end. The input goes on when the next one is wanted, not before.
  bool draw() {
    if (std::exchange(drawn_, false)) ++input_;
    if (input_ == std::ranges::end(*view_)) return false;
    items_.push_back(Item(*input_));
    return drawn_ = true;
  }

  void encode(Encoder& out) {
    const std::vector<Item> items = std::exchange(items_, {});
    detail::encode_state(out, f_);
    out.write_raw(static_cast<std::uint64_t>(items.size()));
    for (const Item& item : items) Codec<Item>::encode(out, item);
  }

  void decode(std::span<const std::byte> bytes) {
    Decoder in(bytes, DecodeLimits::within_family());
    const std::size_t count = detail::read_result_count(in, most_in_chunk_);
    detail::decode_results<R>(in, count, chunk_);
    in.expect_end();
  }

  std::shared_ptr<detail::PendingResults> state_;
  std::unique_ptr<View> view_;  // its iterators must survive a move of this object
  F f_;
  std::size_t most_in_chunk_;
  std::ranges::iterator_t<View> input_;
  bool drawn_ = false;        // `input_` stands on an item that was drawn
  std::vector<Item> items_;   // drawn, not handed in
  std::vector<Value> chunk_;  // results that have come
  std::size_t at_ = 0;        // of the next of them
  std::optional<Value> current_;
};

}  // namespace cohort
