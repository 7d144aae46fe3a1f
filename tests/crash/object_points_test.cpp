// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process at every crash point of the shared objects, and asserts that no object, reference, parcel or block is
// left, lost or dropped twice.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/object/shared_handle.hpp"
#include "crash/family_support.hpp"
#include "crash/kill_rounds.hpp"
#include "object/objects.hpp"

namespace cohort::object {
namespace {

using family::testing::Balance;
using family::testing::expect_repaired;
using family::testing::fork_child;
using family::testing::wait_for;
using family::testing::was_killed;

struct TestBody {
  std::atomic<std::uint64_t> block;
  std::atomic<std::uint64_t> parcel;
  std::atomic<std::uint64_t> deaths;
};

const bool kRegistered =
    register_object_kind(ObjectKind::for_tests, {.member_died =
                                                     [](Offset, void* body, MemberId dead) {
                                                       auto* test = static_cast<TestBody*>(body);
                                                       test->deaths.fetch_add(1);
                                                       if (Offset block = test->block.load(); block != 0)
                                                         (void)Family::instance().set_owner(block, dead, kNobody);
                                                     },
                                                 .destroy =
                                                     [](Destroyer& destroyer, void* body) {
                                                       auto* test = static_cast<TestBody*>(body);
                                                       destroyer.free_block(test->block);
                                                       destroyer.free_parcel(test->parcel);
                                                     }});

class TestHandle : public SharedHandle {
 public:
  TestHandle() : SharedHandle(ObjectKind::for_tests, sizeof(TestBody), [](void*) {}) {}
  explicit TestHandle(const detail::HandleName& name) : SharedHandle(ObjectKind::for_tests, name) {}
  [[nodiscard]] TestBody& test() const { return *static_cast<TestBody*>(body()); }
};

std::vector<std::string> object_points() {
  auto points = crash_points();
  std::erase_if(points, [](const std::string& name) { return !name.starts_with("object."); });
  return points;
}

TestHandle& static_handle() {
  static TestHandle handle;
  return handle;
}

Offset offset_of(const TestHandle& handle) { return handle.name().offset; }

void attach_block(Family& family, const TestHandle& handle) {
  Offset block = family.allocate(500, family.self());
  handle.test().block.store(block);
  family.set_owner(block, kNobody);
}

// `outside` is an object of the parent process.
void live_a_full_life(Family& family, TestHandle& outside) {
  Objects objects(family);
  {
    TestHandle one, two;
    attach_block(family, one);
    TestHandle copy = one;
    TestHandle named(two.name());
    // Many, so that the ledger grows.
    std::vector<TestHandle> many(150);
    attach_block(family, many[77]);
    // References in flight: given to a word of another object, taken back, freed.
    std::vector<Offset> carried{offset_of(one), offset_of(outside), offset_of(many[3])};
    Parcel parcel(carried);
    auto& word = two.test().parcel;
    parcel.give_to(word);
    parcel = Parcel::take_from(word);
    // One that is dropped with the object that names it, and one that a death finds in the ledger.
    parcel = Parcel(carried);
    parcel.give_to(word);
    (void)new Parcel(carried);
    // Children that never come to be.
    MemberId child = family.reserve_member(family.self());
    objects.copy_ledger(child);
    family.abandon_member(child);
    child = family.reserve_member(family.self());
    objects.grant(child, carried);
    family.abandon_member(child);
  }
  (void)static_handle().id();
  // Held to the end.
  auto* held = new TestHandle;
  attach_block(family, *held);
  Family::leave();
}

class ObjectCrash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    (void)Family::instance().self();
    // The table of statics stays with the family; the parent's own ledger too.
    (void)static_handle().id();
    TestHandle first;
  }
  void TearDown() override { EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 0U); }

  Family& family = Family::instance();
};

TEST_F(ObjectCrash, a_full_life_leaves_nothing_behind) {
  TestHandle outside;
  Balance before = Balance::of(family);
  int status = wait_for(fork_child([&] { live_a_full_life(family, outside); }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  expect_repaired(family, before);
  EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 1U);
}

TEST_F(ObjectCrash, survives_a_death_at_every_point_of_a_full_life) {
  int deaths = 0;
  const std::vector<int> hits = {1, 2, 3, 5, 8, 13, 40, 100, 170, 400};
  cohort::testing::for_each_kill(object_points(), hits, [&](const std::string& point, int hit, int) {
    TestHandle outside;
    attach_block(family, outside);
    std::uint64_t references = 0;
    Balance before = Balance::of(family);
    int status = wait_for(fork_child([&] {
      arm_crash_point(point, hit);
      live_a_full_life(family, outside);
    }));
    bool died = was_killed(status);
    EXPECT_TRUE(died || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status;
    deaths += died ? 1 : 0;
    expect_repaired(family, before);
    EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 1U);
    references = family.at<ObjectHeader>(offset_of(outside))->references.load();
    EXPECT_EQ(references, 1U) << "the parent's own";
  });
  EXPECT_GE(deaths, 80);
}

// The repairer is killed at every point of its repair of a member that died with all kinds of things in its ledger.
TEST_F(ObjectCrash, survives_a_death_in_the_repairer) {
  int deaths = 0;
  const std::vector<int> hits = {1, 2, 4, 9, 30, 77};
  cohort::testing::for_each_kill(object_points(), hits, [&](const std::string& point, int hit, int round) {
    TestHandle outside;
    Balance before = Balance::of(family);
    int status = wait_for(fork_child([&] {
      std::vector<TestHandle> many(static_cast<std::size_t>(40 - round % 4 * 9));
      for (auto& handle : many) attach_block(family, handle);
      std::vector<Offset> carried{offset_of(many[1]), offset_of(outside)};
      for (int i = 0; i < 3 + round % 5; ++i) (void)new Parcel(carried);
      ::raise(SIGKILL);
    }));
    ASSERT_TRUE(was_killed(status));
    status = wait_for(fork_child([&] {
      (void)family.self();
      arm_crash_point(point, hit);
      family.sweep();
      Family::leave();
    }));
    deaths += was_killed(status) ? 1 : 0;
    expect_repaired(family, before);
    EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 1U);
    EXPECT_EQ(family.at<ObjectHeader>(offset_of(outside))->references.load(), 1U);
  });
  EXPECT_GE(deaths, 30);
}

// One dies in a step and leaves its journal, the next one replays it and dies, and in some rounds one more.
TEST_F(ObjectCrash, survives_a_death_after_the_replay_of_a_dead_ones_journal) {
  const std::vector<std::string> inside = {"object.step.before_commit", "object.step.committed", "object.step.applied",
                                           "object.step.marked", "object.step.dropped"};
  int deaths = 0;
  auto body = [&](const std::string& point, int, int round) {
    auto which = static_cast<std::size_t>(round);
    TestHandle outside;
    Balance before = Balance::of(family);
    int status = wait_for(fork_child([&] {
      arm_crash_point(inside[which % inside.size()], 1 + round % 4);
      live_a_full_life(family, outside);
    }));
    ASSERT_TRUE(was_killed(status));
    for (int repairers = 1 + round % 2; repairers != 0; --repairers) {
      status = wait_for(fork_child([&] {
        arm_crash_point(point);
        TestHandle next;
      }));
      EXPECT_TRUE(was_killed(status));
      ++deaths;
    }
    expect_repaired(family, before);
    EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 1U);
    EXPECT_EQ(family.at<ObjectHeader>(offset_of(outside))->references.load(), 1U);
  };
  cohort::testing::for_each_kill({"object.step.replayed"}, {1, 1}, body);
  EXPECT_GE(deaths, 2);
}

// Who lists a static object dies: it is listed, and the next one finds it instead of making its own.
TEST_F(ObjectCrash, a_static_object_is_listed_once_whoever_dies) {
  Objects objects(family);
  std::uint64_t key = 0;
  auto find = [&](std::uint64_t number) {
    return objects.find_or_create_static({{1, 2}, number}, [&] {
      return objects.create(ObjectKind::for_tests, sizeof(cohort::object::TestBody), [](void*) {});
    });
  };
  auto body = [&](const std::string& point, int, int round) {
    ++key;
    int status = wait_for(fork_child([&] {
      // In some rounds the same process has listed another one.
      arm_crash_point(point, 1 + round % 2);
      if (round % 2 == 1) (void)find(key + 1000000);
      (void)find(key);
    }));
    EXPECT_TRUE(was_killed(status));
    family.sweep();
    // The table never lets go, so this is what stays.
    Balance before = Balance::of(family);
    auto found = find(key);
    EXPECT_EQ(family.at<ObjectHeader>(found.object)->references.load(), 2U) << "the table's and ours";
    objects.drop(found);
    expect_repaired(family, before);
  };
  cohort::testing::for_each_kill({"object.static_listed"}, {1, 1}, body);
}

// Dies with all kinds of things in its ledger.
pid_t fork_victim(Family& family, const TestHandle& outside) {
  return fork_child([&] {
    std::vector<TestHandle> many(20);
    for (auto& handle : many) attach_block(family, handle);
    TestHandle with_ours;
    with_ours.test().block.store(family.allocate(100, family.self()));
    std::vector<Offset> carried{offset_of(many[1]), offset_of(outside)};
    for (int i = 0; i < 3; ++i) (void)new Parcel(carried);
    ::raise(SIGKILL);
  });
}

pid_t fork_joiner(const TestHandle& outside, const std::string& point, int hit) {
  return fork_child([&] {
    if (hit != 0) arm_crash_point(point, hit);
    (void)outside.test();
    Family::leave();
  });
}

// All slots but one are taken by members that live, or by children to come. In the last one dies, again and again,
// whoever joins: first with all kinds of things in its ledger, then two in a row while they repair what the others have
// left.
TEST_F(ObjectCrash, one_who_finds_all_slots_taken_repairs_the_dead_whoever_dies_in_it) {
  TestHandle outside;
  attach_block(family, outside);
  Balance empty = Balance::of(family);
  std::vector<MemberId> reserved;
  while (reserved.size() < family::kMaxMembers - 2) reserved.push_back(family.reserve_member(family.self()));
  Balance full = Balance::of(family);
  int deaths = 0;
  std::vector<std::string> points = crash_points();
  std::erase_if(points,
                [](const std::string& name) { return !name.starts_with("object.") && !name.starts_with("shm."); });
  std::string beyond;
  cohort::testing::for_each_kill(points, {1, 2, 7, 30}, [&](const std::string& point, int hit, int round) {
    if (round == 0 && point == beyond) return;  // it was not reached by fewer hits
    ASSERT_TRUE(was_killed(wait_for(fork_victim(family, outside)))) << "it could not join";
    if (!was_killed(wait_for(fork_joiner(outside, point, hit)))) {
      beyond = point;
      return;
    }
    ++deaths;
    (void)wait_for(fork_joiner(outside, point, hit));
    EXPECT_EQ(wait_for(fork_joiner(outside, point, 0)), 0);
    EXPECT_EQ(Balance::of(family), full);
  });
  EXPECT_GE(deaths, 30);
  for (MemberId one : reserved) family.abandon_member(one);
  expect_repaired(family, empty);
  EXPECT_EQ(Objects(family).count(ObjectKind::for_tests), 1U);
  EXPECT_EQ(family.at<ObjectHeader>(offset_of(outside))->references.load(), 1U);
}

TEST_F(ObjectCrash, a_death_while_the_table_of_statics_grows_loses_no_block) {
  Objects objects(family);
  const std::vector<std::string> growing = {"object.statics.allocated", "object.statics.named",
                                            "object.statics.marked"};
  cohort::testing::for_each_kill(growing, {1}, [&](const std::string& point, int, int) {
    static std::uint64_t key = 0;
    TestHandle outside;
    auto& made = outside.test().deaths;
    made.store(0);
    Balance before = Balance::of(family);
    int status = wait_for(fork_child([&] {
      arm_crash_point(point);
      for (int i = 0; i < 40; ++i, made.fetch_add(1))
        (void)objects.find_or_create_static({.module = {1, 1}, .offset = key + made.load()}, [&] {
          auto init = [](void*) {};
          return objects.create(ObjectKind::for_tests, sizeof(object::TestBody), init);
        });
    }));
    ASSERT_TRUE(was_killed(status)) << status;
    std::uint64_t count = made.load();  // before the repair, which counts there, too
    key += count;
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(family.statistics().blocks, before.blocks + count) << "each static is one block";
    EXPECT_EQ(objects.count(ObjectKind::for_tests), 1U);
  });
}

TEST_F(ObjectCrash, tells_the_objects_of_a_death_once_or_more_before_its_blocks_go) {
  TestHandle shared;
  int status = wait_for(fork_child([&] {
    TestHandle mine(shared.name());
    mine.test().block.store(family.allocate(100, family.self()));
    ::raise(SIGKILL);
  }));
  ASSERT_TRUE(was_killed(status));
  family.sweep();
  EXPECT_GE(shared.test().deaths.load(), 1U);
  EXPECT_EQ(family.owner(shared.test().block.load()), kNobody) << "the block was freed with its owner's others";
}

}  // namespace
}  // namespace cohort::object
