// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// put and get for items of a type: the templates that Queue and JoinableQueue share. Users name those.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/until.hpp"
#include "cohort/queue/queue_core.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort::detail {

/// Items whose encoding is their bytes: they go straight between the caller's object and the ring.
template <class T>
inline constexpr bool kIsPlainItem = is_bitwise_encodable<T> && sizeof(T) <= kInlineMessage;

/// Plain items without gaps between their values, which may be read out of the caller's object.
template <class T>
consteval bool is_gapless_item() {
  if constexpr (kIsPlainItem<T>) {
    return !padded<T>();
  } else {
    return false;
  }
}
/// Plain items of which all bytes are a value, which may be written into the caller's object.
template <class T>
consteval bool is_unchecked_item() {
  if constexpr (kIsPlainItem<T>) {
    return !holds_bool<T>() && std::is_default_constructible_v<T>;
  } else {
    return false;
  }
}

/// std::vector of items whose encoding is their bytes.
template <class T>
struct PlainVector : std::false_type {};
template <class U>
struct PlainVector<std::vector<U>> : std::bool_constant<is_gapless_item<U>() && !std::is_same_v<U, bool>> {
  using Item = U;
};

/// @tparam Core  the compiled part: QueueHandle, or what derives from it
template <class T, class Core = QueueHandle>
class TypedQueue : public Core {
  using Limits = typename Core::Limits;

 public:
  // ---- put -------------------------------------------------------------------------------------------------------

  /// Appends an item; while there are `maxsize` items, waits for room.
  ///
  /// The item is encoded in this call: what cannot be encoded throws here, and a later change of `item` is not seen. When
  /// the call has returned, the item is in the queue, whatever happens to this process.
  /// @param until               when to give up
  /// @throws Full               no room before the deadline; nothing was put
  /// @throws Stopped            a stop was requested before there was room; nothing was put
  /// @throws ClosedError        this process has closed the queue; nothing was put
  /// @throws EncodeError        what the item's codec throws; nothing was put
  /// @throws OutOfFamilyMemory  the item, or all items together, exceed the budget; nothing was put
  /// Blocks:   while the queue is full; wakes within 100 ms even when others are killed. A suspended producer delays others
  ///           no longer than 50 ms beyond the deadline; without one, as long as it is suspended
  /// Threads:  any; processes: any that hold a handle. Not from signal handlers
  /// Ordering: what happened before is visible after the get that returns the item. Items of one producer stay in order
  /// Cost:     one copy for items of plain bytes up to 8 KiB, two for encoded ones, one for larger ones (which lie in a
  ///           block of the family memory); no system call unless another process sleeps
  /// Python:   Queue.put; there a thread encodes later, and errors are printed and lost
  void put(const T& item, const Until& until = Until::never()) const { put_or_throw(item, {until, "put"}); }
  /// Appends an item if there is room. Throws Full. Python: put_nowait
  void put_nowait(const T& item) const { put_or_throw(item, {Deadline::now(), "put_nowait"}); }
  /// Appends an item, by default only if there is room at once. False, and nothing done, when there is none until the
  /// deadline or a stop. Throws as put(), but neither Full nor Stopped
  bool try_put(const T& item, const Until& until = Deadline::now()) const { return put_one(item, {until, "try_put"}); }
  /// Appends the items of a range, many at a time. Items of other processes may come between them.
  ///
  /// @returns         how many were put: all, or those for which there was room before the deadline or a stop
  /// @throws Stopped  a stop was requested before any was put. Throws as put(), too; what came before is put then
  template <std::ranges::input_range R>
    requires std::convertible_to<std::ranges::range_reference_t<R>, const T&>
  std::size_t put_many(R&& items, const Until& until = Until::never()) const {
    const Limits limits{until, "put_many"};
    if constexpr (is_gapless_item<T>() && std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                  std::is_same_v<std::ranges::range_value_t<R>, T>) {
      const std::size_t count = std::ranges::size(items);
      return this->count_of(this->put_plain(std::ranges::data(items), sizeof(T), count, limits), count, limits);
    }
    std::size_t done = 0;
    for (const T& item : items) {
      if (!put_one(item, limits)) return this->count_of(done, done + 1, limits);
      ++done;
    }
    return done;
  }

  // ---- get -------------------------------------------------------------------------------------------------------

  /// Takes the oldest item; while there is none, waits for one.
  ///
  /// @param until         when to give up
  /// @throws Empty        no item before the deadline
  /// @throws Stopped      a stop was requested before there was an item; a stop takes no item
  /// @throws ClosedError  this process has closed the queue; nothing was taken
  /// @throws DecodeError  the item was put as another type. If T is plain and the item has another size, it stays in the
  ///                      queue; otherwise it is consumed
  /// @throws StateError   the queue's memory was overwritten from outside; nothing was taken
  /// Blocks:   while the queue is empty: looks for 25 µs, then sleeps. A suspended process delays others no longer than 50 ms
  ///           beyond the deadline
  /// Death:    a consumer that is killed in or after get takes at most this one item with it
  /// Memory:   takes none of the family's: taking works when it is full, and makes room
  /// Cost:     one copy, none more than the item's own allocations; no system call unless it sleeps
  /// Python:   Queue.get
  [[nodiscard]] T get(const Until& until = Until::never()) const { return get_or_throw({until, "get"}); }
  /// Takes the oldest item if there is one. Throws Empty. Python: get_nowait
  [[nodiscard]] T get_nowait() const { return get_or_throw({Deadline::now(), "get_nowait"}); }
  /// Takes the oldest item, by default only if there is one at once; nullopt when there is none until the deadline or a stop.
  /// Throws as get(), but neither Empty nor Stopped
  [[nodiscard]] std::optional<T> try_get(const Until& until = Deadline::now()) const {
    return get_one({until, "try_get"});
  }
  /// Waits for one item, then takes what there is, at most `most`. Empty at the deadline; throws Stopped at a stop.
  /// Death: a consumer that is killed takes at most this batch with it
  [[nodiscard]] std::vector<T> get_many(std::size_t most, const Until& until = Until::never()) const {
    std::vector<T> items;
    get_many_into(items, most, until);
    return items;
  }
  /// The same, into a vector whose memory is used again: its old items go. Returns how many came.
  std::size_t get_many_into(std::vector<T>& items, std::size_t most, const Until& until = Until::never()) const {
    const Limits limits{until, "get_many"};
    items.clear();
    if constexpr (is_unchecked_item<T>()) {
      items.resize(most);
      items.resize(this->get_plain(items.data(), sizeof(T), most, limits));
      return this->count_of(items.size(), most, limits);
    }
    while (items.size() < most) {
      auto item = items.empty() ? get_one(limits) : get_one({Deadline::now(), "get_many"});
      if (!item) break;
      items.push_back(*std::move(item));
    }
    return this->count_of(items.size(), most, limits);
  }

 protected:
  using Core::Core;

  bool put_one(const T& item, const Limits& limits) const {
    if constexpr (is_gapless_item<T>()) { return this->put_plain(&item, sizeof(T), 1, limits) == 1; }
    if constexpr (PlainVector<T>::value) {
      constexpr std::size_t kSize = sizeof(typename PlainVector<T>::Item);
      if (item.size() > kInlineMessage / kSize) return this->put_range(item.data(), kSize, item.size(), limits);
    }
    return this->put_message([&item](Encoder& out) { Codec<T>::encode(out, item); }, limits);
  }
  void put_or_throw(const T& item, const Limits& limits) const {
    if (!put_one(item, limits)) this->throw_full(limits);
  }
  [[nodiscard]] T get_or_throw(const Limits& limits) const {
    if (auto item = get_one(limits)) return *std::move(item);
    this->throw_empty(limits);
  }

  [[nodiscard]] std::optional<T> get_one(const Limits& limits) const {
    if constexpr (kIsPlainItem<T>) {
      std::array<std::byte, sizeof(T)> image;
      if (this->get_plain(image.data(), sizeof(T), 1, limits) == 0) return std::nullopt;
      Decoder in(image, DecodeLimits::within_family());
      return Codec<T>::decode(in);
    }
    ReceivedMessage message;
    if (!this->get_message(message, limits)) return std::nullopt;
    Unpacking unpacking(message);
    return decode<T>(message.bytes(), DecodeLimits::within_family());
  }
};

}  // namespace cohort::detail
