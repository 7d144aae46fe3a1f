// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/imap_state.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/pool/imap.hpp"
#include "unit/pool/inline_backend.hpp"

namespace cohort::detail {
namespace {

using testing::InlineBackend;

int twice(int n) { return 2 * n; }
using Chunk = ChunkInvocation<Function<twice>, int, int>;

// Numbers 0 … end - 1, of which `fails_at` cannot be drawn.
struct Numbers {
  int end;
  int fails_at = -1;
  int drawn = 0;
  std::vector<int> items{};

  bool draw() {
    if (drawn == end) return false;
    if (drawn == fails_at) throw std::out_of_range("the input");
    items.push_back(drawn++);
    return true;
  }
  void encode(Encoder& out) {
    out.write_raw(static_cast<std::uint64_t>(items.size()));
    for (int item : items) Codec<int>::encode(out, item);
    items.clear();
  }
};

class ImapStateTest : public ::testing::Test {
 protected:
  std::shared_ptr<InlineBackend> pool = std::make_shared<InlineBackend>();

  /// The next chunk's results; empty at the end.
  static std::vector<int> next(PendingResults& results, Numbers& numbers, Deadline deadline = Deadline::never()) {
    auto bytes = results.next([&] { return numbers.draw(); }, [&](Encoder& out) { numbers.encode(out); }, deadline);
    std::vector<int> values;
    if (!bytes) return values;
    Decoder in(*bytes, DecodeLimits::within_family());
    decode_results<int>(in, read_result_count(in, 100), values);
    return values;
  }
};

TEST_F(ImapStateTest, gives_the_results_of_each_chunk_and_then_the_end) {
  auto results = pool->imap_unordered(Chunk::descriptor, {.chunksize = 2});
  Numbers numbers{5};
  EXPECT_EQ(next(*results, numbers), (std::vector{0, 2}));
  EXPECT_EQ(next(*results, numbers), (std::vector{4, 6}));
  EXPECT_EQ(next(*results, numbers), (std::vector{8}));
  EXPECT_TRUE(next(*results, numbers).empty());
  EXPECT_TRUE(next(*results, numbers).empty());
}

TEST_F(ImapStateTest, draws_no_further_ahead_than_the_window) {
  auto results = pool->imap_unordered(Chunk::descriptor, {.window = 4});
  Numbers numbers{1'000'000};
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(next(*results, numbers), (std::vector{2 * i}));
    EXPECT_LE(numbers.drawn, i + 1 + 4);
  }
}

TEST_F(ImapStateTest, throws_what_the_input_threw_after_the_results_before_it) {
  auto results = pool->imap_unordered(Chunk::descriptor, {.chunksize = 3});
  Numbers numbers{.end = 10, .fails_at = 4};
  EXPECT_EQ(next(*results, numbers), (std::vector{0, 2, 4}));
  EXPECT_EQ(next(*results, numbers), (std::vector{6}));
  EXPECT_THROW(next(*results, numbers), std::out_of_range);
  EXPECT_TRUE(next(*results, numbers).empty());
}

TEST_F(ImapStateTest, loses_nothing_at_a_deadline) {
  auto results = pool->imap_unordered(Chunk::descriptor, {});
  Numbers numbers{1};
  EXPECT_THROW(next(*results, numbers, Deadline::now()), TimeoutError);
  EXPECT_EQ(next(*results, numbers), (std::vector{0}));
}

TEST_F(ImapStateTest, goes_on_after_a_chunk_that_could_not_be_handed_in) {
  auto results = pool->imap_unordered(Chunk::descriptor, {.window = 2});
  Numbers numbers{3};
  pool->closed = true;
  EXPECT_THROW(next(*results, numbers), ClosedError);
  pool->closed = false;
  EXPECT_EQ(next(*results, numbers), (std::vector{0, 2}));
  EXPECT_EQ(next(*results, numbers), (std::vector{4}));
  EXPECT_TRUE(next(*results, numbers).empty());
}

TEST_F(ImapStateTest, refuses_chunks_of_nothing) {
  EXPECT_THROW((void)pool->imap_unordered(Chunk::descriptor, {.chunksize = 0}), ValueError);
}

}  // namespace
}  // namespace cohort::detail
