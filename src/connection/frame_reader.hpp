// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Puts one message together from the bytes of a stream, in Python's framing: a length of 4 bytes (big-endian, signed),
// then the message; a length of −1 is followed by one of 8 bytes. Knows nothing of descriptors:
//
//   while (!reader.whole()) {
//     std::span<std::byte> room = reader.room();                // never beyond the present message
//     reader.advance(read(fd, room.data(), room.size()));
//   }
//   auto message = reader.take();
//
// A length is only an announcement: memory grows with the bytes that have come, to at most twice as many (thrice while
// they move) and kStep.
// Threads: a reader belongs to one thread at a time. Fork: plain memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cohort::connection {

class FrameReader {
 public:
  /// Room is made for so many bytes at a time.
  static constexpr std::size_t kStep = std::size_t{256} << 10;

  /// Where the next bytes belong. Not empty unless the message is whole or the length damaged. May throw
  /// std::bad_alloc; nothing is lost then.
  [[nodiscard]] std::span<std::byte> room();
  /// So many bytes have come into room().
  void advance(std::size_t bytes) noexcept;

  /// Whether a part of a message has come, if only of its length.
  [[nodiscard]] bool begun() const noexcept { return header_have_ != 0; }
  [[nodiscard]] bool length_known() const noexcept { return length_known_; }
  /// What came is not a length: the stream does not frame messages in this way.
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
  /// How much of the message has come.
  [[nodiscard]] std::size_t have() const noexcept { return have_; }
  [[nodiscard]] bool whole() const noexcept { return length_known_ && have_ == length_; }
  /// How much of its length has come.
  [[nodiscard]] std::size_t header_size() const noexcept { return header_have_; }

  /// The whole message; the next one begins.
  [[nodiscard]] std::vector<std::byte> take() noexcept;
  /// Forgets what has come.
  void clear() noexcept;

  /// From here on the message lies in `buffer`, which has room for it; what has come is moved there. Until take_back(),
  /// or clear().
  void lend(std::span<std::byte> buffer) noexcept;
  /// The buffer is its owner's again; what has come of the message is kept here. May throw std::bad_alloc: it is lost
  /// then.
  void take_back();

 private:
  void read_header() noexcept;

  std::array<std::byte, 12> header_{};
  std::size_t header_have_ = 0;
  bool length_known_ = false;
  bool damaged_ = false;
  std::uint64_t length_ = 0;
  std::size_t have_ = 0;
  std::vector<std::byte> message_;
  std::span<std::byte> lent_;
};

/// The bytes that announce a message of `size` bytes; returns how many of `into` they are.
std::size_t write_frame_header(std::size_t size, std::array<std::byte, 12>& into) noexcept;

}  // namespace cohort::connection
