// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_result.hpp"

#include <cstring>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/family.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/task_sink.hpp"

namespace cohort::detail {

TaskResult::TaskResult(Kind kind, std::span<const std::byte> bytes) : kind_(kind), size_(bytes.size()) {
  if (size_ > kSmall) throw ValueError("TaskResult", std::to_string(size_), "more bytes than fit in place");
  if (size_ != 0) std::memcpy(small_.data(), bytes.data(), size_);
}

TaskResult::TaskResult(TaskResult&& other) noexcept { *this = std::move(other); }

TaskResult& TaskResult::operator=(TaskResult&& other) noexcept {
  if (this == &other) return *this;
  if (block_ != 0) free_block();
  kind_ = std::exchange(other.kind_, Kind::pending);
  size_ = other.size_;
  block_ = std::exchange(other.block_, 0);
  failure_ = std::move(other.failure_);
  if (size_ <= kSmall) std::memcpy(small_.data(), other.small_.data(), size_);
  return *this;
}

void TaskResult::free_block() noexcept {
  try {
    // A forked copy must not free what its parent holds; a family that was torn down has freed it already.
    if (family::Family::self_or_nobody() && family::Family::exists()) family::Family::instance().free(block_);
  } catch (const std::exception&) {  // freed with the family
  }
  block_ = 0;
}

std::span<const std::byte> TaskResult::bytes_in_block(const TaskSink& sink) const {
  auto& family = family::Family::instance();
  if (size_ > family.block_size(block_))
    throw DecodeError(sink.taking(), sink.task(), "its result is larger than its block");
  return {family.address(block_, size_), size_};
}

void TaskResult::throw_error(const TaskSink& sink) const {
  switch (kind_) {
    case Kind::failure: rethrow_failure(failure_, sink.taking(), sink.task());
    case Kind::remote_error:
      rethrow_remote(block_ == 0 ? std::span(small_.data(), size_) : bytes_in_block(sink),
                     DecodeLimits::within_family());
    default: throw StateError(sink.taking(), sink.task(), "its result is not there yet");
  }
}

}  // namespace cohort::detail
