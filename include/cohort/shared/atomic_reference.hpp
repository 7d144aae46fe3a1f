// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations on one shared value that are each done as a whole, by one instruction or a retried one, without a lock.
//
//   value += 1;              // right, however many processes do it at once; Python needs a lock for it
//   value.update([](double x) { return x * 2; });
//
// All are sequentially consistent. They do not look at the lock of a Value or Array: between a guard's reading and
// writing they may come in, and be overwritten. Where both are used on one value, let the longer change be an update().
// Cost: 1 to 6 ns when nobody else has the cache line.
// Python: has none of them.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/shared/shareable.hpp"

namespace cohort {

namespace detail {

/// Types whose every store is one instruction: of 1, 2, 4 or 8 bytes, with equal bytes for equal values.
template <class T>
consteval bool atomically_shared() {
  constexpr bool kFits = sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8;
  return kFits && (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::has_unique_object_representations_v<T>);
}
template <class T>
inline constexpr bool kAtomic = atomically_shared<T>();

template <class T>
concept SharedNumber = std::is_arithmetic_v<T> && !std::same_as<T, bool>;
template <class T>
concept SharedInteger = std::is_integral_v<T> && !std::same_as<T, bool>;

[[noreturn]] COHORT_EXPORT void throw_out_of_range(const char* type, const char* method, const std::string& value);

/// The value as a T: a number that does not fit throws ValueError, a fraction for an integer does not compile. `type` and
/// `method` are the call that the user made: "Value" and ".store".
template <class T, class U>
[[nodiscard]] constexpr T to_shared(const U& value, const char* type, const char* method) {
  static_assert(!(std::is_integral_v<T> && std::is_floating_point_v<U>),
                "cohort: a fraction would be cut off: round it, or make it a Value<double>");
  if constexpr (SharedInteger<T> && SharedInteger<U>) {
    // Wide enough for both, or of the wrong sign: std::in_range, which takes no characters.
    const bool negative = value < U{};
    const auto narrowed = static_cast<T>(value);
    if (static_cast<U>(narrowed) != value || (narrowed < T{}) != negative)
      throw_out_of_range(type, method, std::to_string(value));
  }
  return static_cast<T>(value);
}

/// What Self, which has `std::atomic_ref<T> cell() const`, can do. A handle's constness is its own, not the value's.
template <class Self, class T>
class AtomicOperations {  // NOLINT(bugprone-crtp-constructor-accessibility): several classes derive, some by templates
 public:
  [[nodiscard]] T load() const { return cell().load(); }
  void store(const T& value) const { cell().store(value); }
  /// A number of another type: ValueError when it does not fit.
  template <class U>
    requires(!std::same_as<U, T> && std::is_arithmetic_v<U> && std::is_arithmetic_v<T>)
  void store(const U& value) const {
    cell().store(to_shared<T>(value, Self::kType, ".store"));
  }
  operator T() const { return load(); }  // NOLINT(google-explicit-constructor): stands where a T is wanted
  /// Stores, and gives what was there.
  T exchange(const T& value) const { return cell().exchange(value); }
  /// Stores `desired` if the value is `expected`; else sets `expected` to what it is, and gives false. Compares bytes.
  bool compare_exchange(T& expected, const T& desired) const {
    return cell().compare_exchange_strong(expected, desired);
  }
  /// Replaces the value by change(value), and gives the new one. `change` may be called again when another process was
  /// quicker, so it must do nothing else.
  template <std::invocable<T> F>
  T update(F&& change) const {
    T before = load();
    while (true) {
      T after = change(std::as_const(before));
      if (compare_exchange(before, after)) return after;
    }
  }

  /// Adds, and gives what was there; integers wrap around.
  T fetch_add(T by) const
    requires SharedNumber<T>
  {
    return cell().fetch_add(by);
  }
  T fetch_sub(T by) const
    requires SharedNumber<T>
  {
    return cell().fetch_sub(by);
  }
  /// These give the new value.
  T operator+=(T by) const
    requires SharedNumber<T>
  {
    return static_cast<T>(fetch_add(by) + by);
  }
  T operator-=(T by) const
    requires SharedNumber<T>
  {
    return static_cast<T>(fetch_sub(by) - by);
  }
  T operator*=(T by) const
    requires SharedNumber<T>
  {
    return update([by](T value) { return static_cast<T>(value * by); });
  }
  T operator/=(T by) const
    requires SharedNumber<T>
  {
    return update([by](T value) { return static_cast<T>(value / by); });
  }
  T operator++() const
    requires SharedNumber<T>
  {
    return *this += T{1};
  }
  T operator--() const
    requires SharedNumber<T>
  {
    return *this -= T{1};
  }
  T operator++(int) const
    requires SharedNumber<T>
  {
    return fetch_add(T{1});
  }
  T operator--(int) const
    requires SharedNumber<T>
  {
    return fetch_sub(T{1});
  }
  T operator&=(T bits) const
    requires SharedInteger<T>
  {
    return static_cast<T>(cell().fetch_and(bits) & bits);
  }
  T operator|=(T bits) const
    requires SharedInteger<T>
  {
    return static_cast<T>(cell().fetch_or(bits) | bits);
  }
  T operator^=(T bits) const
    requires SharedInteger<T>
  {
    return static_cast<T>(cell().fetch_xor(bits) ^ bits);
  }

 private:
  [[nodiscard]] std::atomic_ref<T> cell() const { return static_cast<const Self*>(this)->cell(); }
};

}  // namespace detail

/// One place in shared memory, as `array[i]` and `*guard` give it: reads, assigns and changes it atomically. Like any
/// reference it must not outlive what it refers to.
template <class T>
class AtomicReference : public detail::AtomicOperations<AtomicReference<T>, T> {
 public:
  explicit AtomicReference(T* place) noexcept : place_(place) {}
  AtomicReference(const AtomicReference&) = default;

  // As with std::vector<bool>::reference, an assignment changes what is referred to, and so is const.
  // NOLINTBEGIN(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment)
  const AtomicReference& operator=(const T& value) const {
    this->store(value);
    return *this;
  }
  template <class U>
    requires(!std::same_as<U, T> && std::is_arithmetic_v<U> && std::is_arithmetic_v<T>)
  const AtomicReference& operator=(const U& value) const {
    this->store(detail::to_shared<T>(value, kType, "="));
    return *this;
  }
  /// Copies the value, not the reference.
  const AtomicReference& operator=(const AtomicReference& other) const {
    this->store(other.load());
    return *this;
  }
  AtomicReference& operator=(const AtomicReference& other) {
    this->store(other.load());
    return *this;
  }
  // NOLINTEND(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment)
  friend void swap(AtomicReference a, AtomicReference b) {
    T value = a.load();
    a.store(b.load());
    b.store(value);
  }

 private:
  friend class detail::AtomicOperations<AtomicReference<T>, T>;
  static constexpr const char* kType = "AtomicReference";
  [[nodiscard]] std::atomic_ref<T> cell() const { return std::atomic_ref<T>(*place_); }

  T* place_;
};

}  // namespace cohort
