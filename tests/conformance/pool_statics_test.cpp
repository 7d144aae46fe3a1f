// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// Objects that outlive the family: at namespace scope, in functions, of a thread; given back after the process has
// left, they do so quietly, in a root and in a worker, by exit() and by return.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "cohort/cohort.hpp"
#include "support/scratch.hpp"

namespace cohort::test {
namespace {

// The last one goes first: a guard before the object that it guards.
struct Kept {
  std::vector<std::shared_ptr<void>> objects;
  ~Kept() {
    while (!objects.empty()) objects.pop_back();
  }
};
// Destroyed at the program's end, after what was registered for it while the program ran.
Kept kept;
// Destroyed before all with static storage, at exit as at a return from main(); in other threads when the thread ends.
thread_local Kept kept_by_thread;
bool by_thread = false;
Lock lock_at_namespace_scope;
RLock rlock_at_namespace_scope;
SharedMutex mutex_at_namespace_scope;
Condition condition_at_namespace_scope;

template <class T>
T& keep(T&& object) {
  auto owned = std::make_shared<std::decay_t<T>>(std::forward<T>(object));
  (by_thread ? kept_by_thread : kept).objects.push_back(owned);
  return *owned;
}

int square(int x) { return x * x; }
struct Account {
  long balance = 0;
  long transfers = 0;
};

void hold_locks() {
  keep(std::unique_lock(lock_at_namespace_scope));
  keep(std::unique_lock(rlock_at_namespace_scope));
  keep(std::unique_lock(mutex_at_namespace_scope));
  keep(std::unique_lock(condition_at_namespace_scope));
  static SharedMutex in_function;
  static std::shared_lock<SharedMutex> reading(in_function);
  static thread_local std::optional<std::unique_lock<Lock>> of_thread;
  static Lock another;
  of_thread.emplace(another);
  // Permits belong to nobody, so one that is kept to the end is gone: each time another semaphore.
  auto& semaphore = keep(Semaphore(1));
  keep(std::unique_lock<Semaphore>(semaphore));
}
void hold_values() {
  auto& value = keep(Value<Account>());
  keep(value.lock());
  auto& number = keep(Value<int>(3));
  keep(number.lock());
  auto& array = keep(Array<int>(std::vector<int>{1, 2, 3}));
  keep(array.lock());
  keep(SharedMemory(Bytes(4096)));
  keep(ShareableList{Object(1), Object("two")});
}
void hold_channels() {
  keep(Queue<int>()).put(1);
  keep(JoinableQueue<int>()).put(1);
  keep(SimpleQueue<int>()).put(1);
  auto& queue = keep(Queue<std::vector<long>>());
  keep(queue.loan(100));
  auto& filled = keep(queue.loan(10));
  filled.items()[0] = 1;
  auto [receiver, sender] = Pipe();
  sender.send(1);
  (void)receiver.fileno();
  keep(std::move(receiver));
  keep(std::move(sender));
  keep(Event()).set();
  keep(Barrier(2));
}
void hold_pool() {
  auto& pool = keep(Pool(2));
  if (pool.apply<square>(3) != 9) std::_Exit(1);
  keep(pool.apply_async<square>(4));
  keep(pool.imap_unordered<square>(std::vector<int>{1, 2, 3}));
}
// A thread is in a call of the pool when that is destroyed, and still there when all else is.
Value<int> begun(0);
int begin_slowly(int x) {
  begun += 1;
  ::usleep(20'000);
  return x;
}
void hold_pool_in_use() {
  auto& pool = keep(Pool(2));
  begun.store(0);
  std::thread([&pool] {
    try {
      (void)pool.map<begin_slowly>(std::vector<int>(100'000, 1));
    } catch (const Error&) {  // the pool was terminated
      return;
    }
    std::_Exit(96);
  }).detach();
  Deadline limit = patience();
  while (begun.load() == 0) {
    if (limit.expired()) std::_Exit(97);
    ::usleep(500);
  }
}
void hold_processes() {
  auto& process = keep(Process(square, 3));
  process.start();
  keep(ProcessHandle(process));
  keep(finalize([] {}));
  keep(Finalizer(finalize([] {}, -1)));
}
void hold_programs() {
  keep(subprocess::Popen({"true"}, {}));
  keep(subprocess::run_async({"true"}));
  auto row = subprocess::pipeline({{"cat"}, {"cat"}});
  keep(row.run_async({.input = "text"}));
  keep(std::move(row));
  auto& talking = keep(subprocess::Popen({"cat"}, {.in = subprocess::PIPE, .out = subprocess::PIPE, .text = true}));
  talking.in().write("not flushed");
  keep(std::move(talking.out()));
  keep(std::move(talking.in()));
}

using Hold = void (*)();
constexpr Hold kHolds[] = {hold_locks,     hold_values,   hold_channels,   hold_pool,
                           hold_processes, hold_programs, hold_pool_in_use};

void hold_and_exit(std::size_t which, bool by_exit, bool of_thread) {
  by_thread = of_thread;
  kHolds[which]();
  if (by_exit) std::exit(7);
}

class AfterTheFamily : public testing::TestWithParam<StartMethod> {
 protected:
  static int status_of(pid_t pid) {
    int status = -1;
    Deadline limit = patience();
    while (::waitpid(pid, &status, WNOHANG) == 0) {
      if (limit.expired()) ::kill(pid, SIGKILL);
      ::usleep(1000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

// A root of its own: a program that has a main() to return from. See objects_end_quietly_when_main_returns.
TEST(Root, DISABLED_holds_objects_until_main_returns) {
  const char* which = std::getenv("COHORT_TEST_HOLDS");
  const char* method = std::getenv("COHORT_TEST_METHOD");
  ASSERT_TRUE(which != nullptr && method != nullptr);
  set_start_method(static_cast<StartMethod>(std::atoi(method)), true);
  for (const char* digit = which; *digit != '\0'; ++digit)
    hold_and_exit(static_cast<std::size_t>(*digit - '0') / 2, false, *digit % 2 != 0);
}

TEST_P(AfterTheFamily, objects_end_quietly_when_main_returns) {
  // Two times the case, and one more for objects of the thread; the last root has all, but locks once only.
  for (const char* holds : {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ":", ";", "<", "=", "023456789:;"}) {
    auto root = subprocess::run({"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                 "--gtest_filter=Root.DISABLED_holds_objects_until_main_returns"},
                                {.capture_output = true,
                                 .env_set = {{"COHORT_TEST_HOLDS", holds},
                                             {"COHORT_TEST_METHOD", std::to_string(static_cast<int>(GetParam()))}},
                                 .timeout = std::chrono::seconds(60)});
    EXPECT_EQ(root.returncode(), 0) << "case " << holds << ": " << root.out;
    EXPECT_EQ(root.err, "") << "case " << holds;
  }
}

TEST_P(AfterTheFamily, objects_end_quietly_in_a_root) {
  for (std::size_t which = 0; which < 2 * std::size(kHolds); ++which) {
    const bool of_thread = which % 2 != 0;
    pid_t root = ::fork();
    if (root == 0) {
      set_start_method(GetParam(), true);
      try {
        hold_and_exit(which / 2, true, of_thread);
      } catch (const std::exception& e) { std::fprintf(stderr, "%s\n", e.what()); }
      ::_exit(98);
    }
    EXPECT_EQ(status_of(root), 7) << "case " << which;
  }
}

// What a task or a process throws, of the kinds that have no text of their own.
struct NullText : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};
int throw_null_text(int) { throw NullText(); }
int throw_null_pointer(int) { throw static_cast<const char*>(nullptr); }
int leave_with(int code) { throw SystemExit(code); }

TEST_P(AfterTheFamily, exceptions_without_a_text_are_reported_and_harm_nobody) {
  Pool pool({.processes = 1, .start_method = GetParam()});
  int pid = pool.worker_pids().at(0);
  EXPECT_THROW((void)pool.apply<throw_null_text>(1), RemoteError);
  EXPECT_THROW((void)pool.apply<throw_null_pointer>(1), RemoteError);
  EXPECT_EQ(pool.worker_pids().at(0), pid);
  Process object({.start_method = GetParam()}, throw_null_text, 1);
  Process pointer({.start_method = GetParam()}, throw_null_pointer, 1);
  for (Process* p : {&object, &pointer}) {
    p->start();
    ASSERT_TRUE(p->join(patience()));
    EXPECT_EQ(p->exitcode(), 1);
  }
}

TEST_P(AfterTheFamily, system_exit_of_a_task_arrives_with_its_code) {
  Pool pool({.processes = 1, .start_method = GetParam()});
  try {
    (void)pool.apply<leave_with>(3);
    FAIL() << "nothing was thrown";
  } catch (const SystemExit& e) { EXPECT_EQ(e.code(), 3); }
  EXPECT_EQ(pool.apply<square>(3), 9);
}

TEST_P(AfterTheFamily, objects_end_quietly_in_a_worker) {
  for (std::size_t which = 0; which < std::size(kHolds); ++which) {
    for (bool by_exit : {true, false}) {
      for (bool of_thread : {true, false}) {
        Process p({.start_method = GetParam()}, hold_and_exit, which, by_exit, of_thread);
        p.start();
        ASSERT_TRUE(p.join(patience()));
        EXPECT_EQ(p.exitcode(), by_exit ? 7 : 0) << "case " << which << (of_thread ? " of the thread" : "");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(By, AfterTheFamily,
                         testing::Values(StartMethod::forkserver, StartMethod::spawn, StartMethod::fork),
                         [](const auto& method) { return std::string(to_string(method.param)); });

}  // namespace
}  // namespace cohort::test
