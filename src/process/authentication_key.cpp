// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/authentication_key.hpp"

#include <algorithm>

#include "os/process.hpp"

namespace cohort::detail {

AuthenticationKey::AuthenticationKey(std::span<const std::byte> key) {
  if (key.empty()) return;
  auto memory = std::make_shared<os::SecretMemory>(key.size());
  std::ranges::copy(key, memory->bytes().begin());
  memory_ = std::move(memory);
}

AuthenticationKey::AuthenticationKey(std::vector<std::byte>&& key)
    : AuthenticationKey(std::span<const std::byte>(key)) {
  os::wipe(key);
  key.clear();
}

AuthenticationKey AuthenticationKey::make_random() {
  auto random = os::random_bytes();
  AuthenticationKey key(random);
  os::wipe(random);
  return key;
}

}  // namespace cohort::detail
