// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/members.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "unit/family/private_memory.hpp"

namespace cohort::family {
namespace {

using testing::PrivateMemory;

class MembersTest : public ::testing::Test {
 protected:
  PrivateMemory memory;
  Members& members = memory.members;
  MemberId parent = *members.join(memory.self);
};

TEST_F(MembersTest, ids_pack_into_64_bits_and_nobody_is_zero) {
  MemberId id{4095, 0xfedcba98};
  EXPECT_EQ(MemberId::unpack(id.pack()), id);
  EXPECT_EQ(kNobody.pack(), 0U);
  EXPECT_FALSE(kNobody);
  EXPECT_EQ(members.state(kNobody), MemberState::free);
  EXPECT_FALSE(members.is_alive(kNobody));
}

TEST_F(MembersTest, a_child_goes_from_reserved_to_live_to_left_to_free) {
  MemberId child = *members.reserve(parent, memory.self);
  EXPECT_EQ(members.state(child), MemberState::reserved);
  EXPECT_EQ(members.parent(child), parent);
  EXPECT_TRUE(members.is_alive(child)) << "its parent lives";
  EXPECT_EQ(members.identity(child), os::ProcessIdentity{});
  ASSERT_TRUE(members.claim(child, memory.self));
  EXPECT_EQ(members.state(child), MemberState::live);
  EXPECT_EQ(members.identity(child), memory.self);
  members.leave(child, memory.self);
  EXPECT_EQ(members.state(child), MemberState::left);
  EXPECT_TRUE(members.release(child, memory.self));
  EXPECT_EQ(members.state(child), MemberState::free);
}

TEST_F(MembersTest, no_step_of_the_table_can_be_taken_twice_or_from_elsewhere) {
  MemberId child = *members.reserve(parent, memory.self);
  EXPECT_FALSE(members.release(child, memory.self));
  EXPECT_TRUE(members.claim(child, memory.self));
  EXPECT_FALSE(members.claim(child, memory.self));
  EXPECT_FALSE(members.give_up(child, memory.self));
  EXPECT_FALSE(members.release(child, memory.self));
  members.bury(child, memory.self);
  EXPECT_EQ(members.state(child), MemberState::dead);
  members.leave(child, memory.self);
  EXPECT_EQ(members.state(child), MemberState::dead);
  EXPECT_TRUE(members.release(child, memory.self));
  EXPECT_FALSE(members.release(child, memory.self));
  EXPECT_FALSE(members.claim(child, memory.self));
}

TEST_F(MembersTest, a_slot_that_is_used_again_is_another_member) {
  MemberId first = *members.reserve(parent, memory.self);
  members.record(first.slot).launch_error.store(42);
  members.record(first.slot).exit_state.store(1);
  members.give_up(first, memory.self);
  members.release(first, memory.self);
  // The cursor passes every slot before it comes back.
  MemberId second = kNobody;
  for (std::uint32_t i = 0; i < kMaxMembers; ++i) {
    second = *members.reserve(parent, memory.self);
    if (second.slot == first.slot) break;
    members.give_up(second, memory.self);
    members.release(second, memory.self);
  }
  ASSERT_EQ(second.slot, first.slot);
  EXPECT_NE(second.generation, first.generation);
  EXPECT_EQ(members.state(first), MemberState::free);
  EXPECT_EQ(members.record(second.slot).launch_error.load(), 0U);
  EXPECT_EQ(members.record(second.slot).exit_state.load(), 0U);
}

TEST_F(MembersTest, there_are_4096_slots_and_then_none) {
  std::set<std::uint32_t> slots{parent.slot};
  while (auto id = members.reserve(parent, memory.self)) EXPECT_TRUE(slots.insert(id->slot).second);
  EXPECT_EQ(slots.size(), kMaxMembers);
  EXPECT_FALSE(members.join(memory.self));
  EXPECT_EQ(members.validate(memory.self), nullptr);
}

TEST_F(MembersTest, who_joined_alone_frees_its_slot_when_it_leaves) {
  MemberId guest = *members.join(memory.self);
  EXPECT_EQ(members.state(guest), MemberState::live);
  members.leave(guest, memory.self);
  EXPECT_EQ(members.state(guest), MemberState::free);
}

TEST_F(MembersTest, a_generation_never_becomes_zero) {
  std::uint32_t slot = parent.slot + 1;
  memory.windows.header().member_cursor.store(slot);
  members.record(slot).state.store(Members::word(UINT32_MAX, MemberState::free));
  MemberId id = *members.reserve(parent, memory.self);
  EXPECT_EQ(id.slot, slot);
  EXPECT_EQ(id.generation, 1U);
}

TEST_F(MembersTest, reports_a_state_that_a_stray_write_has_spoilt) {
  EXPECT_EQ(members.validate(memory.self), nullptr);
  members.record(100).state.store(9);
  EXPECT_NE(members.validate(memory.self), nullptr);
}

TEST_F(MembersTest, threads_share_the_table_without_a_race) {
  std::vector<std::thread> threads;
  std::atomic<int> taken{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        auto id = members.reserve(parent, memory.self);
        ASSERT_TRUE(id);
        ++taken;
        EXPECT_TRUE(members.claim(*id, memory.self));
        EXPECT_EQ(members.identity(*id), memory.self);
        members.leave(*id, memory.self);
        EXPECT_TRUE(members.release(*id, memory.self));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), 2000);
  EXPECT_EQ(members.validate(memory.self), nullptr);
}

}  // namespace
}  // namespace cohort::family
