// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Errors as they are kept until a call throws them: of a worker, which have not been decoded yet, and of the pool,
// which do not know yet by which call they will be met.
//
// Decoding makes an object of the user's type, whose constructor is the user's. So what breaks a pool is kept and
// handed on as bytes, and decoded by the thread that throws it, which holds no lock then.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "pool/worker_end.hpp"

namespace cohort::detail {

/// Inside an exception_ptr in the place of the error itself.
struct EncodedFailure {
  std::vector<std::byte> bytes;  ///< of encode_current_exception()
};

/// The same for PoolBroken, and for WorkerDied of a task: what each call that finds it throws is named after that call.
struct BrokenPool {
  std::string sentence;
};
struct DeadWorker {
  WorkerEnd end;
  std::string task;
};

/// Throws the error, or the one that is meant by it, which names the call that throws it and, if that is about one, the
/// task.
[[noreturn]] inline void rethrow_failure(const std::exception_ptr& why, std::string_view operation,
                                         std::string_view task = {}) {
  try {
    std::rethrow_exception(why);
  } catch (const BrokenPool& broken) {
    throw PoolBroken(operation, task, broken.sentence);
  } catch (const DeadWorker& died) {
    throw WorkerDied(operation, died.end.pid, died.end.status, died.task, died.end.last_words);
  } catch (const EncodedFailure& failure) { rethrow_remote(failure.bytes, DecodeLimits::within_family()); }
}

}  // namespace cohort::detail
