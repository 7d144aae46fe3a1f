// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/decoder.hpp"

#include <string>

#include "cohort/base/error.hpp"
#include "os/fd.hpp"

namespace cohort {

CarriedDescriptors& CarriedDescriptors::operator=(CarriedDescriptors&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptors_ = std::exchange(other.descriptors_, {});
  return *this;
}

int CarriedDescriptors::take(std::size_t index) noexcept {
  return index < descriptors_.size() ? std::exchange(descriptors_[index], -1) : -1;
}

void CarriedDescriptors::close() noexcept {
  for (int descriptor : std::exchange(descriptors_, {})) os::Fd(descriptor).reset();
}

int Decoder::take_descriptor(std::size_t index) {
  int descriptor = carried_ != nullptr ? carried_->take(index) : -1;
  if (descriptor < 0) fail("it names a descriptor that did not come with it");
  return descriptor;
}

Decoder::Bits Decoder::read_bits() {
  const std::size_t count = read_number();
  const std::size_t whole = count / 8;
  const std::size_t more = count % 8;
  if (whole + (more != 0) > remaining()) fail("it announces more items than it has bytes for");
  charge(whole + 1, 1);
  const std::span<const std::byte> bytes = read(whole + (more != 0));
  if (more != 0 && static_cast<std::uint8_t>(bytes.back()) >> more != 0) fail("bits follow after the last one");
  return {bytes.data(), count};
}

void Decoder::fail(const char* sentence) const {
  const std::size_t size = static_cast<std::size_t>(end_ - begin_);
  throw DecodeError("decode", "byte " + std::to_string(position()) + " of " + std::to_string(size), sentence);
}

std::size_t Decoder::read_long_number() {
  std::uint64_t count = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(read(1)[0]);
    const std::uint64_t bits = byte & 0x7fU;
    if (shift == 63 && bits > 1) { break; }
    count |= bits << shift;
    if (byte < 0x80) {
      // One number has one form, so that equal values are equal bytes.
      if (byte == 0 && shift != 0) { break; }
      return count;
    }
  }
  fail("a count is not well formed");
}

}  // namespace cohort
