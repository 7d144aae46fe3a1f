// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/chunk_invocation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort::detail {
namespace {

// The number of results that a chunk comes back with, where no bytes of theirs bound it.
std::size_t read(std::uint64_t count, std::size_t most) {
  auto bytes = encode(count);
  Decoder in(bytes, DecodeLimits::within_family());
  return read_result_count(in, most);
}

TEST(ChunkResults, are_at_most_as_many_as_the_chunk_has_items) {
  EXPECT_EQ(read(1, 1), 1u);
  EXPECT_EQ(read(7, 10), 7u);
  EXPECT_THROW((void)read(0, 10), DecodeError);
  EXPECT_THROW((void)read(11, 10), DecodeError);
  EXPECT_THROW((void)read(UINT64_MAX, 10), DecodeError);
}

int total = 0;
int negate(int n) { return -n; }
void count(int n) { total += n; }
const std::string& longer(const std::string& text) {
  static std::string result;
  return result = text + "!";
}

TEST(RangeInvocation, applies_the_callable_to_each_item_in_place) {
  const std::vector<int> items{1, 2, 3};
  std::vector<int> results(3);
  std::vector<std::byte> no_state;
  Decoder state(no_state, DecodeLimits::within_family());
  RangeInvocation<Function<negate>, int, int>::call(state, reinterpret_cast<const std::byte*>(items.data()),
                                                    reinterpret_cast<std::byte*>(results.data()), 3);
  EXPECT_EQ(results, (std::vector{-1, -2, -3}));
}

TEST(RangeInvocation, places_no_results_of_void) {
  const std::vector<int> items{4, 5};
  std::vector<std::byte> no_state;
  Decoder state(no_state, DecodeLimits::within_family());
  total = 0;
  RangeInvocation<Function<count>, int, void>::call(state, reinterpret_cast<const std::byte*>(items.data()), nullptr,
                                                    2);
  EXPECT_EQ(total, 9);
}

template <class Call, class Item>
std::vector<std::byte> run(const std::vector<Item>& items) {
  VectorEncoder in;
  in.write_raw(static_cast<std::uint64_t>(items.size()));
  for (const Item& item : items) Codec<Item>::encode(in, item);
  std::vector<std::byte> bytes = in.take();
  Decoder decoder(bytes, DecodeLimits::within_family());
  VectorEncoder out;
  Call::call(decoder, out);
  return out.take();
}

TEST(ChunkInvocation, decodes_items_and_encodes_results_also_those_by_reference) {
  using Call = ChunkInvocation<Function<longer>, const std::string&, std::string>;
  auto bytes = run<Call, std::string>({"a", "bc"});
  Decoder in(bytes, DecodeLimits::within_family());
  std::vector<std::string> results;
  decode_results<std::string>(in, read_result_count(in, 2), results);
  in.expect_end();
  EXPECT_EQ(results, (std::vector<std::string>{"a!", "bc!"}));
}

TEST(ChunkInvocation, counts_results_of_void) {
  auto bytes = run<ChunkInvocation<Function<count>, int, void>, int>({1, 2, 3});
  Decoder in(bytes, DecodeLimits::within_family());
  std::vector<ResultOf<void>> results;
  decode_results<void>(in, read_result_count(in, 3), results);
  in.expect_end();
  EXPECT_EQ(results.size(), 3u);
}

}  // namespace
}  // namespace cohort::detail
