// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever bytes come through a stream, and however they are cut: the same messages come out, as many bytes as went in,
// and an announced length makes no room for more than twice what has come and a step.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "connection/frame_reader.hpp"

namespace {

using cohort::connection::FrameReader;
using Bytes = std::vector<std::byte>;

void require(bool holds) {
  if (!holds) { std::abort(); }
}

struct Outcome {
  std::vector<Bytes> messages;
  bool damaged = false;
  bool operator==(const Outcome&) const = default;
};

// As a connection does it. `lends` puts the message into a buffer of the caller's where it fits.
Outcome read(std::span<const std::byte> bytes, std::size_t piece, bool lends) {
  FrameReader reader;
  Outcome outcome;
  std::array<std::byte, 64> buffer;
  bool lent = false;
  while (true) {
    if (lends && !lent && reader.length_known() && reader.length() <= buffer.size() && !reader.whole()) {
      reader.lend(buffer);
      lent = true;
    }
    if (lent && reader.whole()) {
      // It lies in the buffer, where the caller wants it.
      outcome.messages.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(reader.length()));
      reader.clear();
      lent = false;
      continue;
    }
    if (reader.whole()) {
      outcome.messages.push_back(reader.take());
      continue;
    }
    const std::span<std::byte> room = reader.room();
    if (reader.damaged()) {
      outcome.damaged = true;
      break;
    }
    require(!room.empty() && room.size() <= std::max(FrameReader::kStep, 2 * reader.have() + FrameReader::kStep));
    const std::size_t size = std::min({room.size(), piece, bytes.size()});
    if (size == 0) { break; }
    std::memcpy(room.data(), bytes.data(), size);
    bytes = bytes.subspan(size);
    reader.advance(size);
  }
  if (lent) { reader.take_back(); }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const Outcome whole = read(bytes, bytes.size() + 1, false);
  require(read(bytes, 1 + data[0] % 16U, false) == whole);
  require(read(bytes, 1 + data[0] / 16U, true) == whole);
  std::size_t sum = 0;
  for (const Bytes& message : whole.messages) {
    std::array<std::byte, 12> header;
    sum += message.size() + std::min<std::size_t>(4, cohort::connection::write_frame_header(message.size(), header));
  }
  require(sum <= bytes.size());
  return 0;
}
