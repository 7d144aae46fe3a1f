// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/parcel.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <type_traits>
#include <vector>

#include "cohort/object/shared_handle.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"

namespace cohort::object {
namespace {

static_assert(!std::is_copy_constructible_v<Parcel> && std::is_nothrow_move_constructible_v<Parcel>);

class Thing : public SharedHandle {
 public:
  Thing() : SharedHandle(ObjectKind::for_tests, 2 * sizeof(std::uint64_t), [](void*) {}) {}
  /// A word of its body.
  [[nodiscard]] std::atomic<std::uint64_t>& word(int i) const {
    return static_cast<std::atomic<std::uint64_t>*>(body())[i];
  }
};

std::uint64_t references(const Thing& thing) { return header_of(detail::HandleAccess::body(thing)).references.load(); }

class ParcelTest : public ::testing::Test {
 protected:
  [[nodiscard]] Parcel parcel_of(const Thing& thing) {
    std::vector<std::uint64_t> objects{thing.name().offset};
    return Parcel(objects);
  }

  Thing named, holder;
};

TEST_F(ParcelTest, holds_a_reference_to_each_object_until_it_goes) {
  {
    std::vector<std::uint64_t> objects{named.name().offset, holder.name().offset, named.name().offset};
    Parcel parcel(objects);
    EXPECT_TRUE(parcel);
    EXPECT_EQ(references(named), 3U);
    EXPECT_EQ(references(holder), 2U);
  }
  EXPECT_EQ(references(named), 1U);
  EXPECT_EQ(references(holder), 1U);
}

TEST_F(ParcelTest, is_none_for_no_objects) {
  Parcel parcel(std::span<const std::uint64_t>{});
  EXPECT_FALSE(parcel);
  EXPECT_EQ(parcel.offset(), 0U);
}

TEST_F(ParcelTest, is_given_to_a_word_and_taken_from_it) {
  Parcel parcel = parcel_of(named);
  const std::uint64_t where = parcel.offset();
  const JournalWrite also{family::Family::instance().offset_of(&holder.word(1)), 7};
  parcel.give_to(holder.word(0), {&also, 1});
  EXPECT_FALSE(parcel);
  EXPECT_EQ(holder.word(0).load(), where);
  EXPECT_EQ(holder.word(1).load(), 7U);
  EXPECT_EQ(references(named), 2U);
  {
    Parcel taken = Parcel::take_from(holder.word(0));
    EXPECT_EQ(taken.offset(), where);
    EXPECT_EQ(holder.word(0).load(), 0U);
    EXPECT_EQ(references(named), 2U);
  }
  EXPECT_EQ(references(named), 1U);
}

TEST_F(ParcelTest, has_one_owner_after_a_move) {
  Parcel one = parcel_of(named);
  Parcel two = parcel_of(holder);
  two = std::move(one);
  EXPECT_EQ(references(holder), 1U) << "what it had is dropped";
  EXPECT_EQ(references(named), 2U);
  Parcel three = std::move(two);
  three = Parcel();
  EXPECT_EQ(references(named), 1U);
}

TEST_F(ParcelTest, keeps_an_object_alive_that_has_no_handle) {
  std::optional<Thing> last(std::in_place);
  const std::uint64_t before = Objects::instance().count(ObjectKind::for_tests);
  Parcel parcel = parcel_of(*last);
  last.reset();
  EXPECT_EQ(Objects::instance().count(ObjectKind::for_tests), before);
  parcel = Parcel();
  EXPECT_EQ(Objects::instance().count(ObjectKind::for_tests), before - 1);
}

TEST_F(ParcelTest, drops_nothing_in_a_copy_of_the_process_that_became_a_member) {
  Parcel parcel = parcel_of(named);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    (void)named.id();  // it joins, as another member
    parcel = Parcel();
    const bool held = references(named) == 3;  // the parent's, its parcel's and the copy's own
    family::Family::leave();
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(references(named), 2U);
}

}  // namespace
}  // namespace cohort::object
