// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/keyed_hash.hpp"

#include <atomic>
#include <bit>
#include <cstring>
#include <memory>

#include "os/process.hpp"

namespace cohort::detail {

const HashKey& key_of_process() {
  // Not a static local: a fork may copy its guard while another thread holds it, and the child would wait for ever.
  static constinit std::atomic<const HashKey*> shared{nullptr};
  // SYNC(hash-key): the exchange below -> load here; carries the key's bytes
  const HashKey* key = shared.load(std::memory_order_acquire);
  if (key != nullptr) return *key;
  const auto random = os::random_bytes();
  auto made = std::make_unique<HashKey>();
  static_assert(sizeof(random) >= sizeof(HashKey));
  std::memcpy(made.get(), random.data(), sizeof(HashKey));
  // SYNC(hash-key): this exchange -> load above; the first thread's key is everybody's
  if (shared.compare_exchange_strong(key, made.get(), std::memory_order_acq_rel)) key = made.release();
  return *key;
}

// The constants are the paper's: "somepseudorandomlygeneratedbytes".
KeyedHash::KeyedHash(const HashKey& key) noexcept
    : v0_(key.first ^ 0x736f6d6570736575U),
      v1_(key.second ^ 0x646f72616e646f6dU),
      v2_(key.first ^ 0x6c7967656e657261U),
      v3_(key.second ^ 0x7465646279746573U) {}

void KeyedHash::round() noexcept {
  v0_ += v1_;
  v2_ += v3_;
  v1_ = std::rotl(v1_, 13) ^ v0_;
  v3_ = std::rotl(v3_, 16) ^ v2_;
  v0_ = std::rotl(v0_, 32);
  v2_ += v1_;
  v0_ += v3_;
  v1_ = std::rotl(v1_, 17) ^ v2_;
  v3_ = std::rotl(v3_, 21) ^ v0_;
  v2_ = std::rotl(v2_, 32);
}

void KeyedHash::take(std::uint64_t word) noexcept {
  v3_ ^= word;
  round();
  v0_ ^= word;
}

void KeyedHash::add(std::uint64_t number) noexcept {
  const unsigned used = 8 * (length_ % 8);
  length_ += 8;
  take(gathered_ | number << used);
  gathered_ = used == 0 ? 0 : number >> (64 - used);
}

void KeyedHash::add(std::span<const std::byte> bytes) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    add(word);
  }
  for (; at < bytes.size(); ++at) {
    gathered_ |= std::uint64_t{static_cast<std::uint8_t>(bytes[at])} << 8 * (length_ % 8);
    ++length_;
    if (length_ % 8 == 0) {
      take(gathered_);
      gathered_ = 0;
    }
  }
}

std::uint64_t KeyedHash::finish() noexcept {
  take(gathered_ | length_ << 56);
  v2_ ^= 0xff;
  round();
  round();
  round();
  return v0_ ^ v1_ ^ v2_ ^ v3_;
}

}  // namespace cohort::detail
