// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/codec.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>
#include <numeric>

#include "cohort/base/error.hpp"

namespace {

using cohort::decode;
using cohort::DecodeError;
using cohort::Encodable;
using cohort::encode;
using cohort::is_bitwise_encodable;

template <class T>
T again(const T& value) {
  return decode<T>(encode(value));
}
template <class T>
void expect_same(const T& value) {
  EXPECT_EQ(again(value), value);
}
template <class T>
void try_decode(std::span<const std::byte> bytes, cohort::DecodeLimits limits = {}) {
  static_cast<void>(decode<T>(bytes, limits));
}
template <class... T>
void try_encode(const T&... values) {
  static_cast<void>(encode(values...));
}
std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (int value : values) { bytes.push_back(static_cast<std::byte>(value)); }
  return bytes;
}

enum class Colour : std::uint8_t { red, green = 200 };
struct Empty {
  bool operator==(const Empty&) const = default;
};
struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};
struct Padded {
  char tag = 0;
  std::int64_t value = 0;
  bool flag = false;
  bool operator==(const Padded&) const = default;
};
struct Job {
  std::string name;
  std::vector<Point> points;
  std::optional<Colour> colour;
  std::map<std::string, std::vector<int>> index;
  Padded padded;
  Empty nothing;
  bool operator==(const Job&) const = default;
};
struct Tree {
  int value = 0;
  std::vector<Tree> children;
  bool operator==(const Tree&) const = default;
};
struct Chain {
  int value = 0;
  std::unique_ptr<Chain> next;
};
struct Pointing {
  int* where;
};
struct Guarded {
  std::mutex mutex;
  int value;
};
struct OldArray {
  int values[3];
};

// A class with an invariant and no default constructor.
class Celsius {
 public:
  explicit Celsius(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }
  bool operator==(const Celsius&) const = default;

 private:
  double degrees_;
};
struct Weather {
  const Celsius high;
  std::vector<Celsius> hours;
  std::array<Celsius, 2> extremes;
  bool operator==(const Weather&) const = default;
};
// An aggregate that wants its own form although its bytes would do.
struct Checked {
  int value = 0;
};
struct Silent {
  bool operator==(const Silent&) const = default;
};

}  // namespace

template <>
struct cohort::Codec<Celsius> {
  static void encode(Encoder& out, const Celsius& value) { Codec<double>::encode(out, value.degrees()); }
  static Celsius decode(Decoder& in) {
    const double degrees = Codec<double>::decode(in);
    if (degrees < -273.15) { in.fail("colder than absolute zero"); }
    return Celsius(degrees);
  }
};
template <>
struct cohort::Codec<Checked> {
  static void encode(Encoder& out, const Checked& value) { out.write_raw(static_cast<std::int16_t>(value.value)); }
  static Checked decode(Decoder& in) { return {in.read_raw<std::int16_t>()}; }
};
template <>
struct cohort::Codec<Silent> {
  static void encode(Encoder&, const Silent&) {}
  static Silent decode(Decoder&) { return {}; }
};

namespace {

TEST(Codec, gives_back_scalars) {
  expect_same(true);
  expect_same(false);
  expect_same('x');
  expect_same(std::numeric_limits<std::int64_t>::min());
  expect_same(std::numeric_limits<std::uint64_t>::max());
  expect_same(1.5F);
  expect_same(-0.25L);
  expect_same(Colour::green);
  expect_same(std::byte{7});
  EXPECT_TRUE(std::isnan(again(std::nan(""))));
  EXPECT_EQ(encode(std::int32_t{1}), bytes_of({1, 0, 0, 0}));
}

TEST(Codec, gives_back_strings) {
  expect_same(std::string());
  expect_same(std::string("with a \0 inside", 15));
  expect_same(std::u16string(u"zwölf"));
  expect_same(std::wstring(L"wide"));
  expect_same(std::string(100'000, 'y'));
  EXPECT_EQ(decode<std::string>(encode(std::string_view("a view"))), "a view");
}

TEST(Codec, gives_back_containers) {
  expect_same(std::vector<int>{1, 2, 3});
  expect_same(std::vector<int>{});
  expect_same(std::vector<std::string>{"a", "", "ccc"});
  expect_same(std::vector<bool>{});
  expect_same(std::vector<bool>{true, false, true, true, false, false, true, false, true});
  expect_same(std::vector<bool>(16, true));
  expect_same(std::deque<std::string>{"x", "y"});
  expect_same(std::deque<int>{1, 2});
  expect_same(std::list<double>{1, 2});
  expect_same(std::forward_list<int>{4, 5, 6});
  expect_same(std::set<std::string>{"b", "a"});
  expect_same(std::multiset<int>{1, 1, 2});
  expect_same(std::map<std::string, int>{{"one", 1}, {"two", 2}});
  expect_same(std::multimap<int, int>{{1, 2}, {1, 3}});
  expect_same(std::unordered_set<int>{1, 2, 3});
  expect_same(std::unordered_map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  expect_same(std::unordered_multimap<int, char>{{1, 'a'}, {1, 'b'}});
  expect_same(std::unordered_multiset<int>{5, 5});
  expect_same(std::array<int, 3>{1, 2, 3});
  expect_same(std::array<std::string, 2>{"p", "q"});
  expect_same(std::array<std::string, 100>{"many"});
  expect_same(std::array<int, 0>{});
  expect_same(std::array<bool, 3>{true, false, true});
  expect_same(std::vector<std::vector<std::vector<int>>>{{{1}, {}}, {}});
}

TEST(Codec, gives_back_the_rest_of_the_standard_library) {
  using namespace std::chrono_literals;
  expect_same(std::pair<int, std::string>{1, "x"});
  expect_same(std::tuple<int, std::string, double>{1, "x", 2.5});
  expect_same(std::tuple<>{});
  expect_same(std::optional<std::string>{"x"});
  expect_same(std::optional<std::string>{});
  expect_same(std::optional<std::optional<int>>{std::optional<int>{}});
  expect_same(std::variant<std::monostate, int, std::string>{});
  expect_same(std::variant<std::monostate, int, std::string>{"text"});
  expect_same(std::variant<int, int>(std::in_place_index<1>, 4));
  expect_same(15ms);
  expect_same(std::chrono::duration<double>(1.5));
  expect_same(std::chrono::system_clock::now());
  expect_same(std::chrono::steady_clock::time_point{} + 3s);
  expect_same(std::filesystem::path("/tmp/a b"));
  expect_same(std::complex<double>(1, -2));
  expect_same(std::complex<long double>(1, -2));
  expect_same(std::bitset<0>());
  expect_same(std::bitset<8>(0xa5));
  expect_same(std::bitset<70>("1000000000000000000000000000000000000000000000000000000000000000000001"));
  EXPECT_EQ(*again(std::make_unique<std::string>("x")), "x");
  EXPECT_EQ(again(std::unique_ptr<int>()), nullptr);
  EXPECT_EQ(*again(std::make_shared<Point>(Point{1, 2})), (Point{1, 2}));
  EXPECT_EQ(*again(std::make_shared<const int>(3)), 3);
}

TEST(Codec, takes_aggregates_apart_without_a_macro) {
  expect_same(Empty{});
  expect_same(Point{1, 2});
  expect_same(Padded{'a', -1, true});
  expect_same(Job{"job", {{1, 2}, {3, 4}}, Colour::green, {{"a", {1, 2}}, {"b", {}}}, {'t', 5, true}, {}});
  expect_same(Tree{1, {{2, {}}, {3, {{4, {}}}}}});
  expect_same(std::vector<Padded>{{'a', 1, true}, {'b', 2, false}});
}

TEST(Codec, needs_no_default_constructor) {
  expect_same(Celsius(20));
  expect_same(Weather{Celsius(30), {Celsius(1), Celsius(2)}, {Celsius(3), Celsius(4)}});
  expect_same(std::map<int, Celsius>{{1, Celsius(2)}});
  expect_same(std::variant<Celsius, int>(Celsius(1)));
  expect_same(std::optional<Celsius>(Celsius(1)));
}

TEST(Codec, uses_the_users_codec_also_where_bytes_would_do) {
  EXPECT_EQ(encode(Checked{5}).size(), 2U);
  EXPECT_EQ(encode(std::vector<Checked>(3)).size(), 1U + 3 * 2);
  EXPECT_EQ(encode(std::array<Checked, 2>{}).size(), 4U);
  static_assert(!is_bitwise_encodable<Checked>);
  static_assert(!is_bitwise_encodable<std::array<Checked, 2>>);
}

TEST(Codec, encodes_several_values_as_the_tuple_of_them) {
  const auto bytes = encode(1, std::string("x"), 2.5);
  EXPECT_EQ(bytes, encode(std::tuple<int, std::string, double>(1, "x", 2.5)));
  EXPECT_EQ((decode<std::tuple<int, std::string, double>>(bytes)), std::tuple(1, std::string("x"), 2.5));
}

TEST(Codec, copies_contiguous_ranges_at_any_alignment) {
  std::vector<double> values(100'000);
  std::iota(values.begin(), values.end(), 0.5);
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::vector<std::byte> bytes(shift);
    const auto encoded = encode(values);
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    EXPECT_EQ(decode<std::vector<double>>(std::span(bytes).subspan(shift)), values);
  }
}

TEST(Codec, writes_padding_as_zeros_so_that_equal_values_are_equal_bytes) {
  alignas(Padded) std::array<std::byte, sizeof(Padded)> dirty;
  dirty.fill(std::byte{0xee});
  auto* one = new (dirty.data()) Padded;
  one->tag = 'a';
  one->value = 7;
  one->flag = true;
  EXPECT_EQ(encode(*one), encode(Padded{'a', 7, true}));
  EXPECT_EQ(encode(*one).size(), sizeof(Padded));
  EXPECT_EQ(encode(std::array<Padded, 2>{*one, *one}), encode(*one, *one));
  EXPECT_EQ(encode(1.0L), encode(1.0L));
}

TEST(Codec, tells_which_types_are_their_bytes) {
  static_assert(is_bitwise_encodable<int> && is_bitwise_encodable<bool> && is_bitwise_encodable<Colour>);
  static_assert(is_bitwise_encodable<Point> && is_bitwise_encodable<Padded> && is_bitwise_encodable<Empty>);
  static_assert(is_bitwise_encodable<std::array<Point, 4>> && is_bitwise_encodable<std::complex<float>>);
  static_assert(is_bitwise_encodable<std::chrono::nanoseconds> && is_bitwise_encodable<const int>);
  static_assert(is_bitwise_encodable<std::chrono::system_clock::time_point>);
  static_assert(!is_bitwise_encodable<std::string> && !is_bitwise_encodable<Pointing>);
  static_assert(!is_bitwise_encodable<int*> && !is_bitwise_encodable<int&> && !is_bitwise_encodable<int[3]>);
  static_assert(!is_bitwise_encodable<OldArray> && !is_bitwise_encodable<Celsius>);
}

TEST(Codec, tells_which_types_can_travel) {
  static_assert(Encodable<Job> && Encodable<Tree> && Encodable<Chain> && Encodable<Celsius> && Encodable<Weather>);
  static_assert(Encodable<std::vector<bool>> && Encodable<std::filesystem::path> && Encodable<const std::string>);
  static_assert(Encodable<std::map<std::string, std::variant<std::monostate, std::vector<Job>>>>);
  static_assert(!Encodable<int*> && !Encodable<int&> && !Encodable<int[3]> && !Encodable<void> && !Encodable<void()>);
  static_assert(!Encodable<Pointing> && !Encodable<Guarded> && !Encodable<OldArray>);
  static_assert(!Encodable<std::vector<int*>> && !Encodable<std::map<int, std::vector<Guarded>>>);
  static_assert(!Encodable<std::string_view> && !Encodable<std::span<int>> && !Encodable<std::mutex>);
  static_assert(!Encodable<std::pair<int&, int>> && !Encodable<std::optional<std::string_view>>);
  cohort::require_encodable<Job>();
}

TEST(Codec, refuses_bytes_that_are_too_few_or_too_many) {
  EXPECT_THROW(try_decode<int>(bytes_of({1, 2, 3})), DecodeError);
  EXPECT_THROW(try_decode<int>(bytes_of({1, 2, 3, 4, 5})), DecodeError);
  EXPECT_THROW(try_decode<int>({}), DecodeError);
  EXPECT_THROW(try_decode<std::string>(bytes_of({5, 'a'})), DecodeError);
  EXPECT_THROW(try_decode<std::vector<int>>(bytes_of({2, 0, 0, 0, 0, 0, 0, 0})), DecodeError);
}

TEST(Codec, refuses_bytes_that_are_no_value) {
  EXPECT_THROW(try_decode<bool>(bytes_of({2})), DecodeError);
  EXPECT_THROW((try_decode<std::array<bool, 2>>(bytes_of({1, 255}))), DecodeError);
  EXPECT_THROW(try_decode<std::optional<int>>(bytes_of({2, 0, 0, 0, 0})), DecodeError);
  EXPECT_THROW((try_decode<std::variant<int, bool>>(bytes_of({2, 0, 0, 0, 0}))), DecodeError);
  EXPECT_THROW(try_decode<std::monostate>(bytes_of({1})), DecodeError);
  EXPECT_THROW(try_decode<std::vector<bool>>(bytes_of({3, 0x0f})), DecodeError);
  EXPECT_THROW(try_decode<std::bitset<3>>(bytes_of({0x0f})), DecodeError);
  EXPECT_THROW(try_decode<std::set<char>>(bytes_of({2, 'a', 'a'})), DecodeError);
  EXPECT_THROW(try_decode<Celsius>(encode(-300.0)), DecodeError);
  auto padded = encode(std::vector<Padded>{{'a', 1, true}});
  padded.at(1 + offsetof(Padded, flag)) = std::byte{2};
  EXPECT_THROW(try_decode<std::vector<Padded>>(padded), DecodeError);
}

TEST(Codec, believes_no_count) {
  // 2^63 items in nine bytes, with nothing behind.
  const auto huge = bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f});
  EXPECT_THROW(try_decode<std::string>(huge), DecodeError);
  EXPECT_THROW(try_decode<std::vector<double>>(huge), DecodeError);
  EXPECT_THROW(try_decode<std::vector<std::string>>(huge), DecodeError);
  EXPECT_THROW(try_decode<std::vector<Empty>>(huge), DecodeError);
  EXPECT_THROW(try_decode<std::vector<std::monostate>>(huge), DecodeError);
  EXPECT_THROW(try_decode<std::vector<bool>>(huge), DecodeError);
  EXPECT_THROW((try_decode<std::map<int, int>>(huge)), DecodeError);
  EXPECT_THROW(try_decode<std::list<std::list<int>>>(huge), DecodeError);
  // Too long, and longer than needed.
  EXPECT_THROW(try_decode<std::string>(bytes_of({255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})), DecodeError);
  EXPECT_THROW(try_decode<std::string>(bytes_of({0x81, 0x00, 'a'})), DecodeError);
}

TEST(Codec, bounds_the_depth_on_both_sides) {
  auto chain_of = [](int length) {
    Chain head;
    Chain* last = &head;
    for (int i = 1; i < length; ++i) {
      last->next = std::make_unique<Chain>();
      last = last->next.get();
    }
    return head;
  };
  EXPECT_NO_THROW(again(chain_of(500)));
  EXPECT_THROW(try_encode(chain_of(600)), cohort::EncodeError);
  EXPECT_THROW(try_decode<Chain>(encode(chain_of(20)), {.depth = 10}), DecodeError);
  // A megabyte that says "and another one" all the way down.
  std::vector<std::byte> deep;
  for (int i = 0; i < 200'000; ++i) {
    deep.insert(deep.end(), {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}});
  }
  EXPECT_THROW(try_decode<Chain>(deep), DecodeError);
}

TEST(Codec, bounds_memory_when_asked_to) {
  const std::vector<std::optional<std::array<int, 1000>>> sparse(1000);
  const auto bytes = encode(sparse);
  EXPECT_LT(bytes.size(), 2000U);
  EXPECT_EQ(decode<decltype(sparse)>(bytes), sparse);
  EXPECT_THROW(try_decode<decltype(sparse)>(bytes, {.memory = 1 << 20}), DecodeError);
}

TEST(Codec, refuses_to_write_what_could_not_be_read) {
  EXPECT_THROW(try_encode(std::vector<Silent>(3)), cohort::EncodeError);
  EXPECT_THROW(try_encode(std::set<int>{1}, std::list<Silent>(1)), cohort::EncodeError);
}

TEST(Codec, says_at_which_byte_it_disliked_what) {
  try {
    static_cast<void>(decode<std::pair<int, bool>>(bytes_of({1, 0, 0, 0, 9})));
    FAIL();
  } catch (const DecodeError& e) { EXPECT_STREQ(e.what(), "decode: byte 5 of 5: a bool is neither 0 nor 1"); }
}

}  // namespace
