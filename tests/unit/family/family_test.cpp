// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/family.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::family {
namespace {

using namespace cohort::literals;

// Runs `body` in a forked child; its return value is the child's exit status.
template <class Body>
int in_child(Body&& body) {
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    int code = 98;
    try {
      code = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
      code = 99;
    }
    ::_exit(code);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

TEST(Family, is_made_on_first_use_with_this_process_as_a_member) {
  Family& family = Family::instance();
  EXPECT_TRUE(Family::exists());
  MemberId self = family.self();
  EXPECT_EQ(family.self(), self);
  EXPECT_EQ(Family::self_or_nobody(), self);
  EXPECT_EQ(family.member_state(self), MemberState::live);
  EXPECT_EQ(family.identity(self).pid, ::getpid());
  EXPECT_TRUE(family.is_alive(self));
  EXPECT_EQ(&family, &Family::instance());
  EXPECT_TRUE(os::memory_is_sealed(family.fd()));
}

TEST(Family, addresses_and_offsets_are_inverse) {
  Family& family = Family::instance();
  Offset block = family.allocate(1000, family.self());
  std::byte* place = family.address(block, 1000);
  EXPECT_EQ(family.offset_of(place + 77), block + 77);
  EXPECT_TRUE(family.contains(place));
  int local = 0;
  EXPECT_FALSE(family.contains(&local));
  EXPECT_THROW((void)family.offset_of(&local), ValueError);
  EXPECT_THROW((void)family.offset_of(nullptr), ValueError);
  family.free(block);
}

TEST(Family, maps_a_range_over_many_windows) {
  Family& family = Family::instance();
  std::size_t size = 5 * (std::size_t{1} << 20);
  Offset block = family.allocate(size, family.self());
  std::memset(family.address(block, size), 5, size);
  EXPECT_EQ(*family.address(block + size - 1, 1), std::byte{5});
  family.free(block);
}

TEST(Family, a_forked_copy_is_not_the_member_it_was_copied_from) {
  Family& family = Family::instance();
  MemberId self = family.self();
  Offset block = family.allocate(100, self);
  EXPECT_EQ(in_child([&] {
              if (Family::self_or_nobody()) return 1;  // what destructors ask: nothing shared is theirs to touch
              Family::leave();                         // does nothing
              if (family.owner(block) != self) return 2;
              if (family.member_state(self) != MemberState::live) return 3;
              MemberId mine = family.self();  // the first use joins
              if (mine == self || family.member_state(mine) != MemberState::live) return 4;
              if (family.identity(mine).pid != ::getpid()) return 5;
              (void)family.allocate(500, mine);
              return 0;
            }),
            0);
  EXPECT_EQ(family.owner(block), self);
  EXPECT_EQ(family.sweep(), 1U);
  EXPECT_EQ(family.statistics().blocks, 1U);
  family.free(block);
}

TEST(Family, a_member_that_leaves_frees_what_it_owns_and_no_more) {
  Family& family = Family::instance();
  (void)family.self();
  std::uint64_t blocks = family.statistics().blocks;
  Offset handed_over = 0;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(in_child([&] {
              (void)family.allocate(100, family.self());
              Offset queued = family.allocate(100, family.self());
              family.set_owner(queued, kNobody);
              (void)!::write(ends[1], &queued, sizeof queued);
              Family::leave();
              Family::leave();
              if (Family::exists() || Family::self_or_nobody()) return 1;
              try {
                (void)Family::instance();
                return 2;
              } catch (const StateError&) {}
              try {
                (void)family.self();
                return 3;
              } catch (const StateError&) {}
              return 0;
            }),
            0);
  ASSERT_EQ(::read(ends[0], &handed_over, sizeof handed_over), static_cast<ssize_t>(sizeof handed_over));
  EXPECT_EQ(family.statistics().blocks, blocks + 1);
  EXPECT_EQ(family.statistics().members_live, 1U);
  EXPECT_EQ(family.owner(handed_over), kNobody);
  family.free(handed_over);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Family, leaving_runs_each_hook_once_and_the_last_first_while_this_process_is_a_member) {
  EXPECT_EQ(in_child([] {
              static std::string ran;
              void (*first)() noexcept = []() noexcept { ran += Family::self_or_nobody() ? "1" : "-"; };
              void (*second)() noexcept = []() noexcept { ran += Family::self_or_nobody() ? "2" : "-"; };
              (void)Family::instance().self();
              Family::before_leaving(first);
              Family::before_leaving(second);
              Family::before_leaving(first);  // it is there already
              Family::leave();
              Family::leave();
              return ran == "21" ? 0 : 1;
            }),
            0);
}

TEST(Family, a_normal_exit_leaves_by_itself) {
  Family& family = Family::instance();
  (void)family.self();
  pid_t child = ::fork();
  if (child == 0) {
    (void)family.allocate(100, family.self());
    std::exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(family.sweep(), 0U);
  EXPECT_EQ(family.statistics().members_live, 1U);
}

TEST(Family, a_child_becomes_the_member_that_its_parent_reserved) {
  Family& family = Family::instance();
  MemberId self = family.self();
  MemberId child = family.reserve_member(self);
  family.member(child).launch_nonce.store(4711);
  EXPECT_EQ(in_child([&] {
              family.become(child);
              if (family.self() != child) return 1;
              if (family.member(child).launch_nonce.load() != 4711) return 2;
              try {
                family.become(child);
                return 3;
              } catch (const StateError&) {}
              (void)family.allocate(100, child);
              return 0;
            }),
            0);
  // Ended with _exit: nobody said goodbye.
  EXPECT_EQ(family.member_state(child), MemberState::live);
  EXPECT_FALSE(family.is_alive(child));
  EXPECT_TRUE(family.member_died(child));
  EXPECT_EQ(family.member_state(child), MemberState::dead);
  EXPECT_TRUE(family.member_died(child));
  // The record is there until its parent has read it.
  EXPECT_EQ(family.sweep(), 0U);
  EXPECT_EQ(family.member(child).launch_nonce.load(), 4711U);
  family.release_member(child);
  EXPECT_EQ(family.member_state(child), MemberState::free);
  EXPECT_THROW((void)family.member(child), ValueError);
  EXPECT_TRUE(family.member_died(child));
}

TEST(Family, a_living_member_is_not_repaired) {
  Family& family = Family::instance();
  MemberId self = family.self();
  Offset block = family.allocate(100, self);
  EXPECT_FALSE(family.member_died(self));
  EXPECT_EQ(family.owner(block), self);
  MemberId reserved = family.reserve_member(self);
  EXPECT_FALSE(family.member_died(reserved));
  family.abandon_member(reserved);
  family.free(block);
}

TEST(Family, an_abandoned_member_takes_its_blocks_along) {
  Family& family = Family::instance();
  MemberId child = family.reserve_member(family.self());
  std::uint64_t blocks = family.statistics().blocks;
  (void)family.allocate(300, child);
  (void)family.allocate_control(300, child);
  family.abandon_member(child);
  family.abandon_member(child);
  EXPECT_EQ(family.statistics().blocks, blocks);
  EXPECT_EQ(family.statistics().members_reserved, 0U);
}

TEST(Family, sweeping_frees_what_was_handed_to_a_member_after_its_repair) {
  Family& family = Family::instance();
  MemberId child = family.reserve_member(family.self());
  std::uint64_t blocks = family.statistics().blocks;
  Offset kept = family.allocate(100, kNobody);
  EXPECT_EQ(in_child([&] {
              family.become(child);
              return 0;
            }),
            0);
  EXPECT_TRUE(family.member_died(child));
  (void)family.allocate(100, child);
  family.sweep();
  EXPECT_EQ(family.statistics().blocks, blocks + 1);
  family.release_member(child);
  (void)family.allocate_control(100, child);
  family.sweep();
  EXPECT_EQ(family.statistics().blocks, blocks + 1);
  EXPECT_EQ(family.owner(kept), kNobody);
  family.free(kept);
}

TEST(Family, generations_are_unique_over_processes) {
  Family& family = Family::instance();
  std::set<std::uint64_t> seen;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(in_child([&] {
              for (int i = 0; i < 1000; ++i) {
                std::uint64_t number = family.next_generation();
                (void)!::write(ends[1], &number, sizeof number);
              }
              return 0;
            }),
            0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(family.next_generation()).second);
    std::uint64_t number = 0;
    ASSERT_EQ(::read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
    EXPECT_NE(number, 0U);
    EXPECT_TRUE(seen.insert(number).second);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Family, is_configured_before_first_use_only) {
  (void)Family::instance();
  EXPECT_THROW(configure_family_memory({.budget = 1_MiB}), StateError);
  EXPECT_THROW(configure_family_memory({.reservation = 1_MiB}), ValueError);
}

TEST(Family, cannot_be_adopted_by_a_process_that_has_one) {
  EXPECT_THROW(Family::adopt(os::duplicate(Family::instance().fd())), StateError);
}

TEST(Family, statistics_say_what_is_there) {
  Family& family = Family::instance();
  (void)family.self();
  FamilyMemoryStatistics before = family_memory_statistics();
  Offset block = family.allocate(100000, family.self());
  FamilyMemoryStatistics now = family_memory_statistics();
  EXPECT_EQ(now.in_use.count - before.in_use.count, 131072U);
  EXPECT_EQ(now.blocks, before.blocks + 1);
  EXPECT_EQ(now.members_live, 1U);
  EXPECT_GT(now.resident.count, 0U);
  EXPECT_GE(now.reservation.count, (64_MiB).count);
  EXPECT_EQ(now.takeovers, 0U);
  family.free(block);
}

TEST(Family, threads_that_first_use_it_at_once_find_one_member) {
  EXPECT_EQ(in_child([] {
              std::vector<std::thread> threads;
              std::vector<std::uint64_t> ids(8);
              for (std::size_t i = 0; i < ids.size(); ++i)
                threads.emplace_back([&ids, i] { ids[i] = Family::instance().self().pack(); });
              for (auto& thread : threads) thread.join();
              for (std::uint64_t id : ids)
                if (id != ids[0] || id == 0) return 1;
              return 0;
            }),
            0);
  Family::instance().sweep();
}

}  // namespace
}  // namespace cohort::family
