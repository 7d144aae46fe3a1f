// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Value and Array under every start method. Python: _TestValue, _TestArray, _TestSharedCTypes.
#include <signal.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "cohort/pool.hpp"
#include "cohort/shared.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort {

// As users write them, used from children without being passed.
Value<double> global_number(0.0);
Array<int> global_numbers{1, 2, 3};
Value<std::array<double, 4>> global_record;

namespace test {
namespace {

class SharedValue : public EachMethod {};
COHORT_FOR_EACH_METHOD(SharedValue);
class SharedArray : public EachMethod {};
COHORT_FOR_EACH_METHOD(SharedArray);

struct Foo {
  std::int32_t x;
  double y;
  std::array<char, 8> name;
  friend bool operator==(const Foo&, const Foo&) = default;
};

// ---- Value ----------------------------------------------------------------------------------------------------------

void change_all(Value<int> i, Value<double> d, Value<std::int16_t> h, Value<std::int64_t> q, Value<char> c,
                Value<bool> b, Value<Foo> foo) {
  i.store(-6);
  d.store(-2.5);
  h.store(-232);
  q.store(std::int64_t{1} << 40);
  c.store('x');
  b.store(true);
  foo.store({7, 8.5, {"child"}});
}

TEST_P(SharedValue, is_changed_by_a_child) {
  Value<int> i(6);
  Value<double> d(5.5);
  Value<std::int16_t> h(232);
  Value<std::int64_t> q(std::int64_t{1} << 34);
  Value<char> c('c');
  Value<bool> b(false);
  Value<Foo> foo(Foo{1, 2, {"parent"}});
  EXPECT_EQ(finished(change_all, i, d, h, q, c, b, foo).exitcode(), 0);
  EXPECT_EQ(i.load(), -6);
  EXPECT_EQ(d.load(), -2.5);
  EXPECT_EQ(h.load(), -232);
  EXPECT_EQ(q.load(), std::int64_t{1} << 40);
  EXPECT_EQ(c.load(), 'x');
  EXPECT_TRUE(b.load());
  EXPECT_EQ(foo.load(), (Foo{7, 8.5, {"child"}}));
}

void change_raw(RawValue<int> i, RawValue<Foo> foo) {
  i += 1;
  Foo value = foo.load();
  value.y *= 2;
  foo.store(value);
}

TEST_P(SharedValue, raw_is_changed_by_a_child) {
  RawValue<int> i(6);
  RawValue<Foo> foo(Foo{1, 2, {}});
  EXPECT_EQ(finished(change_raw, i, foo).exitcode(), 0);
  EXPECT_EQ(i.load(), 7);
  EXPECT_EQ(foo.load().y, 4);
}

void count_up(Value<std::int64_t> atomic, Value<std::int64_t> guarded, Value<Foo> record, int times) {
  for (int i = 0; i < times; ++i) {
    ++atomic;
    {
      auto guard = guarded.lock();
      *guard = *guard + 1;
    }
    auto guard = record.lock();
    guard->x += 1;
    guard->y += 0.5;
  }
}

TEST_P(SharedValue, loses_no_update_of_four_processes) {
  Value<std::int64_t> atomic(0);
  Value<std::int64_t> guarded(0);
  Value<Foo> record(Foo{});
  std::vector<Process> all;
  for (int n = 0; n < 4; ++n) all.push_back(started(count_up, atomic, guarded, record, 1'000));
  for (auto& p : all) EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(atomic.load(), 4'000);
  EXPECT_EQ(guarded.load(), 4'000);
  EXPECT_EQ(record.load().x, 4'000);
  EXPECT_EQ(record.load().y, 2'000);
}

void use_globals() {
  global_number += 2.5;
  global_numbers[-1] = 30;
  auto guard = global_record.lock();
  (*guard)[3] = 9;
}

TEST_P(SharedValue, at_namespace_scope_is_one_in_all_processes) {
  global_number.store(1);
  global_numbers.assign(std::vector{1, 2, 3});
  global_record.store({});
  EXPECT_EQ(finished(use_globals).exitcode(), 0);
  EXPECT_EQ(finished(use_globals).exitcode(), 0);
  EXPECT_EQ(global_number.load(), 6);
  EXPECT_EQ(global_numbers.to_vector(), (std::vector{1, 2, 30}));
  EXPECT_EQ(global_record.load()[3], 9);
}

void lock_and_stay(Value<int> value, RLock lock, const std::string& ready, const std::string& go) {
  auto guard = value.lock();
  say(ready, lock.owned() ? "held" : "another lock");
  await(go);
}

TEST_P(SharedValue, keeps_its_lock_on_its_way) {
  Line ready(scratch / "ready");
  Line go(scratch / "go");
  RLock lock;
  Value<int> value(1, lock);
  Process p = started(lock_and_stay, value, lock, ready.path(), go.path());
  EXPECT_EQ(ready.next(), "held");
  EXPECT_FALSE(value.try_lock());
  EXPECT_FALSE(lock.acquire(Deadline::now()));
  EXPECT_EQ(++value, 2);  // atomic operations do not wait for it
  go.tell();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_TRUE(value.try_lock());
}

void change_and_stay(Value<Foo> value, Array<Foo> array, const std::string& ready) {
  auto guard = value.lock();
  guard->x = 77;
  guard->y = 77;
  auto items = array.lock();
  items[0].x = 77;
  say(ready, "held");
  while (true) ::pause();
}

TEST_P(SharedValue, holder_that_is_killed_hands_the_lock_on_and_says_so) {
  Line ready(scratch / "ready");
  Value<Foo> value(Foo{1, 2, {}});
  Array<Foo> array(2);
  Process p = started(change_and_stay, value, array, ready.path());
  EXPECT_EQ(ready.next(), "held");
  EXPECT_FALSE(value.try_lock());
  p.kill();
  EXPECT_TRUE(p.join(patience()));
  {
    auto guard = value.try_lock(patience());
    ASSERT_TRUE(guard);
    EXPECT_TRUE(guard->owner_died());
    EXPECT_EQ((*guard)->x, 1);  // what the dead had not stored never was
    guard->mark_consistent();
    EXPECT_FALSE(guard->owner_died());
  }
  auto items = array.try_lock(patience());
  ASSERT_TRUE(items);
  EXPECT_TRUE(items->owner_died());
  EXPECT_EQ((*items)[0].x, 77);  // in place: that is what owner_died() warns of
}

void add_to(Value<std::int64_t> sum, Array<int> seen, int n) {
  sum += n;
  ++seen[n];
}

TEST_P(SharedValue, is_reached_by_the_tasks_of_a_pool) {
  Value<std::int64_t> sum(0);
  Array<int> seen(100);
  {
    Pool pool({.processes = 2});
    std::vector<AsyncResult<void>> results;
    for (int n = 0; n < 100; ++n) results.push_back(pool.apply_async<add_to>(sum, seen, n));
    for (auto& result : results) result.get(patience());
  }
  EXPECT_EQ(sum.load(), 4'950);
  EXPECT_EQ(seen.to_vector(), std::vector<int>(100, 1));
}

// ---- Array ----------------------------------------------------------------------------------------------------------

void sum_up(Array<int> sequence) {
  auto guard = sequence.lock();
  std::partial_sum(guard.begin(), guard.end(), guard.begin());
}

TEST_P(SharedArray, is_changed_by_a_child) {
  std::vector<int> numbers = {680, 626, 934, 821, 150, 233, 548, 982, 714, 831};
  Array<int> arr(numbers);
  EXPECT_EQ(arr.size(), numbers.size());
  EXPECT_EQ(arr[3], numbers[3]);
  EXPECT_EQ(arr.slice(2, 7), std::vector(numbers.begin() + 2, numbers.begin() + 7));
  std::vector<int> four = {1, 2, 3, 4};
  arr.set_slice(4, 8, four);
  std::copy(four.begin(), four.end(), numbers.begin() + 4);
  EXPECT_EQ(arr.to_vector(), numbers);
  EXPECT_EQ(finished(sum_up, arr).exitcode(), 0);
  std::partial_sum(numbers.begin(), numbers.end(), numbers.begin());
  EXPECT_EQ(arr.to_vector(), numbers);
}

TEST_P(SharedArray, of_a_size_is_zeros_whatever_lay_there) {
  for (int round = 0; round < 3; ++round) {
    Array<int> arr(10);
    EXPECT_EQ(arr.to_vector(), std::vector<int>(10));
    arr.assign(std::views::iota(0, 10));
  }
}

void double_all(RawValue<int> x, Value<double> y, Value<Foo> foo, Array<double> arr, RawArray<int> raw,
                Array<char> text) {
  x *= 2;
  y *= 2;
  {
    auto guard = foo.lock();
    guard->x *= 2;
    guard->y *= 2;
  }
  for (auto item : arr) item *= 2;
  for (int& item : raw.span()) item *= 2;
  text.set_value(text.value() + text.value());
}

TEST_P(SharedArray, and_values_are_doubled_by_a_child) {
  RawValue<int> x(7);
  Value<double> y(1.0 / 3);
  Value<Foo> foo(Foo{3, 2, {}});
  Array<double> arr(std::views::iota(0, 10));
  RawArray<int> raw(std::vector{1, 2, 3});
  Array<char> text(20);
  text.set_value("hello");
  EXPECT_EQ(finished(double_all, x, y, foo, arr, raw, text).exitcode(), 0);
  EXPECT_EQ(x.load(), 14);
  EXPECT_EQ(y.load(), 2.0 / 3);
  EXPECT_EQ(foo.load().x, 6);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(arr[i], i * 2);
  EXPECT_EQ(raw.to_vector(), (std::vector{2, 4, 6}));
  EXPECT_EQ(text.value(), "hellohello");
}

void fill_last(Array<std::int64_t> arr) { arr[-1] = 5; }

TEST_P(SharedArray, of_many_megabytes_costs_a_child_nothing) {
  Array<std::int64_t> arr(2'000'000);
  EXPECT_EQ(finished(fill_last, arr).exitcode(), 0);
  EXPECT_EQ(arr[1'999'999], 5);
}

Array<int> made_by_child(const std::string& path) {
  Array<int> arr{1, 2, 3};
  auto bytes = encode(arr);
  say(path, std::to_string(arr.id()));
  return arr;
}

TEST_P(SharedArray, leaves_nothing_when_all_its_processes_end) {
  auto objects = object::Objects::instance();
  auto before = objects.count(detail::ObjectKind::array);
  auto values = objects.count(detail::ObjectKind::value);
  auto in_use = family_memory_statistics().in_use;
  {
    Line line(scratch / "line");
    Process p = started([](const std::string& path) { (void)made_by_child(path); }, line.path());
    EXPECT_NE(line.next(), "(nothing came)");
    EXPECT_TRUE(p.join(patience()));
    Process killed = started(change_and_stay, Value<Foo>(Foo{}), Array<Foo>(2), line.path());
    EXPECT_EQ(line.next(), "held");
    killed.kill();
    EXPECT_TRUE(killed.join(patience()));
  }
  EXPECT_TRUE(eventually([&] {
    (void)family::Family::instance().sweep();
    return objects.count(detail::ObjectKind::array) == before && objects.count(detail::ObjectKind::value) == values;
  }));
  EXPECT_LE(family_memory_statistics().in_use.count,
            in_use.count + 65'536);  // members' own records may stay for a while
}

}  // namespace
}  // namespace test
}  // namespace cohort
