// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The object that was thrown, by its type as the program was compiled: which class it is, where its first base lies in
// it.
#pragma once

#include <exception>
#include <string_view>
#include <typeinfo>

namespace cohort::detail {

/// An object and its class; both null for what no C++ program threw.
struct ThrownObject {
  const std::type_info* type = nullptr;
  const void* object = nullptr;
};

/// What is being handled, without what std::throw_with_nested() put round it: for an E that was given to that it is the
/// E itself. `current` is std::current_exception() and must outlive the result.
[[nodiscard]] ThrownObject thrown_object(const std::exception_ptr& current) noexcept;

/// The part of `whole` that is its first base class, where that is `base` by name and neither virtual nor private; else
/// `whole`. It lies at the start or not: a class without virtual functions lies behind the pointer of the bases that
/// have some.
[[nodiscard]] const void* first_base(const ThrownObject& whole, std::string_view base) noexcept;

}  // namespace cohort::detail
