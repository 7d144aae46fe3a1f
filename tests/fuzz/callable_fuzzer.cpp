// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever names a callable: it is one that this program made, or it is refused; a function pointer lies in its
// module's text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "cohort/base/error.hpp"
#include "cohort/wire/callable.hpp"
#include "os/module.hpp"

namespace {

int twice(int x) { return static_cast<int>(2U * static_cast<unsigned>(x)); }
using Invocation = cohort::detail::Invocation<cohort::Function<&twice>, true, cohort::detail::ParameterList<int>>;

void check_id(cohort::CallableId id) {
  try {
    const cohort::CallableDescriptor& found = cohort::resolve_callable(id);
    if (&found != &Invocation::descriptor || !(found.id() == id)) { std::abort(); }
  } catch (const cohort::DecodeError&) { return; } catch (const cohort::IncompatibleError&) {
    return;
  }
}

void check_function(std::span<const std::byte> bytes) {
  cohort::Decoder in(bytes);
  try {
    const auto address = reinterpret_cast<std::uintptr_t>(cohort::detail::decode_function(in));
    const auto module = cohort::os::module_of(reinterpret_cast<const void*>(address));
    if (!module || address < module->text_begin || address >= module->text_end) { std::abort(); }
  } catch (const cohort::DecodeError&) { return; } catch (const cohort::IncompatibleError&) {
    return;
  }
}

void check_call(std::span<const std::byte> arguments) {
  cohort::Decoder in(arguments);
  cohort::VectorEncoder out;
  try {
    Invocation::descriptor.call()(in, out);
    if (arguments.size() != sizeof(int) || out.size() != sizeof(int)) { std::abort(); }
  } catch (const cohort::DecodeError&) { return; }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  std::vector<std::byte> named(bytes.begin(), bytes.end());
  const cohort::CallableId real = Invocation::descriptor.id();
  // A module that is there, so that not all ends at its build-id.
  if ((data[0] & 1U) != 0) { named.insert(named.begin(), real.module.begin(), real.module.end()); }
  check_function(named);
  cohort::CallableId id;
  static_assert(sizeof id == 32);
  named.resize(sizeof id);
  std::memcpy(&id, named.data(), sizeof id);
  if ((data[0] & 2U) != 0) { id.signature = real.signature; }
  if ((data[0] & 4U) != 0) { id.offset += real.offset; }
  check_id(id);
  if (size < 64) { check_call(bytes); }
  return 0;
}
