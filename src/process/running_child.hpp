// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A child that was started, whichever way: what Process needs to know of it.
#pragma once

#include <memory>
#include <optional>

#include "cohort/base/deadline.hpp"
#include "cohort/base/exit_status.hpp"
#include "cohort/process/start_method.hpp"
#include "os/child.hpp"
#include "shm/layout.hpp"

namespace cohort::detail {

class RunningChild {
 public:
  RunningChild() = default;
  RunningChild(const RunningChild&) = delete;
  RunningChild& operator=(const RunningChild&) = delete;
  virtual ~RunningChild();

  [[nodiscard]] virtual int pid() const noexcept = 0;
  [[nodiscard]] virtual shm::MemberId member() const noexcept = 0;
  [[nodiscard]] virtual StartMethod method() const noexcept = 0;
  /// Readable when the child has ended.
  [[nodiscard]] virtual int sentinel() const noexcept = 0;
  /// Waits for the end; nullopt when the deadline passed. Any thread, several at once.
  virtual std::optional<ExitStatus> wait(Deadline deadline) = 0;
  /// False when it has ended already.
  virtual bool send_signal(int signal) = 0;
};

/// A child of this very process: fork and spawn.
class DirectChild final : public RunningChild {
 public:
  DirectChild(os::Child child, shm::MemberId member, StartMethod method);
  [[nodiscard]] int pid() const noexcept override { return child_.pid(); }
  [[nodiscard]] shm::MemberId member() const noexcept override { return member_; }
  [[nodiscard]] StartMethod method() const noexcept override { return method_; }
  [[nodiscard]] int sentinel() const noexcept override;
  std::optional<ExitStatus> wait(Deadline deadline) override { return child_.wait(deadline); }
  bool send_signal(int signal) override { return child_.send_signal(signal); }

 private:
  os::Child child_;
  shm::MemberId member_;
  StartMethod method_;
};

/// The wait status of waitpid(2) as a value.
[[nodiscard]] ExitStatus exit_status_of(int wait_status) noexcept;

}  // namespace cohort::detail
