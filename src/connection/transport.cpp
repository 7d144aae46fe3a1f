// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/transport.hpp"

#include "cohort/base/error.hpp"

namespace cohort::detail {

Transport::~Transport() = default;

void Transport::Use::refuse() {
  finish();
  throw ClosedError(operation_, "", "this process has closed this end of the connection");
}

void Transport::Use::throw_closed() const {
  throw ClosedError(operation_, "", "another thread has closed this end of the connection");
}

Transport& ConnectionAccess::transport(const Connection& connection, const char* operation) {
  if (connection.transport_ == nullptr)
    throw ClosedError(operation, "", "the connection is null: it was moved from, or made of null_handle");
  return *connection.transport_;
}

}  // namespace cohort::detail
