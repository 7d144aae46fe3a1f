// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_arguments.hpp"

#include <cstring>
#include <utility>

#include "pool/family_encoder.hpp"

namespace cohort::detail {

TaskArguments::TaskArguments(FunctionRef<void(Encoder&)> encode, family::MemberId owner, bool privately) {
  if (privately) {
    SpanEncoder out(inline_);
    encode(out);
    size_ = out.size();
    private_ = out.take_spill();
    attachments_ = out.take_attachments();
    return;
  }
  FamilyEncoder out(inline_, owner);
  encode(out);
  size_ = out.size();
  attachments_ = out.take_attachments();
  block_ = out.take_block();
}

TaskArguments::TaskArguments(TaskArguments&& other) noexcept
    : size_(other.size_),
      block_(std::exchange(other.block_, 0)),
      private_(std::move(other.private_)),
      attachments_(std::move(other.attachments_)) {
  if (size_ <= inline_.size()) std::memcpy(inline_.data(), other.inline_.data(), size_);
}

TaskArguments::~TaskArguments() {
  if (block_ != 0) family::Family::instance().free(block_);
}

void TaskArguments::make_private() {
  if (block_ == 0) return;
  auto& family = family::Family::instance();
  const std::byte* bytes = family.address(block_, size_);
  private_.assign(bytes, bytes + size_);
  family.free(std::exchange(block_, 0));
}

void TaskArguments::move_to(TaskRecord& record, family::MemberId owner) {
  const std::byte* bytes = private_.empty() ? inline_.data() : private_.data();
  if (block_ == 0 && size_ <= TaskRecord::kInlineArguments) {
    if (size_ != 0) std::memcpy(record.arguments.bytes, bytes, size_);
    record.arguments_size = static_cast<std::uint32_t>(size_);
    return;
  }
  if (block_ == 0) {
    auto& family = family::Family::instance();
    block_ = family.allocate(size_, owner);
    std::memcpy(family.address(block_, size_), bytes, size_);
  }
  record.arguments.block = std::exchange(block_, 0);
  record.arguments_block_bytes = size_;
  record.arguments_size = kInBlock;
}

}  // namespace cohort::detail
