// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/process/finalizer.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <vector>

#include "os/process.hpp"
#include "process/finalizers.hpp"
#include "process/process_exit.hpp"
#include "process/uncaught.hpp"

namespace cohort {

struct Finalizer::Entry {
  std::function<void()> function;
  int priority;
  std::uint64_t number;
  int pid;
  std::atomic<bool> active{true};

  // relaxed: a hint; take() decides
  [[nodiscard]] bool is_active() const noexcept { return active.load(std::memory_order_relaxed); }
  // True once: that caller runs the function, or sees to it that nobody does.
  // relaxed: who has the entry got it through the registry's mutex, or made it
  bool take() noexcept { return active.exchange(false, std::memory_order_relaxed); }
};

struct FinalizerRegistry {
  std::mutex mutex;
  std::uint64_t next = 0;
  std::vector<std::shared_ptr<Finalizer::Entry>> entries;
  std::vector<std::shared_ptr<std::function<void()>>> after_fork;  // shared: copying one runs code of the user's

  static FinalizerRegistry& instance() {
    static auto* registry = new FinalizerRegistry;
    return *registry;
  }

  static void run(Finalizer::Entry& entry) {
    if (entry.pid != os::process_id() || !entry.take()) return;
    detail::report_uncaught("finalizer", [&] { entry.function(); });
    entry.function = nullptr;
  }
};

Finalizer finalize(std::function<void()> function, int priority) {
  detail::register_process_exit();
  auto& registry = FinalizerRegistry::instance();
  Finalizer finalizer;
  finalizer.entry_ = std::make_shared<Finalizer::Entry>();
  finalizer.entry_->function = std::move(function);
  finalizer.entry_->priority = priority;
  finalizer.entry_->pid = os::process_id();
  // What those held is destroyed without the lock: it may register, too.
  std::vector<std::shared_ptr<Finalizer::Entry>> cancelled;
  std::lock_guard guard(registry.mutex);
  finalizer.entry_->number = registry.next++;
  auto first = std::stable_partition(registry.entries.begin(), registry.entries.end(),
                                     [](const auto& entry) { return entry->is_active(); });
  cancelled.assign(std::make_move_iterator(first), std::make_move_iterator(registry.entries.end()));
  registry.entries.erase(first, registry.entries.end());
  registry.entries.push_back(finalizer.entry_);
  return finalizer;
}

void Finalizer::operator()() const {
  if (entry_) FinalizerRegistry::run(*entry_);
}
void Finalizer::cancel() const {
  if (entry_) (void)entry_->take();
}
bool Finalizer::still_active() const { return entry_ && entry_->is_active() && entry_->pid == os::process_id(); }

void register_after_fork(std::function<void()> function) {
  auto& registry = FinalizerRegistry::instance();
  auto shared = std::make_shared<std::function<void()>>(std::move(function));
  std::lock_guard guard(registry.mutex);
  registry.after_fork.push_back(std::move(shared));
}

namespace detail {

void run_finalizers(bool before_children) {
  auto& registry = FinalizerRegistry::instance();
  // A finalizer may register another, which then runs in this same pass.
  while (true) {
    decltype(registry.entries)::value_type next;
    {
      std::lock_guard guard(registry.mutex);
      for (auto& entry : registry.entries) {
        if (!entry->is_active() || entry->pid != os::process_id() || (before_children && entry->priority < 0)) continue;
        if (!next || entry->priority > next->priority ||
            (entry->priority == next->priority && entry->number > next->number))
          next = entry;
      }
    }
    if (!next) return;
    FinalizerRegistry::run(*next);
  }
}

std::unique_lock<std::mutex> lock_finalizers_for_fork() {
  return std::unique_lock(FinalizerRegistry::instance().mutex);
}

void run_after_fork() {
  std::vector<std::shared_ptr<std::function<void()>>> functions;
  {
    auto& registry = FinalizerRegistry::instance();
    std::lock_guard guard(registry.mutex);
    functions = registry.after_fork;
  }
  for (auto& function : functions) (*function)();
}

}  // namespace detail

}  // namespace cohort
