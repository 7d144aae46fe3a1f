// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One value that processes share: Value<T>, and RawValue<T> without a lock.
//
//   cohort::Value<double> num(0.0);
//   num += 3.14;                                          // atomic: += -= ++ exchange compare_exchange update …
//   { auto guard = num.lock(); *guard = *guard * 2; }     // longer changes: others who lock wait meanwhile
//   double now = num.load();
//
//   struct Account { double balance; int transfers; };    // plain structs too
//   cohort::Value<Account> account;
//   { auto guard = account.lock(); guard->balance += 5; ++guard->transfers; }   // becomes visible as a whole, at its end
//
// There is no bare reference to the shared bytes. load() never gives a value that nobody stored, whoever dies when.
// A Value is a handle: copies share the value; `a = b` makes a the same value as b, store() changes it.
// With static storage it is the same value in every process of the family, as is `Value` passed to a child.
// Death:   who dies while it holds the guard leaves the value as it was before; the next guard's owner_died() says so.
// Threads: any. Fork: a child shares the value. Types: docs/reference/shared.md, "Types".
// Python:  multiprocessing.Value, RawValue; there `value.value += 1` loses updates unless one takes the lock.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "cohort/base/until.hpp"
#include "cohort/shared/atomic_reference.hpp"
#include "cohort/shared/value_core.hpp"
#include "cohort/sync/lock.hpp"

namespace cohort {

template <class T>
class Value;
template <class T>
class ValueGuard;

/// A shared value without a lock. What is larger than 8 bytes may be torn when several store it at once.
template <class T>
class RawValue : public detail::OperationsOf<RawValue<T>, T> {
  static_assert(detail::require_value_type<T>());

 public:
  using value_type = T;

  /// Zero (T{}). Throws OutOfFamilyMemory.
  RawValue()
    requires std::is_default_constructible_v<T>
      : RawValue(T{}) {}
  explicit RawValue(const T& initial)
      : core_(detail::shape_word<T>(), detail::contents_of(std::span<const T>(&initial, 1))) {}
  template <class U>
    requires(!std::same_as<U, T> && std::is_arithmetic_v<U> && std::is_arithmetic_v<T>)
  explicit RawValue(const U& initial) : RawValue(detail::to_shared<T>(initial, kType, "")) {}
  explicit RawValue(const detail::HandleName& name) : core_(detail::shape_word<T>(), name) {}
  /// A handle that refers to nothing.
  explicit RawValue(NullHandle) noexcept : core_(null_handle) {}

  /// A new value with what this one holds now. Python: sharedctypes.copy()
  [[nodiscard]] RawValue copy() const { return RawValue(this->load()); }
  [[nodiscard]] bool is_null() const noexcept { return core_.is_null(); }
  /// A number that no other object of the family has; 0 for null. Two handles share one value when their ids are equal.
  [[nodiscard]] std::uint64_t id() const { return core_.id(); }
  [[nodiscard]] const detail::ValueCore& core() const noexcept { return core_; }

 private:
  friend class detail::AtomicOperations<RawValue<T>, T>;
  friend class detail::RecordOperations<RawValue<T>, T>;
  friend class Value<T>;
  friend class ValueGuard<T>;
  static constexpr const char* kType = "RawValue";
  void store_whole(const T& value) const {
    if constexpr (detail::kAtomic<T>) {
      this->store(value);
    } else {
      core_.write(&value, sizeof(T));
    }
  }
  [[nodiscard]] T* place() const { return reinterpret_cast<T*>(core_.cell()); }
  [[nodiscard]] std::atomic_ref<T> cell() const { return std::atomic_ref<T>(*place()); }
  void read(void* out) const {
    while (!core_.try_read(out, sizeof(T))) {}
  }
  void write(const void* value) const { core_.write_in_place(value, sizeof(T)); }

  detail::ValueCore core_;
};

/// Holds a value's lock, and is where it is read and changed meanwhile. Stays with the thread that made it, and does
/// not outlive the Value (the handle) that it was made by.
///
/// Numbers and enums change in place: `*guard` is an AtomicReference. Of anything else `*guard` is a copy, which the
/// guard stores at its end (by an exception, too), as a whole; discard() leaves the value as it was. So of two guards of
/// one thread on one value, the outer one's copy is what stays.
template <class T>
class [[nodiscard]] ValueGuard {
  static constexpr bool kInPlace = detail::kAtomic<T> && (std::is_arithmetic_v<T> || std::is_enum_v<T>);

 public:
  ValueGuard(ValueGuard&&) noexcept = default;
  ValueGuard& operator=(ValueGuard&&) = delete;
  ~ValueGuard() {
    if (held_ && !detail::has_left_family()) commit();
  }

  [[nodiscard]] decltype(auto) operator*() {
    if constexpr (kInPlace) {
      return AtomicReference<T>(raw_->place());
    } else {
      return static_cast<T&>(*copy_);
    }
  }
  [[nodiscard]] T* operator->()
    requires(!kInPlace)
  {
    return &*copy_;
  }

  /// Whether a process died while it held the lock, and nobody has said since that the value is as it should be.
  [[nodiscard]] bool owner_died() const { return held_.lock().owner_died(); }
  void mark_consistent() { held_.lock().mark_consistent(); }
  /// What was changed so far becomes visible now.
  void commit() {
    if constexpr (!kInPlace) { raw_->store_whole(*copy_); }
  }
  /// What was changed since the last commit() is forgotten. Only for what is changed in a copy.
  void discard()
    requires(!kInPlace)
  {
    *copy_ = raw_->load();
  }

 private:
  friend class Value<T>;
  ValueGuard(const RawValue<T>& raw, detail::HeldLock held) : raw_(&raw), held_(std::move(held)) {
    if constexpr (!kInPlace) copy_.emplace(raw.load());
  }

  const RawValue<T>* raw_;
  detail::HeldLock held_;
  [[no_unique_address]] std::conditional_t<kInPlace, std::monostate, std::optional<T>> copy_;
};

/// A shared value with a lock.
template <class T>
class Value : public detail::OperationsOf<Value<T>, T> {
 public:
  using value_type = T;

  /// Zero (T{}), with a lock of its own. Throws OutOfFamilyMemory.
  Value()
    requires std::is_default_constructible_v<T>
      : Value(T{}) {}
  explicit Value(const T& initial) : raw_(initial) {}
  template <class U>
    requires(!std::same_as<U, T> && std::is_arithmetic_v<U> && std::is_arithmetic_v<T>)
  explicit Value(const U& initial) : raw_(detail::to_shared<T>(initial, kType, "")) {}
  /// With a lock that others share. Python: Value(…, lock=lock)
  Value(const T& initial, RLock lock) : raw_(initial), lock_(std::move(lock)) {}
  /// A raw value and the lock that guards it from now on. Python: sharedctypes.synchronized()
  Value(RawValue<T> raw, RLock lock) : raw_(std::move(raw)), lock_(std::move(lock)) {}
  /// A handle that refers to nothing.
  explicit Value(NullHandle) noexcept : raw_(null_handle), lock_(null_handle) {}

  /// Waits for the lock and holds it while the guard lives. load() and the atomic operations of others go on meanwhile.
  ///
  /// @throws TimeoutError   the deadline passed
  /// @throws Stopped        a stop was requested
  /// @throws LockOwnerDied  the lock was made to poison, and a holder died
  [[nodiscard]] ValueGuard<T> lock(const Until& until = Until::never()) const& {
    return {raw_, detail::HeldLock(lock_, until, "Value.lock")};
  }
  ValueGuard<T> lock(const Until& until = Until::never()) const&& = delete;
  /// The same, by default without waiting; nullopt when the lock was not free until the deadline or a stop.
  [[nodiscard]] std::optional<ValueGuard<T>> try_lock(const Until& until = Deadline::now()) const& {
    if (!lock_.try_acquire(until)) return std::nullopt;
    return ValueGuard<T>(raw_, detail::HeldLock(lock_, std::adopt_lock));
  }
  std::optional<ValueGuard<T>> try_lock(const Until& until = Deadline::now()) const&& = delete;
  /// Replaces the value by change(value) and gives the new one; whole, and alone. For at most 8 bytes without the lock,
  /// by AtomicOperations::update().
  template <std::invocable<T> F>
  T update(F&& change) const {
    if constexpr (detail::kAtomic<T>) {
      return detail::AtomicOperations<Value<T>, T>::update(std::forward<F>(change));
    } else {
      auto guard = lock();
      *guard = change(std::as_const(*guard));
      return *guard;
    }
  }

  /// The lock: recursive, robust. Python: get_lock()
  [[nodiscard]] RLock get_lock() const { return lock_; }
  /// The value without its lock. Python: get_obj()
  [[nodiscard]] RawValue<T> get_obj() const { return raw_; }

  /// A new value, with a lock of its own, that holds what this one holds now.
  [[nodiscard]] Value copy() const { return Value(this->load()); }
  [[nodiscard]] bool is_null() const noexcept { return raw_.is_null(); }
  [[nodiscard]] std::uint64_t id() const { return raw_.id(); }

 private:
  friend class detail::AtomicOperations<Value<T>, T>;
  friend class detail::RecordOperations<Value<T>, T>;
  friend struct Codec<Value<T>>;
  static constexpr const char* kType = "Value";

  [[nodiscard]] std::atomic_ref<T> cell() const { return raw_.cell(); }
  void read(void* out) const {
    if (raw_.core_.try_read(out, sizeof(T))) return;
    detail::HeldLock held(lock_);  // writers are many: wait for our turn among them
    raw_.read(out);
  }
  void write(const void* value) const {
    detail::HeldLock held(lock_);
    raw_.core_.write(value, sizeof(T));
  }

  RawValue<T> raw_;
  mutable RLock lock_;  // constness is the handle's
};

/// `Value v(3.5)` is a Value<double>.
template <class T>
RawValue(T) -> RawValue<T>;
/// As above.
template <class T>
Value(T) -> Value<T>;

/// Values travel as handles.
template <class T>
struct Codec<RawValue<T>> {
  static void encode(Encoder& out, const RawValue<T>& value) { detail::encode_handle(out, value.core()); }
  static RawValue<T> decode(Decoder& in) { return RawValue<T>(detail::decode_handle_name(in)); }
};
template <class T>
struct Codec<Value<T>> {
  static void encode(Encoder& out, const Value<T>& value) {
    Codec<RawValue<T>>::encode(out, value.raw_);
    Codec<RLock>::encode(out, value.lock_);
  }
  static Value<T> decode(Decoder& in) {
    RawValue<T> raw = Codec<RawValue<T>>::decode(in);
    return Value<T>(std::move(raw), Codec<RLock>::decode(in));
  }
};

}  // namespace cohort
