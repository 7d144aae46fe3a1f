// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::connection {

namespace {

constexpr std::uint64_t kLongForm = 0xffffffff;  // −1
constexpr std::uint64_t kLongest = 0x7fffffff;   // that 4 bytes can say

void put_big_endian(std::byte* to, std::uint64_t value, int bytes) noexcept {
  for (int i = 0; i < bytes; ++i) to[i] = static_cast<std::byte>(value >> (8 * (bytes - 1 - i)));
}

std::uint64_t big_endian(const std::byte* from, int bytes) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<std::uint64_t>(from[i]);
  return value;
}

}  // namespace

std::size_t write_frame_header(std::size_t size, std::array<std::byte, 12>& into) noexcept {
  if (size <= kLongest) {
    put_big_endian(into.data(), size, 4);
    return 4;
  }
  put_big_endian(into.data(), kLongForm, 4);
  put_big_endian(into.data() + 4, size, 8);
  return 12;
}

std::span<std::byte> FrameReader::room() {
  if (damaged_) return {};
  if (!length_known_) return std::span(header_).subspan(header_have_, (header_have_ < 4 ? 4 : 12) - header_have_);
  if (lent_.data() != nullptr) return lent_.subspan(have_);
  if (have_ == message_.size() && have_ != length_) {
    // What is only announced takes no memory: as much room as has come already, of which a step at a time is touched.
    if (message_.capacity() == have_)
      message_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length_, std::max(2 * have_, kStep))));
    std::uint64_t step = std::min<std::uint64_t>(length_, have_ + kStep);
    message_.resize(std::min(message_.capacity(), static_cast<std::size_t>(step)));
  }
  return std::span(message_).subspan(have_);
}

void FrameReader::advance(std::size_t bytes) noexcept {
  if (length_known_) {
    have_ += bytes;
  } else {
    header_have_ += bytes;
    read_header();
  }
}

void FrameReader::read_header() noexcept {
  if (header_have_ < 4) return;
  std::uint64_t length = big_endian(header_.data(), 4);
  std::uint64_t longest = kLongest;
  if (length == kLongForm) {
    if (header_have_ < 12) return;
    length = big_endian(header_.data() + 4, 8);
    longest = INT64_MAX;  // signed in Python, too
  }
  damaged_ = length > longest;
  if (!damaged_) length_ = length;
  length_known_ = !damaged_;
}

std::vector<std::byte> FrameReader::take() noexcept {
  auto message = std::exchange(message_, {});
  clear();
  return message;
}

void FrameReader::clear() noexcept {
  header_have_ = have_ = 0;
  length_known_ = damaged_ = false;
  length_ = 0;
  message_ = {};
  lent_ = {};
}

void FrameReader::lend(std::span<std::byte> buffer) noexcept {
  lent_ = buffer.first(static_cast<std::size_t>(length_));
  if (have_ != 0) std::memcpy(lent_.data(), message_.data(), have_);
  message_ = {};
}

void FrameReader::take_back() {
  auto lent = std::exchange(lent_, {});
  if (whole() || lent.data() == nullptr) return;
  message_.assign(lent.begin(), lent.begin() + static_cast<std::ptrdiff_t>(have_));
}

}  // namespace cohort::connection
