// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/objects.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/object/shared_handle.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"

namespace cohort {
namespace {

using family::Family;
using object::Objects;

class Number : public SharedHandle {
 public:
  struct Body {
    std::atomic<std::uint64_t> value;
  };
  explicit Number(std::uint64_t value)
      : SharedHandle(detail::ObjectKind::for_tests, sizeof(Body),
                     [value](void* body) { static_cast<Body*>(body)->value = value; }) {}
  explicit Number(const detail::HandleName& name) : SharedHandle(detail::ObjectKind::for_tests, name) {}
  [[nodiscard]] std::atomic<std::uint64_t>& value() const { return static_cast<Body*>(body())->value; }
  using SharedHandle::local_flags;
};

std::uint64_t live() { return Objects::instance().count(detail::ObjectKind::for_tests); }

Number static_number(41);

TEST(SharedHandle, shares_its_object_with_its_copies_and_frees_it_with_the_last) {
  std::uint64_t before = live();
  {
    Number a(7);
    EXPECT_EQ(live(), before + 1);
    Number b = a;
    Number c(a.name());
    EXPECT_TRUE(a == b);
    EXPECT_TRUE(a == c);
    c.value() = 8;
    EXPECT_EQ(a.value(), 8U);
    EXPECT_EQ(live(), before + 1);
    a = Number(9);
    EXPECT_FALSE(a == b);
    EXPECT_NE(a.id(), b.id());
    EXPECT_EQ(live(), before + 2);
  }
  EXPECT_EQ(live(), before);
}

TEST(SharedHandle, throws_when_used_after_it_was_moved_from) {
  Number a(1);
  Number b = std::move(a);
  EXPECT_TRUE(a.is_null());
  EXPECT_THROW((void)a.value(), ClosedError);
  EXPECT_THROW((void)a.name(), ClosedError);
  EXPECT_EQ(b.value(), 1U);
  a = b;
  EXPECT_EQ(a.value(), 1U);
}

TEST(SharedHandle, refuses_names_of_objects_that_are_gone_or_never_were) {
  detail::HandleName gone;
  {
    Number a(1);
    gone = a.name();
  }
  EXPECT_THROW(Number{gone}, DecodeError);
  Number a(1);
  auto name = a.name();
  auto wrong = name;
  wrong.family[0] ^= 1;
  EXPECT_THROW(Number{wrong}, DecodeError);
  wrong = name;
  wrong.kind = static_cast<std::uint32_t>(detail::ObjectKind::lock);
  EXPECT_THROW(Number{wrong}, DecodeError);
  wrong = name;
  ++wrong.generation;
  EXPECT_THROW(Number{wrong}, DecodeError);
  for (std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{64}, name.offset + 64, name.offset + 1, UINT64_MAX - 7}) {
    wrong = name;
    wrong.offset = offset;
    EXPECT_THROW(Number{wrong}, DecodeError) << offset;
  }
}

TEST(SharedHandle, with_static_storage_is_made_at_its_first_use_and_is_one_object) {
  std::uint64_t before = live();
  EXPECT_EQ(static_number.value(), 41U);
  EXPECT_EQ(live(), before) << "statics are not counted";
  Number copy = static_number;
  copy.value() = 42;
  EXPECT_EQ(static_number.value(), 42U);
  pid_t child = ::fork();
  if (child == 0) {
    static_number.value() = 43;
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(static_number.value(), 43U);
}

TEST(SharedHandle, made_again_at_a_place_of_static_storage_is_a_new_object) {
  static std::optional<Number> number;
  std::uint64_t before = live();
  for (std::uint64_t i = 0; i < 40; ++i) {
    number.emplace(i);
    EXPECT_EQ(number->value(), i);
    number->value() = 1000;
  }
  Number copy = *number;
  number.emplace(7);
  EXPECT_EQ(number->value(), 7U);
  EXPECT_EQ(copy.value(), 1000U) << "who refers to an object keeps it";
  EXPECT_EQ(live(), before + 1) << "it is one like any other now";
  number.reset();
  copy = Number(1);
  EXPECT_EQ(live(), before + 1);
}

TEST(SharedHandle, in_an_array_of_static_storage_is_a_new_object_when_made_again) {
  static std::array<std::optional<Number>, 3> numbers;
  for (auto& number : numbers) number.emplace(1);
  numbers[0]->value() = 2;
  numbers[2]->value() = 4;
  numbers[1].emplace(5);
  EXPECT_EQ(numbers[1]->value(), 5U);
  EXPECT_EQ(numbers[0]->value(), 2U);
  EXPECT_EQ(numbers[2]->value(), 4U);
}

TEST(SharedHandle, made_again_after_one_that_was_moved_away_or_assigned_over_is_a_new_object) {
  static std::optional<Number> number;
  number.emplace(1);
  number->value() = 2;
  Number away = std::move(*number);
  number.emplace(3);
  EXPECT_EQ(number->value(), 3U);
  *number = Number(4);
  number.emplace(5);
  EXPECT_EQ(number->value(), 5U);
  EXPECT_EQ(away.value(), 2U);
}

TEST(SharedHandle, inherited_unused_from_before_its_place_was_filled_again_is_not_the_new_object) {
  static std::optional<Number> number;
  number.emplace(1);
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    (void)!::read(go[0], &byte, 1);
    bool old = number->value() == 1;
    number->value() = 77;
    ::_exit(old ? 0 : 1);
  }
  number.emplace(2);
  EXPECT_EQ(number->value(), 2U);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(number->value(), 2U);
  Family::instance().sweep();
  ::close(go[0]);
  ::close(go[1]);
}

TEST(SharedHandle, that_goes_in_a_copy_of_the_process_stays_the_object_of_its_place) {
  static std::optional<Number> number;
  number.emplace(1);
  ++number->value();
  std::uint64_t id = number->id();
  pid_t child = ::fork();
  if (child == 0) {
    (void)number->value();
    number.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(number->id(), id);
  EXPECT_EQ(number->value(), 2U);
  Family::instance().sweep();
}

TEST(SharedHandle, with_static_storage_first_used_by_many_threads_is_one_object) {
  static Number number(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([] { number.value().fetch_add(1); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(number.value(), 8U);
}

TEST(SharedHandle, keeps_its_object_alive_in_a_copy_of_the_process_that_uses_it) {
  std::uint64_t before = live();
  std::optional<Number> number(5);
  int used[2], dropped[2];
  ASSERT_EQ(::pipe(used), 0);
  ASSERT_EQ(::pipe(dropped), 0);
  pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    bool fine = number->value() == 5;
    (void)!::write(used[1], "x", 1);
    (void)!::read(dropped[0], &byte, 1);
    fine = fine && live() == 1 && number->value() == 5;
    number.reset();
    Family::leave();
    ::_exit(fine ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(used[0], &byte, 1), 1);
  number.reset();
  EXPECT_EQ(live(), before + 1) << "the child holds it";
  ASSERT_EQ(::write(dropped[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(live(), before);
}

TEST(SharedHandle, flags_of_the_process_are_shared_by_all_handles_of_the_object) {
  Number a(1), other(1);
  Number b(a.name());
  a.local_flags() = 6;
  EXPECT_EQ(b.local_flags(), 6U);
  EXPECT_EQ(other.local_flags(), 0U);
}

TEST(SharedHandle, may_be_copied_and_dropped_by_many_threads) {
  std::uint64_t before = live();
  {
    Number number(1);
    auto name = number.name();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          Number copy = number;
          Number named(name);
          Number fresh(2);
          copy = std::move(fresh);
        }
      });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(live(), before + 1);
  }
  EXPECT_EQ(live(), before);
}

// A repairer may be held up between the look at a member's process and the repair, for as long as it takes others to
// repair the member, and to give its slot to one who lives.
TEST(Objects, a_repairer_that_comes_too_late_touches_nothing) {
  auto& family = Family::instance();
  Number number(1);
  auto& references = object::header_of(detail::HandleAccess::body(number)).references;
  std::uint64_t before = references;
  int ready[2], over[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(over), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::close(over[1]);
    family::MemberId self = number.value() == 1 ? family.self() : family::kNobody;
    char end;
    if (::write(ready[1], &self, sizeof self) == sizeof self) (void)::read(over[0], &end, 1);
    ::_exit(0);
  }
  family::MemberId member;
  ASSERT_EQ(::read(ready[0], &member, sizeof member), static_cast<ssize_t>(sizeof member));
  EXPECT_GT(references, before);
  std::uint64_t with_child = references;
  std::uint32_t flags = family.member(member).flags;
  EXPECT_FALSE(object::Objects(family).member_died(member, flags + family::kTakeOver)) << "somebody has taken it over";
  EXPECT_FALSE(object::Objects(family).member_died({member.slot, member.generation - 1}, flags))
      << "one before it in its slot";
  EXPECT_EQ(references, with_child);
  for (int end : {ready[0], ready[1], over[0], over[1]}) ::close(end);
  ::waitpid(child, nullptr, 0);
  family.sweep();
  EXPECT_EQ(references, before);
}

TEST(Objects, throw_out_of_memory_before_anything_is_done) {
  std::uint64_t before = live();
  EXPECT_THROW((void)Objects::instance().create(detail::ObjectKind::for_tests, std::size_t{1} << 45, [](void*) {}),
               OutOfFamilyMemory);
  EXPECT_THROW((void)Objects::instance().create(detail::ObjectKind::for_tests, 8,
                                                [](void*) { throw ValueError("x", "y", "z"); }),
               ValueError);
  EXPECT_EQ(live(), before);
}

}  // namespace
}  // namespace cohort
