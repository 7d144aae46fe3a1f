// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/thread_word.hpp"

#include "family/family.hpp"
#include "family/process_page.hpp"
#include "os/barrier.hpp"
#include "os/cpu.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"

namespace cohort::sync {

// The member 1 never equals *kNoMemberWord: the first use identifies.
constinit thread_local ThreadSelf thread_self{0, &kNoMemberWord, 1, true, -1};

ThreadSelf& identify_thread() {
  family::MemberId member = family::Family::instance().self();
  ThreadWord name;
  name.tid = static_cast<std::uint32_t>(os::thread_id());
  name.slot = member.slot;
  name.generation = member.generation;
  name.start = static_cast<std::uint16_t>(os::process_identity_of(static_cast<std::int32_t>(name.tid)).start_time);
  ThreadSelf& self = thread_self;
  self.word = name.pack();
  self.fences = !os::join_remote_fences();
  self.cpu = os::current_cpu();
  self.member = member.pack();
  self.member_word = &family::process_page().member;
  return self;
}

bool member_is_dead(std::uint64_t packed, bool thorough) noexcept {
  if (!family::Family::exists()) return false;
  family::Family& family = family::Family::instance();
  family::MemberId member = family::MemberId::unpack(packed);
  // The slot was given to somebody else, or its process said goodbye: who leaves takes no further part.
  if (family.member_state(member) != family::MemberState::live) return true;
  os::ProcessIdentity process = family.identity(member);
  if (process.pid == 0) return family.member_state(member) == family::MemberState::free;
  if (!os::is_alive(process)) return true;
  return thorough && !os::may_map_memory(process, family.memory_number());
}

bool thread_is_dead(std::uint64_t word, bool thorough) noexcept {
  ThreadWord name = ThreadWord::unpack(word);
  if (!family::Family::exists()) return false;
  family::Family& family = family::Family::instance();
  const auto* record =
      family.at<family::MemberRecord>(family.places().members + name.slot * sizeof(family::MemberRecord));
  // SYNC(member): release in Members::move() -> acquire here; carries the record's fields
  std::uint64_t state = record->state.load(std::memory_order_acquire);
  family::MemberId member{name.slot, family::Members::generation_of(state)};
  if (!name.is_of(member) || member_is_dead(member.pack(), thorough)) return true;
  os::ProcessIdentity process = family.identity(member);
  return process.pid != 0 &&
         !os::thread_is_alive(process.pid, static_cast<std::int32_t>(name.tid), static_cast<std::uint16_t>(name.start));
}

}  // namespace cohort::sync
