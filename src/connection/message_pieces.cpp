// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/message_pieces.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"
#include "object/objects.hpp"
#include "os/futex.hpp"
#include "ring/own_block.hpp"
#include "ring/ring_sides.hpp"
#include "ring/ring_wait.hpp"
#include "sync/thread_word.hpp"

namespace cohort::connection {

using family::Offset;
using ring::Consumer;
using ring::items_between;
using ring::OwnBlock;
using ring::PieceWords;
using ring::Producer;
using ring::Record;
using ring::RecordKind;
using ring::RingBody;
using ring::RingWait;
using ring::throw_damaged;
using ring::WaitLimits;

using detail::ReceivedMessage;
using family::Family;
using family::kNobody;

void throw_too_long(const char* operation, std::uint64_t size, std::size_t most) {
  throw OsError(EMSGSIZE, operation,
                "the message has " + std::to_string(size) + " bytes, and at most " + std::to_string(most) +
                    " are wanted; it stays");
}

// ---- sending ---------------------------------------------------------------------------------------------------------

namespace {

// So many pieces on their way stay in the caches of the processors.
constexpr std::uint64_t kMostAhead = 4;
// Looks at the receivers' position, some 10 ns each: longer than a piece takes that is being copied.
constexpr int kLooks = 20'000;

std::uint64_t pieces_ahead(const RingBody& ring) noexcept {
  // relaxed: both: a measure
  return items_between(ring.out.position.load(std::memory_order_relaxed),
                       ring.in.position.load(std::memory_order_relaxed));
}

// False when nobody seems to receive.
bool let_receiver_follow(const RingBody& ring) noexcept {
  for (int look = 0; look < kLooks; ++look) {
    if (pieces_ahead(ring) < kMostAhead) return true;
    os::spin_pause();
  }
  return false;
}

}  // namespace

namespace {

// Says that this thread is in the middle of a message. Others then wait as their limits say, not for a lock.
class Busy {
 public:
  explicit Busy(std::atomic<std::uint64_t>& word) noexcept : word_(word) {
    word_.store(sync::this_thread().word, std::memory_order_relaxed);  // relaxed: a hint for who comes next
  }
  ~Busy() { word_.store(0, std::memory_order_relaxed); }  // relaxed: as above
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<std::uint64_t>& word_;
};

}  // namespace

bool put_pieces(PipeBody& pipe, std::uint32_t e, std::span<const std::byte> bytes, FunctionRef<bool()> is_over) {
  RingBody& ring = pipe.ring[e];
  auto& family = Family::instance();
  auto& given = pipe.sending[e].given;
  // Its receiver may be slower than its sender, or come later.
  if (bytes.size() > family.budget())
    throw OutOfFamilyMemory("Connection.send_bytes", std::to_string(bytes.size()) + " bytes",
                            "the budget is " + std::to_string(family.budget()) +
                                "; raise it with COHORT_MEMORY_BUDGET or configure_family_memory()");
  const std::uint64_t number = family.next_generation();
  const std::uint64_t sender = sync::this_thread().word;
  Producer producer(ring);
  Busy busy(pipe.sending[e].busy);
  bool followed = true;
  for (std::uint64_t offset = 0; offset < bytes.size();) {
    if (is_over()) return false;
    const std::uint64_t size = std::min<std::uint64_t>(pipe.piece, bytes.size() - offset);
    OwnBlock block(size);
    std::memcpy(block.place(), bytes.data() + offset, size);
    COHORT_CRASH_POINT("channel.pieces.copied");
    const PieceWords words{block.offset(), 0, size, sender, number, bytes.size(), offset};
    std::uint64_t payload[sizeof words / sizeof(std::uint64_t)];
    std::memcpy(payload, &words, sizeof words);
    given.fetch_add(size, std::memory_order_relaxed);  // relaxed: a measure
    COHORT_CRASH_POINT("channel.pieces.given");
    try {
      producer.put_block(static_cast<std::uint32_t>(RecordKind::piece), payload, block.offset(), {});
    } catch (...) {
      given.fetch_sub(size, std::memory_order_relaxed);  // relaxed: a measure
      throw;
    }
    block.forget();
    COHORT_CRASH_POINT("channel.pieces.put");
    producer.wake_consumers();
    offset += size;
    if (offset != bytes.size()) followed = followed && let_receiver_follow(ring);
  }
  return true;
}

// ---- receiving -------------------------------------------------------------------------------------------------------

namespace {

// While its sender runs, a piece comes within far less.
constexpr std::chrono::milliseconds kPieceTime{20};

// What a receiver that gave up leaves in a block, before the bytes that it had received.
struct Begun {
  std::uint64_t sender, number, total, have;
};

PieceWords words_of(const Record& record) {
  PieceWords words;
  std::memcpy(&words, record.payload, sizeof words);
  return words;
}

// What this process has received of a message where neither the budget nor the reservation had room to keep it for all: another
// receiver of this end drops the rest then, and this one goes on.
struct KeptHere {
  family::MemberId owner;
  Offset pipe;
  std::uint64_t generation;
  std::uint32_t e;
  Begun begun;
  std::vector<std::byte> bytes;
};
std::vector<KeptHere>& all_kept_here() {
  static auto* all =
      new std::vector<KeptHere>;  // under DeferredTurn; never destroyed: threads may receive until the end
  return *all;
}
std::atomic<std::size_t> kept_here{0};

Offset offset_of(const PipeBody& pipe) { return Family::instance().offset_of(&pipe) - sizeof(object::ObjectHeader); }

bool is_of(const KeptHere& one, Offset pipe, std::uint32_t e) {
  return one.owner == Family::self_or_nobody() && one.pipe == pipe && one.e == e &&
         one.generation == object::Objects::instance().generation(pipe);
}

void keep_here(const PipeBody& pipe, std::uint32_t e, const Begun& begun, std::vector<std::byte> bytes) {
  Offset offset = offset_of(pipe);
  family::DeferredTurn turn;
  auto& all = all_kept_here();
  // Of pipes that are gone, and of the process that this one is a copy of.
  std::erase_if(all, [](const KeptHere& one) { return !is_of(one, one.pipe, one.e); });
  all.push_back(
      {Family::self_or_nobody(), offset, object::Objects::instance().generation(offset), e, begun, std::move(bytes)});
  kept_here.store(all.size(), std::memory_order_relaxed);  // relaxed: looked at again under the turn
}

// `may_take` looks at what was kept before it is taken out.
std::optional<KeptHere> take_kept_here(const PipeBody& pipe, std::uint32_t e,
                                       FunctionRef<void(const Begun&)> may_take) {
  if (kept_here.load(std::memory_order_relaxed) == 0) return std::nullopt;  // relaxed: a look
  Offset offset = offset_of(pipe);
  family::DeferredTurn turn;
  auto& all = all_kept_here();
  auto found = std::ranges::find_if(all, [&](const KeptHere& one) { return is_of(one, offset, e); });
  if (found == all.end()) return std::nullopt;
  may_take(found->begun);
  KeptHere kept = std::move(*found);
  all.erase(found);
  kept_here.store(all.size(), std::memory_order_relaxed);  // relaxed: as above
  return kept;
}

// Holds `out` from the first piece to the last.
class Receiver {
 public:
  Receiver(PipeBody& pipe, std::uint32_t e, Assembly& assembly)
      : pipe_(pipe), e_(e), ring_(pipe.ring[e]), assembly_(assembly), consumer_(ring_) {}

  Pieces run(std::size_t most, const WaitLimits& limits, FunctionRef<bool()> is_over, const char* operation) {
    Busy busy(pipe_.receiving[e_].busy);
    if (!go_on_with_begun(most, operation) && !begin(most, operation)) return Pieces::nothing;
    while (have_ < total_) {
      Record record;
      if (!consumer_.next(record)) {
        Gap gap = await_piece(limits, is_over);
        if (gap == Gap::filled) continue;
        if (gap == Gap::given_up) {
          keep();
          return Pieces::given_up;
        }
        forget();
        return Pieces::nothing;
      }
      if (is_next(record)) {
        take(record);
        continue;
      }
      // The sender died, or could not go on: nothing of its message is received.
      consumer_.stay();
      forget();
      if (!begin(most, operation)) return Pieces::nothing;
    }
    return Pieces::whole;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return in_room_ ? std::span<const std::byte>(assembly_.room.data(), total_)
                    : std::span<const std::byte>(assembly_.storage);
  }

 private:
  // Drops pieces whose message has lost its beginning. False when no beginning lies at the front then.
  bool begin(std::size_t most, const char* operation) {
    Record record;
    while (consumer_.next(record)) {
      if (record.kind != RecordKind::piece) {
        consumer_.stay();
        return false;
      }
      PieceWords words = words_of(record);
      if (words.offset == 0) {
        consumer_.stay();
        start(words.sender, words.number, words.total, most, operation);
        return true;
      }
      ReceivedMessage dropped;
      consumer_.take_block(record, dropped);
      note_taken(dropped.bytes().size());
    }
    return false;
  }
  // Nothing was taken when it throws.
  void start(std::uint64_t sender, std::uint64_t number, std::uint64_t total, std::size_t most, const char* operation) {
    if (total == 0 || total > Family::instance().budget())
      throw_damaged("a piece's message is larger than any can be, or nothing");
    if (total > most) throw_too_long(operation, total, most);
    in_room_ = total <= assembly_.room.size();
    assembly_.storage.clear();
    if (!in_room_) assembly_.storage.reserve(total);
    sender_ = sender;
    number_ = number;
    total_ = total;
    have_ = 0;
  }
  [[nodiscard]] bool is_next(const Record& record) const {
    if (record.kind != RecordKind::piece) return false;
    PieceWords words = words_of(record);
    return words.number == number_ && words.offset == have_ && words.size != 0 && words.size <= total_ - have_;
  }
  void take(const Record& record) {
    ReceivedMessage piece;
    consumer_.take_block(record, piece);
    COHORT_CRASH_POINT("channel.pieces.taken");
    // What is used is what take_block() has read, not what is_next() had.
    if (piece.bytes().size() > total_ - have_) throw_damaged("a piece has changed while it was taken");
    add(piece.bytes());
    note_taken(piece.bytes().size());
  }
  void add(std::span<const std::byte> bytes) {
    if (in_room_)
      std::memcpy(assembly_.room.data() + have_, bytes.data(), bytes.size());
    else
      assembly_.storage.insert(assembly_.storage.end(), bytes.begin(), bytes.end());
    have_ += bytes.size();
  }
  void note_taken(std::size_t size) noexcept {
    pipe_.receiving[e_].taken.fetch_add(size, std::memory_order_relaxed);  // relaxed: a measure
  }
  void forget() noexcept {
    assembly_.storage.clear();
    total_ = have_ = 0;
  }
  [[nodiscard]] bool has_more() const noexcept {
    // relaxed: next() looks again
    return ring_.in.position.load(std::memory_order_relaxed) != ring_.out.position.load(std::memory_order_relaxed);
  }
  enum class Gap { filled, sender_gone, given_up };
  Gap await_piece(const WaitLimits& limits, FunctionRef<bool()> is_over) {
    // A call without patience would else give up, and keep what it has, between any two pieces.
    const WaitLimits patient{Deadline::later(limits.deadline, Deadline(kPieceTime)), limits.stop};
    RingWait wait(ring_.in, patient);
    for (bool thorough = false; !has_more(); thorough = true) {
      if (sender_is_gone(thorough) && !has_more()) return Gap::sender_gone;
      auto ready = [&] { return has_more() || is_over() || sender_is_gone(false); };
      if (is_over() || !wait.again(ready, [&](const park::Patience&) { return sender_is_gone(true); }))
        return Gap::given_up;
    }
    wait.finish([&] { return has_more(); });
    return Gap::filled;
  }
  // A sender has `in` until the last piece is there. `thorough`: also asks the system whether it lives.
  [[nodiscard]] bool sender_is_gone(bool thorough) const noexcept {
    // SYNC(side): release in ~SideGuard() -> acquire here; carries the pieces that came before
    if (ring_.in.lock.load(std::memory_order_acquire) != sender_) return true;
    return thorough && sync::thread_is_dead(sender_, true);
  }

  // ---- a message that a receiver gave up ----

  void keep() {
    const Begun begun{sender_, number_, total_, have_};
    try {
      keep_for_all(begun);
    } catch (const OutOfFamilyMemory&) {
      keep_here(pipe_, e_, begun, {bytes().begin(), bytes().begin() + static_cast<std::ptrdiff_t>(have_)});
    } catch (const family::LockedOut&) {
      keep_here(pipe_, e_, begun, {bytes().begin(), bytes().begin() + static_cast<std::ptrdiff_t>(have_)});
    }
  }
  void keep_for_all(const Begun& begun) {
    auto& family = Family::instance();
    OwnBlock block(sizeof(Begun) + have_, OwnBlock::kTaking);
    std::byte* place = block.place();
    std::memcpy(place, &begun, sizeof begun);
    if (have_ != 0) std::memcpy(place + sizeof begun, bytes().data(), have_);
    COHORT_CRASH_POINT("channel.pieces.kept");
    // SYNC(begun): release here -> loads of who receives next, under the lock, or repairs (other side: our death)
    pipe_.receiving[e_].begun.store(block.offset(), std::memory_order_release);
    COHORT_CRASH_POINT("channel.pieces.begun_named");
    // A death before this: keep_begun_message() does it.
    family.set_owner(block.offset(), kNobody);
    block.forget();
    COHORT_CRASH_POINT("channel.pieces.begun_given");
  }
  bool go_on_with_begun(std::size_t most, const char* operation) {
    auto& named = pipe_.receiving[e_].begun;
    auto start_as = [&](const Begun& was) { start(was.sender, was.number, was.total, most, operation); };
    if (auto kept = take_kept_here(pipe_, e_, start_as)) {
      add(kept->bytes);
      return true;
    }
    Offset block = named.load(std::memory_order_relaxed);  // relaxed: written under the lock
    if (block == 0) return false;
    auto& family = Family::instance();
    std::size_t room = family.block_size(block);
    Begun begun;
    std::memcpy(&begun, family.address(block, sizeof begun), sizeof begun);
    if (begun.have > begun.total || begun.have > room - sizeof begun) throw_damaged("a begun message is no message");
    start_as(begun);
    add({family.address(block, sizeof begun + begun.have) + sizeof begun, begun.have});
    family.set_owner(block, family.self());
    COHORT_CRASH_POINT("channel.pieces.begun_owned");
    named.store(0, std::memory_order_release);  // SYNC(begun)
    COHORT_CRASH_POINT("channel.pieces.begun_forgotten");
    family.free(block);
    return true;
  }

  PipeBody& pipe_;
  std::uint32_t e_;
  RingBody& ring_;
  Assembly& assembly_;
  Consumer consumer_;
  bool in_room_ = false;
  std::uint64_t sender_ = 0, number_ = 0, total_ = 0, have_ = 0;
};

}  // namespace

bool has_begun_message(const PipeBody& pipe, std::uint32_t e) noexcept {
  // relaxed: both: looked at again under the lock
  return pipe.receiving[e].begun.load(std::memory_order_relaxed) != 0 || kept_here.load(std::memory_order_relaxed) != 0;
}

Pieces take_pieces(PipeBody& pipe, std::uint32_t e, Assembly& assembly, ReceivedMessage& message, std::size_t most,
                   const WaitLimits& limits, FunctionRef<bool()> is_over, const char* operation) {
  Receiver receiver(pipe, e, assembly);
  Pieces result = receiver.run(most, limits, is_over, operation);
  if (result == Pieces::whole) message.set_block(0, receiver.bytes().data(), receiver.bytes().size(), false);
  return result;
}

void drop_all(PipeBody& pipe, std::uint32_t e) {
  Consumer consumer(pipe.ring[e]);
  Record record;
  while (consumer.next(record)) {
    ReceivedMessage dropped;
    if (record.kind != RecordKind::bytes)
      consumer.take_block(record, dropped);
    else if (record.parcel != 0)
      dropped.set_parcel(consumer.commit_with_parcel(record.parcel));
    else
      consumer.commit();
  }
}

void repair_pieces(PipeBody& pipe, std::uint32_t e, family::MemberId dead) {
  // SYNC(begun): release in keep() -> acquire here
  Offset block = pipe.receiving[e].begun.load(std::memory_order_acquire);
  if (block != 0) (void)Family::instance().set_owner(block, dead, kNobody);
  for (auto* busy : {&pipe.sending[e].busy, &pipe.receiving[e].busy}) {
    std::uint64_t who = busy->load(std::memory_order_relaxed);  // relaxed: a hint for who comes next
    if (who != 0 && sync::ThreadWord::unpack(who).is_of(dead))
      busy->compare_exchange_strong(who, 0, std::memory_order_relaxed);  // relaxed: as above
  }
}

}  // namespace cohort::connection
