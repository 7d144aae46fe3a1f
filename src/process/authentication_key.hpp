// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An authentication key of a process. It never changes; copies of the object share the one place where the key lies,
// which no core dump holds and which is wiped when the last copy goes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cohort/wire/codec.hpp"
#include "os/secret_memory.hpp"

namespace cohort::detail {

class AuthenticationKey {
 public:
  /// None.
  AuthenticationKey() noexcept = default;
  /// An empty one is none.
  explicit AuthenticationKey(std::span<const std::byte> key);
  /// Wipes the vector.
  explicit AuthenticationKey(std::vector<std::byte>&& key);
  /// 32 bytes.
  [[nodiscard]] static AuthenticationKey make_random();

  [[nodiscard]] bool empty() const noexcept { return memory_ == nullptr; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return memory_ ? memory_->bytes() : std::span<const std::byte>{};
  }
  /// A copy for the user, whose own it is.
  [[nodiscard]] std::vector<std::byte> copy() const { return {bytes().begin(), bytes().end()}; }

 private:
  std::shared_ptr<const os::SecretMemory> memory_;
};

}  // namespace cohort::detail

namespace cohort {

/// Nothing is written: the buffers of codecs are not wiped, so a key travels beside what is encoded.
template <>
struct Codec<detail::AuthenticationKey> {
  static void encode(Encoder&, const detail::AuthenticationKey&) {}
  static detail::AuthenticationKey decode(Decoder&) { return {}; }
};

}  // namespace cohort
