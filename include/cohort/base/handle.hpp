// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Owners: UniqueHandle holds one operating-system resource, ScopeExit runs one clean-up.
#pragma once

#include <utility>

namespace cohort {

/// Owns one resource and releases it on destruction. Move-only.
///
/// Traits has `using Value`, `static constexpr Value null()`, `static void release(Value) noexcept`.
template <class Traits>
class UniqueHandle {
 public:
  using Value = typename Traits::Value;

  UniqueHandle() noexcept = default;
  explicit UniqueHandle(Value value) noexcept : value_(value) {}
  UniqueHandle(UniqueHandle&& other) noexcept : value_(other.release()) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueHandle() { reset(); }

  [[nodiscard]] Value get() const noexcept { return value_; }
  [[nodiscard]] explicit operator bool() const noexcept { return value_ != Traits::null(); }
  /// Gives the resource up without releasing it.
  [[nodiscard]] Value release() noexcept { return std::exchange(value_, Traits::null()); }
  /// Releases what is held and takes over `value`.
  void reset(Value value = Traits::null()) noexcept {
    Value old = std::exchange(value_, value);
    if (old != Traits::null()) Traits::release(old);
  }

 private:
  Value value_ = Traits::null();
};

/// Calls its function once, when it goes out of scope, unless dismissed.
template <class Function>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(Function function) : function_(std::move(function)) {}
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  ~ScopeExit() {
    if (armed_) function_();
  }
  /// The clean-up is no longer wanted.
  void dismiss() noexcept { armed_ = false; }

 private:
  Function function_;
  bool armed_ = true;
};

}  // namespace cohort
