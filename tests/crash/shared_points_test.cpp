// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process at every crash point of the shared values, arrays and memory, and after single instructions of a
// store, and asserts that nobody sees half of a value, the lock goes on, and no memory is left.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/shared.hpp"
#include "crash/family_support.hpp"
#include "crash/kill_rounds.hpp"
#include "crash/single_step.hpp"
#include "object/objects.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using namespace cohort::literals;
using family::Family;
using family::testing::Balance;
using family::testing::expect_repaired;
using family::testing::fork_child;
using family::testing::wait_for;
using family::testing::was_killed;

// More than one word, so that it can be seen in part.
using Record = std::array<std::int64_t, 7>;
Record record_of(std::int64_t n) {
  Record record;
  record.fill(n);
  return record;
}

struct Outside {
  Value<Record> value{record_of(1)};
  Array<Record> array{record_of(1), record_of(1), record_of(1)};
  SharedMemory memory{100_B};

  Outside() { std::memset(memory.buf().data(), 'a', 100); }

  // What others may see at any time, and after a death.
  void check() {
    Record seen = value.load();
    for (std::int64_t item : seen) EXPECT_EQ(item, seen[0]);
    {
      auto guard = value.try_lock(Deadline(20s));
      ASSERT_TRUE(guard) << "the lock is stuck";
      EXPECT_EQ(**guard, seen);
    }
    {
      auto guard = array.try_lock(Deadline(20s));
      ASSERT_TRUE(guard) << "the lock is stuck";
      for (const Record& item : guard->span())
        for (std::int64_t part : item) EXPECT_EQ(part, item[0]);
    }
    auto bytes = memory.view();
    EXPECT_GE(bytes.size(), 100U);
    for (std::size_t i = 0; i < bytes.size(); i += i < 100 ? 1 : 97)
      ASSERT_EQ(bytes[i], std::byte(i < 100 ? 'a' : 0)) << i << " of " << bytes.size();
    // All goes on.
    value.store(record_of(1));
    array[1] = record_of(1);
    EXPECT_EQ(array[1].load(), record_of(1));
    memory.resize(Bytes(bytes.size() + 1));
  }
};

void use(Outside& outside) {
  for (std::int64_t i = 2; i < 6; ++i) {
    outside.value.store(record_of(i));
    { *outside.value.lock() = record_of(-i); }
    outside.array[1] = record_of(i);
    outside.array.fill(record_of(i));
    outside.memory.resize(Bytes(std::uint64_t{3'000} << i));
  }
  for (int i = 0; i < 4; ++i) {
    Array<int> array(1'000 * i);
    SharedMemory memory(Bytes(std::uint64_t{1'000} << i));
    memory.resize(200_KiB);
    Value<Record> value;
    value.store(record_of(i));
    RawArray<Record> raw(10);
  }
  // Held to the end.
  new Array<int>(500);
  (new SharedMemory(1_B))->resize(10_KiB);
  Family::leave();
}

class SharedCrash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    (void)Family::instance().self();
    Outside warm;
    warm.check();
  }
  Family& family = Family::instance();
};

TEST_F(SharedCrash, a_full_life_leaves_nothing_behind) {
  Balance before = Balance::of(family);
  {
    Outside outside;
    int status = wait_for(fork_child([&] { use(outside); }));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    outside.check();
    EXPECT_FALSE(outside.value.lock().owner_died());
  }
  expect_repaired(family, before);
}

TEST_F(SharedCrash, survives_a_death_at_every_point) {
  std::map<std::string, int> deaths;
  auto points = crash_points();
  std::erase_if(points, [](const std::string& name) { return !name.starts_with("shared."); });
  std::vector<int> hits(30);
  std::iota(hits.begin(), hits.end(), 1);
  cohort::testing::for_each_kill(points, hits, [&](const std::string& point, int hit, int) {
    Balance before = Balance::of(family);
    {
      Outside outside;
      int status = wait_for(fork_child([&] {
        arm_crash_point(point, hit);
        use(outside);
      }));
      bool died = was_killed(status);
      EXPECT_TRUE(died || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status;
      deaths[point] += died ? 1 : 0;
      outside.check();
      if (died && (point.starts_with("shared.value") || point.starts_with("shared.array"))) {
        bool told = outside.value.lock().owner_died() || outside.array.lock().owner_died();
        // The value or array may have been the child's own.
        if (hit <= 8) { EXPECT_TRUE(told); }
      }
    }
    expect_repaired(family, before);
  });
  EXPECT_EQ(deaths.size(), 11U);
  for (const auto& [point, count] : deaths) {
    std::printf("%s: %d deaths\n", point.c_str(), count);
    EXPECT_GE(count, 8) << point;
  }
}

// The dead one had named its block in the memory, and still had it.
TEST_F(SharedCrash, a_block_of_a_dead_resizer_stays_with_its_memory) {
  Balance before = Balance::of(family);
  {
    SharedMemory memory(100_B);
    int status = wait_for(fork_child([&] {
      arm_crash_point("shared.memory.named");
      memory.resize(20_KiB);
    }));
    ASSERT_TRUE(was_killed(status));
    (void)family.sweep();
    auto filled = [](char c) {
      std::vector<SharedMemory> all;
      for (int i = 0; i < 8; ++i) std::memset(all.emplace_back(20_KiB).buf().data(), c, Bytes(20_KiB).count);
      return all;
    };
    auto others = filled('z');
    memory.close();
    auto later = filled('y');
    for (const SharedMemory& other : others) EXPECT_EQ(other.view()[5'000], std::byte{'z'});
  }
  expect_repaired(family, before);
}

template <class Operation>
void kill_at_instructions(const char* name, Operation operation) {
  if (!cohort::testing::may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  Family& family = Family::instance();
  Balance before = Balance::of(family);
  cohort::testing::Steps steps(name, 5);
  {
    Outside outside;
    while (steps.go_on()) {
      SCOPED_TRACE(steps.place());
      steps.kill([&] { operation(outside, 5); }, [&] { operation(outside, 9); });
      outside.check();
    }
  }
  expect_repaired(family, before);
  EXPECT_GT(steps.kills(), 50);
}

TEST_F(SharedCrash, value_survives_a_kill_after_any_instruction_of_a_store) {
  kill_at_instructions("Value.store", [](Outside& outside, int n) { outside.value.store(record_of(n)); });
}
TEST_F(SharedCrash, value_survives_a_kill_after_any_instruction_under_a_guard) {
  kill_at_instructions("Value.lock", [](Outside& outside, int n) { *outside.value.lock() = record_of(n); });
}
TEST_F(SharedCrash, array_survives_a_kill_after_any_instruction_of_a_store) {
  kill_at_instructions("Array.store", [](Outside& outside, int n) { outside.array[1] = record_of(n); });
}

}  // namespace
}  // namespace cohort
