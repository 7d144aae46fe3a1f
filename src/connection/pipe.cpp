// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/pipe.hpp"

#include "connection/memory_transport.hpp"
#include "os/fd.hpp"

namespace cohort {

std::pair<Connection, Connection> Pipe(const PipeOptions& options) {
  if (options.transport == Transport::memory) {
    auto connect = [](connection::PipeEnd end) {
      return detail::ConnectionAccess::make(std::make_shared<connection::MemoryTransport>(std::move(end)));
    };
    auto [first, second] = connection::make_pipe(options.duplex, options.capacity.count);
    return {connect(std::move(first)), connect(std::move(second))};
  }
  auto [first, second] = options.duplex ? os::make_stream_pair() : os::make_pipe();
  return {Connection::from_descriptor(first.release(),
                                      {.readable = true, .writable = options.duplex, .limits = options.limits}),
          Connection::from_descriptor(second.release(),
                                      {.readable = options.duplex, .writable = true, .limits = options.limits})};
}

}  // namespace cohort
