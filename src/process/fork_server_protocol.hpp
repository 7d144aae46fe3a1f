// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a requester and a fork server say to each other: docs/formats/fork-server.md.
#pragma once

#include <cstdint>

namespace cohort::detail {

inline constexpr std::uint32_t kForkServerMagic = 0x46524b31;  // "FRK1"

enum class ForkRequestKind : std::uint32_t { start = 1, stop = 2 };

/// Descriptors that come with a request, in this order; a bit of `streams` says which of 1 and 2 are there.
struct ForkRequest {
  std::uint32_t magic = kForkServerMagic;
  ForkRequestKind kind = ForkRequestKind::start;
  std::uint32_t slot = 0;  ///< of the child's member record, whose launch block says all the rest
  std::uint32_t generation = 0;
  std::uint32_t streams = 0;  ///< 1: standard output follows the directory; 2: standard error follows
  std::uint32_t reserved = 0;
};
static_assert(sizeof(ForkRequest) == 24);

}  // namespace cohort::detail
