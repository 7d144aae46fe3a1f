// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A child of the fork server, whose end the server reports in the child's member record.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "os/fd.hpp"
#include "park/wait_word.hpp"
#include "process/fork_server_link.hpp"
#include "process/running_child.hpp"

namespace cohort::detail {

class RelayedChild final : public RunningChild {
 public:
  RelayedChild(int pid, family::MemberId member, std::shared_ptr<ForkServerLink> server);
  [[nodiscard]] int pid() const noexcept override { return pid_; }
  std::optional<ExitStatus> wait(Deadline deadline) override;
  bool send_signal(int signal) override;
  void release_record() override;

 protected:
  [[nodiscard]] int pidfd() const noexcept override { return life_.get(); }

 private:
  [[nodiscard]] std::optional<ExitStatus> known();
  [[nodiscard]] ExitStatus settle_without_server();
  [[nodiscard]] ExitStatus settle_without_report();
  [[nodiscard]] bool wait_for_end(Deadline deadline);
  bool await_report(Deadline deadline, park::Hooks::Overdue overdue = park::Hooks::kNothingOverdue);

  int pid_;
  os::Fd life_;
  std::shared_ptr<ForkServerLink> server_;
  std::mutex mutex_;
  std::optional<ExitStatus> status_;
  bool report_may_come_ = false;
};

}  // namespace cohort::detail
