// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_link.hpp"

#include <chrono>
#include <csignal>
#include <cstring>

#include "cohort/base/error.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/socket.hpp"
#include "process/launch.hpp"
#include "shm/family.hpp"

namespace cohort::detail {

ForkServerLink::ForkServerLink(os::Fd requests, os::Fd life, shm::MemberId member)
    : requests_(std::move(requests)), life_(std::move(life)), member_(member) {}

ForkServerLink::ForkServerLink(os::Fd requests, os::Child child, shm::MemberId member)
    : requests_(std::move(requests)), child_(std::move(child)), member_(member), owner_pid_(os::process_id()) {}

ForkServerLink::~ForkServerLink() { stop(); }

int ForkServerLink::life() const noexcept { return life_ ? life_.get() : child_.pidfd(); }
bool ForkServerLink::is_ours() const noexcept { return owner_pid_ != 0 && owner_pid_ == os::process_id(); }

bool ForkServerLink::ended() {
  if (life() >= 0) return os::is_readable(life());
  if (is_ours()) return child_.poll().has_value();
  return !shm::Family::instance().is_alive(member_);
}

bool ForkServerLink::request(const ForkRequest& request, std::span<const int> fds) try {
  os::send_packet(requests_.get(), std::as_bytes(std::span(&request, 1)), fds);
  return true;
} catch (const OsError& error) {
  if (error.code() != std::errc::broken_pipe && error.code() != std::errc::connection_reset) throw;
  return false;
}

bool ForkServerLink::send(const ForkRequest& request, std::span<const int> fds) noexcept try {
  return this->request(request, fds);
} catch (const std::exception&) { return false; }

void ForkServerLink::stop() noexcept try {
  if (!is_ours()) return;
  owner_pid_ = 0;
  ForkRequest request;
  request.kind = ForkRequestKind::stop;
  if (!child_.poll() && send(request)) child_.wait(std::chrono::seconds(2));
  if (!child_.poll()) {
    child_.send_signal(SIGKILL);  // EPERM: we have other credentials now. It sees our end and goes then
    child_.wait(Deadline::never());
  }
  auto& family = shm::Family::instance();
  if (family.member_died(member_)) family.release_member(member_);
  family.abandon_member(member_);
} catch (const std::exception&) {  // at the end of the process; the server sees our end itself
}

std::string ForkServerLink::take_failure() try {
  auto& family = shm::Family::instance();
  // SYNC(failure): release exchange in note_failure() -> acquire here; carries the block's bytes
  shm::Offset block = family.member(member_).words[word_failure].exchange(0, std::memory_order_acq_rel);
  if (block == 0) return {};
  const std::byte* place = family.address(block, 1);
  std::size_t size = family.block_size(block);
  std::string text(reinterpret_cast<const char*>(place), ::strnlen(reinterpret_cast<const char*>(place), size));
  family.free(block);
  return text;
} catch (const Error&) {  // swept up meanwhile
  return {};
}

}  // namespace cohort::detail
