// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a fork server is asked: whatever the packet, the request is one that docs/formats/fork-server.md describes, or
// none.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "process/fork_server_protocol.hpp"
#include "process/launch.hpp"

namespace {

void require(bool holds) {
  if (!holds) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = cohort::detail::ForkRequestKind;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto request = cohort::detail::parse_fork_request(bytes);
  if (!request) { return 0; }
  require(size == sizeof *request && std::memcmp(&*request, data, size) == 0);
  require(request->magic == cohort::detail::kForkServerMagic);
  require(request->kind >= Kind::start && request->kind <= Kind::signal);
  require(request->descriptors <= cohort::detail::kMostDescriptors);
  if (request->kind == Kind::start) {
    require(request->argument <= 3);
  } else {
    require(request->descriptors == 0 && request->argument <= 127);
  }
  return 0;
}
