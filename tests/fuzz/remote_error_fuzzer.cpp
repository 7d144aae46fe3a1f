// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever bytes come for an exception: one is thrown, it is a std::exception, and it can go on to the next process.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cohort/wire/remote_error.hpp"

namespace {

std::vector<std::byte> rethrown(std::span<const std::byte> bytes) {
  cohort::VectorEncoder out;
  try {
    cohort::detail::rethrow_remote(bytes);
  } catch (const std::exception& e) {
    if (e.what() == nullptr || dynamic_cast<const cohort::RemoteException*>(&e) == nullptr) { std::abort(); }
    cohort::detail::encode_current_exception(out, "name", "task");
  }
  return out.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto once = rethrown(std::as_bytes(std::span(data, size)));
  if (once.empty()) { std::abort(); }
  // The first origin stays what is reported, hop by hop.
  if (rethrown(once).size() != once.size()) { std::abort(); }
  return 0;
}
