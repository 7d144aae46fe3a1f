// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How handles travel: by the object's name, with a reference that keeps it on its way.
#include "cohort/sync/handle_codec.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/sync/event.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {
namespace {

TEST(HandleCodec, brings_the_same_object) {
  Event event;
  const auto bytes = encode(event);
  Event same = decode<Event>(bytes, DecodeLimits::within_family());
  EXPECT_EQ(same, event);
  same.set();
  EXPECT_TRUE(event.is_set());
}

TEST(HandleCodec, attaches_what_keeps_the_object_until_it_has_arrived) {
  VectorEncoder out;
  std::optional<Event> event(std::in_place);
  Codec<Event>::encode(out, *event);
  auto attached = out.take_attachments();
  ASSERT_EQ(attached.size(), 1U);
  event.reset();
  const auto bytes = out.take();
  EXPECT_NO_THROW((void)decode<Event>(bytes, DecodeLimits::within_family()));
  attached.clear();
  EXPECT_THROW((void)decode<Event>(bytes, DecodeLimits::within_family()), DecodeError) << "it is gone";
}

TEST(HandleCodec, sends_no_null_handle) {
  Event event;
  const Event taken = std::move(event);
  EXPECT_THROW((void)encode(event), EncodeError);  // NOLINT(bugprone-use-after-move): that it is null is tested
}

TEST(HandleCodec, takes_names_of_the_family_only_and_of_the_right_kind) {
  Event event;
  const auto bytes = encode(event);
  EXPECT_THROW((void)decode<Event>(bytes), DecodeError) << "from anybody";
  EXPECT_THROW((void)decode<Lock>(bytes, DecodeLimits::within_family()), DecodeError) << "an event is no lock";
}

}  // namespace
}  // namespace cohort
