// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The insides of a connection in memory, for tests that look at them or damage them.
#pragma once

#include "connection/memory_transport.hpp"

namespace cohort::test {

/// The handle of the end in the family memory.
inline const connection::PipeEnd& end_of(const Connection& connection) {
  auto& transport = detail::ConnectionAccess::transport(connection, "test");
  return dynamic_cast<connection::MemoryTransport&>(transport).end();
}

inline connection::PipeBody& pipe_of(const Connection& connection) {
  return connection::pipe_of(end_of(connection).end());
}

}  // namespace cohort::test
