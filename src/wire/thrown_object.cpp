// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/thrown_object.hpp"

#include <cxxabi.h>

#include <cstddef>
#include <cstring>

namespace cohort::detail {

namespace {

// How the two standard libraries call the class that throw_with_nested() makes of E and std::nested_exception. No other
// class may be taken apart: one of the user's that derives from both has a name that its handlers know.
bool is_nesting(const std::type_info& type) noexcept {
  std::string_view name = type.name();
  return name.starts_with("St17_Nested_exceptionI") || name.starts_with("NSt3__18__nestedI");
}

// The first base class and its place; null where there is none that can be reached by an offset.
ThrownObject base_of(const ThrownObject& whole) noexcept {
  if (const auto* single = dynamic_cast<const abi::__si_class_type_info*>(whole.type))
    return {single->__base_type, whole.object};
  const auto* several = dynamic_cast<const abi::__vmi_class_type_info*>(whole.type);
  if (several == nullptr || several->__base_count == 0) return {};
  const auto& base = several->__base_info[0];
  if (base.__is_virtual_p() || !base.__is_public_p()) return {};
  return {base.__base_type, static_cast<const std::byte*>(whole.object) + base.__offset()};
}

}  // namespace

ThrownObject thrown_object(const std::exception_ptr& current) noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr || !current) return {};
  // The pointer's only member is the address of the object.
  const void* object = nullptr;
  std::memcpy(&object, &current, sizeof object);
  ThrownObject thrown{type, object};
  if (!is_nesting(*type)) return thrown;
  ThrownObject given = base_of(thrown);
  return given.type != nullptr ? given : thrown;
}

const void* first_base(const ThrownObject& whole, std::string_view base) noexcept {
  if (whole.type == nullptr) return whole.object;
  const ThrownObject first = base_of(whole);
  return first.type != nullptr && base == first.type->name() ? first.object : whole.object;
}

}  // namespace cohort::detail
