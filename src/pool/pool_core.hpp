// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a pool: who has which task, who is dead, who waits.
//
// Everything here is private memory of the owner under one mutex; what workers see is in layout.hpp. The service thread only
// notes deaths; results are taken in by whichever thread waits.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cohort/pool/pool_door.hpp"
#include "cohort/process/finalizer.hpp"
#include "cohort/process/process.hpp"
#include "family/family.hpp"
#include "pool/job_board.hpp"
#include "pool/layout.hpp"
#include "pool/task_arguments.hpp"

namespace cohort::detail {

class PoolCore : public std::enable_shared_from_this<PoolCore> {
 public:
  explicit PoolCore(PoolOptions options);
  ~PoolCore();
  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;
  /// Starts the workers. Throws with none left running.
  void start();

  void submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode, const TaskOptions& options,
              std::shared_ptr<TaskSink> sink, std::uint64_t tag);
  /// Takes in what has come until `done()` is true; false when the deadline passes first. `done` is called with the mutex held.
  bool wait_until(FunctionRef<bool()> done, Deadline deadline, const char* operation);
  /// As messages name it.
  [[nodiscard]] std::string name_of_callable(std::uint32_t number);
  /// Runs a job to its end. The caller has filled the job's block.
  void run_job(MapJob& job, const char* operation);
  /// Takes the job off the pool and frees its blocks once no worker looks at them.
  void finish_job(MapJob& job) noexcept;
  void close();
  void terminate() noexcept;
  bool join(Deadline deadline);

  [[nodiscard]] int processes() const noexcept { return static_cast<int>(workers_.size()); }
  [[nodiscard]] std::vector<int> worker_pids();
  [[nodiscard]] family::MemberId owner() const noexcept { return owner_; }
  /// Throws when the pool takes no tasks.
  void check_open(const char* operation);

 private:
  enum class Stage { open, closed, terminated };
  struct Worker {
    std::optional<Process> process;
    std::uint64_t watch = 0;
    int pid = 0;
    bool alive = false;
    bool ready = false;           // WorkerShared::ready, as seen when it was 1
    bool wanted = true;           // to be replaced when it dies
    bool withdrawn = false;       // killed by us, as it could not be watched
    int deaths_before_ready = 0;  // in a row
  };
  static constexpr std::uint64_t kNotInRing = UINT64_MAX;
  struct Task {
    std::shared_ptr<TaskSink> sink;
    std::uint64_t tag = 0;
    std::uint32_t generation = 0;
    std::uint64_t place = 0;  // of its entry in the ring of work; kNotInRing: it waits for room there
    int retries = 0;
    bool active = false;
    std::uint32_t callable = 0;                    // its number
    std::vector<Encoder::Attachment> attachments;  // shared objects among the arguments
  };
  /// What PoolShared::callables says of one, as it was when the module was loaded; that may be unloaded while tasks are open.
  struct KnownCallable {
    CallableId id;
    std::string name;
    std::string module_path;
  };
  /// A task for which there is no record yet.
  struct Overflow {
    std::uint32_t callable;
    TaskArguments arguments;
    int retries;
    std::shared_ptr<TaskSink> sink;
    std::uint64_t tag;
  };

  // All below: the caller holds the mutex.
  /// Unlocks when it throws what broke the pool, as that may be the user's.
  void require_open(const char* operation, std::unique_lock<std::mutex>& guard) const;
  /// Puts an entry at the end of the ring of work, or keeps it until there is room. False: it is kept.
  bool push_entry(std::uint64_t entry);
  [[nodiscard]] bool enough_are_awake() noexcept;
  void push_stalled();
  void enqueue(std::uint32_t index);
  void fill_record(std::uint32_t index, std::uint32_t callable, const TaskOptions& options,
                   std::shared_ptr<TaskSink> sink, std::uint64_t tag);
  bool take_completions();
  /// The task is known to be done.
  void take_result(std::uint32_t index);
  void resolve(std::uint32_t index, TaskResult&& result);
  [[nodiscard]] std::uint32_t number_of(const CallableDescriptor& callable, const char* operation);
  [[nodiscard]] std::uint32_t add_callable(const CallableDescriptor& callable, const char* operation);
  void release_arguments(TaskRecord& record) noexcept;
  void feed_overflow();
  void note_death(std::uint32_t worker, int pid, ExitStatus status);
  [[nodiscard]] std::vector<std::uint32_t> reclaim_tasks(std::uint32_t worker);
  [[nodiscard]] static std::uint64_t queued_state(const Task& task) noexcept;
  void enqueue_lost(const WorkerEnd& end);
  void recover_tasks(const std::vector<std::uint32_t>& running, const WorkerEnd& end);
  void fail_everything(const std::exception_ptr& why);
  /// What is open ends with that; the pool goes on.
  void fail_open(const std::exception_ptr& why);
  [[nodiscard]] std::string take_last_words(std::uint32_t worker);
  [[nodiscard]] std::exception_ptr take_initializer_error(std::uint32_t worker);
  [[nodiscard]] bool completions_pending() const noexcept;
  [[nodiscard]] bool has_work() const noexcept;
  void push_job(const MapJob& job);
  /// @param in_job  entry of the job that it had joined; 0: none
  void recover_jobs(std::uint32_t worker, std::uint64_t in_job, const WorkerEnd& end);
  void ring_doorbell() noexcept;

  // Without the mutex.
  void on_worker_ended(std::uint32_t worker, int pid, ExitStatus status) noexcept;
  void reap_and_replace(const ProcessHandle& process) noexcept;
  void replace_missing_workers();
  void watch_worker(std::uint32_t worker, const ProcessHandle& process);
  void note_failed_replacement(const std::exception_ptr& why) noexcept;
  void try_to_replace() noexcept;
  /// When there is to be another try.
  Deadline replace_by_fork() noexcept;
  void require_owner(const char* operation) const;

  const PoolOptions options_;
  const int owner_pid_;
  const int cpus_ = cpu_count();
  StartMethod method_;
  family::MemberId owner_{};
  family::Offset block_ = 0;
  PoolShared* shared_ = nullptr;
  WorkerShared* shared_workers_ = nullptr;

  std::mutex mutex_;
  std::mutex replace_mutex_;  // one replacement at a time; taken before mutex_
  Stage stage_ = Stage::open;
  std::exception_ptr broken_;
  std::vector<Worker> workers_;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> free_tasks_;
  std::size_t active_tasks_ = 0;
  std::deque<Overflow> overflow_;
  std::atomic<bool> table_is_full_{false};  // at the last look: where the next arguments go meanwhile
  std::uint64_t seen_tail_ = 0;             // of the ring of work, at the last look
  std::size_t ready_workers_ = 0;           // those with Worker::ready
  std::uint32_t last_worker_ = 0;           // that has done a task: likely to look for another
  std::atomic<std::uint32_t> missing_workers_{0};
  std::chrono::milliseconds pause_{0};  // before the next try to replace one; 0: the last one succeeded
  Deadline next_try_ = Deadline::now();
  std::optional<Deadline> without_workers_;  // until when that is borne
  std::vector<std::byte> attributes_;        // of the thread that made the pool: os::ProcessAttributes
  std::optional<JobBoard> jobs_;
  Finalizer at_exit_;
  std::vector<KnownCallable> callables_;  // by number
  std::unordered_map<const CallableDescriptor*, std::uint32_t>
      numbers_;                          // of those whose module has been loaded all the time
  std::uint64_t removed_callables_ = 0;  // at the last look
  const CallableDescriptor* last_callable_ = nullptr;
  std::uint32_t last_number_ = 0;
  std::uint64_t ended_tries_ = 0;  // of tasks, with a result or by the death of the worker
  std::uint64_t tries_at_last_loss_ =
      0;                               // when a worker ended the last time that may have taken a task and not begun it
  std::uint32_t losses_ = 0;           // such ends since a try ended
  std::deque<std::uint64_t> stalled_;  // entries for which the ring of work was full of old ones
};

}  // namespace cohort::detail
