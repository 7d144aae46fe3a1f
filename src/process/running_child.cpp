// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/running_child.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "os/thread.hpp"
#include "process/launch.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

namespace {

std::atomic<std::uint64_t> fallbacks{0};

// What the thread behind a sentinel holds: the child, and the end of a pipe that it writes to.
struct Announcer {
  std::shared_ptr<RunningChild> child;
  os::Fd write_end;
};

bool announce_end(void* raw) {
  std::unique_ptr<Announcer> announcer(static_cast<Announcer*>(raw));
  try {
    announcer->child->wait(Deadline::never());
    const std::byte ended{1};
    os::write_full(announcer->write_end.get(), std::span(&ended, 1));
  } catch (...) {  // closing the end says the same
  }
  return false;
}

// Between two tries while another process holds a lock of the family.
constexpr std::chrono::milliseconds kFirstPause{2};
constexpr std::chrono::milliseconds kLongestPause{50};

// On the service thread. The record stays: it holds how the child ended.
void repair_ended(family::MemberId member, std::chrono::milliseconds pause) {
  try {
    // A process that is stopped may hold a lock that this takes.
    family::LockDeadline soon(Deadline::now());
    (void)family::Family::instance().member_died(member);
  } catch (const family::LockedOut&) {
    (void)call_at(pause, [=] { repair_ended(member, std::min(2 * pause, kLongestPause)); });
  } catch (const StateError&) {  // NOLINT(bugprone-empty-catch)
    // This process has left the family.
  }
}

}  // namespace

RunningChild::RunningChild(family::MemberId member, StartMethod method)
    : member_(member), record_(&family::Family::instance().member(member)), method_(method) {}
RunningChild::~RunningChild() {
  if (end_watch_ != 0) unwatch(end_watch_);
}

void RunningChild::release_record() { family::Family::instance().give_back(member_); }

void RunningChild::repair_at_end() noexcept try {
  if (pidfd() < 0) return;
  end_watch_ = watch(pidfd(), [member = member_] { repair_ended(member, kFirstPause); });
} catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as the header says
}

int RunningChild::sentinel() {
  if (pidfd() >= 0) return pidfd();
  std::lock_guard guard(sentinel_mutex_);
  if (!sentinel_) {
    auto [read_end, write_end] = os::make_pipe();
    auto announcer = std::make_unique<Announcer>(Announcer{shared_from_this(), std::move(write_end)});
    os::start_thread(announce_end, announcer.get(), "cohort-sentinel", 64 * 1024);
    (void)announcer.release();
    sentinel_ = os::above_standard_streams(std::move(read_end));
    fallbacks.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  }
  return sentinel_.get();
}

ExitStatus RunningChild::last_words() const noexcept {
  // relaxed: the writer has ended
  std::uint64_t word = record_->exit_code.load(std::memory_order_relaxed);
  return word != 0 ? ExitStatus::exited(static_cast<int>(word & 0xff)) : ExitStatus::unknown();
}

std::uint64_t sentinel_fallbacks() noexcept { return fallbacks.load(std::memory_order_relaxed); }  // relaxed: a counter

DirectChild::DirectChild(os::Child child, family::MemberId member, StartMethod method)
    : RunningChild(member, method), child_(std::move(child)) {}

std::optional<ExitStatus> DirectChild::wait(Deadline deadline) {
  auto status = child_.wait(deadline);
  if (!status || status->kind() != ExitStatus::Kind::unknown) return status;
  // Somebody else took the status. The first to come here still finds the record the child's own.
  std::lock_guard guard(mutex_);
  if (!words_) words_ = last_words();
  return words_;
}

ExitStatus exit_status_of(int wait_status) noexcept {
  int signal = wait_status & 0x7f;
  if (signal == 0) return ExitStatus::exited((wait_status >> 8) & 0xff);
  return ExitStatus::signaled(signal, (wait_status & 0x80) != 0);
}

}  // namespace cohort::detail
