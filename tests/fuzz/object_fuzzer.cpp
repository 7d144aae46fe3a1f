// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever Objects two senders make: they compare, hash and print without surprise.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cohort/wire/object.hpp"

namespace {

using cohort::Object;

void require(bool holds) {
  if (!holds) { std::abort(); }
}

std::optional<std::size_t> hash_of(const Object& object) {
  try {
    return object.hash();
  } catch (const cohort::KindError&) { return {}; } catch (const cohort::ValueError&) {
    return {};
  }
}

void check_pair(const Object& a, const Object& b) {
  require((a == b) == (b == a));
  const std::partial_ordering order = a <=> b;
  if (order == std::partial_ordering::less) { require((b <=> a) == std::partial_ordering::greater); }
  if (a == b) { require(hash_of(a) == hash_of(b)); }
}

void check_one(const Object& a) {
  const std::string text = a.repr();
  require(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  const Object copy = a;
  require(copy.repr() == text);
  check_pair(a, copy);
  if (hash_of(a)) {
    // What can be hashed is found again.
    Object set = Object::set({a, copy});
    require(set.size() == 1 && set.as_set().contains(a));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cohort::Decoder in(std::as_bytes(std::span(data, size)));
  try {
    const Object a = cohort::Codec<Object>::decode(in);
    check_one(a);
    const Object b = cohort::Codec<Object>::decode(in);
    check_one(b);
    check_pair(a, b);
  } catch (const cohort::DecodeError&) { return 0; }
  return 0;
}
