// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the codec knows of a type before it touches a value.
#include "cohort/wire/codec_traits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <complex>
#include <memory>
#include <string>
#include <vector>

#include "cohort/wire/codec.hpp"

namespace cohort {
namespace {

struct Point {
  double x, y;
};
struct Gap {
  char tag;
  double value;
};
struct Flagged {
  bool flag;
  char tag;
};
struct Linked {
  int value;
  std::unique_ptr<Linked> next;
};
struct Pointing {
  int* where;
};
union Either {
  int a;
  float b;
};
class Closed {
 public:
  explicit Closed(int x) : x_(x) {}

 private:
  int x_;
};
enum class Colour : unsigned char { red };

TEST(CodecTraits, know_types_that_are_their_bytes) {
  static_assert(is_bitwise_encodable<Point> && is_bitwise_encodable<Colour> && is_bitwise_encodable<const long>);
  static_assert(is_bitwise_encodable<std::complex<double>> && !is_bitwise_encodable<std::complex<long double>>);
  static_assert(!is_bitwise_encodable<std::string> && !is_bitwise_encodable<Pointing> && !is_bitwise_encodable<Either>);
  static_assert(!is_bitwise_encodable<volatile int> && !is_bitwise_encodable<int&> && !is_bitwise_encodable<int[2]>);
}

TEST(CodecTraits, know_where_bytes_belong_to_no_value) {
  static_assert(detail::padded<Gap>() && !detail::padded<Point>());
  static_assert(detail::padded<std::array<Gap, 2>>() && detail::padded<std::array<char, 0>>());
  static_assert(!detail::padded<std::chrono::nanoseconds>());
}

TEST(CodecTraits, know_which_bytes_have_to_be_checked) {
  static_assert(detail::holds_bool<Flagged>() && detail::holds_bool<std::array<bool, 2>>());
  static_assert(!detail::holds_bool<Point>() && !detail::holds_bool<Colour>());
}

TEST(CodecTraits, end_the_recursion_of_types_that_contain_themselves) {
  static_assert(Encodable<Linked> && Encodable<std::vector<Linked>>);
  static_assert(!Encodable<Closed> && !Encodable<std::vector<Pointing>> && !Encodable<std::atomic<int>>);
}

TEST(CodecTraits, tell_local_things_by_their_looks) {
  struct Mutex {
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    void lock() {}
    void unlock() {}
  };
  static_assert(detail::LocalLock<Mutex> && !detail::LocalLock<std::string>);
  static_assert(detail::Atomic<std::atomic<int>> && !detail::Atomic<int>);
}

}  // namespace
}  // namespace cohort
