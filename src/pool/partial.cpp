// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/partial.hpp"

#include "cohort/base/error.hpp"

namespace cohort {

void Partial::operator()() const {
  if (!*this) throw ValueError("Partial", "", "there is nothing to call");
  load_callable_module(callable_, module_);
  const CallableDescriptor& callable = resolve_callable(callable_);
  if (callable.call() == nullptr) throw DecodeError("Partial", callable.name(), "is not a callable for a task");
  Decoder in(bytes_, DecodeLimits::within_family());
  VectorEncoder nothing;
  callable.call()(in, nothing);
}

void Partial::set(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode) {
  VectorEncoder out;
  encode(out);
  callable_ = callable.id();
  module_ = callable_module_path(callable_);
  bytes_ = out.take();
  attachments_ = out.take_attachments();
}

}  // namespace cohort
