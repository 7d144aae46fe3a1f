// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/partial_message.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "cohort/object/block.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"
#include "object/objects.hpp"
#include "ring/damage.hpp"

namespace cohort::connection {

using family::Family;
using family::kNobody;
using family::Offset;
using object::Block;
using ring::throw_damaged;

// ---- in this process ------------------------------------------------------------------------------------------------

namespace {

// Where neither the budget nor the reservation had room to keep it for all: another receiver of this end drops the rest
// then, and this one goes on.
struct KeptHere {
  family::MemberId owner;
  Offset pipe;
  std::uint64_t generation;
  std::uint32_t to;
  PartialMessage message;
  std::vector<std::byte> bytes;
};
std::vector<KeptHere>& all_kept_here() {
  // Under DeferredTurn; never destroyed: threads may receive until the end.
  static auto* all = new std::vector<KeptHere>;
  return *all;
}
std::atomic<std::size_t> kept_here{0};

Offset offset_of(const PipeBody& pipe) { return Family::instance().offset_of(&pipe) - sizeof(object::ObjectHeader); }

bool is_of(const KeptHere& one, Offset pipe, std::uint32_t to) {
  return one.owner == Family::self_or_nobody() && one.pipe == pipe && one.to == to &&
         one.generation == object::Objects::instance().generation(pipe);
}

void keep_here(const Lane& lane, const PartialMessage& message, std::vector<std::byte> bytes) {
  Offset pipe = offset_of(lane.pipe());
  family::DeferredTurn turn;
  auto& all = all_kept_here();
  // Of pipes that are gone, and of the process that this one is a copy of.
  std::erase_if(all, [](const KeptHere& one) { return !is_of(one, one.pipe, one.to); });
  all.push_back({Family::self_or_nobody(), pipe, object::Objects::instance().generation(pipe), lane.to(), message,
                 std::move(bytes)});
  kept_here.store(all.size(), std::memory_order_relaxed);  // relaxed: looked at again under the turn
}

std::optional<KeptHere> take_kept_here(const Lane& lane, FunctionRef<void(const PartialMessage&)> begin) {
  if (kept_here.load(std::memory_order_relaxed) == 0) return std::nullopt;  // relaxed: a look
  Offset pipe = offset_of(lane.pipe());
  family::DeferredTurn turn;
  auto& all = all_kept_here();
  auto found = std::ranges::find_if(all, [&](const KeptHere& one) { return is_of(one, pipe, lane.to()); });
  if (found == all.end()) return std::nullopt;
  begin(found->message);
  KeptHere kept = std::move(*found);
  all.erase(found);
  kept_here.store(all.size(), std::memory_order_relaxed);  // relaxed: as above
  return kept;
}

// ---- in a block -----------------------------------------------------------------------------------------------------

void keep_for_all(const Lane& lane, const PartialMessage& message, const std::byte* bytes) {
  Block block(sizeof message + message.have, Block::Purpose::taking);
  std::byte* place = block.place();
  std::memcpy(place, &message, sizeof message);
  if (message.have != 0) std::memcpy(place + sizeof message, bytes, message.have);
  COHORT_CRASH_POINT("channel.pieces.kept");
  // SYNC(begun): release here -> loads of who receives next, under the lock, or repairs (other side: our death)
  lane.receiving().begun.store(block.offset(), std::memory_order_release);
  COHORT_CRASH_POINT("channel.pieces.begun_named");
  // A death before this: repair_partial_message() does it.
  Family::instance().set_owner(block.offset(), kNobody);
  block.give();
  COHORT_CRASH_POINT("channel.pieces.begun_given");
}

bool resume_for_all(const Lane& lane, FunctionRef<void(const PartialMessage&)> begin,
                    FunctionRef<void(std::span<const std::byte>)> add) {
  auto& named = lane.receiving().begun;
  Offset block = named.load(std::memory_order_relaxed);  // relaxed: written under the lock
  if (block == 0) return false;
  auto& family = Family::instance();
  std::size_t size = family.block_size(block);
  PartialMessage message;
  std::memcpy(&message, family.address(block, sizeof message), sizeof message);
  if (message.have > message.total || message.have > size - sizeof message)
    throw_damaged("a begun message is no message");
  begin(message);
  add({family.address(block, sizeof message + message.have) + sizeof message, message.have});
  family.set_owner(block, family.self());
  COHORT_CRASH_POINT("channel.pieces.begun_owned");
  named.store(0, std::memory_order_release);  // SYNC(begun)
  COHORT_CRASH_POINT("channel.pieces.begun_forgotten");
  family.free(block);
  return true;
}

}  // namespace

bool has_partial_message(const Lane& lane) noexcept {
  // relaxed: both: looked at again under the lock
  return lane.receiving().begun.load(std::memory_order_relaxed) != 0 || kept_here.load(std::memory_order_relaxed) != 0;
}

void keep_partial_message(const Lane& lane, const PartialMessage& message, const std::byte* bytes) {
  try {
    keep_for_all(lane, message, bytes);
  } catch (const OutOfFamilyMemory&) {
    keep_here(lane, message, {bytes, bytes + message.have});
  } catch (const family::LockedOut&) { keep_here(lane, message, {bytes, bytes + message.have}); }
}

bool resume_partial_message(const Lane& lane, FunctionRef<void(const PartialMessage&)> begin,
                            FunctionRef<void(std::span<const std::byte>)> add) {
  if (auto kept = take_kept_here(lane, begin)) {
    add(kept->bytes);
    return true;
  }
  return resume_for_all(lane, begin, add);
}

void repair_partial_message(const Lane& lane, family::MemberId dead) {
  // SYNC(begun): release in keep_for_all() -> acquire here
  Offset block = lane.receiving().begun.load(std::memory_order_acquire);
  if (block != 0) (void)Family::instance().set_owner(block, dead, kNobody);
}

}  // namespace cohort::connection
