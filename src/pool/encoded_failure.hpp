// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An error of a worker that has not been decoded yet.
//
// Decoding makes an object of the user's type, whose constructor is the user's. So what breaks a pool is kept and handed on as bytes, and
// decoded by the thread that throws it, which holds no lock then.
#pragma once

#include <cstddef>
#include <exception>
#include <vector>

#include "cohort/wire/remote_error.hpp"

namespace cohort::detail {

/// Inside an exception_ptr in the place of the error itself.
struct EncodedFailure {
  std::vector<std::byte> bytes;  ///< of encode_current_exception()
};

/// Throws the error, or the one that is encoded in it.
[[noreturn]] inline void rethrow_failure(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const EncodedFailure& failure) { rethrow_remote(failure.bytes, DecodeLimits::within_family()); }
}

}  // namespace cohort::detail
