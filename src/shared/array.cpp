// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/array.hpp"

#include <algorithm>
#include <new>

#include "base/crash_point.hpp"
#include "cohort/wire/object.hpp"
#include "object/objects.hpp"
#include "shared/owned_block.hpp"
#include "shared/shape.hpp"

namespace cohort::detail {

namespace {

// docs/formats/shared.md, "Array"
struct ArrayBody {
  std::atomic<std::uint64_t> block;    // the items; constant
  std::atomic<std::uint64_t> settled;  // 1: the block is nobody's
  std::atomic<std::uint64_t> count;    // constant
  std::atomic<std::uint64_t> shape;    // of an item; constant
  std::atomic<std::uint64_t> pending;  // 1 + index of the item that the bytes behind the head are to replace; 0 none
  std::uint64_t reserved[3];
};
static_assert(sizeof(ArrayBody) == 64 && offsetof(ArrayBody, count) == 16);  // ArrayCore::kCountWord

std::byte* journal_of(ArrayBody& body) noexcept { return reinterpret_cast<std::byte*>(&body + 1); }

std::size_t body_size(std::uint64_t shape) noexcept {
  return sizeof(ArrayBody) + (shape_is_atomic(shape) ? 0 : shape_size(shape));
}

void repair_array(family::Offset, void* body, family::MemberId dead) {
  repair_block(static_cast<ArrayBody*>(body)->block, dead);
}

void destroy_array(object::Destroyer& destroyer, void* body) {
  destroyer.free_block(static_cast<ArrayBody*>(body)->block);
}

const bool kRegistered =
    object::register_object_kind(ObjectKind::array, {.member_died = repair_array, .destroy = destroy_array});

// A block has at least one byte, whatever the array has.
std::uint64_t bytes_for(std::uint64_t shape, std::size_t count, const char* type) {
  if (count > (std::uint64_t{1} << 55) / shape_size(shape))
    throw OutOfFamilyMemory(type, std::to_string(count), "no family memory holds so many items");
  return std::max<std::uint64_t>(count * shape_size(shape), 1);
}

}  // namespace

// The block comes when the object is listed: whoever dies or runs out of memory before has made nothing.
ArrayCore::ArrayCore(std::uint64_t shape, std::size_t count, Contents initial, const char* type)
    : SharedHandle(
          kKind, body_size(shape),
          [shape, count](void* place) {
            auto* body = new (place) ArrayBody{};
            // relaxed: both: published with the object
            body->count.store(count, std::memory_order_relaxed);
            body->shape.store(shape, std::memory_order_relaxed);
          },
          [initial = std::move(initial), size = bytes_for(shape, count, type)](void* place) {
            auto* body = static_cast<ArrayBody*>(place);
            object::Block block = make_block(size, initial ? std::span(*initial) : std::span<const std::byte>());
            name_block(block, body->block);
            give_named(std::move(block));
            body->settled.store(1, std::memory_order_relaxed);  // relaxed: nobody else knows the object yet
          }) {}

ArrayCore::ArrayCore(std::uint64_t shape, const HandleName& name) : SharedHandle(kKind, name) {
  auto& array = *static_cast<ArrayBody*>(body());
  // relaxed: both: constant
  std::uint64_t found = array.shape.load(std::memory_order_relaxed);
  check_shape("Array", shape, found);
  (void)find_items();
}

std::byte* ArrayCore::find_items() const {
  auto& array = *static_cast<ArrayBody*>(body());
  // relaxed: all: constant
  std::uint64_t block = array.block.load(std::memory_order_relaxed);
  std::size_t size =
      array.count.load(std::memory_order_relaxed) * shape_size(array.shape.load(std::memory_order_relaxed));
  std::byte* items = family::Family::instance().address(block, std::max<std::size_t>(size, 1));
  known_.place.store(items, std::memory_order_relaxed);  // relaxed: as in Known
  return items;
}

void ArrayCore::throw_out_of_bounds(std::ptrdiff_t index, std::ptrdiff_t count, CallOnArray call) {
  throw IndexError(call.text(), std::to_string(index), "the array has " + std::to_string(count) + " items");
}

void ArrayCore::settle_store() const {
  auto& array = *static_cast<ArrayBody*>(body());
  // SYNC(item): release in store() -> acquire here; carries the journal. Its writer died under the lock that we hold.
  std::uint64_t pending = array.pending.load(std::memory_order_acquire);
  if (pending == 0 || pending > array.count.load(std::memory_order_relaxed)) return;  // relaxed: constant
  std::size_t size = shape_size(array.shape.load(std::memory_order_relaxed));         // relaxed: constant
  std::memcpy(items() + (pending - 1) * size, journal_of(array), size);
  // SYNC(item): the copy above comes before; a death in between has it copied again
  array.pending.store(0, std::memory_order_release);
}

void ArrayCore::store(std::byte* place, const void* value) const {
  auto& array = *static_cast<ArrayBody*>(body());
  std::size_t size = shape_size(array.shape.load(std::memory_order_relaxed));  // relaxed: constant
  std::size_t index = static_cast<std::size_t>(place - items()) / size;
  std::memcpy(journal_of(array), value, size);
  COHORT_CRASH_POINT("shared.array.noted");
  // SYNC(item): release here -> acquire in settle_store()
  array.pending.store(index + 1, std::memory_order_release);
  COHORT_CRASH_POINT("shared.array.pending");
  std::memcpy(place, value, size / 2);
  COHORT_CRASH_POINT("shared.array.half");
  std::memcpy(place + size / 2, static_cast<const std::byte*>(value) + size / 2, size - size / 2);
  COHORT_CRASH_POINT("shared.array.stored");
  // SYNC(item): release: the item is whole before the journal is forgotten
  array.pending.store(0, std::memory_order_release);
}

void Slice::expect(std::size_t given, CallOnArray call) const {
  if (given == count) return;
  throw ValueError(call.text(), std::to_string(given), "the slice has " + std::to_string(count) + " items");
}

Slice slice_of(std::size_t size, std::optional<std::ptrdiff_t> start, std::optional<std::ptrdiff_t> stop,
               std::ptrdiff_t step, CallOnArray call) {
  if (step == 0) throw ValueError(call.text(), "0", "the step of a slice is not zero");
  auto count = static_cast<std::ptrdiff_t>(size);
  // Where a bound that lies outside comes to stand.
  std::ptrdiff_t lowest = step > 0 ? 0 : -1;
  std::ptrdiff_t highest = step > 0 ? count : count - 1;
  auto bound = [&](std::optional<std::ptrdiff_t> given, std::ptrdiff_t absent) {
    if (!given) return absent;
    return std::clamp(*given < 0 ? *given + count : *given, lowest, highest);
  };
  std::ptrdiff_t first = bound(start, step > 0 ? lowest : highest);
  std::ptrdiff_t last = bound(stop, step > 0 ? highest : lowest);
  std::ptrdiff_t span = step > 0 ? last - first : first - last;
  std::size_t stride = step > 0 ? static_cast<std::size_t>(step) : std::size_t{0} - static_cast<std::size_t>(step);
  std::size_t items = span <= 0 ? 0 : (static_cast<std::size_t>(span) - 1) / stride + 1;
  return {static_cast<std::size_t>(std::max<std::ptrdiff_t>(first, 0)), items, step};
}

}  // namespace cohort::detail
