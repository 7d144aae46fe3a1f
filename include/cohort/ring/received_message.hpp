// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A message on its way out of, or into, shared memory. Used by the templates of this layer; not for users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/block.hpp"
#include "cohort/object/message_encoder.hpp"
#include "cohort/object/parcel.hpp"

namespace cohort::detail {

/// Messages of at most this size are copied through the ring; larger ones lie in blocks of the family memory.
using object::kInlineMessage;

/// A message taken out: its bytes, in a buffer of its own, in a block of the family memory, or, where that is full, in this
/// process's own, and the references that keep the objects alive that it names. Frees all when it goes.
class COHORT_EXPORT ReceivedMessage {
 public:
  ReceivedMessage() noexcept : data_(inline_) {}
  ~ReceivedMessage() = default;
  ReceivedMessage(const ReceivedMessage&) = delete;
  ReceivedMessage& operator=(const ReceivedMessage&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

  // For the core.
  /// Room for a message of `size` bytes, at most kInlineMessage.
  [[nodiscard]] std::byte* room(std::size_t size) noexcept {
    data_ = inline_;
    size_ = size;
    return inline_;
  }
  /// The message lies in a block, which is this object's from now on.
  void set_block(object::Block block, const std::byte* data, std::size_t size) noexcept {
    block_ = std::move(block);
    set_bytes(data, size);
  }
  /// The message lies elsewhere, and its owner outlives this object.
  void set_bytes(const std::byte* data, std::size_t size) noexcept {
    data_ = data;
    size_ = size;
  }
  /// Room in this process's own memory. Throws std::bad_alloc
  [[nodiscard]] std::byte* room_here(std::size_t size) {
    here_ = std::make_unique_for_overwrite<std::byte[]>(size);
    data_ = here_.get();
    size_ = size;
    return here_.get();
  }
  void set_parcel(object::Parcel parcel) noexcept { parcel_ = std::move(parcel); }
  /// The block, if it is this object's; else 0.
  [[nodiscard]] std::uint64_t block() const noexcept { return block_.offset(); }
  [[nodiscard]] object::Block take_block() noexcept { return std::move(block_); }

 private:
  friend class Unpacking;

  const std::byte* data_;
  std::size_t size_ = 0;
  object::Parcel parcel_;
  object::Block block_;
  std::unique_ptr<std::byte[]> here_;
  std::shared_ptr<void> lender_;      // has the parcel, once it is unpacked
  std::byte inline_[kInlineMessage];  // not set to zero: most messages are small
};

/// While it exists, handles that this thread decodes may live by the references that the message brought, where a process that may
/// be stopped keeps them from having their own: no deadline is passed then, and the message is not lost.
class COHORT_EXPORT Unpacking {
 public:
  explicit Unpacking(ReceivedMessage& message) {
    if (message.parcel_) [[unlikely]]
      begin(message);
  }
  ~Unpacking() = default;
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;

 private:
  void begin(ReceivedMessage& message);
  std::shared_ptr<void> lending_;
};

/// Encodes a message: into a buffer of its own as long as it fits, else into a block of the family memory.
class COHORT_EXPORT MessageEncoder final : public object::MessageEncoder {
 public:
  /// @param deadline  of the call: no lock is waited for longer
  explicit MessageEncoder(Deadline deadline = {}) noexcept : object::MessageEncoder(inline_, deadline) {}
  ~MessageEncoder() override = default;

 private:
  std::byte inline_[kInlineMessage];
};

}  // namespace cohort::detail
