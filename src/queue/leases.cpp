// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "queue/leases.hpp"

#include <array>
#include <climits>
#include <cstring>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "park/wait_word.hpp"
#include "ring/damage.hpp"
#include "ring/reader.hpp"
#include "ring/ring_wait.hpp"
#include "ring/side_lock.hpp"
#include "ring/writer.hpp"
#include "watch/death_watch.hpp"

namespace cohort::queue {

using family::Offset;
using ring::items_of;
using ring::kInlineMessage;
using ring::kItemMask;
using ring::Reader;
using ring::Record;
using ring::RecordKind;
using ring::RingWait;
using ring::SideGuard;
using ring::throw_damaged;
using ring::WaitLimits;
using ring::wake_partners;
using watch::DeathWatch;

using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

namespace {

[[nodiscard]] std::uint64_t count_of(std::uint64_t done) noexcept { return done & kItemMask; }

// All items that were put are done, at the moment of the look at `position` if `done` was loaded before that.
[[nodiscard]] bool is_finished(const JoinableBody& queue, std::uint64_t done) noexcept {
  // SYNC(position): release store in Writer::commit() -> acquire here; carries nothing more
  return items_of(queue.ring.in.position.load(std::memory_order_acquire)) == count_of(done);
}

// Where join() sleeps. The mark lies in the count of what is done, so finish_item() needs no fence to see it.
park::WaitWord join_word_of(JoinableBody& queue) noexcept {
  return park::WaitWord(queue.finished, park::Mark(queue.done, kJoiners));
}

void at_join_place(park::Place place) noexcept {
  switch (place) {
    case park::Place::about_to_sleep: COHORT_CRASH_POINT("channel.join.announced"); break;
    case park::Place::claimed: COHORT_CRASH_POINT("channel.task_done.before_wake"); break;
    default: break;
  }
}

void wake_joiners(JoinableBody& queue) noexcept {
  join_word_of(queue).wake_marked(park::WaitWord::kAll, at_join_place);
}

// ---- under the lock of out ------------------------------------------------------------------------------------------

// Ends a lease. Every step may be done again by who repairs.
void end_lease(JoinableBody& queue, Lease& lease) {
  auto& family = Family::instance();
  // relaxed, here and below: under the lock, but for the joiners' bit of `done`
  // relaxed: as above
  const std::uint64_t target = queue.finishing_done.load(std::memory_order_relaxed);
  // relaxed: as above
  std::uint64_t done = queue.done.load(std::memory_order_relaxed);
  // SYNC(done): release -> acquire in wait_until_finished(); carries what the consumer did
  while (count_of(done) != target &&
         !queue.done.compare_exchange_weak(done, (done & kJoiners) | target, std::memory_order_release,
                                           std::memory_order_relaxed)) {}
  COHORT_CRASH_POINT("channel.end_lease.counted");
  if (lease.parcel.load(std::memory_order_relaxed) != 0) (void)object::Parcel::take_from(lease.parcel);
  COHORT_CRASH_POINT("channel.end_lease.parcel_freed");
  if (Offset block = lease.block.load(std::memory_order_relaxed)) {
    family.set_owner(block, family.self());
    COHORT_CRASH_POINT("channel.end_lease.block_owned");
    lease.block.store(0,
                      std::memory_order_release);  // SYNC(lease): in this order -> who repairs (other side: our death)
    COHORT_CRASH_POINT("channel.end_lease.block_forgotten");
    family.free(block);
  }
  lease.state.store(kLeaseFree, std::memory_order_release);  // SYNC(lease)
  COHORT_CRASH_POINT("channel.end_lease.freed");
  queue.finishing.store(0, std::memory_order_release);  // SYNC(lease)
}

void repair_leases(JoinableBody& queue) {
  // relaxed, here and below: under the lock, whose holder's death the system has reported
  Objects::instance().settle();
  // relaxed: as above
  if (std::uint64_t giving = queue.leasing.load(std::memory_order_relaxed)) {
    Lease& lease = leases_of(queue)[giving - 1];
    // Not taken: the message is still the record's.
    if (queue.ring.out.position.load(std::memory_order_relaxed) == lease.position.load(std::memory_order_relaxed))
      lease.state.store(kLeaseFree, std::memory_order_release);  // SYNC(lease)
    COHORT_CRASH_POINT("channel.repair_leases.given");
    queue.leasing.store(0, std::memory_order_release);  // SYNC(lease)
  }
  if (std::uint64_t ending = queue.finishing.load(std::memory_order_relaxed))
    end_lease(queue, leases_of(queue)[ending - 1]);
}

// Holds out.
class LeaseTable {
 public:
  /// @param verb  of the user's call, for messages
  explicit LeaseTable(JoinableBody& queue, const char* verb = "get")
      : queue_(queue), verb_(verb), guard_(queue.ring.out) {
    if (guard_.taken_over()) [[unlikely]] {
      repair_out(queue.ring);
      guard_.mark_repaired();
    }
    // relaxed: under the lock. Words that are left over from a death, whoever took the lock over since.
    if (queue.leasing.load(std::memory_order_relaxed) != 0 || queue.finishing.load(std::memory_order_relaxed) != 0)
        [[unlikely]]
      repair_leases(queue);
  }

  bool take(detail::ReceivedMessage& message) {
    if (Lease* again = oldest(kLeaseReturned)) {
      copy_out(*again, message);
      again->state.store(own_state(), std::memory_order_release);  // SYNC(lease)
      COHORT_CRASH_POINT("channel.take_lease.again");
      count_returned();
      return true;
    }
    Reader reader(queue_.ring, Reader::kHeld);
    Record record;
    if (!reader.next(record)) return false;
    if (record.kind != RecordKind::block) throw_damaged("an item that is to be lent lies in no block");
    std::uint32_t index = free_lease();
    Lease& lease = leases_of(queue_)[index];
    std::array<std::uint64_t, 3> words;
    std::memcpy(words.data(), record.payload, sizeof words);
    // relaxed: the lease is free, which `state` ends
    lease.position.store(queue_.ring.out.position.load(std::memory_order_relaxed), std::memory_order_relaxed);
    lease.block.store(words[0], std::memory_order_relaxed);
    lease.start.store(words[1], std::memory_order_relaxed);
    lease.size.store(words[2], std::memory_order_relaxed);
    lease.parcel.store(record.parcel, std::memory_order_relaxed);
    lease.order.store(queue_.orders.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    copy_out(lease, message);
    queue_.leasing.store(index + 1, std::memory_order_release);  // SYNC(lease)
    COHORT_CRASH_POINT("channel.take_lease.named");
    lease.state.store(own_state(), std::memory_order_release);  // SYNC(lease)
    COHORT_CRASH_POINT("channel.take_lease.given");
    reader.commit();
    COHORT_CRASH_POINT("channel.take_lease.committed");
    queue_.leasing.store(0, std::memory_order_release);  // SYNC(lease)
    return true;
  }

  bool finish() {
    Lease* lease = oldest(own_state());
    if (lease == nullptr) return false;
    // relaxed: under the lock
    std::uint64_t next = (count_of(queue_.done.load(std::memory_order_relaxed)) + 1) & kItemMask;
    queue_.finishing_done.store(next, std::memory_order_relaxed);
    auto index = static_cast<std::uint64_t>(lease - leases_of(queue_));
    queue_.finishing.store(index + 1, std::memory_order_release);  // SYNC(lease)
    COHORT_CRASH_POINT("channel.task_done.named");
    try {
      end_lease(queue_, *lease);
    } catch (
        const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): it is counted; whoever comes next ends the lease
    }
    return true;
  }

  /// Returns how many.
  std::uint64_t give_back(family::MemberId dead) {
    for (Lease* lease = leases_of(queue_); lease != leases_of(queue_) + queue_.lease_count; ++lease) {
      std::uint64_t holder = dead.pack();
      // relaxed: under the lock
      lease->state.compare_exchange_strong(holder, kLeaseReturned, std::memory_order_relaxed);
      COHORT_CRASH_POINT("channel.return_leases.one");
    }
    return count_returned();
  }

 private:
  static std::uint64_t own_state() { return Family::instance().self().pack(); }

  Lease* oldest(std::uint64_t state) noexcept {
    // relaxed, here and below: under the lock; `returned` is a hint that is never too low
    // relaxed: as above
    if (state == kLeaseReturned && queue_.returned.load(std::memory_order_relaxed) == 0) return nullptr;
    Lease* found = nullptr;
    for (Lease* lease = leases_of(queue_); lease != leases_of(queue_) + queue_.lease_count; ++lease)
      // relaxed: as above
      if (lease->state.load(std::memory_order_relaxed) == state &&
          (found == nullptr ||
           // relaxed: as above
           lease->order.load(std::memory_order_relaxed) < found->order.load(std::memory_order_relaxed)))
        found = lease;
    return found;
  }
  std::uint64_t count_returned() noexcept {
    std::uint64_t count = 0;
    for (Lease* lease = leases_of(queue_); lease != leases_of(queue_) + queue_.lease_count; ++lease)
      if (lease->state.load(std::memory_order_relaxed) == kLeaseReturned) ++count;  // relaxed: under the lock
    queue_.returned.store(count, std::memory_order_relaxed);                        // relaxed: a hint
    return count;
  }
  std::uint32_t free_lease() {
    for (std::uint32_t i = 0; i < queue_.lease_count; ++i)
      if (leases_of(queue_)[i].state.load(std::memory_order_relaxed) == kLeaseFree)
        return i;  // relaxed: under the lock
    throw StateError("JoinableQueue." + std::string(verb_), "",
                     std::to_string(queue_.lease_count) +
                         " items were taken and not done: call task_done() for each, or set most_unfinished_gets");
  }
  // A copy: another thread of this process may end the lease.
  static void copy_out(const Lease& lease, detail::ReceivedMessage& message) {
    auto& family = Family::instance();
    // relaxed: under the lock
    Offset block = lease.block.load(std::memory_order_relaxed);
    std::size_t start = lease.start.load(std::memory_order_relaxed);
    std::size_t size = lease.size.load(std::memory_order_relaxed);
    std::size_t room = family.block_size(block);
    if (start > room || size > room - start) throw_damaged("an item's block is smaller than the item");
    const std::byte* from = family.address(block, room) + start;
    std::byte* to = nullptr;
    if (size <= kInlineMessage) {
      to = message.room(size);
    } else {
      try {
        object::Block copy(size, object::Block::Purpose::taking);
        to = copy.place();
        message.set_block(std::move(copy), to, size);
      } catch (const OutOfFamilyMemory&) {
        // Taking an item is what makes room there.
        to = message.room_here(size);
      }
    }
    if (size != 0) std::memcpy(to, from, size);
  }

  JoinableBody& queue_;
  const char* verb_;
  SideGuard guard_;
};

bool has_items(const JoinableBody& queue) noexcept { return item_count(queue.ring) + returned_leases(queue) != 0; }

}  // namespace

bool finish_item(JoinableBody& queue) {
  if (queue.lease_count != 0) {
    if (!LeaseTable(queue).finish()) return false;
    std::uint64_t done = queue.done.load(std::memory_order_relaxed);  // relaxed: only who sleeps matters
    if ((done & kJoiners) != 0 && is_finished(queue, done)) wake_joiners(queue);
    return true;
  }
  std::uint64_t done = queue.done.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
  std::uint64_t next = 0;
  do {
    if (is_finished(queue, done)) return false;
    next = (done & kJoiners) | ((count_of(done) + 1) & kItemMask);
    // SYNC(done): release -> acquire in wait_until_finished(); carries what the consumers did
  } while (!queue.done.compare_exchange_weak(done, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  COHORT_CRASH_POINT("channel.task_done.counted");
  if ((next & kJoiners) != 0 && is_finished(queue, next)) wake_joiners(queue);
  return true;
}

bool wait_until_finished(JoinableBody& queue, const WaitLimits& limits) {
  // SYNC(done): release in finish_item() -> acquire here
  auto finished = [&queue] { return is_finished(queue, queue.done.load(std::memory_order_acquire)); };
  park::Hooks hooks{.spin = park::kNoSpin, .patience = park::Patience::of_an_idle_waiter(), .at = at_join_place};
  return join_word_of(queue).wait(finished, limits.until, hooks).ready();
}

bool take_lease(JoinableBody& queue, detail::ReceivedMessage& message, const WaitLimits& limits) {
  if (LeaseTable(queue, limits.verb).take(message)) return true;
  RingWait wait(queue.ring.in, limits.until);
  // The item may come back from a process whose death nothing else looks for: a copy that the program forked itself.
  DeathWatch deaths;
  while (wait.again([&] { return has_items(queue); }, deaths)) {
    if (!LeaseTable(queue, limits.verb).take(message)) continue;
    wait.finish([&] { return has_items(queue); });
    return true;
  }
  return false;
}

std::size_t returned_leases(const JoinableBody& queue) noexcept {
  return queue.returned.load(std::memory_order_relaxed);  // relaxed: a count of one moment
}

void return_leases(JoinableBody& queue, family::MemberId dead) {
  if (LeaseTable(queue).give_back(dead) == 0) return;
  COHORT_CRASH_POINT("channel.return_leases.before_wake");
  wake_partners(queue.ring.in, INT_MAX);
  ring_watchers(queue.ring.in);
}

void destroy_leases(JoinableBody& queue, object::Destroyer& destroyer) {
  // Nobody else has a reference.
  for (Lease* lease = leases_of(queue); lease != leases_of(queue) + queue.lease_count; ++lease) {
    if (lease->state.load(std::memory_order_relaxed) == kLeaseFree) continue;  // relaxed: nobody else is here
    destroyer.free_parcel(lease->parcel);
    destroyer.free_block(lease->block);
  }
}

}  // namespace cohort::queue
