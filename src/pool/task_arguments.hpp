// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The encoded arguments of a task that has no record yet.
//
// Encoding runs code of the user's (an input's iterators, a codec), so it is done here, before the pool's mutex is
// taken.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "cohort/base/function_ref.hpp"
#include "cohort/wire/encoder.hpp"
#include "family/family.hpp"
#include "pool/layout.hpp"

namespace cohort::detail {

class TaskArguments {
 public:
  /// @param privately  large ones are kept in this process's own memory, not in the family's: the task will wait for
  /// long
  TaskArguments(FunctionRef<void(Encoder&)> encode, family::MemberId owner, bool privately);
  TaskArguments(TaskArguments&& other) noexcept;
  TaskArguments& operator=(TaskArguments&&) = delete;
  ~TaskArguments();

  /// Has them in this process's own memory from now on.
  void make_private();
  /// Puts them into the record, whose they are then. Throws OutOfFamilyMemory, and nothing has changed.
  void move_to(TaskRecord& record, family::MemberId owner);
  [[nodiscard]] std::vector<Encoder::Attachment> take_attachments() noexcept { return std::move(attachments_); }

 private:
  std::size_t size_ = 0;
  family::Offset block_ = 0;          // when it is not 0 they are there
  std::vector<std::byte> private_{};  // else, when it is not empty, there
  std::vector<Encoder::Attachment> attachments_{};
  std::array<std::byte, TaskRecord::kInlineArguments> inline_;
};

}  // namespace cohort::detail
