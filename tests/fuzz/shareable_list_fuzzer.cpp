// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever lies in the memory that a ShareableList is attached to: nothing outside the memory is read or written, and
// an item that is set is the only one that changes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "cohort/shared/shareable_list.hpp"

#if COHORT_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace {

using cohort::Object;
using cohort::ShareableList;

void require(bool holds) {
  if (!holds) { std::abort(); }
}

// What lies behind the memory in its block, which a sanitizer would take for part of it.
class Fence {
 public:
  explicit Fence(std::span<const std::byte> memory) : rest_(memory.data() + memory.size(), -memory.size() % 64) {
#if COHORT_ADDRESS_SANITIZER
    ASAN_POISON_MEMORY_REGION(rest_.data(), rest_.size());
#endif
  }
  ~Fence() {
#if COHORT_ADDRESS_SANITIZER
    ASAN_UNPOISON_MEMORY_REGION(rest_.data(), rest_.size());
#endif
  }
  Fence(const Fence&) = delete;
  Fence& operator=(const Fence&) = delete;

 private:
  std::span<const std::byte> rest_;
};

// nullopt: the slot is damaged.
std::optional<Object> item(const ShareableList& list, std::size_t index) {
  try {
    return list.get(static_cast<std::int64_t>(index));
  } catch (const cohort::DecodeError&) { return std::nullopt; }
}

bool same(const std::optional<Object>& a, const std::optional<Object>& b) {
  // By their texts: NaN is not equal to itself.
  return a.has_value() == b.has_value() && (!a || (a->kind() == b->kind() && a->repr() == b->repr()));
}

void set_each(const ShareableList& list, std::span<const std::uint8_t> choice) {
  const Object values[] = {nullptr, true, std::int64_t{-2}, 0.5, "text", std::string(20, 'x'), std::string("\0", 1)};
  const std::size_t count = std::min<std::size_t>(list.size(), 16);
  for (std::size_t i = 0; i < count; ++i) {
    const Object& value = values[(choice[i % choice.size()] + i) % std::size(values)];
    std::vector<std::optional<Object>> before;
    for (std::size_t k = 0; k < count; ++k) { before.push_back(item(list, k)); }
    bool set = false;
    try {
      list.set(static_cast<std::int64_t>(i), value);
      set = true;
    } catch (const cohort::DecodeError&) {  // the slot
    } catch (const cohort::ValueError&) {   // it has no room
    }
    for (std::size_t k = 0; k < count; ++k) {
      const auto now = item(list, k);
      require(same(now, set && k == i ? std::optional<Object>(value) : before[k]));
    }
  }
}

void look(const ShareableList& list) {
  bool sound = true;
  for (std::size_t i = 0; i < list.size() && sound; ++i) { sound = item(list, i).has_value(); }
  try {
    require(list.items().size() == list.size() && sound);
    require(list.copy().to_string() == list.to_string());
    static_cast<void>(list.count(1));
  } catch (const cohort::DecodeError&) { require(!sound); }
  static_cast<void>(list.format());
  try {
    static_cast<void>(list.get(static_cast<std::int64_t>(list.size())));
    std::abort();
  } catch (const cohort::IndexError&) {  // as it should
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 1 << 16) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const cohort::SharedMemory memory{cohort::Bytes(bytes.size())};
  std::ranges::copy(bytes, memory.buf().begin());
  const Fence fence(memory.view());
  try {
    const ShareableList list(memory);
    look(list);
    set_each(list, std::span(data, size));
  } catch (const cohort::DecodeError&) { return 0; }
  return 0;
}
