// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Values in a row that processes share: Array<T>, and RawArray<T> without a lock.
//
//   cohort::Array<int> arr(10);                                   // ten zeros
//   cohort::Array<double> values(std::views::iota(0, 10));        // from any range; {1.5, 2.5} works too
//   arr[3] += 1;                                                  // atomic, bounds-checked
//   arr.set_slice(0, 3, std::vector{7, 8, 9});
//   { auto guard = arr.lock(); for (int& x : guard.span()) x *= 2; }    // without copying, others who lock wait
//
// The length is fixed. Items of up to 8 bytes are loaded and stored by one instruction each, with the operations of
// AtomicReference; larger ones under the lock, so that they are never torn, whoever dies when.
// An Array is a handle: copies share. With static storage it is the same array in every process of the family.
// Death:   what was stored stays. Who dies while it holds the guard may leave a change half done; the next guard's
//          owner_died() says so.
// Threads: any. Fork: a child shares the array. Types: docs/reference/shared.md, "Types".
// Python:  multiprocessing.Array, RawArray.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/shared/array_items.hpp"
#include "cohort/shared/value.hpp"

namespace cohort {

namespace detail {

/// The handle of an array; its body is specified in docs/formats/shared.md.
class COHORT_EXPORT ArrayCore : public SharedHandle {
 public:
  static constexpr ObjectKind kKind = ObjectKind::array;
  explicit ArrayCore(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}
  /// `initial` may be null: zeros. `type` is what the user makes, for messages.
  ArrayCore(std::uint64_t shape, std::size_t count, Contents initial, const char* type);
  ArrayCore(std::uint64_t shape, const HandleName& name);

  [[nodiscard]] std::size_t size() const {
    return words()[kCountWord].load(std::memory_order_relaxed);  // relaxed: constant
  }
  /// The items, of `size` bytes each.
  [[nodiscard]] std::span<std::byte> bytes(std::size_t size) const {
    std::size_t count = this->size();
    return {items(), count * size};
  }
  /// The place of an item of `size` bytes; a negative index counts from the end. Throws IndexError.
  [[nodiscard]] std::byte* place(std::ptrdiff_t index, std::size_t size, CallOnArray call) const {
    auto count = static_cast<std::ptrdiff_t>(this->size());
    std::ptrdiff_t found = index < 0 ? index + count : index;
    if (found < 0 || found >= count) [[unlikely]]
      throw_out_of_bounds(index, count, call);
    return items() + static_cast<std::size_t>(found) * size;
  }
  /// Under the array's lock: completes the store() whose caller died.
  void settle_store() const;
  /// Under the array's lock: replaces an item so that no death leaves it half done.
  void store(std::byte* place, const void* value) const;
  /// Itself, with its items made and its own: for those who ask for its name. A null one stays null.
  [[nodiscard]] const ArrayCore& prepared() const {
    if (!is_null()) (void)find_items();
    return *this;
  }

 private:
  /// Where the items lie in this process, once that is known; goes with the handle.
  struct Known {
    std::atomic<std::byte*> place{nullptr};
    Known() noexcept = default;
    // relaxed: all: the items were there before the place was known, and are constant
    Known(const Known& other) noexcept : place(other.place.load(std::memory_order_relaxed)) {}
    Known& operator=(const Known& other) noexcept {
      place.store(other.place.load(std::memory_order_relaxed), std::memory_order_relaxed);  // relaxed: as above
      return *this;
    }
  };
  static constexpr std::size_t kCountWord = 2;

  [[nodiscard]] const std::atomic<std::uint64_t>* words() const {
    return static_cast<const std::atomic<std::uint64_t>*>(body());
  }
  /// Called behind words(), which throws for a handle that refers to nothing.
  [[nodiscard]] std::byte* items() const {
    std::byte* known = known_.place.load(std::memory_order_relaxed);  // relaxed: as in Known
    return known != nullptr ? known : find_items();
  }
  [[nodiscard]] std::byte* find_items() const;
  [[noreturn]] static void throw_out_of_bounds(std::ptrdiff_t index, std::ptrdiff_t count, CallOnArray call);

  mutable Known known_;
};

}  // namespace detail

template <class T>
class Array;

/// An array without a lock. Items of more than 8 bytes may be torn when several store them at once.
template <class T>
class RawArray : public detail::ArrayOperations<RawArray<T>, T> {
  static_assert(detail::require_value_type<T>());

 public:
  /// `count` zero items (all bytes zero). Throws ValueError when negative, OutOfFamilyMemory.
  template <std::integral I>
  explicit RawArray(I count) : RawArray(count, kType) {}
  RawArray(std::initializer_list<T> items) : RawArray(std::span<const T>(items.begin(), items.size())) {}
  template <detail::RangeOf<T> R>
    requires(!std::same_as<std::remove_cvref_t<R>, RawArray>)
  explicit RawArray(R&& items) : RawArray(std::forward<R>(items), kType) {}
  explicit RawArray(const detail::HandleName& name) : core_(detail::shape_word<T>(), name) {}
  /// A handle that refers to nothing.
  explicit RawArray(NullHandle) noexcept : core_(null_handle) {}

  /// The items themselves: no lock, no bounds, no atomic access. Valid while a handle of this process is.
  [[nodiscard]] std::span<T> span() const {
    auto bytes = core_.bytes(sizeof(T));
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  /// A new array with what this one holds now. Python: sharedctypes.copy()
  [[nodiscard]] RawArray copy() const { return RawArray(this->to_vector()); }
  [[nodiscard]] bool is_null() const noexcept { return core_.is_null(); }
  /// A number that no other object of the family has; 0 for null. Two handles share one value when their ids are equal.
  [[nodiscard]] std::uint64_t id() const { return core_.prepared().id(); }
  [[nodiscard]] const detail::ArrayCore& core() const noexcept { return core_; }

 private:
  friend class detail::ArrayOperations<RawArray<T>, T>;
  friend class detail::RecordReference<RawArray<T>>;
  friend class Array<T>;
  static constexpr const char* kType = "RawArray";
  // From a count or a range, for the type that the user makes.
  template <std::integral I>
  RawArray(I count, const char* type)
      : core_(detail::shape_word<T>(), detail::checked_count(count, type), nullptr, type) {}
  template <detail::RangeOf<T> R>
  RawArray(R&& items, const char* type)
      : RawArray(
            std::make_shared<const std::vector<std::byte>>(detail::bytes_of<T>(std::forward<R>(items), {type, ""})),
            type) {}
  RawArray(RawArray&& made, const char*) noexcept : RawArray(std::move(made)) {}
  RawArray(const RawArray& made, const char*) noexcept : RawArray(made) {}
  RawArray(const detail::Contents& contents, const char* type)
      : core_(detail::shape_word<T>(), contents->size() / sizeof(T), contents, type) {}
  [[nodiscard]] int held() const noexcept { return 0; }
  [[nodiscard]] T load(std::ptrdiff_t index) const {
    return this->load_held(core_.place(index, sizeof(T), this->call("[]")));
  }
  void store(std::ptrdiff_t index, const T& value) const {
    this->store_held(core_.place(index, sizeof(T), this->call("[]")), value);
  }
  void put(std::byte* place, const T& value) const { std::memcpy(place, &value, sizeof(T)); }

  detail::ArrayCore core_;
};

/// Holds an array's lock; its items are used in place meanwhile. Stays with the thread that made it, and does not
/// outlive the Array (the handle) that it was made by.
template <class T>
class [[nodiscard]] ArrayGuard {
 public:
  ArrayGuard(ArrayGuard&&) noexcept = default;
  ArrayGuard& operator=(ArrayGuard&&) = delete;
  ~ArrayGuard() = default;
  /// The items, not copied; valid while the guard is.
  [[nodiscard]] std::span<T> span() const { return raw_->span(); }
  [[nodiscard]] auto begin() const { return span().begin(); }
  [[nodiscard]] auto end() const { return span().end(); }
  [[nodiscard]] std::size_t size() const { return raw_->size(); }
  /// Throws IndexError.
  [[nodiscard]] T& operator[](std::ptrdiff_t index) const {
    return *reinterpret_cast<T*>(raw_->core().place(index, sizeof(T), {"ArrayGuard", "[]"}));
  }
  /// Whether a process died while it held the lock, and nobody has said since that the items are as they should be.
  [[nodiscard]] bool owner_died() const { return held_.lock().owner_died(); }
  void mark_consistent() { held_.lock().mark_consistent(); }

 private:
  friend class Array<T>;
  ArrayGuard(const RawArray<T>& raw, detail::HeldLock held) : raw_(&raw), held_(std::move(held)) {
    if constexpr (!detail::kAtomic<T>) raw.core().settle_store();
  }

  const RawArray<T>* raw_;
  detail::HeldLock held_;
};

/// An array with a lock.
template <class T>
class Array : public detail::ArrayOperations<Array<T>, T> {
 public:
  /// `count` zero items (all bytes zero), with a lock of its own. Throws ValueError when negative, OutOfFamilyMemory.
  template <std::integral I>
  explicit Array(I count) : raw_(count, kType) {}
  Array(std::initializer_list<T> items) : raw_(std::span<const T>(items.begin(), items.size()), kType) {}
  template <detail::RangeOf<T> R>
    requires(!std::same_as<std::remove_cvref_t<R>, Array>)
  explicit Array(R&& items) : raw_(std::forward<R>(items), kType) {}
  /// With a lock that others share: a count, or a range, and the lock.
  template <class Items>
  Array(Items&& items, RLock lock) : raw_(std::forward<Items>(items), kType), lock_(std::move(lock)) {}
  /// A raw array and the lock that guards it from now on. Python: sharedctypes.synchronized()
  Array(RawArray<T> raw, RLock lock) : raw_(std::move(raw)), lock_(std::move(lock)) {}
  /// A handle that refers to nothing.
  explicit Array(NullHandle) noexcept : raw_(null_handle), lock_(null_handle) {}

  /// Waits for the lock and holds it while the guard lives.
  ///
  /// @throws TimeoutError   the deadline passed
  /// @throws Stopped        a stop was requested
  /// @throws LockOwnerDied  the lock was made to poison, and a holder died
  [[nodiscard]] ArrayGuard<T> lock(const Until& until = Until::never()) const& {
    return {raw_, detail::HeldLock(lock_, until, "Array.lock")};
  }
  ArrayGuard<T> lock(const Until& until = Until::never()) const&& = delete;
  /// The same, by default without waiting; nullopt when the lock was not free until the deadline or a stop.
  [[nodiscard]] std::optional<ArrayGuard<T>> try_lock(const Until& until = Deadline::now()) const& {
    if (!lock_.try_acquire(until)) return std::nullopt;
    return ArrayGuard<T>(raw_, detail::HeldLock(lock_, std::adopt_lock));
  }
  std::optional<ArrayGuard<T>> try_lock(const Until& until = Deadline::now()) const&& = delete;
  /// The lock: recursive, robust. Python: get_lock()
  [[nodiscard]] RLock get_lock() const { return lock_; }
  /// The items without the lock. Python: get_obj()
  [[nodiscard]] RawArray<T> get_obj() const { return raw_; }

  /// A new array, with a lock of its own, that holds what this one holds now.
  [[nodiscard]] Array copy() const { return Array(this->to_vector()); }
  [[nodiscard]] bool is_null() const noexcept { return raw_.is_null(); }
  [[nodiscard]] std::uint64_t id() const { return raw_.id(); }

 private:
  friend class detail::ArrayOperations<Array<T>, T>;
  friend class detail::RecordReference<Array<T>>;
  friend struct Codec<Array<T>>;
  static constexpr const char* kType = "Array";

  [[nodiscard]] const detail::ArrayCore& core() const noexcept { return raw_.core_; }
  [[nodiscard]] ArrayGuard<T> held() const { return lock(); }
  [[nodiscard]] T load(std::ptrdiff_t index) const {
    auto held = lock();
    return this->load_held(core().place(index, sizeof(T), this->call("[]")));
  }
  void store(std::ptrdiff_t index, const T& value) const {
    auto held = lock();
    this->store_held(core().place(index, sizeof(T), this->call("[]")), value);
  }
  void put(std::byte* place, const T& value) const { raw_.core_.store(place, &value); }

  RawArray<T> raw_;
  mutable RLock lock_;  // constness is the handle's
};

/// `Array a(std::vector{1.5})` is an Array<double>.
template <std::ranges::input_range R>
RawArray(R&&) -> RawArray<std::remove_cvref_t<std::ranges::range_reference_t<R>>>;
/// As above.
template <std::ranges::input_range R>
Array(R&&) -> Array<std::remove_cvref_t<std::ranges::range_reference_t<R>>>;

/// Arrays travel as handles.
template <class T>
struct Codec<RawArray<T>> {
  static void encode(Encoder& out, const RawArray<T>& array) { detail::encode_handle(out, array.core().prepared()); }
  static RawArray<T> decode(Decoder& in) { return RawArray<T>(detail::decode_handle_name(in)); }
};
template <class T>
struct Codec<Array<T>> {
  static void encode(Encoder& out, const Array<T>& array) {
    Codec<RawArray<T>>::encode(out, array.raw_);
    Codec<RLock>::encode(out, array.lock_);
  }
  static Array<T> decode(Decoder& in) {
    RawArray<T> raw = Codec<RawArray<T>>::decode(in);
    return Array<T>(std::move(raw), Codec<RLock>::decode(in));
  }
};

}  // namespace cohort
