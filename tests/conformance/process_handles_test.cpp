// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Handles of shared objects reach children as arguments, inside of other values, and by static storage.
#include <optional>
#include <thread>

#include "cohort/pool.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort::test {
namespace {

class Number : public SharedHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::for_tests;
  explicit Number(std::uint64_t value)
      : SharedHandle(kKind, 8, [value](void* body) { *static_cast<std::atomic<std::uint64_t>*>(body) = value; }) {}
  explicit Number(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  [[nodiscard]] std::atomic<std::uint64_t>& value() const { return *static_cast<std::atomic<std::uint64_t>*>(body()); }
};

Number everywhere(10);

std::uint64_t live() { return object::Objects::instance().count(detail::ObjectKind::for_tests); }

struct Handles : EachMethod {};
COHORT_FOR_EACH_METHOD(Handles);

void increment(Number number) { ++number.value(); }

TEST_P(Handles, passed_as_an_argument_share_the_object) {
  std::uint64_t before = live();
  {
    Number number(1);
    EXPECT_EQ(finished(increment, number).exitcode(), 0);
    EXPECT_EQ(number.value(), 2U);
  }
  EXPECT_EQ(live(), before);
}

void increment_all(const std::vector<Number>& numbers, const std::optional<Number>& one) {
  for (const Number& number : numbers) ++number.value();
  ++one->value();
}

TEST_P(Handles, may_lie_in_containers) {
  std::vector<Number> numbers{Number(0), Number(10), Number(20)};
  EXPECT_EQ(finished(increment_all, numbers, std::optional<Number>(numbers[1])).exitcode(), 0);
  EXPECT_EQ(numbers[0].value(), 1U);
  EXPECT_EQ(numbers[1].value(), 12U);
  EXPECT_EQ(numbers[2].value(), 21U);
}

void increment_static() { ++everywhere.value(); }

TEST_P(Handles, of_static_storage_are_one_object_everywhere) {
  std::uint64_t start = everywhere.value();
  EXPECT_EQ(finished(increment_static).exitcode(), 0);
  EXPECT_EQ(finished(increment_static).exitcode(), 0);
  EXPECT_EQ(everywhere.value(), start + 2);
}

void first_use_of_a_static(Number result) {
  static Number made_in_children(5);
  result.value() = ++made_in_children.value();
}

TEST_P(Handles, of_static_storage_are_found_again_when_a_child_used_them_first) {
  Number result(0);
  EXPECT_EQ(finished(first_use_of_a_static, result).exitcode(), 0);
  std::uint64_t first = result.value();
  EXPECT_EQ(finished(first_use_of_a_static, result).exitcode(), 0);
  EXPECT_EQ(result.value(), first + 1);
}

std::optional<Number> now_and_then;

// What a child that fills the place by itself finds there.
void fill_and_look(const Number& result) {
  if (!now_and_then) now_and_then.emplace(5);
  result.value() = ++now_and_then->value();
}

TEST_P(Handles, of_static_storage_that_were_made_again_are_the_new_object_everywhere) {
  Number result(0);
  now_and_then.emplace(10);
  EXPECT_EQ(finished(fill_and_look, result).exitcode(), 0);
  now_and_then->value() = 20;
  now_and_then.emplace(30);
  EXPECT_EQ(now_and_then->value(), 30U);
  EXPECT_EQ(finished(fill_and_look, result).exitcode(), 0);
  EXPECT_EQ(result.value(), 31U);
  EXPECT_EQ(now_and_then->value(), 31U);
  now_and_then.reset();
  EXPECT_EQ(finished(fill_and_look, result).exitcode(), 0);
  EXPECT_EQ(result.value(), 6U) << "the object was over before this child filled its place";
}

void wait_then_increment(const std::string& gate, const Number& number) {
  await(gate);
  ++number.value();
}

// The parent lets go before the child has looked at its arguments.
TEST_P(Handles, keep_their_object_alive_while_only_a_child_has_it) {
  std::uint64_t before = live();
  Line gate(scratch / "gate");
  {
    Process p = [&] {
      Number number(1);
      return started(wait_then_increment, gate.path(), number);
    }();
    gate.tell();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0);
  }
  family::Family::instance().sweep();
  EXPECT_EQ(live(), before);
}

void wait_forever(Number number) {
  ++number.value();
  while (true) std::this_thread::sleep_for(1s);
}

TEST_P(Handles, of_a_killed_child_are_dropped) {
  std::uint64_t before = live();
  {
    std::optional<Number> number(1);
    Process p = started(wait_forever, *number);
    while (number->value() != 2) std::this_thread::yield();
    number.reset();
    EXPECT_EQ(live(), before + 1);
    p.kill();
    EXPECT_TRUE(p.join(patience()));
  }
  family::Family::instance().sweep();
  EXPECT_EQ(live(), before);
}

std::uint64_t add(Number number, std::uint64_t value) { return number.value() += value; }

TEST_P(Handles, reach_pool_tasks_and_initializers) {
  std::uint64_t before = live();
  {
    Number number(0), initialized(0);
    Pool pool({.processes = 2, .initializer = partial(increment, initialized)});
    std::vector<AsyncResult<std::uint64_t>> results;
    for (std::uint64_t i = 1; i <= 100; ++i) results.push_back(pool.apply_async(add, Number(number), i));
    for (auto& result : results) (void)result.get(patience());
    EXPECT_EQ(number.value(), 5050U);
    auto sums = pool.starmap(add, std::vector<std::tuple<Number, std::uint64_t>>(10, {number, 1}));
    EXPECT_EQ(number.value(), 5060U);
    pool.close();
    EXPECT_TRUE(pool.join(patience()));
    EXPECT_GE(initialized.value(), 1U);
  }
  family::Family::instance().sweep();
  EXPECT_EQ(live(), before);
}

Number make_one(int) { return Number(3); }

TEST_P(Handles, as_results_of_tasks_are_refused_with_the_reason) {
  Pool pool({.processes = 1});
  try {
    (void)pool.apply(make_one, 1);
    FAIL() << "a handle came back";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("cannot be the result of a task"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace cohort::test
