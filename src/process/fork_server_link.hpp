// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One fork server as seen from a process that uses it.
//
// Shared by the connection that new children are asked for on and by the children that were made through it, so that a
// server that is no longer asked stays within reach for as long as a child needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "cohort/base/deadline.hpp"
#include "cohort/base/exit_status.hpp"
#include "family/layout.hpp"
#include "os/child.hpp"
#include "os/fd.hpp"
#include "os/process_identity.hpp"
#include "process/fork_server_protocol.hpp"

namespace cohort::detail {

class ForkServerLink {
 public:
  /// A server that this process did not start.
  ForkServerLink(os::Fd requests, os::Fd life, family::MemberId member);
  /// A server that this process started.
  ForkServerLink(os::Fd requests, os::Child child, family::MemberId member);
  ForkServerLink(const ForkServerLink&) = delete;
  ForkServerLink& operator=(const ForkServerLink&) = delete;
  ~ForkServerLink();

  /// True when the server has ended. One system call; more where the kernel has no pidfds.
  [[nodiscard]] bool ended();
  /// True when this program has closed the connection, whatever has its number by now.
  [[nodiscard]] bool lost() const noexcept;
  enum class Sent { yes, no_room, gone };
  /// Sends a request, without waiting for room.
  /// @throws OsError when the system will not pass the descriptors on: too many are under way (ETOOMANYREFS), no memory
  Sent try_request(const ForkRequest& request, std::span<const int> fds);
  /// The same; whether it was sent.
  bool request(const ForkRequest& request, std::span<const int> fds) { return try_request(request, fds) == Sent::yes; }
  /// The same, and false whatever the reason why it was not.
  bool send(const ForkRequest& request, std::span<const int> fds = {}) noexcept;
  /// True when this very process started it.
  [[nodiscard]] bool is_ours() const noexcept;
  /// Has the service thread reap a server of ours as soon as it ends, so that a killed one is not left as a zombie, and
  /// then call `after` there. Starts the service thread. Without memory for it the next question to the server reaps.
  static void watch_end(const std::shared_ptr<ForkServerLink>& link, void (*after)()) noexcept;
  /// Ends a server of ours: asks it to, waits a little, kills it. No effect on another's, nor a second time.
  void end() noexcept;
  /// The same, and gives its record back.
  void stop() noexcept;
  /// How a server of ours has ended; nullopt when it has not, or is another's.
  [[nodiscard]] std::optional<ExitStatus> status();
  /// Who it is to the system; {} as long as another's has not begun.
  [[nodiscard]] os::ProcessIdentity identity() noexcept;
  /// How far it has come: 0 started, 1 in worker code, 2 serving.
  [[nodiscard]] std::uint64_t progress() const noexcept;

  [[nodiscard]] int requests() const noexcept { return requests_.get(); }
  [[nodiscard]] int life() const noexcept;
  [[nodiscard]] family::MemberId member() const noexcept { return member_; }
  [[nodiscard]] int pid() const noexcept { return child_.pid(); }

 private:
  os::Fd requests_;
  std::uint64_t number_;  // of that socket
  os::Fd life_;           // pidfd of another's server; one of ours is in child_
  os::Child child_;
  family::MemberId member_;
  int owner_pid_ = 0;
  std::uint64_t watch_ = 0;
  bool asked_to_end_ = false;
};

/// How long one waits for a server that lives but does not answer. For one wait; to be asked at each turn of it, about
/// every 50 ms.
class ServerPatience {
 public:
  explicit ServerPatience(ForkServerLink& link) noexcept : link_(link) {}
  /// True when the server was found stopped (SIGSTOP, a debugger) at two looks 100 ms apart, or serves and yet has not
  /// answered for 10 s.
  [[nodiscard]] bool is_over() noexcept;

 private:
  ForkServerLink& link_;
  std::optional<Deadline> stopped_;
  Deadline all_ = std::chrono::seconds(10);
};

}  // namespace cohort::detail
