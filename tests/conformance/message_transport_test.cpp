// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Each transport of a Connection, under the one body of tests.
#include "conformance/transport_conformance.hpp"

namespace cohort::test {
namespace {

std::pair<Connection, Connection> in_memory() { return Pipe(); }
std::pair<Connection, Connection> over_sockets() { return Pipe({.transport = Transport::socket}); }
std::pair<Connection, Connection> over_a_pipe() {
  auto [receiver, sender] = Pipe({.duplex = false, .transport = Transport::socket});
  return {std::move(sender), std::move(receiver)};
}
std::pair<Connection, Connection> in_memory_one_way() {
  auto [receiver, sender] = Pipe(false);
  return {std::move(sender), std::move(receiver)};
}

INSTANTIATE_TEST_SUITE_P(Each, TransportConformance,
                         ::testing::Values(TransportUnderTest{"memory", in_memory, true},
                                           TransportUnderTest{"memory_one_way", in_memory_one_way, false},
                                           TransportUnderTest{"socket", over_sockets, true},
                                           TransportUnderTest{"pipe", over_a_pipe, false}),
                         name_of);

}  // namespace
}  // namespace cohort::test
