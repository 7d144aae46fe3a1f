// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/encoder.hpp"

#include <string>

#include "cohort/base/error.hpp"

namespace cohort {

Encoder::~Encoder() = default;
SpanEncoder::~SpanEncoder() = default;
VectorEncoder::~VectorEncoder() = default;

void Encoder::attach(Attachment attachment) {
  if (!attachments_) { attachments_ = std::make_unique<std::vector<Attachment>>(); }
  attachments_->push_back(std::move(attachment));
}

std::vector<Encoder::Attachment> Encoder::take_attachments() {
  if (!attachments_) { return {}; }
  std::vector<Attachment> taken = std::move(*attachments_);
  attachments_.reset();
  return taken;
}

std::size_t Encoder::attach_descriptor(Descriptor descriptor) {
  if (!descriptors_)
    fail(
        "a descriptor, or a connection over one, travels as an argument of a Process only, not through queues, pipes "
        "and "
        "pools: make the pipe in memory, or give the descriptor by Connection::send_handle()");
  auto& attached = descriptors_->attached;
  if (attached.size() == descriptors_->most)
    throw EncodeError("encode", "",
                      "it holds more than " + std::to_string(descriptors_->most) +
                          " descriptors, and no more can travel at once: give some by Connection::send_handle()");
  attached.push_back(std::move(descriptor));
  return attached.size() - 1;
}

void Encoder::carry_descriptors(std::size_t most) {
  descriptors_ = std::make_unique<Descriptors>();
  descriptors_->most = most;
}

std::vector<Encoder::Descriptor> Encoder::take_descriptors() {
  auto taken = std::exchange(descriptors_, nullptr);
  return taken ? std::move(taken->attached) : std::vector<Descriptor>();
}

void Encoder::fail(const char* sentence) { throw EncodeError("encode", "", sentence); }

void Encoder::write_long_count(std::size_t count) {
  std::array<std::byte, 10> bytes;
  std::size_t used = 0;
  while (count >= 0x80) {
    bytes[used++] = static_cast<std::byte>((count & 0x7f) | 0x80);
    count >>= 7;
  }
  bytes[used++] = static_cast<std::byte>(count);
  append(bytes.data(), used);
}

void SpanEncoder::write_slow(const std::byte* data, std::size_t size) {
  // From now on the given memory is only the place where small writes gather.
  spilled_ = true;
  const auto gathered = static_cast<std::size_t>(cursor_ - begin_);
  spill_.insert(spill_.end(), begin_, cursor_);
  cursor_ = begin_;
  flushed_ += gathered;
  if (size < static_cast<std::size_t>(end_ - begin_)) {
    std::memcpy(cursor_, data, size);
    cursor_ += size;
  } else {
    spill_.insert(spill_.end(), data, data + size);
    flushed_ += size;
  }
}

std::vector<std::byte> SpanEncoder::take_spill() {
  if (!spilled_) { return {}; }
  spill_.insert(spill_.end(), begin_, cursor_);
  cursor_ = begin_;
  flushed_ = 0;
  spilled_ = false;
  return std::exchange(spill_, {});
}

void VectorEncoder::write_slow(const std::byte* data, std::size_t size) {
  const auto gathered = static_cast<std::size_t>(cursor_ - begin_);
  buffer_.resize(flushed_);  // drops what flush() copied for a look at bytes()
  buffer_.insert(buffer_.end(), begin_, cursor_);
  cursor_ = begin_;
  flushed_ += gathered;
  if (size < gathered_.size()) {
    std::memcpy(cursor_, data, size);
    cursor_ += size;
  } else {
    buffer_.insert(buffer_.end(), data, data + size);
    flushed_ += size;
  }
}

void VectorEncoder::flush() const {
  buffer_.resize(flushed_);
  buffer_.insert(buffer_.end(), begin_, cursor_);
}

std::span<const std::byte> VectorEncoder::flushed_bytes() const {
  flush();
  return buffer_;
}

std::vector<std::byte> VectorEncoder::take() {
  flush();
  cursor_ = begin_;
  flushed_ = 0;
  return std::exchange(buffer_, {});
}

}  // namespace cohort
