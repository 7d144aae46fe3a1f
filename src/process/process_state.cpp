// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/process_state.hpp"

#include <array>
#include <chrono>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "family/family.hpp"
#include "os/cpu.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "park/stop_bell.hpp"

namespace cohort {

namespace detail {

ProcessState& process_state() {
  static auto* state = new ProcessState;
  return *state;
}

const AuthenticationKey& authkey_of(ProcessState& state) {
  if (state.authkey.empty()) state.authkey = AuthenticationKey::make_random();
  return state.authkey;
}

}  // namespace detail

using detail::process_state;

ProcessInfo current_process() {
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  return {state.name, os::process_id(), state.daemon, state.identity, state.started_by};
}

void set_current_process_name(std::string name) {
  auto& state = process_state();
  log::set_process_name(name);
  std::lock_guard guard(state.mutex);
  state.name = std::move(name);
}

std::vector<std::byte> current_authkey() {
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  return detail::authkey_of(state).copy();
}

void set_current_authkey(std::vector<std::byte> key) {
  detail::AuthenticationKey kept(std::move(key));
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  state.authkey = std::move(kept);
}

std::optional<ParentProcess> parent_process() {
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  if (state.parent_pid == 0) return std::nullopt;
  return ParentProcess(state.parent_name, state.parent_pid, state.parent.pack());
}

bool ParentProcess::is_alive() const { return family::Family::instance().is_alive(family::MemberId::unpack(member_)); }

bool ParentProcess::join(const Until& until) const {
  auto& family = family::Family::instance();
  os::Fd pidfd = os::open_pidfd(family.identity(family::MemberId::unpack(member_)));
  park::StopDescriptor stop(until);
  // Without a pidfd there is nothing to sleep on but the clock.
  const std::array<int, 2> fds{pidfd.get(), stop.fd()};
  while (is_alive()) {
    if (until.stopped()) detail::throw_stopped("ParentProcess.join", name_);
    if (until.expired()) return false;
    Deadline next = Deadline::earlier(until.deadline, Deadline(std::chrono::milliseconds(pidfd ? 1000 : 10)));
    (void)os::wait_any_readable(fds, next);
  }
  return true;
}

int cpu_count() noexcept { return os::usable_cpus(); }

}  // namespace cohort
