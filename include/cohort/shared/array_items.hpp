// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What Array and RawArray can do with their items: references to them, iteration, slices as Python counts them, text.
// Part of array.hpp, which is the header to include.
#pragma once

#include <atomic>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/export.hpp"
#include "cohort/shared/value.hpp"

namespace cohort::detail {

/// The call that a user made, for messages: "Array" and ".set_slice", "Array" and "[]".
struct CallOnArray {
  const char* type;
  const char* method;
  [[nodiscard]] std::string text() const { return std::string(type) + method; }
};

/// Which items a slice [start:stop:step] takes of `size`, as Python counts. Throws ValueError for step 0.
struct Slice {
  std::size_t first = 0;
  std::size_t count = 0;
  std::ptrdiff_t step = 1;
  [[nodiscard]] std::size_t at(std::size_t i) const noexcept {
    return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(first) + static_cast<std::ptrdiff_t>(i) * step);
  }
  /// Throws ValueError when as many items as `given` do not fill it.
  COHORT_EXPORT void expect(std::size_t given, CallOnArray call) const;
};
[[nodiscard]] COHORT_EXPORT Slice slice_of(std::size_t size, std::optional<std::ptrdiff_t> start,
                                           std::optional<std::ptrdiff_t> stop, std::ptrdiff_t step, CallOnArray call);
/// A count of items for an array of that type; throws ValueError when it is negative.
template <std::integral I>
[[nodiscard]] std::size_t checked_count(I count, const char* type) {
  if constexpr (std::is_signed_v<I>)
    if (count < 0) throw ValueError(type, std::to_string(count), "an array has no negative number of items");
  return static_cast<std::size_t>(count);
}
template <class R, class T>
concept RangeOf = std::ranges::input_range<R> && std::convertible_to<std::ranges::range_reference_t<R>, T>;
template <class T, class U>
[[nodiscard]] T item_of(const U& item, CallOnArray call) {
  if constexpr (std::is_arithmetic_v<T> && std::is_arithmetic_v<U>) {
    return to_shared<T>(item, call.type, call.method);
  } else {
    return static_cast<T>(item);
  }
}
template <class T>
void append_bits(std::vector<std::byte>& bytes, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(T));
}
/// The items of a range as they lie in an array.
template <class T, RangeOf<T> R>
[[nodiscard]] std::vector<std::byte> bytes_of(R&& range, CallOnArray call) {
  std::vector<std::byte> bytes;
  if constexpr (std::ranges::sized_range<R>) bytes.reserve(sizeof(T) * std::ranges::size(range));
  for (auto&& item : range) append_bits<T>(bytes, item_of<T>(item, call));
  return bytes;
}

/// What `array[i]` is for items of more than 8 bytes: each use takes the array's lock.
template <class Owner>
class RecordReference {
 public:
  using T = typename Owner::value_type;
  RecordReference(const Owner& owner, std::ptrdiff_t index) : owner_(&owner), index_(index) {}
  RecordReference(const RecordReference&) = default;
  [[nodiscard]] T load() const { return owner_->load(index_); }
  operator T() const { return load(); }  // NOLINT(google-explicit-constructor): stands where a T is wanted
  void store(const T& value) const { owner_->store(index_, value); }
  // NOLINTBEGIN(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment): as AtomicReference
  const RecordReference& operator=(const T& value) const {
    store(value);
    return *this;
  }
  RecordReference& operator=(const RecordReference& other) {
    store(other.load());
    return *this;
  }
  const RecordReference& operator=(const RecordReference& other) const {
    store(other.load());
    return *this;
  }
  // NOLINTEND(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment)

 private:
  const Owner* owner_;
  std::ptrdiff_t index_;
};

/// Goes over the items of an array; gives references by value.
template <class Owner>
class ArrayIterator {
 public:
  using value_type = typename Owner::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = typename Owner::reference;
  using pointer = void;
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::input_iterator_tag;

  ArrayIterator() = default;
  ArrayIterator(const Owner& owner, std::ptrdiff_t index) : owner_(&owner), index_(index) {}
  reference operator*() const { return (*owner_)[index_]; }
  reference operator[](std::ptrdiff_t by) const { return (*owner_)[index_ + by]; }
  ArrayIterator& operator+=(std::ptrdiff_t by) {
    index_ += by;
    return *this;
  }
  ArrayIterator& operator-=(std::ptrdiff_t by) { return *this += -by; }
  ArrayIterator& operator++() { return *this += 1; }
  ArrayIterator& operator--() { return *this -= 1; }
  ArrayIterator operator++(int) {
    ArrayIterator before = *this;
    ++index_;
    return before;
  }
  ArrayIterator operator--(int) {
    ArrayIterator before = *this;
    --index_;
    return before;
  }
  friend ArrayIterator operator+(ArrayIterator a, std::ptrdiff_t by) { return a += by; }
  friend ArrayIterator operator+(std::ptrdiff_t by, ArrayIterator a) { return a += by; }
  friend ArrayIterator operator-(ArrayIterator a, std::ptrdiff_t by) { return a -= by; }
  friend std::ptrdiff_t operator-(const ArrayIterator& a, const ArrayIterator& b) { return a.index_ - b.index_; }
  friend bool operator==(const ArrayIterator& a, const ArrayIterator& b) { return a.index_ == b.index_; }
  friend auto operator<=>(const ArrayIterator& a, const ArrayIterator& b) { return a.index_ <=> b.index_; }

 private:
  const Owner* owner_ = nullptr;
  std::ptrdiff_t index_ = 0;
};

/// What Array and RawArray share. Self has kType, its name, core(), load(i), store(i, value), and held(), which keeps
/// others out while it lives.
template <class Self, class T>
class ArrayOperations {  // NOLINT(bugprone-crtp-constructor-accessibility): several classes derive, some by templates
 public:
  using value_type = T;
  using reference = std::conditional_t<kAtomic<T>, AtomicReference<T>, RecordReference<Self>>;
  using iterator = ArrayIterator<Self>;

  /// How many items. Python: len().
  [[nodiscard]] std::size_t size() const { return self().core().size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// An item; a negative index counts from the end. Throws IndexError.
  [[nodiscard]] reference operator[](std::ptrdiff_t index) const { return item(index, "[]"); }
  [[nodiscard]] reference at(std::ptrdiff_t index) const { return item(index, ".at"); }
  [[nodiscard]] iterator begin() const { return {self(), 0}; }
  [[nodiscard]] iterator end() const { return {self(), static_cast<std::ptrdiff_t>(size())}; }

  /// Copies of the items start, start + step … before stop, as Python's arr[start:stop:step]; taken under the lock.
  [[nodiscard]] std::vector<T> slice(std::optional<std::ptrdiff_t> start = {}, std::optional<std::ptrdiff_t> stop = {},
                                     std::ptrdiff_t step = 1) const {
    [[maybe_unused]] auto held = self().held();
    return load_items(slice_of(size(), start, stop, step, call(".slice")));
  }
  /// All items.
  [[nodiscard]] std::vector<T> to_vector() const { return slice(); }

  /// Replaces the items of a slice by as many of a range, under the lock. A slice of many items may be half done when
  /// the process dies.
  /// @throws ValueError  the numbers differ; nothing was changed
  template <RangeOf<T> R>
  void set_slice(std::optional<std::ptrdiff_t> start, std::optional<std::ptrdiff_t> stop, std::ptrdiff_t step,
                 R&& items) const {
    store_items(std::forward<R>(items), start, stop, step, ".set_slice");
  }
  template <RangeOf<T> R>
  void set_slice(std::optional<std::ptrdiff_t> start, std::optional<std::ptrdiff_t> stop, R&& items) const {
    store_items(std::forward<R>(items), start, stop, 1, ".set_slice");
  }
  /// Replaces all items. Throws ValueError when the numbers differ.
  template <RangeOf<T> R>
  void assign(R&& items) const {
    store_items(std::forward<R>(items), {}, {}, 1, ".assign");
  }
  /// Makes all items equal to `value`.
  void fill(const T& value) const {
    [[maybe_unused]] auto held = self().held();
    std::byte* first = all();
    std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) store_held(first + i * sizeof(T), value);
  }

  /// The text up to the first NUL, or all of it. Python: .value
  [[nodiscard]] std::string value() const
    requires std::same_as<T, char>
  {
    std::string all = raw();
    return all.substr(0, all.find('\0'));
  }
  /// Sets the text, and a NUL behind it where there is room. Throws ValueError when it is longer than the array.
  void set_value(std::string_view text) const
    requires std::same_as<T, char>
  {
    std::string all(text);
    if (all.size() < size()) all += '\0';
    store_text(all, ".set_value");
  }
  /// All characters. Python: .raw
  [[nodiscard]] std::string raw() const
    requires std::same_as<T, char>
  {
    auto items = to_vector();
    return {items.begin(), items.end()};
  }
  /// Sets the first characters. Throws ValueError when there are more than the array has.
  void set_raw(std::string_view text) const
    requires std::same_as<T, char>
  {
    store_text(text, ".set_raw");
  }

 protected:
  [[nodiscard]] const Self& self() const { return *static_cast<const Self*>(this); }
  [[nodiscard]] static CallOnArray call(const char* method) noexcept { return {Self::kType, method}; }
  [[nodiscard]] reference item(std::ptrdiff_t index, const char* method) const {
    std::byte* place = self().core().place(index, sizeof(T), call(method));
    if constexpr (kAtomic<T>) {
      return reference(reinterpret_cast<T*>(place));
    } else {
      return reference(self(), index);
    }
  }
  void store_text(std::string_view text, const char* method) const {
    if (text.size() > size())
      throw ValueError(call(method).text(), std::to_string(text.size()), "the text is longer than the array");
    store_items(text, 0, static_cast<std::ptrdiff_t>(text.size()), 1, method);
  }
  [[nodiscard]] std::byte* all() const { return self().core().bytes(sizeof(T)).data(); }
  [[nodiscard]] T load_held(const std::byte* place) const {
    if constexpr (kAtomic<T>) {
      // relaxed: the lock orders what it orders
      return std::atomic_ref<T>(*reinterpret_cast<T*>(const_cast<std::byte*>(place))).load(std::memory_order_relaxed);
    } else {
      return Bits<T>::at(place).value();
    }
  }
  void store_held(std::byte* place, const T& value) const {
    if constexpr (kAtomic<T>) {
      // relaxed: the lock orders what it orders
      std::atomic_ref<T>(*reinterpret_cast<T*>(place)).store(value, std::memory_order_relaxed);
    } else {
      self().put(place, value);
    }
  }
  template <RangeOf<T> R>
  void store_items(R&& items, std::optional<std::ptrdiff_t> start, std::optional<std::ptrdiff_t> stop,
                   std::ptrdiff_t step, const char* method) const {
    // Before the lock: a range is the user's code.
    const std::vector<std::byte> bytes = bytes_of<T>(std::forward<R>(items), call(method));
    [[maybe_unused]] auto held = self().held();
    const Slice which = slice_of(size(), start, stop, step, call(method));
    which.expect(bytes.size() / sizeof(T), call(method));
    store_held_items(which, bytes.data());
  }

 private:
  // The caller keeps others out.
  [[nodiscard]] std::vector<T> load_items(const Slice& which) const {
    std::vector<T> items;
    items.reserve(which.count);
    const std::byte* first = all();
    for (std::size_t i = 0; i < which.count; ++i) items.push_back(load_held(first + which.at(i) * sizeof(T)));
    return items;
  }
  void store_held_items(const Slice& which, const std::byte* from) const {
    std::byte* first = all();
    for (std::size_t i = 0; i < which.count; ++i)
      store_held(first + which.at(i) * sizeof(T), Bits<T>::at(from + i * sizeof(T)).value());
  }
};

}  // namespace cohort::detail
