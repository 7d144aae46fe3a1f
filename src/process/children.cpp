// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/children.hpp"

#include <csignal>
#include <exception>
#include <mutex>

#include "base/per_process.hpp"
#include "process/process_core.hpp"
#include "process/record_return.hpp"

namespace cohort::detail {

namespace {

struct Children {
  std::mutex mutex;
  std::vector<std::shared_ptr<ProcessCore>> cores;
};

PerProcess<Children> children;

Children& instance() { return children.get(); }

std::vector<std::shared_ptr<ProcessCore>> snapshot() {
  std::lock_guard guard(instance().mutex);
  return instance().cores;
}

}  // namespace

void add_child(std::shared_ptr<ProcessCore> core) {
  std::lock_guard guard(instance().mutex);
  instance().cores.push_back(std::move(core));
}

void remove_child(const ProcessCore& core) noexcept {
  std::shared_ptr<ProcessCore> last;  // its destructor runs after the lock
  std::lock_guard guard(instance().mutex);
  auto& cores = instance().cores;
  for (auto at = cores.begin(); at != cores.end(); ++at) {
    if (at->get() != &core) continue;
    last = std::move(*at);
    cores.erase(at);
    return;
  }
}

std::vector<std::shared_ptr<ProcessCore>> running_children() {
  auto cores = snapshot();
  std::erase_if(cores, [](const auto& core) {
    if (!core->poll_ended()) return false;
    remove_child(*core);  // again: one that was joined while it was being added is still listed
    return true;
  });
  return cores;
}

void end_children() {
  auto cores = running_children();
  // What one child refuses (closed by another thread, a signal not permitted) must not keep us from the others.
  auto each = [&](auto&& act) {
    for (auto& core : cores) {
      try {
        act(*core);
      } catch (const std::exception&) {}
    }
  };
  each([](ProcessCore& core) {
    if (core.daemon()) core.send_signal(SIGTERM);
  });
  Deadline patience = std::chrono::seconds(1);
  each([&](ProcessCore& core) {
    if (!core.daemon() || core.wait(patience)) return;
    core.send_signal(SIGKILL);
    core.wait(Deadline::never());
  });
  each([](ProcessCore& core) { core.wait(Deadline::never()); });
}

void forget_children() noexcept {
  children.renew();
  forget_records();
}

}  // namespace cohort::detail
