// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cxxabi.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/family/family_memory.hpp"
#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "cohort/queue.hpp"
#include "cohort/shared.hpp"
#include "cohort/subprocess.hpp"
#include "cohort/sync.hpp"
#include "torture/surroundings.hpp"
#include "torture/surroundings_limits.hpp"

namespace cohort::torture {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What a call may take beyond its own deadline: this machine may have far more to do than processors.
constexpr auto kBound = 20s;
// For a call with a deadline of its own, without the time in which no processor was to be had. The promise is 50 ms, of
// which a machine that has too much to do may make far more, since others have to run before the call can end.
constexpr auto kMostLate = 2s;
constexpr auto kDeadline = 1s;

// ---- what children do -----------------------------------------------------------------------------------------------

// Everything but the standard streams, as a program does that becomes a daemon. `number` chooses; 0: nothing.
void close_some(std::uint32_t number) {
  if (number == 0) return;
  for (int fd = 3; fd < 64; ++fd)
    if ((number * 2654435761u >> (fd % 29) & 1u) != 0) ::close(fd);
}

void exit_with(int code, std::uint32_t closes) {
  close_some(closes);
  throw SystemExit(code);
}
int twice(int n) { return 2 * n; }
std::string text_of(int n) { return std::string(static_cast<std::size_t>(n % 5000), 'x') + std::to_string(n); }
int twice_closing(int n, std::uint32_t closes) {
  close_some(closes);
  return 2 * n;
}
void put_numbers(Queue<int> queue, int count, std::uint32_t closes) {
  close_some(closes);
  for (int i = 0; i < count; ++i)
    if (!queue.try_put(i, 5s)) return;
}
void do_jobs(JoinableQueue<int> jobs, std::uint32_t closes) {
  close_some(closes);
  while (auto job = jobs.try_get(500ms)) jobs.task_done();
}
void send_numbers(Connection to, int count) {
  for (int i = 0; i < count; ++i) to.send(std::vector<int>(static_cast<std::size_t>(i % 300), i), 5s);
}
void take_locks(Lock lock, Semaphore semaphore, int count) {
  for (int i = 0; i < count; ++i) {
    if (lock.acquire(2s)) {
      if (lock.owner_died()) lock.mark_consistent();
      lock.release();
    }
    if (semaphore.acquire(1s)) semaphore.release();
  }
}
void fill_shared(SharedMemory memory) { std::memset(memory.buf().data(), 7, memory.size()); }

// ---- the round ------------------------------------------------------------------------------------------------------

extern "C" void count_signal(int) {}

// All the family memory that there is, for contents and for control structures.
class Full {
 public:
  Full() {
    (void)filler_.qsize();
    for (std::size_t size : {1'000'000, 100'000, 9'000, 3'000, 100})
      fill([&] { filler_.put(std::string(size, 'x'), 1s); });
    fill([&] { locks_.emplace_back(); });
    for (std::size_t size : {9'000, 100}) fill([&] { filler_.put(std::string(size, 'x'), 1s); });
  }

 private:
  template <class Use>
  static void fill(Use use) {
    try {
      while (true) use();
    } catch (const OutOfFamilyMemory&) {  // that is the aim
    }
  }
  Queue<std::string> filler_;
  std::vector<Lock> locks_;
};

class Round {
 public:
  Round(const Plan& plan, Board& board)
      : plan_(plan), board_(board), random_(plan.seed * 31 + 7), limits_(plan_, random_) {}

  int go() {
    before_the_library();
    if (attempt("the first of everything", kBound, [&] { warm_up(); })) open_ = open_descriptors();
    board_.under_torture.store(1, std::memory_order_release);  // (other side: the watcher's load)
    for (int i = 0; i < 6 && board_.violation[0] == '\0'; ++i) {
      limits_.set_in_the_middle();
      attempt("the round itself", kDeadline * 90, [&] { once(); });
    }
    board_.under_torture.store(0, std::memory_order_release);  // (other side: the watcher's load)
    RoundLimits::raise();
    afterwards();
    return board_.violation[0] == '\0' ? 0 : 1;
  }

 private:
  [[gnu::format(printf, 2, 3)]] void violated(const char* format, ...) {
    if (board_.violation[0] != '\0') return;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(board_.violation, sizeof(board_.violation), format, arguments);
    va_end(arguments);
  }
  void step(const char* text) { std::strncpy(board_.step, text, sizeof(board_.step) - 1); }
  void note_error(const char* call, const char* type) {
    char both[sizeof(board_.errors[0].call)] = {};
    std::snprintf(both, sizeof(both), "%s: %s:", call, type);
    for (auto& error : board_.errors) {
      if (error.count == 0) std::memcpy(error.call, both, sizeof(both));
      if (std::memcmp(error.call, both, sizeof(both)) != 0) continue;
      ++error.count;
      return;
    }
  }
  template <class E>
  void refused(const char* what, const E& error, bool expected) {
    ++board_.refused;
    int status = 0;
    // Memory may be short: the type's own name does then.
    char* name = abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status);
    note_error(what, name != nullptr ? name : typeid(error).name());
    std::free(name);
    // Whatever is scarce: what the system calls a wrong argument is our fault.
    const auto* by_system = dynamic_cast<const std::system_error*>(&error);
    if (by_system != nullptr && by_system->code() == std::errc::invalid_argument)
      violated("%s asked the system for what it does not know: %s", what, error.what());
    if (!expected && plan_.only(Surrounding::signals, Surrounding::standard_closed))
      violated("%s had no reason to throw: %s", what, error.what());
  }

  // One call, or a few that are one to a user. True when it returned.
  bool attempt(const char* what, Clock::duration longest, const std::function<void()>& call, bool may_throw = false) {
    step(what);
    Clock::time_point begin = Clock::now();
    bool returned = false;
    try {
      call();
      ++board_.returned;
      returned = true;
    } catch (const Error& error) { refused(what, error, may_throw); } catch (const std::system_error& error) {
      refused(what, error, may_throw);
    } catch (const std::bad_alloc& error) {
      bool short_of_memory = plan_.has(Surrounding::address_space) || plan_.has(Surrounding::data);
      if (!short_of_memory) violated("%s threw std::bad_alloc with memory to be had", what);
      refused(what, error, may_throw);
    } catch (const std::exception& error) {
      violated("%s threw what is not documented: %s: %s", what, typeid(error).name(), error.what());
    }
    if (::getpid() != pid_) {
      violated("%s %s in a copy of the process", what, returned ? "returned" : "threw");
      ::_exit(99);
    }
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    if (took > longest + kBound) violated("%s took %lld ms", what, static_cast<long long>(took.count()));
    return returned;
  }

  // The same for one call that is given a deadline.
  bool timed(const char* what, Clock::duration deadline, const std::function<void()>& call, bool may_throw = false) {
    Clock::duration starved = processor_wait_.now();
    Clock::time_point begin = Clock::now();
    bool returned = attempt(what, deadline, call, may_throw);
    Clock::duration late = Clock::now() - begin - deadline - (processor_wait_.now() - starved);
    auto milliseconds = std::max<long long>(0, std::chrono::duration_cast<std::chrono::milliseconds>(late).count());
    for (auto& entry : board_.timed) {
      if (entry.call[0] == '\0') std::strncpy(entry.call, what, sizeof(entry.call) - 1);
      if (std::strncmp(entry.call, what, sizeof(entry.call) - 1) != 0) continue;
      std::size_t at = 0;
      while (at + 1 < kLateClasses && milliseconds > kLateMilliseconds[at]) ++at;
      ++entry.late[at];
      entry.longest = std::max<std::uint64_t>(entry.longest, static_cast<std::uint64_t>(milliseconds));
      break;
    }
    if (late > kMostLate) violated("%s was %lld ms later than its deadline", what, milliseconds);
    return returned;
  }
  void expect(bool holds, const char* sentence) {
    if (!holds) violated("%s", sentence);
  }

  // Limits that a user sets in the shell, and descriptors that were closed before main().
  void before_the_library() {
    struct sigaction action{};
    action.sa_handler = &count_signal;  // without SA_RESTART
    ::sigaction(SIGUSR1, &action, nullptr);
    if (plan_.has(Surrounding::standard_closed))
      for (int fd = 0; fd < 3; ++fd)
        if (random_() % 2 == 0) ::close(fd);
    if (plan_.has(Surrounding::processes) && ::getuid() == 0) {
      auto user = static_cast<uid_t>(20'000 + plan_.seed % 20'000);
      if (::setgid(user) != 0 || ::setuid(user) != 0) violated("no other user can be had");
    }
    if (plan_.has(Surrounding::memory_full))
      attempt("configure_family_memory", 1s,
              [&] { configure_family_memory({.budget = Bytes{(2 + random_() % 14) << 20}}); });
    limits_.set_from_the_start();
  }

  [[nodiscard]] StartMethod method() {
    if (plan_.kind < 3) return by_kind();
    return random_() % 2 == 0 ? StartMethod::forkserver : StartMethod::spawn;
  }
  [[nodiscard]] StartMethod by_kind() const {
    return plan_.kind == 0 ? StartMethod::forkserver : plan_.kind == 1 ? StartMethod::spawn : StartMethod::fork;
  }
  [[nodiscard]] std::uint32_t closes() {
    return plan_.has(Surrounding::child_closes) ? static_cast<std::uint32_t>(random_()) | 1u : 0;
  }

  // Servers, service threads and tables stay for the life of a process; what comes after is compared with what is there
  // now.
  void warm_up() {
    Queue<int> queue;
    queue.put(1, 1s);
    (void)queue.try_get(1s);
    if (plan_.kind >= 12) {
      start_another();
      if (plan_.kind == 15) (void)subprocess::run_async({"/bin/true"}, {.timeout = kDeadline * 20}).get(kDeadline * 20);
      return;
    }
    if (plan_.kind == 2) return start_and_join(StartMethod::fork);
    auto [here, there] = Pipe({.transport = Transport::socket});
    for (StartMethod each : {StartMethod::spawn, StartMethod::forkserver})
      start_and_join(plan_.kind < 3 ? by_kind() : each);
    if (plan_.kind >= 3 && plan_.kind <= 5) Pool(1).terminate();
  }

  static void start_and_join(StartMethod method) {
    Process process({.start_method = method}, exit_with, 0, 0u);
    process.start();
    if (!process.join(kBound)) process.kill();
  }

  void start_another() {
    if (plan_.kind >= 12) {
      (void)subprocess::run({"/bin/true"}, {.timeout = kDeadline * 20});
    } else if (plan_.kind != 2) {
      start_and_join(StartMethod::forkserver);
    }
  }

  void once() {
    switch (plan_.kind) {
      case 0:
      case 1:
      case 2: return process();
      case 3: return pool_map();
      case 4: return pool_imap();
      case 5: return pool_async();
      case 6: return queue();
      case 7: return joinable();
      case 8:
      case 9: return connection();
      case 10: return locks();
      case 11: return shared_memory();
      default: return other_program();
    }
  }

  // True when it could be started.
  bool start(Process& process) {
    return attempt("Process.start", 0s, [&] { process.start(); });
  }
  // A child that was started ends: by itself, or killed. `code`: what it ends with when nobody interferes.
  void finish(Process& process, int code) {
    bool ended = false;
    limits_.tighten();
    timed("Process.join", kDeadline * 15, [&] { ended = process.join(kDeadline * 15); });
    if (!ended) {
      if (!interferes()) violated("a child did not end");
      attempt("Process.kill", 1s, [&] { process.kill(); });
      timed("Process.join", kDeadline * 15, [&] { ended = process.join(kDeadline * 15); });
      expect(ended, "a killed child did not end");
      return;
    }
    attempt("Process.exitcode", 0s, [&] {
      auto exit = process.exitcode();
      if (exit && *exit < 0) check_signal("a child", -*exit);
      if (exit && *exit >= 0 && *exit != code && !(child_may_fail() && may_end_with(*exit)))
        violated("a child ended with %d, not %d", *exit, code);
    });
  }
  void check_signal(const char* who, int signal) {
    // The system ends programs so that it cannot give memory to; what was ours is on the board.
    bool by_system = plan_.limits_memory() && (signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS);
    if (signal != SIGKILL && !by_system) violated("%s was ended by signal %d", who, signal);
  }
  // An exception in it; it could not begin; the loader had no memory.
  [[nodiscard]] bool may_end_with(int code) const {
    return code == 1 || code == 70 || (code == 127 && plan_.limits_memory());
  }
  [[nodiscard]] bool interferes() const { return plan_.has(Surrounding::kills) || plan_.has(Surrounding::stopped); }
  // Whether a child may fail at what it does, other than by being killed.
  [[nodiscard]] bool child_may_fail() const { return !plan_.only(Surrounding::signals, Surrounding::standard_closed); }

  void process() {
    int code = static_cast<int>(random_() % 100);
    std::uint32_t closing = closes();
    attempt("Process", 1s, [&] {
      Process process({.start_method = method()}, exit_with, code, closing);
      if (start(process)) finish(process, code);
    });
  }

  std::vector<int> numbers(std::size_t most) {
    std::vector<int> items(1 + random_() % most);
    std::iota(items.begin(), items.end(), static_cast<int>(random_() % 1000));
    return items;
  }

  // A worker that dies otherwise than by our SIGKILL is a fault of ours.
  void with_pool(const std::function<void(Pool&)>& use) {
    std::optional<Pool> pool;
    if (!attempt("Pool", 0s, [&] { pool.emplace(PoolOptions{.processes = 2, .start_method = method()}); })) return;
    limits_.tighten();
    attempt("a call of a pool", kDeadline * 15, [&] {
      try {
        use(*pool);
      } catch (const WorkerDied& died) {
        auto signal = died.exit_status().signal();
        if (signal) check_signal("a worker", *signal);
        throw;
      }
    });
    if (random_() % 2 == 0)
      attempt("Pool.close", 1s, [&] { pool->close(); });
    else
      attempt("Pool.terminate", 1s, [&] { pool->terminate(); });
    if (interferes()) attempt("Pool.terminate", 1s, [&] { pool->terminate(); });
    timed("Pool.join", kDeadline * 30, [&] { expect(pool->join(kDeadline * 30), "a pool did not end"); });
    attempt("~Pool", 1s, [&] { pool.reset(); });
  }

  void pool_map() {
    std::vector<int> items = numbers(20'000);
    bool texts = random_() % 3 == 0;
    if (texts) items.resize(std::min<std::size_t>(items.size(), 500));
    MapOptions options{.retries = 50};
    with_pool([&](Pool& pool) {
      if (texts) {
        auto results = pool.map<text_of>(items, options);
        expect(results.size() == items.size(), "map gave another number of results");
        for (std::size_t i = 0; i < results.size(); ++i)
          expect(results[i] == text_of(items[i]), "map gave a wrong text");
      } else {
        auto results = pool.map<twice>(items, options);
        expect(results.size() == items.size(), "map gave another number of results");
        for (std::size_t i = 0; i < results.size(); ++i) expect(results[i] == 2 * items[i], "map gave a wrong result");
      }
    });
  }
  void pool_imap() {
    std::vector<int> items = numbers(2000);
    with_pool([&](Pool& pool) {
      std::vector<int> results;
      auto stream = pool.imap_unordered<twice>(items, {.chunksize = 1 + random_() % 20, .retries = 50});
      while (auto result = stream.next(kDeadline * 15)) results.push_back(*result);
      std::sort(results.begin(), results.end());
      expect(results.size() == items.size(), "imap_unordered gave another number of results");
      for (std::size_t i = 0; i < results.size(); ++i)
        expect(results[i] == 2 * items[i], "imap_unordered gave a wrong result");
    });
  }
  void pool_async() {
    std::vector<int> items = numbers(200);
    with_pool([&](Pool& pool) {
      std::vector<AsyncResult<int>> results;
      for (int item : items)
        results.push_back(pool.submit<twice_closing>({.retries = 50}, item, random_() % 16 == 0 ? closes() : 0));
      for (std::size_t i = 0; i < items.size(); ++i)
        timed("AsyncResult.get", kDeadline * 15,
              [&] { expect(results[i].get(kDeadline * 15) == 2 * items[i], "a task gave a wrong result"); });
    });
  }

  // Everything that is in the queue comes out though the memory be full.
  template <class Q, class Make, class Check>
  void fill_and_drain(Q& queue, Make make, Check check) {
    int put = 0;
    for (; put < 3000; ++put) {
      bool fits = false;
      if (!timed("Queue.put", 10ms, [&] { fits = queue.try_put(make(put), 10ms); }) || !fits) break;
    }
    std::optional<Full> full;
    attempt("filling the memory", kDeadline * 15, [&] { full.emplace(); });
    for (int i = 0; i < put; ++i) {
      bool right = false;
      timed("Queue.get", kDeadline * 5, [&] {
        auto item = queue.try_get(kDeadline * 5);
        right = item && check(*item, i);
        if constexpr (requires { queue.task_done(); })
          if (item) queue.task_done();
      });
      if (!right) return violated("of %d items in a full memory, number %d did not come out", put, i);
    }
  }
  void fill_and_drain() {
    auto numbers = [&](int i) { return std::vector<int>(200 + random_() % 8000, i); };
    auto is_number = [](const std::vector<int>& item, int i) { return item.front() == i; };
    switch (random_() % 3) {
      case 0: {
        Queue<std::vector<int>> queue;
        return fill_and_drain(queue, numbers, is_number);
      }
      case 1: {
        JoinableQueue<std::vector<int>> queue{JoinableQueueOptions{.redeliver = true}};
        return fill_and_drain(queue, numbers, is_number);
      }
      default: {
        Queue<Lock> queue;
        (void)queue.qsize();
        std::vector<Lock> got;
        return fill_and_drain(
            queue, [](int) { return Lock(); },
            [&](const Lock& lock, int) {
              got.push_back(lock);
              return got.back().acquire(Deadline::now());
            });
      }
    }
  }

  void queue() {
    if (plan_.has(Surrounding::memory_full))
      attempt("a queue in a full memory", kDeadline * 30, [&] { fill_and_drain(); });
    int count = static_cast<int>(random_() % 3000);
    attempt("a queue", kDeadline * 60, [&] {
      Queue<int> queue = random_() % 2 == 0 ? Queue<int>() : Queue<int>(16);
      Process producer({.start_method = method()}, put_numbers, queue, count, closes());
      if (!start(producer)) return;
      limits_.tighten();
      int next = 0;
      Clock::time_point limit = Clock::now() + kDeadline * 15;
      while (next < count && Clock::now() < limit) {
        std::optional<int> item;
        if (!timed("Queue.get", 50ms, [&] { item = queue.try_get(50ms); })) break;
        if (item && *item != next) return violated("number %d came out of a queue where %d was next", *item, next);
        if (item) ++next;
        bool alive = true;
        if (!item) attempt("Process.is_alive", 0s, [&] { alive = producer.is_alive(); });
        if (!item && !alive && queue.empty()) break;
      }
      finish(producer, 0);
      bool whole = false;
      attempt("Process.exitcode", 0s, [&] { whole = producer.exitcode() == 0; });
      if (whole && next < count && Clock::now() < limit && !child_may_fail())
        violated("%d of %d numbers came", next, count);
    });
  }

  void joinable() {
    attempt("a joinable queue", kDeadline * 60, [&] {
      JoinableQueue<int> jobs{JoinableQueueOptions{.redeliver = true}};
      int count = 1 + static_cast<int>(random_() % 500);
      for (int i = 0; i < count; ++i) (void)jobs.try_put(i, kDeadline);
      Process worker({.start_method = method()}, do_jobs, jobs, closes());
      if (start(worker)) finish(worker, 0);
      while (auto job = jobs.try_get(0ms)) jobs.task_done();
      timed("JoinableQueue.join", kDeadline * 5,
            [&] { expect(jobs.join(kDeadline * 5), "a finished queue could not be joined"); });
    });
  }

  void connection() {
    attempt("a connection", kDeadline * 60, [&] {
      std::optional<Connection> here, there;
      if (plan_.kind == 8) {
        auto [a, b] = Pipe();
        here = std::move(a);
        there = std::move(b);
      } else {
        // Above the standard streams, which may be closed here.
        auto [a, b] = Pipe({.transport = Transport::socket});
        here = std::move(a);
        there = std::move(b);
      }
      int count = static_cast<int>(random_() % 400);
      Process sender({.start_method = method()}, send_numbers, *there, count);
      bool started = start(sender);
      there.reset();
      if (!started) return;
      for (int i = 0; i < count; ++i) {
        std::optional<std::vector<int>> message;
        bool more = true;
        for (Deadline limit = kDeadline * 5; more && !message && !limit.expired();)
          more = timed("Connection.recv", 20ms, [&] { message = here->try_recv<std::vector<int>>(20ms); });
        if (!message) break;
        if (*message != std::vector<int>(static_cast<std::size_t>(i % 300), i))
          return violated("message %d is not what was sent", i);
      }
      here.reset();
      finish(sender, 0);
    });
  }

  void locks() {
    attempt("locks", kDeadline * 60, [&] {
      Lock lock;
      Semaphore semaphore(1, SemaphoreOptions{.on_owner_death = OwnerDeath::report});
      Process other({.start_method = method()}, take_locks, lock, semaphore, 2000);
      bool started = start(other);
      for (int i = 0; i < 500; ++i) {
        bool held = false;
        timed("Lock.acquire", kDeadline, [&] {
          held = lock.acquire(kDeadline);
          if (held && lock.owner_died()) lock.mark_consistent();
        });
        if (held) attempt("Lock.release", 0s, [&] { lock.release(); });
        timed("Semaphore.acquire", 10ms, [&] {
          if (semaphore.acquire(10ms)) semaphore.release();
        });
      }
      if (started) finish(other, 0);
      timed("Lock.acquire", kDeadline * 5, [&] {
        expect(lock.acquire(kDeadline * 5), "a lock that nobody alive holds cannot be acquired");
        lock.release();
      });
    });
  }

  void shared_memory() {
    attempt("shared memory", kDeadline * 60, [&] {
      SharedMemory memory(Bytes{1 + random_() % (4 << 20)});
      Process other({.start_method = method()}, fill_shared, memory);
      if (!start(other)) return;
      finish(other, 0);
      bool whole = false;
      attempt("Process.exitcode", 0s, [&] { whole = other.exitcode() == 0; });
      auto bytes = memory.buf();
      if (whole)
        expect(bytes.front() == std::byte{7} && bytes.back() == std::byte{7},
               "what a child wrote into shared memory is not there");
    });
  }

  void other_program() {
    using namespace subprocess;
    std::string text(random_() % 100'000, 'y');
    Options options{.input = text, .out = PIPE, .timeout = kDeadline * 10};
    auto echoed = [&](const std::string& out, int code) {
      if (code == 0) expect(out == text, "a program's output is not its input");
      if (code < 0 && !plan_.has(Surrounding::file_size)) check_signal("a program", -code);
    };
    attempt(kKindNames[plan_.kind], kDeadline * 15, [&] {
      if (plan_.kind == 12) {
        auto done = run({"/bin/cat"}, options);
        echoed(done.out, done.returncode());
        run_without_reader(options);
        run_too_long();
      } else if (plan_.kind == 13) {
        Popen program({"/bin/cat"}, {.in = PIPE, .out = PIPE});
        limits_.tighten();
        auto [out, err] = program.communicate(text, kDeadline * 10);
        timed("Popen.wait", kDeadline * 10, [&] { echoed(out, program.wait(kDeadline * 10)); });
      } else if (plan_.kind == 14) {
        auto done = pipeline({{"/bin/cat"}, {"/bin/cat"}}).run(options);
        bool whole = std::all_of(done.stages.begin(), done.stages.end(),
                                 [](const auto& stage) { return stage.returncode() == 0; });
        if (whole) expect(done.out == text, "a pipeline's output is not its input");
      } else {
        // While there is no memory, the thread that serves them waits for some.
        auto most = plan_.limits_memory() ? kDeadline * 2 : kDeadline * 15;
        std::vector<AsyncRun> runs;
        attempt("run_async", kDeadline, [&] {
          for (int i = 0; i < 8; ++i) runs.push_back(run_async({"/bin/cat"}, options));
        });
        limits_.tighten();
        for (AsyncRun& one : runs)
          timed("AsyncRun.get", most, [&] {
            auto done = one.get(most);
            echoed(done.out, done.returncode());
          });
      }
    });
  }
  // A copy of the output goes where nobody reads.
  void run_without_reader(subprocess::Options options) {
    int ends[2];
    if (options.input->empty() || ::pipe2(ends, O_CLOEXEC) != 0) return;
    ::close(ends[0]);
    options.tee_out = ends[1];
    timed(
        "run with a tee", kDeadline * 10,
        [&] {
          auto done = subprocess::run({"/bin/cat"}, options);
          if (done.returncode() == 0) violated("a copy of output went where nobody reads");
        },
        true);
    ::close(ends[1]);
  }
  void run_too_long() {
    timed(
        "run with a timeout", 200ms,
        [&] {
          auto done = subprocess::run({"/bin/sleep", "1000"}, {.timeout = 200ms});
          if (done.returncode() == 0) violated("a program that sleeps for 1000 s ended well in 200 ms");
        },
        true);
  }

  // Nothing is left.
  void afterwards() {
    std::vector<ProcessHandle> left;
    attempt("active_children", kDeadline, [&] { left = active_children(); });
    for (auto& child : left)
      attempt("ProcessHandle.kill", kDeadline, [&] {
        child.kill();
        child.join(kDeadline * 5);
      });
    left.clear();
    // Not known when the first of everything was refused.
    if (open_.empty()) return;
    // Descriptors are closed by threads that may be about to, and a server that was replaced while it was stopped ends
    // when it goes on, which may take 5 s: wait, then compare.
    std::string more;
    for (Deadline limit = kBound; !limit.expired();) {
      more.clear();
      std::map<int, std::string> now = open_descriptors();
      // What the first look at another process opens is kept. A server that was killed has a successor, with other
      // numbers.
      std::erase_if(now, [&](const auto& one) { return !open_.contains(one.first) && one.second.ends_with("/ns"); });
      if (now.size() > open_.size() || low_numbers(now) != low_numbers(open_))
        for (const auto& [fd, name] : now)
          if (!open_.contains(fd)) more += ' ' + std::to_string(fd) + ':' + name;
      if (more.empty()) return;
      // Where memory was short, what could not be watched or waited for is seen to at the next start.
      if (plan_.limits_memory()) attempt("another start", kBound, [&] { start_another(); });
      ::usleep(10'000);
    }
    violated("%zu descriptors were open, and there are more now:%s", open_.size(), more.c_str());
  }
  // Those of the standard streams that are open. What we open never takes their numbers.
  static std::ptrdiff_t low_numbers(const std::map<int, std::string>& open) {
    return std::distance(open.begin(), open.lower_bound(3));
  }

  Plan plan_;
  Board& board_;
  std::mt19937_64 random_;
  RoundLimits limits_;
  ProcessorWait processor_wait_;
  pid_t pid_ = ::getpid();
  std::map<int, std::string> open_;
};

}  // namespace

int run_round(const Plan& plan, Board& board) { return Round(plan, board).go(); }

}  // namespace cohort::torture
