// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/pipe.hpp"

#include "connection/connection_ring.hpp"
#include "os/fd.hpp"

namespace cohort {

std::pair<Connection, Connection> Pipe(const PipeOptions& options) {
  if (options.transport == Transport::memory) {
    auto [first, second] = connection::make_ring_pipe(options.duplex, options.capacity.count);
    return {Connection(std::move(first)), Connection(std::move(second))};
  }
  auto [first, second] = options.duplex ? os::make_stream_pair() : os::make_pipe();
  return {Connection::from_descriptor(first.release(),
                                      {.readable = true, .writable = options.duplex, .limits = options.limits}),
          Connection::from_descriptor(second.release(),
                                      {.readable = options.duplex, .writable = true, .limits = options.limits})};
}

}  // namespace cohort
