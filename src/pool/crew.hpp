// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The workers of a pool: their starts, the notice of their ends, and their replacement. What a death means for tasks is
// the pool's (CrewOwner).
//
// The crew uses the pool's mutex: a call says when it needs it. Deaths are noticed by the service thread, or by
// whichever thread reaps the process first.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/base/exit_status.hpp"
#include "cohort/pool/partial.hpp"
#include "cohort/process/process.hpp"
#include "cohort/process/start_method.hpp"
#include "family/family.hpp"

namespace cohort::detail {

/// What a crew needs to know, and tells.
class CrewOwner {
 public:
  CrewOwner() = default;
  CrewOwner(const CrewOwner&) = delete;
  CrewOwner& operator=(const CrewOwner&) = delete;

  /// Whether a worker that is missing is to be started. With the mutex.
  [[nodiscard]] virtual bool wants_workers() const noexcept = 0;
  /// A worker has ended, and what it owned in the family is not freed yet. Without the mutex.
  virtual void worker_ended(std::uint32_t worker, int pid, ExitStatus status) noexcept = 0;
  /// There is no worker, and there will be none for now. Without the mutex.
  virtual void has_no_workers(const std::exception_ptr& why) noexcept = 0;
  /// A death can be noticed no more. Without the mutex.
  virtual void cannot_go_on(const std::exception_ptr& why) noexcept = 0;

 protected:
  ~CrewOwner() = default;
};

class Crew {
 public:
  /// What each worker is started with.
  struct Orders {
    StartMethod method;
    Partial initializer;
    family::Offset pool;  ///< the block of the pool
  };

  Crew(std::mutex& mutex, CrewOwner& owner, std::uint32_t workers, Orders orders);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(workers_.size()); }

  // ---- without the mutex -------------------------------------------------------------------------------------------

  /// Starts all. Throws with some left running: terminate() ends them.
  /// @param self  refers to this, and keeps its owner
  void start(std::weak_ptr<Crew> self);
  /// By a thread that is about to sleep: replaces who is missing where no other thread can. When to come again.
  Deadline before_rest() noexcept;
  /// Kills all and waits for their ends; none is replaced.
  void terminate();
  [[nodiscard]] std::vector<int> pids();

  // ---- with it -----------------------------------------------------------------------------------------------------

  [[nodiscard]] bool is_alive(std::uint32_t worker) const noexcept { return workers_[worker].alive; }
  /// It has ended. False when too many in a row have ended before they were ready.
  /// @param was_ready  its initializer had returned
  [[nodiscard]] bool note_end(std::uint32_t worker, bool was_ready) noexcept;
  /// None is replaced any more. Those that run, or are being started.
  [[nodiscard]] std::vector<ProcessHandle> dismiss();
  /// All have ended, though not all ends were told.
  void note_all_ended() noexcept;

 private:
  struct Worker {
    std::optional<Process> process;
    std::uint64_t watch = 0;
    int pid = 0;
    bool alive = false;
    bool wanted = true;           // to be replaced when it dies
    bool withdrawn = false;       // killed by us, as it could not be watched
    int deaths_before_ready = 0;  // in a row
  };
  [[nodiscard]] bool is_missing(const Worker& worker) const noexcept {
    return !worker.alive && worker.wanted && owner_.wants_workers();
  }
  void replace_missing();
  void replace(std::uint32_t worker);
  [[nodiscard]] Process make_process(std::uint32_t worker) const;
  void watch_worker(std::uint32_t worker, const ProcessHandle& process);
  void reap_and_replace(const ProcessHandle& process) noexcept;
  void try_to_replace() noexcept;
  void note_failed_replacement(const std::exception_ptr& why) noexcept;

  std::mutex& mutex_;
  CrewOwner& owner_;
  const Orders orders_;
  std::vector<std::byte> attributes_;  // of the thread that made the pool: os::ProcessAttributes
  std::weak_ptr<Crew> self_;
  std::mutex replace_mutex_;  // one replacement at a time; taken before mutex_
  std::vector<Worker> workers_;
  std::atomic<std::uint32_t> missing_;
  bool ended_ = false;                  // none is started any more
  std::chrono::milliseconds pause_{0};  // before the next try to replace one; 0: the last one succeeded
  Deadline next_try_ = Deadline::now();
  std::optional<Deadline> without_workers_;  // until when that is borne
};

}  // namespace cohort::detail
