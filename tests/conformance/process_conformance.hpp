// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The frame of the tests that hold for every start method. Each case runs once a method, and each checks at its end
// that the method was really used: no child came by a fallback.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "cohort/process.hpp"
#include "os/process_identity.hpp"
#include "os/spawn.hpp"
#include "process/fork_server_client.hpp"
#include "process/parent_watch.hpp"
#include "process/running_child.hpp"
#include "support/scratch.hpp"

namespace cohort::test {

using namespace std::chrono_literals;

inline void expect_no_fallbacks() {
  EXPECT_EQ(detail::fork_server_fallbacks().spawned_instead, 0u);
  EXPECT_EQ(detail::sentinel_fallbacks(), 0u);
  EXPECT_EQ(detail::parent_watch_fallbacks(), 0u);
  EXPECT_EQ(os::pidfd_fallbacks(), 0u);
  auto spawns = os::spawn_fallbacks();
  EXPECT_EQ(spawns.no_shared_memory, 0u);
  EXPECT_EQ(spawns.no_clone_pidfd, 0u);
  EXPECT_EQ(spawns.no_pidfd, 0u);
  EXPECT_EQ(spawns.no_close_range, 0u);
  EXPECT_EQ(spawns.no_proc, 0u);
}

/// A case that runs under each start method.
class EachMethod : public testing::TestWithParam<StartMethod> {
 protected:
  void SetUp() override { set_start_method(GetParam(), true); }
  void TearDown() override {
    for (auto& child : active_children()) child.kill();
    for (auto& child : active_children()) child.join(patience());
    expect_no_fallbacks();
  }

  template <class... Args>
  [[nodiscard]] Process process(Args&&... arguments) const {
    return get_context(GetParam()).process(std::forward<Args>(arguments)...);
  }
  template <class F, class... Args>
  [[nodiscard]] Process process(ProcessOptions options, F&& f, Args&&... arguments) const {
    return get_context(GetParam()).process(std::move(options), std::forward<F>(f), std::forward<Args>(arguments)...);
  }
  /// Described, started, and made by the method of this case.
  template <class... Args>
  [[nodiscard]] Process started(Args&&... arguments) const {
    Process p = process(std::forward<Args>(arguments)...);
    p.start();
    EXPECT_EQ(p.start_method(), GetParam());
    return p;
  }
  /// Started and joined.
  template <class... Args>
  [[nodiscard]] Process finished(Args&&... arguments) const {
    Process p = started(std::forward<Args>(arguments)...);
    EXPECT_TRUE(p.join(patience()));
    return p;
  }
  [[nodiscard]] bool shares_image() const { return GetParam() == StartMethod::fork; }

  ScratchDirectory scratch;
};

inline std::string method_of(const testing::TestParamInfo<StartMethod>& info) {
  return std::string(to_string(info.param));
}

#define COHORT_FOR_EACH_METHOD(Suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(By, Suite, testing::Values(StartMethod::forkserver, StartMethod::spawn, StartMethod::fork), \
                           method_of)

}  // namespace cohort::test
