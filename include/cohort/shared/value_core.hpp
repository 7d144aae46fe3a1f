// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a Value is underneath: the handle, and how a value of more than 8 bytes is read and written as a whole.
// Part of value.hpp, which is the header to include.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/shared/atomic_reference.hpp"
#include "cohort/shared/shareable.hpp"
#include "cohort/sync/lock.hpp"

namespace cohort::detail {

/// What a shared type looks like, for those who meet it: size, whether it is stored by one instruction, and its sort.
template <class T>
consteval std::uint64_t shape_word() {
  constexpr char kSort = std::same_as<T, bool>         ? 'b'
                         : std::is_floating_point_v<T> ? 'f'
                         : std::is_enum_v<T>           ? 'e'
                         : std::is_integral_v<T>       ? (std::is_signed_v<T> ? 'i' : 'u')
                                                       : 's';
  return sizeof(T) | std::uint64_t{kAtomic<T>} << 32 | static_cast<std::uint64_t>(kSort) << 40;
}

using Contents = std::shared_ptr<const std::vector<std::byte>>;
template <class T>
[[nodiscard]] Contents contents_of(std::span<const T> items) {
  auto bytes = std::as_bytes(items);
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

/// The handle of a value; its body is specified in docs/formats/shared.md.
class COHORT_EXPORT ValueCore : public SharedHandle {
 public:
  static constexpr ObjectKind kKind = ObjectKind::value;
  explicit ValueCore(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}
  ValueCore(std::uint64_t shape, Contents initial);
  ValueCore(std::uint64_t shape, const HandleName& name);

  /// Where an atomic value lies.
  [[nodiscard]] std::byte* cell() const { return static_cast<std::byte*>(body()) + kCell; }
  /// Copies a larger one out, without a lock and never in part; false when writers came in between each time.
  [[nodiscard]] bool try_read(void* out, std::size_t size) const;
  /// Writes a larger one so that it appears at once. The caller holds the value's lock.
  void write(const void* value, std::size_t size) const;
  /// Writes over it. What others read meanwhile may be torn.
  void write_in_place(const void* value, std::size_t size) const;

 private:
  static constexpr std::size_t kCell = 16;
};

/// Whether this process has left its family, as it does at its end: then nothing shared can be written any more.
[[nodiscard]] COHORT_EXPORT bool has_left_family() noexcept;

/// Holds a lock of the owner of this; what guards have.
class HeldLock {
 public:
  explicit HeldLock(RLock& lock) : lock_(&lock) { (void)lock.acquire(); }
  /// Throws TimeoutError at the deadline, Stopped at a stop, and as acquire().
  COHORT_EXPORT HeldLock(RLock& lock, const Until& until, const char* operation);
  HeldLock(RLock& lock, std::adopt_lock_t) noexcept : lock_(&lock) {}
  HeldLock(HeldLock&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  HeldLock& operator=(HeldLock&&) = delete;
  ~HeldLock() {
    if (lock_ != nullptr) lock_->release();
  }
  [[nodiscard]] explicit operator bool() const noexcept { return lock_ != nullptr; }
  [[nodiscard]] RLock& lock() const noexcept { return *lock_; }

 private:
  RLock* lock_;
};

/// Raw bytes that become a T, which needs no default constructor.
template <class T>
struct Bits {
  alignas(T) std::array<std::byte, sizeof(T)> bytes;
  [[nodiscard]] T value() const { return std::bit_cast<T>(bytes); }
  /// Those at a place of any alignment.
  [[nodiscard]] static Bits at(const std::byte* place) {
    Bits bits;
    std::memcpy(bits.bytes.data(), place, sizeof(T));
    return bits;
  }
};

/// What Self, which has read(void*), write(const void*) and change(f), can do with a value of more than 8 bytes.
template <class Self, class T>
class RecordOperations {
 public:
  /// A value that was stored as a whole; without a lock.
  [[nodiscard]] T load() const {
    Bits<T> bits;
    self().read(bits.bytes.data());
    return bits.value();
  }
  void store(const T& value) const { self().write(&value); }
  operator T() const { return load(); }  // NOLINT(google-explicit-constructor): stands where a T is wanted

 private:
  [[nodiscard]] const Self& self() const { return *static_cast<const Self*>(this); }
};
template <class Self, class T>
using OperationsOf = std::conditional_t<kAtomic<T>, AtomicOperations<Self, T>, RecordOperations<Self, T>>;

template <class T>
consteval bool require_value_type() {
  static_assert(require_shareable<T>(), "cohort: this type may not live in shared memory");
  static_assert(sizeof(T) <= 65'536, "cohort: a Value has at most 64 KiB: use an Array, or SharedMemory");
  return true;
}

}  // namespace cohort::detail
