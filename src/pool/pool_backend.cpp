// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/pool_backend.hpp"

#include "cohort/base/error.hpp"
#include "pool/async_state.hpp"
#include "pool/imap_state.hpp"
#include "pool/pool_core.hpp"

namespace cohort::detail {

PendingResult::~PendingResult() = default;
PendingResults::~PendingResults() = default;
PoolBackend::~PoolBackend() = default;

std::shared_ptr<PendingResult> PoolBackend::call(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                                                 const TaskOptions& options, const TaskCalls& calls) {
  auto state = std::make_shared<AsyncState>(shared_from_this(), calls);
  submit(callable, encode, options, state);
  return state;
}

std::shared_ptr<PendingResults> PoolBackend::imap_unordered(const CallableDescriptor& callable,
                                                            const ImapOptions& options) {
  return std::make_shared<ImapState>(shared_from_this(), callable, options);
}

PoolRef make_process_pool(PoolOptions options) {
  auto pool = std::make_shared<PoolCore>(std::move(options));
  pool->start();
  return pool;
}

void throw_moved_from(const char* operation) { throw StateError(operation, "", "this object was moved from"); }

}  // namespace cohort::detail
