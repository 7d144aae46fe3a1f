// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/family/family_memory.hpp"
#include "cohort/wire/object.hpp"
#include "family/family.hpp"
#include "unit/shared/python.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;

struct Point {
  double x = 0, y = 0;
  std::array<char, 5> name{};
  friend bool operator==(const Point&, const Point&) = default;
};

Array<int> at_namespace_scope(4);

std::vector<int> ints(std::initializer_list<int> items) { return items; }

TEST(Array, does_what_the_documents_say) {
  Array<int> arr(std::views::iota(0, 10));
  EXPECT_EQ(arr.size(), 10U);
  arr[3] += 1;
  EXPECT_EQ(arr[3], 4);
  arr.set_slice(0, 3, std::vector{7, 8, 9});
  {
    auto guard = arr.lock();
    for (int& x : guard.span()) x *= 2;
  }
  EXPECT_EQ(arr.to_vector(), ints({14, 16, 18, 8, 8, 10, 12, 14, 16, 18}));
}

TEST(Array, of_a_size_is_zeroed_where_memory_is_used_again) {
  for (int i = 0; i < 3; ++i) {
    Array<std::int64_t> arr(1'000);
    ASSERT_EQ(std::ranges::count(arr.to_vector(), 0), 1'000);
    arr.fill(-1);
    ASSERT_EQ(std::ranges::count(arr.to_vector(), -1), 1'000);
  }
  EXPECT_EQ(Array<int>(0).size(), 0U);
  EXPECT_TRUE(Array<int>(0).to_vector().empty());
}

TEST(Array, is_made_of_ranges) {
  EXPECT_EQ((Array<int>{1, 2, 3}.to_vector()), ints({1, 2, 3}));
  EXPECT_EQ((Array<double>(std::vector{1, 2}).to_vector()), (std::vector{1.0, 2.0}));
  EXPECT_EQ(Array<char>(std::string("abc")).raw(), "abc");
  Array deduced(std::vector{1.5F});
  static_assert(std::is_same_v<decltype(deduced), Array<float>>);
  EXPECT_THROW(Array<std::uint8_t>(std::vector{256}), ValueError);
}

TEST(Array, checks_bounds_and_counts_from_the_end) {
  Array<int> arr{10, 20, 30};
  EXPECT_EQ(arr[-1], 30);
  EXPECT_EQ(arr.at(-3), 10);
  EXPECT_THROW((void)arr[3], IndexError);
  EXPECT_THROW((void)arr[-4], IndexError);
  EXPECT_THROW((void)arr.lock()[3], IndexError);
  EXPECT_THROW(Array<int>(-1), ValueError);
  EXPECT_THROW(Array<int>(std::int64_t{1} << 50), OutOfFamilyMemory);
  EXPECT_THROW(Array<int>(std::uint64_t{1} << 63), OutOfFamilyMemory);
}

TEST(Array, items_behave_like_their_values) {
  Array<int> arr{3, 1, 2};
  for (auto item : arr) item += 1;
  EXPECT_EQ(arr.to_vector(), ints({4, 2, 3}));
  arr[0] = arr[1];
  EXPECT_EQ(arr.to_vector(), ints({2, 2, 3}));
  swap(arr[0], arr[2]);
  EXPECT_EQ(arr.to_vector(), ints({3, 2, 2}));
  std::partial_sum(arr.begin(), arr.end(), arr.begin());
  EXPECT_EQ(arr.to_vector(), ints({3, 5, 7}));
  EXPECT_EQ(std::accumulate(arr.begin(), arr.end(), 0), 15);
  EXPECT_EQ(arr.end() - arr.begin(), 3);
  EXPECT_EQ(arr.begin()[1], 5);
  arr[1].update([](int x) { return x * 10; });
  EXPECT_EQ(arr[1].load(), 50);
  static_assert(std::random_access_iterator<Array<int>::iterator>);
}

TEST(Array, loses_no_update_among_threads) {
  Array<int> arr(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 8'000; ++i) ++arr[i % 8];
    });
  for (auto& thread : threads) thread.join();
  for (auto item : arr) EXPECT_EQ(item, 4'000);
}

TEST(Array, of_structs_is_never_seen_in_part) {
  Array<std::array<std::int64_t, 9>> arr(3);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::int64_t n = 0; !stop; ++n) {
      std::array<std::int64_t, 9> all;
      all.fill(n);
      arr[1] = all;
    }
  });
  for (int i = 0; i < 5'000; ++i) {
    auto seen = arr[1].load();
    for (std::int64_t item : seen) ASSERT_EQ(item, seen[0]);
  }
  stop = true;
  writer.join();
  EXPECT_EQ(arr[0].load()[0], 0);
  EXPECT_EQ(arr[2].load()[8], 0);
}

TEST(Array, of_structs_is_changed_whole_or_in_place) {
  Array<Point> points(4);
  points[2] = Point{1, 2, {"abc"}};
  points[-1] = points[2];
  EXPECT_EQ(points[3].load(), (Point{1, 2, {"abc"}}));
  { points.lock()[2].x = 5; }
  EXPECT_EQ(points[2].load().x, 5);
  points.set_slice({}, 2, std::vector{Point{7, 8, {}}, Point{9, 9, {}}});
  EXPECT_EQ(points.to_vector()[1].x, 9);
  EXPECT_EQ(points[2].load().x, 5);
}

TEST(Array, slices_as_python_does) {
  std::string program =
      "a = list(range(7))\nfor step in (-3, -2, -1, 1, 2, 3, 9):\n"
      "  for start in (None, *range(-9, 10)):\n    for stop in (None, *range(-9, 10)):\n"
      "      print(','.join(map(str, a[start:stop:step])))\n";
  auto lines = test::lines_of(test::python(program));
  Array<int> arr(std::views::iota(0, 7));
  std::vector<std::optional<std::ptrdiff_t>> bounds = {std::nullopt};
  for (std::ptrdiff_t i = -9; i < 10; ++i) bounds.emplace_back(i);
  std::size_t line = 0;
  for (std::ptrdiff_t step : {-3, -2, -1, 1, 2, 3, 9}) {
    for (auto start : bounds) {
      for (auto stop : bounds) {
        std::string text;
        for (int item : arr.slice(start, stop, step)) text += (text.empty() ? "" : ",") + std::to_string(item);
        ASSERT_LT(line, lines.size());
        ASSERT_EQ(text, lines[line]) << start.value_or(99) << ":" << stop.value_or(99) << ":" << step;
        ++line;
      }
    }
  }
  EXPECT_EQ(line, lines.size());
  EXPECT_THROW((void)arr.slice(0, 1, 0), ValueError);
}

TEST(Array, sets_slices_of_equal_length_only) {
  Array<int> arr(std::views::iota(0, 6));
  arr.set_slice({}, {}, 2, std::vector{10, 20, 30});
  EXPECT_EQ(arr.to_vector(), ints({10, 1, 20, 3, 30, 5}));
  arr.set_slice(-2, {}, std::vector{7, 8});
  EXPECT_EQ(arr.to_vector(), ints({10, 1, 20, 3, 7, 8}));
  EXPECT_THROW(arr.set_slice(0, 2, std::vector{1, 2, 3}), ValueError);
  EXPECT_THROW(arr.assign(std::vector{1}), ValueError);
  EXPECT_EQ(arr[0], 10);
  arr.assign(std::views::iota(0, 6));
  EXPECT_EQ(arr.to_vector(), ints({0, 1, 2, 3, 4, 5}));
}

TEST(Array, of_characters_is_text) {
  Array<char> text(10);
  text.set_value("hello");
  EXPECT_EQ(text.value(), "hello");
  EXPECT_EQ(text.raw(), std::string("hello\0\0\0\0\0", 10));
  text.set_value("hi");
  EXPECT_EQ(text.value(), "hi");
  EXPECT_EQ(text.raw(), std::string("hi\0lo\0\0\0\0\0", 10));
  text.set_value("0123456789");
  EXPECT_EQ(text.value(), "0123456789");
  EXPECT_THROW(text.set_value("0123456789a"), ValueError);
  text.set_raw("ab");
  EXPECT_EQ(text.value(), "ab23456789");
}

TEST(Array, guard_keeps_others_out) {
  RLock lock;
  Array<int> arr(3, lock);
  EXPECT_EQ(arr.get_lock(), lock);
  auto guard = arr.lock();
  std::stop_source source;
  source.request_stop();
  std::thread([&] {
    EXPECT_FALSE(arr.try_lock(1ms));
    EXPECT_FALSE(arr.try_lock(source.get_token()));
    EXPECT_THROW((void)arr.lock(1ms), TimeoutError);
    EXPECT_THROW((void)arr.lock(source.get_token()), Stopped);
  }).join();
  guard[1] = 5;
  EXPECT_EQ(guard.size(), 3U);
  EXPECT_EQ(std::accumulate(guard.begin(), guard.end(), 0), 5);
}

TEST(Array, raw_form_is_the_same_items_without_the_lock) {
  Array<int> arr{1, 2, 3};
  RawArray<int> raw = arr.get_obj();
  raw.span()[0] = 9;
  raw[1] += 1;
  EXPECT_EQ(arr.to_vector(), ints({9, 3, 3}));
  RawArray<Point> points(2);
  points[1] = Point{1, 1, {}};
  EXPECT_EQ(points[1].load().x, 1);
  auto copy = raw.copy();
  copy[0] = 0;
  EXPECT_EQ(raw[0], 9);
  Array<int> synchronized(raw, RLock());
  synchronized[0] = 4;
  EXPECT_EQ(arr[0], 4);
}

TEST(Array, copies_share_and_travel) {
  Array<Point> arr(5);
  auto arrived = decode<Array<Point>>(encode(arr), DecodeLimits::within_family());
  arrived[4] = Point{3, 3, {}};
  EXPECT_EQ(arr[4].load().x, 3);
  EXPECT_TRUE(arrived.id() == arr.id());
  EXPECT_FALSE(arr.copy().id() == arr.id());
  EXPECT_THROW((void)decode<Array<double>>(encode(arr), DecodeLimits::within_family()), DecodeError);
  EXPECT_THROW((void)decode<RawValue<Point>>(encode(arr), DecodeLimits::within_family()), DecodeError);
}

TEST(Array, null_throws) {
  Array<int> arr{1};
  Array<int> moved = std::move(arr);
  EXPECT_TRUE(arr.is_null());
  EXPECT_THROW((void)arr[0], ClosedError);
  EXPECT_THROW((void)arr.size(), ClosedError);
  EXPECT_THROW((void)arr.lock(), ClosedError);
  EXPECT_THROW((void)encode(Array<int>(null_handle)), EncodeError);
  EXPECT_EQ(moved[0], 1);
}

TEST(Array, gives_its_memory_back_with_the_last_handle) {
  Array<int> first(1);
  auto before = family_memory_statistics();
  {
    Array<double> arr(1'000'000);
    Array<double> same = arr;
    EXPECT_GT(family_memory_statistics().in_use, before.in_use);
  }
  auto after = family_memory_statistics();
  EXPECT_EQ(after.in_use, before.in_use);
  EXPECT_EQ(after.blocks, before.blocks);
}

TEST(Array, at_namespace_scope_is_made_at_its_first_use) {
  Array<int> same =
      decode<Array<int>>(encode(at_namespace_scope), DecodeLimits::within_family());  // the first use is to send it
  same[0] = 3;
  EXPECT_EQ(at_namespace_scope[0], 3);
}

}  // namespace
}  // namespace cohort
