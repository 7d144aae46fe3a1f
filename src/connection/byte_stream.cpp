// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/byte_stream.hpp"

#include "cohort/base/check.hpp"

namespace cohort::connection {

os::Transfer ByteStream::read_with_descriptors(std::span<std::byte> into, std::vector<os::Fd>&) {
  return read_some(into);
}

bool ByteStream::try_write_descriptor(std::byte, int) {
  COHORT_CHECK(carries_descriptors(), "a stream that carries no descriptors was given one");
  return false;
}

}  // namespace cohort::connection
