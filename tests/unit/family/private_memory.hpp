// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A small family memory of a test's own, beside the one of the process.
#pragma once

#include <cstdint>

#include "family/blocks.hpp"
#include "family/members.hpp"
#include "family/process_page.hpp"
#include "family/windows.hpp"
#include "os/memory.hpp"

namespace cohort::family::testing {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

struct PrivateMemory {
  explicit PrivateMemory(std::uint64_t budget = 256 * kMiB, std::uint64_t size = 64 * kMiB)
      : windows(os::make_memory("cohort-test", size)),
        prepared(prepare(windows, budget)),
        blocks(windows),
        members(windows),
        self(own_identity()) {}

  Offset payload(std::uint64_t bytes, MemberId owner = kNobody) {
    return blocks.allocate(Blocks::Region::payload, bytes, owner, self);
  }
  Offset control(std::uint64_t bytes, MemberId owner = kNobody) {
    return blocks.allocate(Blocks::Region::control, bytes, owner, self);
  }
  void free(Offset block) { blocks.free(block, self); }

  Windows windows;
  bool prepared;
  Blocks blocks;
  Members members;
  os::ProcessIdentity self;

 private:
  static bool prepare(Windows& windows, std::uint64_t budget) {
    windows.header().constants = make_header(windows.size(), budget);
    windows.set_places(Places::of(windows.size()));
    return true;
  }
};

}  // namespace cohort::family::testing
