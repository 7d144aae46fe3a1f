// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One fork server as seen from a process that uses it.
//
// Shared by the connection that new children are asked for on and by the children that were made through it, so that a server that is
// no longer asked stays within reach for as long as a child needs it.
#pragma once

#include <memory>
#include <string>

#include "os/child.hpp"
#include "os/fd.hpp"
#include "process/fork_server_protocol.hpp"
#include "shm/layout.hpp"

namespace cohort::detail {

class ForkServerLink {
 public:
  /// A server that this process did not start.
  ForkServerLink(os::Fd requests, os::Fd life, shm::MemberId member);
  /// A server that this process started.
  ForkServerLink(os::Fd requests, os::Child child, shm::MemberId member);
  ForkServerLink(const ForkServerLink&) = delete;
  ForkServerLink& operator=(const ForkServerLink&) = delete;
  ~ForkServerLink();

  /// True when the server has ended. One system call; more where the kernel has no pidfds.
  [[nodiscard]] bool ended();
  /// Sends a request; false when the server has ended.
  /// Throws: OsError when the system will not pass the descriptors on: too many are under way (ETOOMANYREFS), no memory
  bool request(const ForkRequest& request, std::span<const int> fds);
  /// The same, and false whatever the reason.
  bool send(const ForkRequest& request, std::span<const int> fds = {}) noexcept;
  /// True when this very process started it.
  [[nodiscard]] bool is_ours() const noexcept;
  /// Ends a server of ours: asks it to, waits a little, kills it. No effect on another's.
  void stop() noexcept;
  /// Why a server that has ended did not serve, in its own words; empty when it left none.
  [[nodiscard]] std::string take_failure();

  [[nodiscard]] int requests() const noexcept { return requests_.get(); }
  [[nodiscard]] int life() const noexcept;
  [[nodiscard]] shm::MemberId member() const noexcept { return member_; }
  [[nodiscard]] int pid() const noexcept { return child_.pid(); }

 private:
  os::Fd requests_;
  os::Fd life_;  // pidfd of another's server; one of ours is in child_
  os::Child child_;
  shm::MemberId member_;
  int owner_pid_ = 0;
};

}  // namespace cohort::detail
