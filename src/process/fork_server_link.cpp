// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_link.hpp"

#include <chrono>
#include <csignal>
#include <utility>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "os/socket.hpp"
#include "process/launch.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

ForkServerLink::ForkServerLink(os::Fd requests, os::Fd life, family::MemberId member)
    : requests_(std::move(requests)),
      number_(os::socket_number(requests_.get())),
      life_(std::move(life)),
      member_(member) {}

ForkServerLink::ForkServerLink(os::Fd requests, os::Child child, family::MemberId member)
    : requests_(std::move(requests)),
      number_(os::socket_number(requests_.get())),
      child_(std::move(child)),
      member_(member),
      owner_pid_(os::process_id()) {}

ForkServerLink::~ForkServerLink() {
  stop();
  if (lost()) (void)requests_.release();  // another's by now
}

int ForkServerLink::life() const noexcept { return life_ ? life_.get() : child_.pidfd(); }
bool ForkServerLink::is_ours() const noexcept { return owner_pid_ != 0 && owner_pid_ == os::process_id(); }

bool ForkServerLink::lost() const noexcept { return os::socket_number(requests_.get()) != number_; }

std::optional<ExitStatus> ForkServerLink::status() { return is_ours() ? child_.poll() : std::nullopt; }

os::ProcessIdentity ForkServerLink::identity() noexcept {
  if (!is_ours()) return family::Family::instance().identity(member_);
  return {child_.pid(), 0};
}

std::uint64_t ForkServerLink::progress() const noexcept {
  // relaxed: a flag that orders nothing
  return family::Family::instance().slot_record(member_).launch_progress.load(std::memory_order_relaxed);
}

void ForkServerLink::watch_end(const std::shared_ptr<ForkServerLink>& link, void (*after)()) noexcept try {
  if (!link->is_ours() || link->life() < 0) return;
  link->watch_ = watch(link->life(), [weak = std::weak_ptr(link), after] {
    auto ended = weak.lock();
    if (!ended) return;
    (void)ended->status();
    after();
  });
} catch (const std::exception&) {  // no memory or no thread to be had
}

bool ServerPatience::is_over() noexcept {
  if (all_.expired() && link_.progress() == 2) return true;
  if (!os::is_stopped(link_.identity())) {
    stopped_.reset();
    return false;
  }
  if (!stopped_) stopped_ = std::chrono::milliseconds(100);
  return stopped_->expired();
}

bool ForkServerLink::ended() {
  if (is_ours() && (life() < 0 || os::is_readable(life()))) return child_.poll().has_value();
  if (life() >= 0) return os::is_readable(life());
  return !family::Family::instance().is_alive(member_);
}

ForkServerLink::Sent ForkServerLink::try_request(const ForkRequest& request, std::span<const int> fds) try {
  if (lost()) return Sent::gone;
  return os::try_send_packet(requests_.get(), std::as_bytes(std::span(&request, 1)), fds) ? Sent::yes : Sent::no_room;
} catch (const OsError& error) {
  if (error.code() != std::errc::broken_pipe && error.code() != std::errc::connection_reset) throw;
  return Sent::gone;
}

bool ForkServerLink::send(const ForkRequest& request, std::span<const int> fds) noexcept try {
  return this->request(request, fds);
} catch (const std::exception&) { return false; }

void ForkServerLink::end() noexcept try {
  if (!is_ours() || std::exchange(asked_to_end_, true)) return;
  if (watch_ != 0) unwatch(watch_);
  ForkRequest request;
  request.kind = ForkRequestKind::stop;
  if (!child_.poll() && send(request)) {
    try {
      child_.send_signal(SIGCONT);  // one that was stopped would not read it
    } catch (const OsError&) {      // EPERM, as below
    }
    child_.wait(std::chrono::seconds(2));
  }
  if (!child_.poll()) {
    child_.send_signal(SIGKILL);  // EPERM: we have other credentials now. It sees our end and goes then
    child_.wait(Deadline::never());
  }
} catch (const std::exception&) {  // at the end of the process; the server sees our end itself
}

void ForkServerLink::stop() noexcept try {
  if (!is_ours()) return;
  end();
  owner_pid_ = 0;
  // A stopped process may hold a lock of the family for longer.
  family::LockDeadline soon(Deadline::now());
  family::Family::instance().give_back(member_);
} catch (const std::exception&) {  // the record is left to others, who see that its process has ended
}

}  // namespace cohort::detail
