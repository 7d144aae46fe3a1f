// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The compiled core of Process: its states, and what each call does in each of them.
//
//   described --start()--> running --(the kernel says so)--> ended
//   any but running --close()--> closed
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cohort/process/process.hpp"
#include "process/authentication_key.hpp"
#include "process/running_child.hpp"

namespace cohort::detail {

class ProcessCore : public std::enable_shared_from_this<ProcessCore> {
 public:
  ProcessCore(std::unique_ptr<ProcessBody> body, ProcessOptions options);

  void start();
  /// True when the child has ended. StateError before start().
  bool wait(const Until& until);
  /// True when the child was started and has ended; never blocks, never throws for lack of a start.
  bool poll_ended();
  void send_signal(int signal, const char* operation = "Process.send_signal");
  void close();

  [[nodiscard]] bool is_alive();
  [[nodiscard]] std::string name();
  void set_name(std::string name);
  [[nodiscard]] bool daemon();
  void set_daemon(bool daemon);
  [[nodiscard]] std::optional<int> pid();
  [[nodiscard]] std::optional<ExitStatus> exit_status();
  [[nodiscard]] std::vector<std::byte> authkey();
  void set_authkey(std::vector<std::byte> key);
  [[nodiscard]] int sentinel();
  [[nodiscard]] StartMethod start_method();
  [[nodiscard]] std::string to_string();

  /// Has `hook` called once when the end is known, before what the child owned in the family is freed; by whichever
  /// thread learns it.
  void set_end_hook(std::function<void(int pid, ExitStatus)> hook);

  /// What a starter needs; constant during start().
  [[nodiscard]] const std::vector<unsigned>& identity() const noexcept { return identity_; }
  [[nodiscard]] ProcessBody& body() noexcept { return *body_; }
  [[nodiscard]] bool force_fork() const noexcept { return options_.force_fork; }
  /// The child's member slot; nobody before start().
  [[nodiscard]] family::MemberId member();

 private:
  void require_creator(const char* operation) const;
  void require_open(const char* operation) const;
  [[nodiscard]] std::shared_ptr<RunningChild> require_started(const char* operation);
  /// Notes the status once, repairs what the child left, and drops it from the children.
  void note_end(const std::shared_ptr<RunningChild>& child, ExitStatus status);

  std::mutex end_mutex_;                               // held while an end is noted; taken before mutex_
  std::function<void(int pid, ExitStatus)> end_hook_;  // guarded by end_mutex_
  std::mutex mutex_;                                   // guards all below
  std::unique_ptr<ProcessBody> body_;
  ProcessOptions options_;
  std::vector<unsigned> identity_;
  AuthenticationKey authkey_;
  int creator_pid_;
  bool closed_ = false;
  bool starting_ = false;  // one start at a time. Not a lock: arguments are encoded meanwhile, and destroyed
  std::shared_ptr<RunningChild> child_;
  std::optional<ExitStatus> status_;
};

/// What other layers may do with a process that users may not.
struct ProcessAccess {
  /// Process::start() through a handle.
  static void start(const ProcessHandle& process);
  static void set_end_hook(const ProcessHandle& process, std::function<void(int pid, ExitStatus)> hook);
};

/// An OsError that the encoding of a child's arguments threw, which may be the user's: start() throws that as it is.
struct ArgumentsFailure {
  std::exception_ptr what;
};

/// The three start methods. Each returns a started child, or throws with nothing left running.
std::shared_ptr<RunningChild> start_by_fork(ProcessCore& core, const std::string& name, bool daemon,
                                            const AuthenticationKey& authkey);
std::shared_ptr<RunningChild> start_by_spawn(ProcessCore& core, const std::string& name, bool daemon,
                                             const AuthenticationKey& authkey);
std::shared_ptr<RunningChild> start_by_fork_server(ProcessCore& core, const std::string& name, bool daemon,
                                                   const AuthenticationKey& authkey);

}  // namespace cohort::detail
