// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/message_pieces.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "cohort/object/block.hpp"
#include "connection/partial_message.hpp"
#include "family/family.hpp"
#include "os/futex.hpp"
#include "ring/ring_wait.hpp"
#include "ring/writer.hpp"
#include "sync/thread_word.hpp"

namespace cohort::connection {

using detail::ReceivedMessage;
using family::Family;
using object::Block;
using ring::PieceWords;
using ring::Reader;
using ring::Received;
using ring::Record;
using ring::RecordKind;
using ring::RingBody;
using ring::RingWait;
using ring::throw_damaged;
using ring::Writer;

void throw_too_long(const char* operation, std::uint64_t size, std::size_t most) {
  throw OsError(EMSGSIZE, operation,
                "the message has " + std::to_string(size) + " bytes, and at most " + std::to_string(most) +
                    " are wanted; it stays");
}

void Assembly::begin(std::size_t total) {
  clear();
  in_place_ = total <= place_.size();
  if (!in_place_) storage_.reserve(total);
}

void Assembly::add(std::span<const std::byte> bytes) {
  if (in_place_)
    std::memcpy(place_.data() + size_, bytes.data(), bytes.size());
  else
    storage_.insert(storage_.end(), bytes.begin(), bytes.end());
  size_ += bytes.size();
}

void Assembly::clear() noexcept {
  storage_.clear();
  size_ = 0;
  in_place_ = false;
}

namespace {

// Says that this thread is in the middle of a message. Others then wait as their limits say, not for a lock.
class InMessage {
 public:
  explicit InMessage(std::atomic<std::uint64_t>& thread) noexcept : thread_(thread) {
    thread_.store(sync::this_thread().word, std::memory_order_relaxed);  // relaxed: a hint for who comes next
  }
  ~InMessage() { thread_.store(0, std::memory_order_relaxed); }  // relaxed: as above
  InMessage(const InMessage&) = delete;
  InMessage& operator=(const InMessage&) = delete;

 private:
  std::atomic<std::uint64_t>& thread_;
};

}  // namespace

// ---- sending --------------------------------------------------------------------------------------------------------

namespace {

// So many pieces on their way stay in the caches of the processors.
constexpr std::uint64_t kMostAhead = 4;
// Looks at the receivers' position, some 10 ns each: longer than a piece takes that is being copied.
constexpr int kLooks = 20'000;

std::uint64_t pieces_ahead(const RingBody& ring) noexcept {
  // relaxed: both: a measure
  return ring::items_between(ring.out.position.load(std::memory_order_relaxed),
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

void put_piece(const Lane& lane, Writer& writer, std::span<const std::byte> bytes, PieceWords words) {
  Block block(bytes.size());
  std::memcpy(block.place(), bytes.data(), bytes.size());
  COHORT_CRASH_POINT("channel.pieces.copied");
  words.block = block.offset();
  words.size = bytes.size();
  std::uint64_t payload[sizeof words / sizeof(std::uint64_t)];
  std::memcpy(payload, &words, sizeof words);
  lane.count_given(bytes.size());
  COHORT_CRASH_POINT("channel.pieces.given");
  try {
    writer.put_block(static_cast<std::uint32_t>(RecordKind::piece), payload, block.offset(), nullptr);
  } catch (...) {
    lane.count_not_given(bytes.size());
    throw;
  }
  block.give();
  COHORT_CRASH_POINT("channel.pieces.put");
  writer.wake_readers();
}

}  // namespace

bool put_pieces(const Lane& lane, std::span<const std::byte> bytes, FunctionRef<bool()> is_over) {
  auto& family = Family::instance();
  // Its receiver may be slower than its sender, or come later.
  if (bytes.size() > family.budget())
    throw OutOfFamilyMemory("Connection.send_bytes", std::to_string(bytes.size()) + " bytes",
                            "the budget is " + std::to_string(family.budget()) +
                                "; raise it with COHORT_MEMORY_BUDGET or configure_family_memory()");
  PieceWords words{};
  words.sender = sync::this_thread().word;
  words.number = family.next_generation();
  words.total = bytes.size();
  Writer writer(lane.ring());
  InMessage in_message(lane.sending().busy);
  bool followed = true;
  while (words.offset < bytes.size()) {
    if (is_over()) return false;
    const std::uint64_t size = std::min<std::uint64_t>(lane.pipe().piece, bytes.size() - words.offset);
    put_piece(lane, writer, bytes.subspan(words.offset, size), words);
    words.offset += size;
    if (words.offset != bytes.size()) followed = followed && let_receiver_follow(lane.ring());
  }
  return true;
}

// ---- receiving ------------------------------------------------------------------------------------------------------

namespace {

// While its sender runs, a piece comes within far less.
constexpr std::chrono::milliseconds kPieceTime{20};

PieceWords words_of(const Record& record) {
  PieceWords words;
  std::memcpy(&words, record.payload, sizeof words);
  return words;
}

// Holds `out`, by the caller's reader, from the first piece to the last.
class PieceReceiver {
 public:
  PieceReceiver(const Lane& lane, Reader& reader, Assembly& assembly, const ReceiveLimits& limits,
                FunctionRef<bool()> is_over)
      : lane_(lane), ring_(lane.ring()), reader_(reader), assembly_(assembly), limits_(limits), is_over_(is_over) {}

  Received run() {
    InMessage in_message(lane_.receiving().busy);
    if (!resume() && !begin()) return Received::nothing;
    while (message_.have < message_.total) {
      Record record;
      if (!reader_.next(record)) {
        Received next = await_piece();
        if (next == Received::piece) continue;
        if (next == Received::later)
          keep_partial_message(lane_, message_, assembly_.bytes().data());
        else
          assembly_.clear();
        return next;
      }
      if (is_next(record)) {
        take(record);
        continue;
      }
      // The sender died, or could not go on: nothing of its message is received.
      reader_.stay();
      assembly_.clear();
      if (!begin()) return Received::nothing;
    }
    return Received::message;
  }

 private:
  bool resume() {
    return resume_partial_message(
        lane_, [this](const PartialMessage& kept) { start(kept); },
        [this](std::span<const std::byte> bytes) { add(bytes); });
  }
  // Drops pieces whose message has lost its beginning. False when no beginning lies in front then.
  bool begin() {
    Record record;
    while (reader_.next(record)) {
      if (record.kind != RecordKind::piece) {
        reader_.stay();
        return false;
      }
      PieceWords words = words_of(record);
      if (words.offset == 0) {
        reader_.stay();
        start({.sender = words.sender, .number = words.number, .total = words.total});
        return true;
      }
      ReceivedMessage dropped;
      reader_.take_block(record, dropped);
      lane_.count_taken(dropped.bytes().size());
    }
    return false;
  }
  // Nothing was taken when it throws.
  void start(const PartialMessage& message) {
    if (message.total == 0 || message.total > Family::instance().budget())
      throw_damaged("a piece's message is larger than any can be, or nothing");
    if (message.total > limits_.most) throw_too_long(limits_.operation, message.total, limits_.most);
    assembly_.begin(message.total);
    message_ = message;
    message_.have = 0;  // of which nothing lies in the assembly yet
  }
  [[nodiscard]] bool is_next(const Record& record) const {
    if (record.kind != RecordKind::piece) return false;
    PieceWords words = words_of(record);
    return words.number == message_.number && words.offset == message_.have && words.size != 0 &&
           words.size <= message_.total - message_.have;
  }
  void take(const Record& record) {
    ReceivedMessage piece;
    reader_.take_block(record, piece);
    COHORT_CRASH_POINT("channel.pieces.taken");
    // What is used is what take_block() has read, not what is_next() had.
    if (piece.bytes().size() > message_.total - message_.have) throw_damaged("a piece has changed while it was taken");
    add(piece.bytes());
    lane_.count_taken(piece.bytes().size());
  }
  void add(std::span<const std::byte> bytes) {
    assembly_.add(bytes);
    message_.have += bytes.size();
  }
  // piece: there is more; nothing: the sender is gone; later: the limits are over.
  Received await_piece() {
    // A call without patience would else give up, and keep what it has, between any two pieces.
    const Until patient(limits_.until.stop, Deadline::later(limits_.until.deadline, Deadline(kPieceTime)));
    RingWait wait(ring_.in, patient);
    for (bool thorough = false; !lane_.has_records(); thorough = true) {
      if (sender_is_gone(thorough) && !lane_.has_records()) return Received::nothing;
      auto ready = [&] { return lane_.has_records() || is_over_() || sender_is_gone(false); };
      if (is_over_() || !wait.again(ready, [&](const park::Patience&) { return sender_is_gone(true); }))
        return Received::later;
    }
    wait.finish([&] { return lane_.has_records(); });
    return Received::piece;
  }
  // A sender has `in` until the last piece is there. `thorough`: also asks the system whether it lives.
  [[nodiscard]] bool sender_is_gone(bool thorough) const noexcept {
    // SYNC(side): release in ~SideGuard() -> acquire here; carries the pieces that came before
    if (ring_.in.lock.load(std::memory_order_acquire) != message_.sender) return true;
    return thorough && sync::thread_is_dead(message_.sender, true);
  }

  const Lane& lane_;
  RingBody& ring_;
  Reader& reader_;
  Assembly& assembly_;
  const ReceiveLimits& limits_;
  FunctionRef<bool()> is_over_;
  PartialMessage message_;
};

}  // namespace

Received take_pieces(const Lane& lane, Reader& reader, Assembly& assembly, const ReceiveLimits& limits,
                     FunctionRef<bool()> is_over) {
  return PieceReceiver(lane, reader, assembly, limits, is_over).run();
}

void drop_all(const Lane& lane) {
  Reader reader(lane.ring());
  Record record;
  while (reader.next(record)) {
    ReceivedMessage dropped;
    if (record.kind != RecordKind::bytes)
      reader.take_block(record, dropped);
    else if (record.parcel != 0)
      dropped.set_parcel(reader.commit_with_parcel(record.parcel));
    else
      reader.commit();
  }
}

void repair_pieces(const Lane& lane, family::MemberId dead) {
  repair_partial_message(lane, dead);
  for (auto* busy : {&lane.sending().busy, &lane.receiving().busy}) {
    std::uint64_t who = busy->load(std::memory_order_relaxed);  // relaxed: a hint for who comes next
    if (who != 0 && sync::ThreadWord::unpack(who).is_of(dead))
      busy->compare_exchange_strong(who, 0, std::memory_order_relaxed);  // relaxed: as above
  }
}

}  // namespace cohort::connection
