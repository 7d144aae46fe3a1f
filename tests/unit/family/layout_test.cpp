// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/layout.hpp"

#include <gtest/gtest.h>

#include "cohort/base/error.hpp"
#include "family/heap.hpp"
#include "family/windows.hpp"
#include "os/memory.hpp"

namespace cohort::family {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

TEST(Layout, regions_lie_in_order_inside_every_reservation) {
  for (std::uint64_t size : kReservations) {
    SCOPED_TRACE(size);
    Places places = Places::of(size);
    EXPECT_GE(places.members, sizeof(Header));
    EXPECT_LE(places.members + kMaxMembers * sizeof(MemberRecord), places.control.table);
    EXPECT_LE(places.control.table + places.control.units * sizeof(Unit), places.payload.table);
    EXPECT_LE(places.payload.table + places.payload.units * sizeof(Unit), places.control.base);
    EXPECT_EQ(places.control.base + places.control.units * kUnitSize, places.control_end);
    EXPECT_GE(places.payload_begin, places.control_end + kGranule);
    EXPECT_LE(places.payload.base + places.payload.units * kUnitSize, size);
    EXPECT_EQ(places.payload_begin % kGranule, 0U);
    EXPECT_EQ(places.control_end % kGranule, 0U);
    EXPECT_LE(places.payload.units, std::uint64_t{1} << 31) << "links have 32 bits";
  }
}

TEST(Layout, the_smallest_reservation_has_room_for_large_control_blocks) {
  EXPECT_GE(Places::of(kSmallestReservation).control.units * kUnitSize, 16 * kMiB);
}

TEST(Layout, a_fresh_header_is_sound) {
  HeaderConstants header = make_header(64 * kMiB, 1000);
  EXPECT_NO_THROW(check_header(header, 64 * kMiB));
  EXPECT_NE(make_header(64 * kMiB, 1000).id, header.id);
  EXPECT_EQ(header.high_water, 64 * kMiB);
  EXPECT_EQ(make_header(64 * kMiB, 1000, 77).high_water, 77U);
}

// Every field of the constants is checked: one spoilt byte anywhere in them, but in the id, is refused or harmless.
TEST(Layout, a_header_with_any_wrong_field_is_refused) {
  auto refused = [](auto&& spoil) {
    HeaderConstants header = make_header(64 * kMiB, 1000);
    spoil(header);
    EXPECT_THROW(check_header(header, 64 * kMiB), IncompatibleError);
  };
  refused([](HeaderConstants& h) { h.magic ^= 1; });
  refused([](HeaderConstants& h) { h.version += 1; });
  refused([](HeaderConstants& h) { h.header_size -= 64; });
  refused([](HeaderConstants& h) { h.size = 1024 * kMiB; });
  refused([](HeaderConstants& h) { h.budget = 0; });
  refused([](HeaderConstants& h) { h.page_size = 1234; });
  refused([](HeaderConstants& h) { h.member_slots = 8; });
  refused([](HeaderConstants& h) { h.pid_namespace = 1; });
  refused([](HeaderConstants& h) { h.places.members += 64; });
  refused([](HeaderConstants& h) { h.places.payload.units *= 2; });
  refused([](HeaderConstants& h) { h.places.payload.base = UINT64_MAX - 10; });
  refused([](HeaderConstants& h) { h.places.control.table = 0; });
  refused([](HeaderConstants& h) { h.places.control_end = h.size; });
}

TEST(Layout, a_memory_of_no_known_size_is_refused) {
  EXPECT_THROW(check_header(make_header(128 * kMiB, 1000), 128 * kMiB), IncompatibleError);
  EXPECT_THROW(Windows(os::make_memory("cohort-test", kMiB)), IncompatibleError);
  EXPECT_THROW(Windows(os::make_memory("cohort-test", 64 * kMiB + 4096)), IncompatibleError);
}

TEST(Layout, block_words_keep_their_parts) {
  for (unsigned order : {0U, 1U, 17U, 31U}) {
    for (MemberId owner : {kNobody, MemberId{4095, UINT32_MAX}, MemberId{1, 2}}) {
      std::uint64_t word = BlockWord::make_used(order, owner);
      EXPECT_TRUE(BlockWord::is_sound(word));
      EXPECT_EQ(BlockWord::order(word), order);
      EXPECT_EQ(BlockWord::owner(word), owner);
      EXPECT_EQ(BlockWord::kind(word), BlockWord::used);
    }
    EXPECT_FALSE(BlockWord::warm(BlockWord::make_free(order, false)));
    EXPECT_TRUE(BlockWord::warm(BlockWord::make_free(order, true)));
  }
  EXPECT_FALSE(BlockWord::is_sound(0));
  EXPECT_FALSE(BlockWord::is_sound(UINT64_MAX));
}

TEST(Layout, sizes_round_up_to_orders) {
  EXPECT_EQ(order_for(0), 0U);
  EXPECT_EQ(order_for(64), 0U);
  EXPECT_EQ(order_for(65), 1U);
  EXPECT_EQ(order_for(128), 1U);
  EXPECT_EQ(order_for(129), 2U);
  EXPECT_EQ(order_for(kMiB), 14U);
  EXPECT_EQ(order_for(kMiB + 1), 15U);
  EXPECT_GE(order_for(UINT64_MAX), kOrders);
}

}  // namespace
}  // namespace cohort::family
