// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/relayed_child.hpp"

#include <chrono>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "process/fork_server_client.hpp"

namespace cohort::detail {

// The server reports an end before it reaps, and it cannot have reaped before the requester has seen the answer's pid:
// so the pid is the child's when the pidfd is opened, unless the report is there already, and then the pidfd is not
// used.
RelayedChild::RelayedChild(int pid, family::MemberId member, std::shared_ptr<ForkServerLink> server)
    : RunningChild(member, StartMethod::forkserver), pid_(pid), life_(os::open_pidfd(pid)), server_(std::move(server)) {
  // SYNC(exit): fork server's release store -> this load; it comes after the opening, and that is the point
  if (record().exit_state.load(std::memory_order_acquire) == 0) return;
  // Reaped perhaps before we opened: the number could be a stranger's. A pipe without a writer reads as ended, for the
  // sentinel.
  life_ = std::move(os::make_pipe().first);
  (void)known();
}

// As long as status_ is not set nobody has released the record, so it is the child's.
std::optional<ExitStatus> RelayedChild::known() {
  std::lock_guard guard(mutex_);
  if (status_) return status_;
  // SYNC(exit): fork server's release store -> this load; carries exit_status
  auto state = static_cast<family::ExitState>(record().exit_state.load(std::memory_order_acquire));
  if (state == family::ExitState::unknown) status_ = last_words();
  // relaxed: ordered by the acquire above
  if (state == family::ExitState::known) status_ = exit_status_of(record().exit_status.load(std::memory_order_relaxed));
  return status_;
}

ExitStatus RelayedChild::settle_without_server() {
  if (auto status = known()) return *status;
  std::lock_guard guard(mutex_);
  if (!status_) status_ = last_words();
  return *status_;
}

// The server is stopped. It has not reaped either, so the kernel still has the status; but it may report when it goes
// on.
ExitStatus RelayedChild::settle_without_report() {
  if (auto status = known()) return *status;
  std::lock_guard guard(mutex_);
  if (status_) return *status_;
  report_may_come_ = true;
  int word = os::unreaped_status(pid_);
  // 0 is also what the kernel says of a process that it does not let us look at.
  status_ = word > 0 ? exit_status_of(word) : last_words();
  return *status_;
}

void RelayedChild::release_record() {
  bool lends;
  {
    std::lock_guard guard(mutex_);
    lends = report_may_come_;
  }
  if (!lends) return RunningChild::release_record();
  (void)family::Family::instance().member_died(member());
  if (!try_lend_record(server_, member())) throw family::LockedOut();  // a start that holds the list may wait long
}

// True when the kernel says that the child has ended.
bool RelayedChild::wait_for_end(Deadline deadline) {
  if (life_) return os::wait_readable(life_.get(), deadline);
  // The children of a server die with it, which the member table shows.
  auto is_gone = [this] {
    return !family::Family::instance().is_alive(member()) && (server_->ended() || os::is_stopped(server_->identity()));
  };
  if (known() || is_gone()) return true;
  auto overdue = [&](const park::Patience&) { return is_gone(); };
  return await_report(deadline, overdue);
}

// SYNC(exit): the server's wake-up comes after its release store of exit_state
bool RelayedChild::await_report(Deadline deadline, park::Hooks::Overdue overdue) {
  park::Hooks hooks{.spin = park::kNoSpin, .overdue = overdue};
  return park::WaitWord(record().exit_state, park::Mark())
      .wait([this] { return known().has_value(); }, deadline, hooks)
      .ready();
}

std::optional<ExitStatus> RelayedChild::wait(Deadline deadline) {
  if (auto status = known()) return status;
  // Many children end soon, and then the server's report is the news that takes one wake-up only. For the others the
  // kernel's.
  Deadline soon = Deadline::earlier(deadline, std::chrono::milliseconds(20));
  if (await_report(soon)) return known();
  if (!wait_for_end(deadline)) return std::nullopt;
  // It has ended; the server reports as soon as it is scheduled, unless it is dead itself. The grace is for callers who
  // come from the sentinel and do not want to wait: they know that it has ended and expect a status.
  Deadline grace = std::chrono::milliseconds(200);
  ServerPatience patience(*server_);
  for (int turn = 1; true; ++turn) {
    if (auto status = known()) return status;
    if (server_->ended()) return settle_without_server();
    if (turn % 2 == 0 && (os::is_stopped(server_->identity()) || patience.is_over())) return settle_without_report();
    if (deadline.expired() && grace.expired()) return std::nullopt;
    (void)await_report(std::chrono::milliseconds(10));
  }
}

bool RelayedChild::send_signal(int signal) {
  if (known()) return false;
  if (life_) {
    auto outcome = os::send_signal(life_.get(), signal);
    if (outcome != os::SignalOutcome::refused) return outcome == os::SignalOutcome::sent;
  }
  // The server may do what we may not (a child that runs as another user), and to it the child's pid is beyond doubt.
  ForkRequest request;
  request.kind = ForkRequestKind::signal;
  request.slot = member().slot;
  request.generation = member().generation;
  request.argument = static_cast<std::uint32_t>(signal);
  return server_->send(request);
}

}  // namespace cohort::detail
