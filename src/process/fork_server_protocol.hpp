// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a requester and a fork server say to each other: docs/formats/fork-server.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohort::detail {

inline constexpr std::uint32_t kForkServerMagic = 0x46524b31;  // "FRK1"

enum class ForkRequestKind : std::uint32_t {
  start = 1,   ///< fork a child
  stop = 2,    ///< kill all children and end
  retire = 3,  ///< end when the last child has ended
  signal = 4,  ///< send a signal to a child
};

/// One request. A start comes with descriptors: the working directory, those streams that `argument` names, and those
/// of the child's arguments, in this order.
struct ForkRequest {
  std::uint32_t magic = kForkServerMagic;
  ForkRequestKind kind = ForkRequestKind::start;
  std::uint32_t slot = 0;  ///< of the child's member record, whose launch block says all the rest
  std::uint32_t generation = 0;
  std::uint32_t argument = 0;     ///< start: bit 0, standard output; bit 1, standard error. signal: its number
  std::uint32_t descriptors = 0;  ///< start: of the child's arguments
};
static_assert(sizeof(ForkRequest) == 24);

/// What a packet asks for; nullopt when it has another form.
[[nodiscard]] std::optional<ForkRequest> parse_fork_request(std::span<const std::byte> packet) noexcept;

}  // namespace cohort::detail
