// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/family.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/check.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/one_process.hpp"
#include "family/process_page.hpp"
#include "family/size_text.hpp"
#include "os/memory.hpp"
#include "os/process.hpp"

namespace cohort::family {

namespace {

// Never destroyed: other threads may use it until the process ends.
std::atomic<Family*> current{nullptr};

// Guarded by ProcessTurn.
FamilyMemoryOptions configured;

// The member in whose place this thread goes on, while its process is no member: Family::repair_in_place().
constinit thread_local MemberId in_place_of;

[[noreturn]] void throw_left(const char* operation) {
  throw StateError(operation, "", "this process has left its family: it is ending");
}

constexpr std::size_t kMostLeavingHooks = 16;
constinit std::atomic<void (*)() noexcept> leaving[kMostLeavingHooks] = {};

constinit std::atomic<const LedgerOperations*> ledgers{nullptr};

bool has_left() noexcept {
  ProcessPage* own = process_page_or_null();
  return own != nullptr && own->left.load(std::memory_order_relaxed) != 0;  // relaxed: set once, orders nothing
}

std::uint64_t choose_budget() {
  if (configured.budget.count != 0) return configured.budget.count;
  const std::string text = os::environment_variable("COHORT_MEMORY_BUDGET");
  if (!text.empty()) {
    auto size = parse_size(text);
    if (!size) throw ValueError("COHORT_MEMORY_BUDGET", text, "is not a size such as 512M, 2G or 1048576");
    return *size;
  }
  return std::max<std::uint64_t>(os::memory_limit() / 2, 1);
}

// The largest reservation that this process can hold and leave room for itself.
std::unique_ptr<Windows> reserve_largest() {
  std::uint64_t wanted = configured.reservation.count != 0 ? configured.reservation.count : UINT64_MAX;
  std::uint64_t space = os::address_space_limit();
  std::uint64_t file = os::file_size_limit();
  for (std::uint64_t size : kReservations) {
    if (size > wanted) continue;
    // A quarter at most: the program wants address space too, and so does each child.
    if (size != kSmallestReservation && (size > space / 4 || size > file)) continue;
    try {
      return std::make_unique<Windows>(os::make_memory("cohort-family", size));
    } catch (const OsError& error) {
      if (size != kSmallestReservation) continue;
      if (size > file)
        throw OsError(EFBIG, "memfd_create",
                      "the family memory needs " + std::to_string(size) + " bytes; RLIMIT_FSIZE (ulimit -f) allows " +
                          std::to_string(file));
      throw;
    }
  }
  throw OsError(ENOMEM, "mmap", "address space for the family memory");
}

// exec() keeps pid and start time but ends all threads: what this process's earlier program held, nobody holds now.
void release_locks_of_former_self(Header& header) {
  std::uint64_t mine = LockGuard::word_of(own_identity());
  for (LockWord* lock : {&header.memory_lock, &header.member_lock, &header.objects.lock}) {
    std::uint64_t word = lock->word.load(std::memory_order_relaxed);  // relaxed: only we write this value
    if ((word & ~LockGuard::kWaiters) != mine) continue;
    lock->damaged.store(1, std::memory_order_relaxed);  // relaxed: published by the release below
    // SYNC(lock): as in ~LockGuard
    lock->word.store(0, std::memory_order_release);
  }
}

}  // namespace

// ---- the process's family ------------------------------------------------------------------------------------------

void Family::publish(std::unique_ptr<Windows> windows) {
  auto* family = new Family(std::move(windows));
  // SYNC(family): release here -> acquire in instance(), exists(); carries the object
  current.store(family, std::memory_order_release);
  // Before the destructors of all static objects that are made from now on.
  std::atexit([] { leave(); });
}

Family& Family::create() {
  ProcessTurn turn;
  if (Family* known = current.load(std::memory_order_acquire)) return *known;  // SYNC(family)
  std::uint64_t budget = choose_budget();
  std::unique_ptr<Windows> windows = reserve_largest();
  windows->set_places(Places::of(windows->size()));
  Header& header = windows->header();
  header.constants = make_header(windows->size(), budget, configured.keep.count);
  // relaxed: nobody else sees the memory yet
  for (LockWord* lock : {&header.memory_lock, &header.member_lock, &header.objects.lock})
    lock->memory.store(windows->memory_number(), std::memory_order_relaxed);
  publish(std::move(windows));
  return *current.load(std::memory_order_relaxed);  // relaxed: stored by this thread
}

Family& Family::instance() {
  if (has_left()) throw_left("Family.instance");
  Family* known = current.load(std::memory_order_acquire);  // SYNC(family)
  return known != nullptr ? *known : create();
}

bool Family::exists() noexcept {
  return current.load(std::memory_order_acquire) != nullptr && !has_left();  // SYNC(family)
}

bool Family::is_family_memory(int fd) noexcept {
  if (!os::memory_is_sealed(fd)) return false;
  std::uint64_t magic = 0;
  static_assert(offsetof(Header, constants) == 0 && offsetof(HeaderConstants, magic) == 0);
  return os::read_memory(fd, 0, std::as_writable_bytes(std::span(&magic, 1))) && magic == kMagic;
}

void Family::adopt(os::Fd memory) {
  ProcessTurn turn;
  if (current.load(std::memory_order_acquire) != nullptr)  // SYNC(family)
    throw StateError("Family.adopt", "", "this process has a family already");
  // Who could shrink the object could make every member fault. Looked at before anything is mapped.
  if (!is_family_memory(memory.get()))
    throw IncompatibleError("Family.adopt", std::to_string(memory.get()), "is not a sealed family memory");
  auto windows = std::make_unique<Windows>(std::move(memory));
  HeaderConstants header = windows->header().constants;
  check_header(header, windows->size());
  windows->set_places(Places::of(windows->size()));
  release_locks_of_former_self(windows->header());
  publish(std::move(windows));
}

void Family::before_leaving(void (*hook)() noexcept) noexcept {
  for (auto& place : leaving) {
    void (*known)() noexcept = nullptr;
    // relaxed: both: as in leave()
    if (place.compare_exchange_strong(known, hook, std::memory_order_relaxed, std::memory_order_relaxed)) return;
    if (known == hook) return;
  }
  COHORT_CHECK(false, "more rooms than expected have something to do before the family is left");
}

void Family::keep_ledgers(const LedgerOperations& operations) noexcept {
  ledgers.store(&operations, std::memory_order_relaxed);  // relaxed: a constant, and set before what it is for
}

void Family::leave() noexcept {
  ProcessPage* own = process_page_or_null();
  if (own == nullptr) return;
  // relaxed: the page is this process's own; a second thread that leaves at once finds 0
  MemberId self = MemberId::unpack(own->member.load(std::memory_order_relaxed));
  Family* family = current.load(std::memory_order_acquire);  // SYNC(family)
  if (!self || family == nullptr) return;
  // Who is held up here by a stopped process leaves the work to others, as one that dies.
  LockDeadline soon(Deadline::now());
  bool settled = false;
  for (std::size_t i = kMostLeavingHooks; i-- > 0;)
    // relaxed: a pointer to a function, set before what it is for
    if (auto hook = leaving[i].load(std::memory_order_relaxed)) hook();
  try {
    // While we are a member: the repairs of what we held are done by one.
    (void)family->repair_ledger(self, family->members_.flags(self));
    settled = true;
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // As below.
  }
  // relaxed: as above
  if (own->member.exchange(0, std::memory_order_relaxed) == 0) return;
  own->left.store(1, std::memory_order_relaxed);  // relaxed: orders nothing
  if (!settled) return;                           // objects still name blocks of ours
  try {
    os::ProcessIdentity identity = own_identity();
    family->blocks_.free_owned(self, identity);
    family->members_.leave(self, identity);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // A damaged memory: whoever notices our end does what can be done.
  }
}

// ---- addresses and blocks ------------------------------------------------------------------------------------------

bool Family::contains(const void* place) const noexcept {
  const auto* at = static_cast<const std::byte*>(place);
  return at >= windows_->base() && at < windows_->base() + windows_->size();
}

Offset Family::offset_of(const void* place) const {
  if (!contains(place)) throw ValueError("Family.offset_of", "", "the address is not in the family memory");
  return static_cast<Offset>(static_cast<const std::byte*>(place) - windows_->base());
}

Offset Family::allocate(std::size_t size, MemberId owner) {
  free_deferred();
  return blocks_.allocate(Blocks::Region::payload, size, owner, own_identity());
}
Offset Family::allocate_control(std::size_t size, MemberId owner) {
  free_deferred();
  return blocks_.allocate(Blocks::Region::control, size, owner, own_identity());
}
Offset Family::allocate_to_take(std::size_t size, MemberId owner) {
  return blocks_.allocate(Blocks::Region::payload, size, owner, own_identity(), Blocks::Purpose::taking);
}
Offset Family::allocate_control_to_take(std::size_t size, MemberId owner) {
  return blocks_.allocate(Blocks::Region::control, size, owner, own_identity(), Blocks::Purpose::taking);
}

void Family::free(Offset block) {
  if (!self_or_nobody()) return blocks_.free(block, own_identity());
  try {
    LockDeadline soon(Deadline::now());
    blocks_.free(block, own_identity());
  } catch (const LockedOut&) {
    free_later(block);
    return;
  }
  free_deferred();
}

namespace {

// Blocks of this process that are to be freed when the lock can be had: of the member that put them there, which a copy
// of the process is not. Under DeferredTurn.
struct DeferredBlock {
  MemberId owner;
  Offset block;
};
std::vector<DeferredBlock>& deferred_blocks() {
  static auto* blocks =
      new std::vector<DeferredBlock>;  // never destroyed: other threads may use it until the process ends
  return *blocks;
}
std::atomic<bool> any_deferred{false};

}  // namespace

void Family::free_later(Offset block) {
  // Should we die, it goes with our blocks.
  MemberId self = self_or_nobody();
  blocks_.set_owner(block, self);
  DeferredTurn turn;
  deferred_blocks().push_back({self, block});
  any_deferred.store(true, std::memory_order_relaxed);  // relaxed: looked at again under the turn
}

void Family::free_deferred() {
  // relaxed: a look
  if (!any_deferred.load(std::memory_order_relaxed)) [[likely]]
    return;
  std::vector<DeferredBlock> blocks;
  {
    DeferredTurn turn;
    blocks.swap(deferred_blocks());
    any_deferred.store(false, std::memory_order_relaxed);  // relaxed: as above
  }
  MemberId self = self_or_nobody();
  std::erase_if(blocks, [&](const DeferredBlock& one) { return !(one.owner == self); });
  while (!blocks.empty()) {
    try {
      LockDeadline soon(Deadline::now());
      blocks_.free(blocks.back().block, own_identity());
      blocks.pop_back();
    } catch (const LockedOut&) {
      DeferredTurn turn;
      auto& all = deferred_blocks();
      all.insert(all.end(), blocks.begin(), blocks.end());
      any_deferred.store(true, std::memory_order_relaxed);  // relaxed: as above
      return;
    }
  }
}

std::size_t Family::block_size(Offset block) { return blocks_.size(block); }
MemberId Family::owner(Offset block) { return blocks_.owner(block); }
void Family::set_owner(Offset block, MemberId to) { blocks_.set_owner(block, to); }
bool Family::set_owner(Offset block, MemberId from, MemberId to) { return blocks_.set_owner(block, from, to); }

std::uint64_t Family::next_generation() noexcept {
  // relaxed: only uniqueness matters
  return windows_->header().generations.fetch_add(1, std::memory_order_relaxed) + 1;
}

// ---- members -------------------------------------------------------------------------------------------------------

MemberId Family::self_or_nobody() noexcept {
  ProcessPage* own = process_page_or_null();
  // relaxed: written by this process; the id is all that is carried
  std::uint64_t known = own == nullptr ? 0 : own->member.load(std::memory_order_relaxed);
  return known != 0 ? MemberId::unpack(known) : in_place_of;
}

MemberId Family::self() {
  if (MemberId known = self_or_nobody()) return known;
  bool all_taken = false;
  MemberId joined = join(all_taken);
  // relaxed: as in keep_ledgers()
  if (const LedgerOperations* operations = ledgers.load(std::memory_order_relaxed)) operations->joined();
  if (!all_taken) return joined;
  try {
    sweep();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // This process has its slot. Who finds none next will try again.
  }
  return joined;
}

MemberId Family::join(bool& all_taken) {
  if (has_left()) throw_left("Family.self");
  ProcessTurn turn;
  if (MemberId known = self_or_nobody()) return known;
  os::ProcessIdentity identity = own_identity();
  auto joined = members_.join(identity);
  all_taken = !joined;
  // Another may have the slot that we freed. Each time round somebody has got one.
  while (!joined && (sweep(true) != 0 || repair_in_place())) joined = members_.join(identity);
  if (!joined)
    throw OutOfFamilyMemory("Family.self", "", "all " + std::to_string(kMaxMembers) + " member slots are taken");
  process_page().member.store(joined->pack(), std::memory_order_relaxed);  // relaxed: see self_or_nobody()
  return *joined;
}

MemberId Family::reserve_member(MemberId parent) {
  os::ProcessIdentity identity = own_identity();
  auto reserved = members_.reserve(parent, identity);
  if (!reserved && sweep() != 0) reserved = members_.reserve(parent, identity);
  if (!reserved)
    throw OutOfFamilyMemory("Family.reserve_member", "",
                            "all " + std::to_string(kMaxMembers) + " member slots are taken");
  return *reserved;
}

void Family::become(MemberId reserved) {
  if (self_or_nobody())
    throw StateError("Family.become", std::to_string(reserved.slot), "this process is a member already");
  if (!members_.claim(reserved, own_identity()))
    throw StateError("Family.become", std::to_string(reserved.slot), "the slot was given up: the parent has died");
  ProcessPage& own = process_page();
  own.member.store(reserved.pack(), std::memory_order_relaxed);  // relaxed: see self_or_nobody()
  // The process is to call a function, and has not begun; it has no second thread that looks.
  own.called = 1;
  cohort::detail::called_word = &own.called;
}

// A launch block that nobody has taken holds a key.
void Family::free_blocks_of(MemberId id, const os::ProcessIdentity& identity) {
  // SYNC(launch_taken): release store in take_launch() -> this load; the block need not be wiped any more
  blocks_.free_owned(id, identity, members_.record(id.slot).launch.load(std::memory_order_acquire));
}

void Family::abandon_member(MemberId reserved) noexcept {
  try {
    os::ProcessIdentity identity = own_identity();
    if (!members_.give_up(reserved, identity)) return;
    if (!repair_ledger(reserved, members_.flags(reserved))) return;
    free_blocks_of(reserved, identity);
    members_.release(reserved, identity);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // A damaged memory; sweep() will find the slot.
  }
}

MemberRecord& Family::member(MemberId id) {
  if (members_.state(id) == MemberState::free)
    throw ValueError("Family.member", std::to_string(id.slot), "that member is gone");
  return members_.record(id.slot);
}

MemberState Family::member_state(MemberId id) noexcept { return members_.state(id); }
os::ProcessIdentity Family::identity(MemberId id) noexcept { return members_.identity(id); }
bool Family::is_alive(MemberId id) noexcept { return members_.is_alive(id); }

bool Family::member_died(MemberId id) { return repair_after(id, false); }

bool Family::repair_after(MemberId id, bool joining) {
  MemberState state = members_.state(id);
  if (state == MemberState::free || state == MemberState::dead) return true;
  // relaxed: a look; the objects' lock orders what follows. Repairs of objects are a member's work.
  if (joining && members_.record(id.slot).ledger.load(std::memory_order_relaxed) != 0) return false;
  std::uint32_t flags = members_.flags(id);  // before the look at its process
  if (members_.is_alive(id)) return false;
  os::ProcessIdentity identity = own_identity();
  if (state == MemberState::reserved) {
    // The parent died before its child arrived. A child that arrives later finds the slot given up, and exits; if it
    // came first, the next call finds it live.
    if (!members_.give_up(id, identity)) return false;
  }
  // Before its blocks go: the objects that name some of them take them over.
  if (!joining && !repair_ledger(id, flags)) {
    state = members_.state(id);
    return state == MemberState::free || state == MemberState::dead;
  }
  free_blocks_of(id, identity);
  members_.bury(id, identity);
  return true;
}

// What `dead` left to objects; true when that is nothing, or done.
bool Family::repair_ledger(MemberId dead, std::uint32_t flags) {
  // relaxed: set before its process ended
  if (slot_record(dead).ledger.load(std::memory_order_relaxed) == 0) return true;
  const LedgerOperations* operations = ledgers.load(std::memory_order_relaxed);  // relaxed: as in keep_ledgers()
  // Null: a member of another program, which knows objects, is left to one that knows them, too.
  return operations != nullptr && operations->member_died(*this, dead, flags);
}

bool Family::take_over(MemberId dead, std::uint32_t flags) {
  const LedgerOperations* operations = ledgers.load(std::memory_order_relaxed);  // relaxed: as in keep_ledgers()
  return operations != nullptr &&
         operations->take_over(*this, dead, [&] { return members_.take_over(dead, flags, own_identity()); });
}

// All slots are taken. To repair what a dead member left to objects takes a member, whose ledger holds them and whose
// name stands in their locks meanwhile: so this thread goes on as the dead one, repairs it, and frees its slot. Should
// it die as well, the same member is dead again, with what both have left.
bool Family::repair_in_place() {
  os::ProcessIdentity identity = own_identity();
  for (std::uint32_t slot = 0; slot < kMaxMembers; ++slot) {
    // SYNC(member): release in Members::move() -> acquire here; carries the record's fields
    std::uint64_t word = members_.record(slot).state.load(std::memory_order_acquire);
    MemberState state = Members::state_of(word);
    if (state == MemberState::free || state == MemberState::dead) continue;
    // relaxed: a look; take_over() looks again
    if (members_.record(slot).ledger.load(std::memory_order_relaxed) == 0) continue;
    MemberId id{slot, Members::generation_of(word)};
    std::uint32_t flags = members_.flags(id);  // before the look at its process
    if (members_.is_alive(id) || !members_.nobody_asks_for(id)) continue;
    if (state == MemberState::reserved && !members_.give_up(id, identity)) continue;
    if (!take_over(id, flags)) continue;
    in_place_of = id;
    try {
      (void)repair_ledger(id, members_.flags(id));
      free_blocks_of(id, identity);
    } catch (...) {
      in_place_of = kNobody;
      members_.forsake(id, identity);
      throw;
    }
    in_place_of = kNobody;
    members_.bury(id, identity);
    (void)members_.release(id, identity);
    return true;
  }
  return false;
}

void Family::release_member(MemberId id) noexcept {
  try {
    members_.release(id, own_identity());
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // own_identity() maps one page; without it nothing can be done here, and sweep() will find the slot
  }
}

void Family::give_back(MemberId id) {
  os::ProcessIdentity identity = own_identity();
  // One that ended before it had taken up its slot. A claim that comes first finds its process below.
  (void)members_.give_up(id, identity);
  if (member_died(id)) (void)members_.release(id, identity);
}

std::size_t Family::sweep() { return sweep(false); }

std::size_t Family::sweep(bool joining) {
  std::size_t freed = 0;
  os::ProcessIdentity identity = own_identity();
  MemberId seen_alive;  // a parent: it may have prepared for many children, and is asked for once
  for_each_member([&](MemberId id, MemberRecord&) {
    if (members_.state(id) == MemberState::reserved) {
      MemberId parent = members_.parent(id);
      if (!(parent == seen_alive) && members_.is_alive(parent)) seen_alive = parent;
      if (parent == seen_alive) return;
    }
    if (!repair_after(id, joining)) return;
    if (members_.state(id) == MemberState::free) {
      ++freed;
      return;
    }
    // A parent that runs will ask how its child ended.
    if (!members_.is_alive(members_.parent(id)) && members_.release(id, identity)) ++freed;
  });
  // What was handed to a member after its repair: given in good faith, owned by nobody who could free it.
  blocks_.free_orphans(
      [&](MemberId owner) {
        if (owner == kBeingFreed) return false;
        MemberState state = members_.state(owner);
        return state == MemberState::free || state == MemberState::dead;
      },
      identity);
  return freed;
}

// ---- inspection ----------------------------------------------------------------------------------------------------

FamilyMemoryStatistics Family::statistics() {
  FamilyMemoryStatistics result;
  Blocks::Usage usage = blocks_.usage();
  result.budget = Bytes(windows_->header().constants.budget);
  result.in_use = Bytes(usage.used_bytes);
  result.kept = Bytes(usage.kept_bytes);
  result.blocks = usage.blocks;
  result.reservation = Bytes(windows_->size());
  result.resident = Bytes(os::memory_resident(fd()));
  for_each_member([&](MemberId id, MemberRecord&) {
    switch (members_.state(id)) {
      case MemberState::reserved: ++result.members_reserved; break;
      case MemberState::live: ++result.members_live; break;
      case MemberState::left:
      case MemberState::dead: ++result.members_ended; break;
      case MemberState::free: break;
    }
  });
  const Header& header = windows_->header();
  // relaxed: both: statistics
  result.takeovers = header.memory_lock.takeovers.load(std::memory_order_relaxed) +
                     header.member_lock.takeovers.load(std::memory_order_relaxed) +
                     header.objects.lock.takeovers.load(std::memory_order_relaxed);
  return result;
}

const char* Family::validate() {
  os::ProcessIdentity identity = own_identity();
  const char* fault = blocks_.validate(identity);
  return fault != nullptr ? fault : members_.validate(identity);
}

void Family::rebuild() { blocks_.rebuild(own_identity()); }

}  // namespace cohort::family

namespace cohort {

void configure_family_memory(const FamilyMemoryOptions& options) {
  if (options.reservation.count != 0 && options.reservation.count < family::kSmallestReservation)
    throw ValueError("configure_family_memory", std::to_string(options.reservation.count),
                     "a reservation below 64 MiB is too small");
  family::ProcessTurn turn;
  if (family::Family::exists())
    throw StateError("configure_family_memory", "", "the family memory exists already; call this earlier");
  family::configured = options;
}

FamilyMemoryStatistics family_memory_statistics() {
  if (!family::Family::exists()) return {};
  return family::Family::instance().statistics();
}

}  // namespace cohort
