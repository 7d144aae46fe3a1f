// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/ring.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/queue/queue.hpp"
#include "object/handle_access.hpp"
#include "ring/reader.hpp"
#include "ring/writer.hpp"
#include "support/scratch.hpp"

namespace cohort::ring {
namespace {

using test::patience;

// A queue's, which frees what the ring holds.
struct Ring : testing::Test {
  explicit Ring(std::size_t max_items = 0) : queue(max_items) {}
  Queue<int> queue;
  RingBody& body = *static_cast<RingBody*>(detail::HandleAccess::body(queue));

  bool put_text(std::string_view text) const {
    return try_put(body, {.bytes = reinterpret_cast<const std::byte*>(text.data()), .size = text.size()});
  }
  [[nodiscard]] std::string take_text() const {
    detail::ReceivedMessage message;
    if (try_take(body, message) != Received::message) return "nothing";
    return {reinterpret_cast<const char*>(message.bytes().data()), message.bytes().size()};
  }
};

struct BoundedRing : Ring {
  BoundedRing() : Ring(2) {}
};

TEST_F(Ring, gives_messages_in_the_order_in_which_they_were_put) {
  EXPECT_EQ(item_count(body), 0U);
  EXPECT_TRUE(put_text("one"));
  EXPECT_TRUE(put_text(""));
  EXPECT_TRUE(put_text("three"));
  EXPECT_EQ(item_count(body), 3U);
  EXPECT_EQ(take_text(), "one");
  EXPECT_EQ(take_text(), "");
  EXPECT_EQ(take_text(), "three");
  EXPECT_EQ(take_text(), "nothing");
}

TEST_F(BoundedRing, takes_no_more_than_its_bound) {
  EXPECT_TRUE(put_text("one"));
  EXPECT_FALSE(is_full(body));
  EXPECT_TRUE(put_text("two"));
  EXPECT_TRUE(is_full(body));
  EXPECT_FALSE(put_text("three"));
  EXPECT_EQ(take_text(), "one");
  EXPECT_TRUE(put_text("three"));
}

TEST_F(BoundedRing, waits_for_room_and_for_messages_as_long_as_it_is_told) {
  std::array<std::byte, 4> bytes{};
  std::array<int, 4> values{1, 2, 3, 4};
  auto* raw = reinterpret_cast<const std::byte*>(values.data());
  EXPECT_EQ(put_plain(body, raw, sizeof(int), 4, {Deadline::now(), "put_many"}), 2U);
  std::thread taker([&] {
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(take_plain(body, bytes.data(), sizeof(int), 1, {patience(), "get"}), 1U);
      int value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      EXPECT_EQ(value, i);
    }
  });
  EXPECT_EQ(put_plain(body, raw + 2 * sizeof(int), sizeof(int), 2, {patience(), "put_many"}), 2U);
  taker.join();
  EXPECT_EQ(take_plain(body, bytes.data(), sizeof(int), 1, {Deadline::now(), "get"}), 0U);
}

TEST_F(Ring, leaves_a_message_of_another_size_and_a_piece_where_they_are) {
  EXPECT_TRUE(put_text("hello"));
  int value = 0;
  EXPECT_THROW((void)try_take_plain(body, reinterpret_cast<std::byte*>(&value), sizeof value, 1), DecodeError);
  EXPECT_EQ(take_text(), "hello");
}

TEST_F(Ring, reader_looks_at_records_before_it_takes_them) {
  EXPECT_TRUE(put_text("one"));
  EXPECT_TRUE(put_text("two"));
  {
    Reader reader(body);
    Record record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.kind, RecordKind::bytes);
    EXPECT_EQ(record.size, 3U);
    reader.stay();
  }
  EXPECT_EQ(item_count(body), 2U) << "it was not taken";
  {
    Reader reader(body);
    Record record;
    ASSERT_TRUE(reader.next(record));
    reader.commit();
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(item_count(body), 1U) << "nor was the second one";
  }
  EXPECT_EQ(take_text(), "two");
}

TEST_F(Ring, writer_puts_all_that_it_has_appended_at_once) {
  {
    Writer writer(body);
    for (char letter : {'a', 'b', 'c'}) {
      ASSERT_TRUE(writer.may_put());
      *writer.append(static_cast<std::uint32_t>(RecordKind::bytes), 1) = static_cast<std::byte>(letter);
      EXPECT_EQ(item_count(body), 0U);
    }
    writer.commit();
    EXPECT_EQ(item_count(body), 3U);
  }
  for (const char* letter : {"a", "b", "c"}) EXPECT_EQ(take_text(), letter);
}

TEST_F(Ring, forgets_what_a_writer_appended_and_did_not_commit) {
  {
    Writer writer(body);
    (void)writer.append(static_cast<std::uint32_t>(RecordKind::bytes), 100);
  }
  EXPECT_EQ(item_count(body), 0U);
  EXPECT_TRUE(put_text("next"));
  EXPECT_EQ(take_text(), "next");
}

}  // namespace
}  // namespace cohort::ring
