// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A child that was started, whichever way: what Process needs to know of it.
//
// Starts the service thread, and a thread for a sentinel that is asked for where the kernel has no pidfds.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "cohort/base/deadline.hpp"
#include "cohort/base/exit_status.hpp"
#include "cohort/process/start_method.hpp"
#include "family/layout.hpp"
#include "os/child.hpp"
#include "os/fd.hpp"

namespace cohort::detail {

class RunningChild : public std::enable_shared_from_this<RunningChild> {
 public:
  RunningChild(family::MemberId member, StartMethod method);
  RunningChild(const RunningChild&) = delete;
  RunningChild& operator=(const RunningChild&) = delete;
  virtual ~RunningChild();

  [[nodiscard]] family::MemberId member() const noexcept { return member_; }
  [[nodiscard]] StartMethod method() const noexcept { return method_; }
  /// Readable when the child has ended. Stays open as long as this object.
  [[nodiscard]] int sentinel();

  [[nodiscard]] virtual int pid() const noexcept = 0;
  /// Waits for the end; nullopt when the deadline passed. Any thread, several at once: none waits for another.
  virtual std::optional<ExitStatus> wait(Deadline deadline) = 0;
  /// False when it has ended already. Throws OsError(EPERM).
  virtual bool send_signal(int signal) = 0;
  /// From here on the child's end is repaired as soon as it comes, by the service thread: those that sleep for what it
  /// held or was to send go on within a millisecond or two. Without a thread, memory or pidfd they find out
  /// by themselves, within 100 ms. Its status is not taken. To be called once, for a child whose end nothing else
  /// watches.
  void repair_at_end() noexcept;
  /// Gives the child's record back after its end, once nobody can write to it any more. See record_return.hpp, which
  /// calls it.
  /// Throws family::LockedOut under a family::LockDeadline, and may be called again then.
  virtual void release_record();
  /// The next of those whose record is to be given back later. Of record_return.cpp.
  std::shared_ptr<RunningChild> next_put_off;

 protected:
  /// A pidfd of the child; -1 where the kernel has none.
  [[nodiscard]] virtual int pidfd() const noexcept = 0;
  /// The child's record, which is its own until the status is settled and the slot released.
  [[nodiscard]] family::MemberRecord& record() const noexcept { return *record_; }
  /// What the child said it would end with, if it came to say it; unknown otherwise. Only for a child that has ended.
  [[nodiscard]] ExitStatus last_words() const noexcept;

 private:
  family::MemberId member_;
  family::MemberRecord* record_;
  StartMethod method_;
  std::uint64_t end_watch_ = 0;
  std::mutex sentinel_mutex_;
  os::Fd sentinel_;  // only without a pidfd
};

/// A child of this very process: fork and spawn.
class DirectChild final : public RunningChild {
 public:
  DirectChild(os::Child child, family::MemberId member, StartMethod method);
  [[nodiscard]] int pid() const noexcept override { return child_.pid(); }
  std::optional<ExitStatus> wait(Deadline deadline) override;
  bool send_signal(int signal) override { return child_.send_signal(signal); }

 protected:
  [[nodiscard]] int pidfd() const noexcept override { return child_.pidfd(); }

 private:
  os::Child child_;
  std::mutex mutex_;
  std::optional<ExitStatus> words_;  // in place of an unknown status
};

/// The wait status of waitpid(2) as a value.
[[nodiscard]] ExitStatus exit_status_of(int wait_status) noexcept;

/// How often a sentinel had to be made by a thread, because the kernel has no pidfds. 0 on Debian 12.
[[nodiscard]] std::uint64_t sentinel_fallbacks() noexcept;

}  // namespace cohort::detail
