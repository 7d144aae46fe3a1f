// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_protocol.hpp"

#include <cstring>

#include "process/launch.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint32_t kStreams = 3;       // bits 0 and 1
constexpr std::uint32_t kMostSignal = 127;  // of any system

bool is_sound(const ForkRequest& request) noexcept {
  switch (request.kind) {
    case ForkRequestKind::start: return request.argument <= kStreams && request.descriptors <= kMostDescriptors;
    case ForkRequestKind::signal: return request.argument <= kMostSignal && request.descriptors == 0;
    case ForkRequestKind::stop:
    case ForkRequestKind::retire: return request.argument == 0 && request.descriptors == 0;
  }
  return false;
}

}  // namespace

std::optional<ForkRequest> parse_fork_request(std::span<const std::byte> packet) noexcept {
  struct Fields {
    std::uint32_t magic, kind, slot, generation, argument, descriptors;
  } fields;
  static_assert(sizeof fields == sizeof(ForkRequest));
  if (packet.size() != sizeof fields) return std::nullopt;
  std::memcpy(&fields, packet.data(), sizeof fields);
  if (fields.magic != kForkServerMagic || fields.kind < 1 || fields.kind > 4) return std::nullopt;
  ForkRequest request{fields.magic,    static_cast<ForkRequestKind>(fields.kind),
                      fields.slot,     fields.generation,
                      fields.argument, fields.descriptors};
  if (!is_sound(request)) return std::nullopt;
  return request;
}

}  // namespace cohort::detail
