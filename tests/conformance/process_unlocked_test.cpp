// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The user's code runs under no lock of the library: what it holds, encodes, or is told may use the library itself.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cohort/base/log.hpp"
#include "cohort/process.hpp"
#include "cohort/wire/codec.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

Process* being_started = nullptr;
int refused_starts = 0;

}  // namespace

// Its codec starts the process that it is encoded for.
struct Starter {};

}  // namespace cohort::test

template <>
struct cohort::Codec<cohort::test::Starter> {
  static void encode(Encoder&, const cohort::test::Starter&) {
    if (cohort::test::being_started == nullptr) return;
    try {
      cohort::test::being_started->start();
    } catch (const StateError&) { ++cohort::test::refused_starts; }
  }
  static cohort::test::Starter decode(Decoder&) { return {}; }
};

namespace cohort::test {
namespace {

void take(Starter) {}

struct RegistersAtItsEnd {
  RegistersAtItsEnd() = default;
  RegistersAtItsEnd(const RegistersAtItsEnd&) = delete;
  RegistersAtItsEnd& operator=(const RegistersAtItsEnd&) = delete;
  ~RegistersAtItsEnd() {
    finalize([] {}).cancel();
  }
};

// Copied when it is registered only: a copy registers another function.
struct RegistersInItsCopy {
  RegistersInItsCopy() = default;
  RegistersInItsCopy(const RegistersInItsCopy&) {
    register_after_fork([] {});
  }
  RegistersInItsCopy& operator=(const RegistersInItsCopy&) = delete;
  void operator()() const {}
};

class Unlocked : public EachMethod {};
COHORT_FOR_EACH_METHOD(Unlocked);

TEST_P(Unlocked, a_codec_that_starts_the_process_it_is_for_is_refused) {
  refused_starts = 0;
  Process p = process(take, Starter{});
  being_started = &p;
  p.start();
  being_started = nullptr;
  EXPECT_EQ(refused_starts, shares_image() ? 0 : 1);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_THROW(p.start(), StateError);
}

TEST_P(Unlocked, what_a_cancelled_finalizer_held_may_register_another) {
  auto object = std::make_shared<RegistersAtItsEnd>();
  finalize([object] {}).cancel();
  object.reset();
  finalize([] {}).cancel();  // what was cancelled goes
  EXPECT_EQ(finished([] {}).exitcode(), 0);
}

TEST_P(Unlocked, a_function_for_after_a_fork_may_register_another_when_it_is_copied) {
  register_after_fork(RegistersInItsCopy());
  EXPECT_EQ(finished([] {}).exitcode(), 0);
}

TEST_P(Unlocked, a_sink_may_start_a_process) {
  Logger& logger = get_logger();
  LogLevel before = logger.level();
  std::optional<int> exit_code;
  logger.set_level(LogLevel::warning);
  bool first = true;
  logger.set_sink([&](LogLevel, std::string_view) {
    if (!std::exchange(first, false)) return;
    exit_code = finished([] {
                  get_logger().set_sink([](LogLevel, std::string_view) {});  // the child's logger is as new
                  get_logger().warning("from the child");
                }).exitcode();
  });
  logger.warning("one");
  logger.set_sink({});
  logger.set_level(before);
  EXPECT_EQ(exit_code, 0);
}

TEST_P(Unlocked, a_sink_may_replace_itself) {
  std::string first;
  std::string second;
  Logger& logger = get_logger();
  LogLevel before = logger.level();
  logger.set_level(LogLevel::warning);
  logger.set_sink([&](LogLevel, std::string_view line) {
    first += line;
    get_logger().set_sink([&second](LogLevel, std::string_view next) { second += next; });
    get_logger().warning("within");
  });
  logger.warning("one");
  logger.warning("two");
  logger.set_sink({});
  logger.set_level(before);
  EXPECT_NE(first.find("one"), std::string::npos);
  EXPECT_EQ(first.find("two"), std::string::npos);
  EXPECT_NE(second.find("within"), std::string::npos);
  EXPECT_NE(second.find("two"), std::string::npos);
}

}  // namespace
}  // namespace cohort::test
