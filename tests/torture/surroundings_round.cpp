// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cxxabi.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
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
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "cohort/channel.hpp"
#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "cohort/shared.hpp"
#include "cohort/shm/family_memory.hpp"
#include "cohort/subprocess.hpp"
#include "cohort/sync.hpp"
#include "torture/surroundings.hpp"

namespace cohort::torture {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What a call may take beyond its own deadline: this machine may have far more to do than processors.
constexpr auto kBound = 20s;
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
    if (!queue.try_put_for(i, 5s)) return;
}
void do_jobs(JoinableQueue<int> jobs, std::uint32_t closes) {
  close_some(closes);
  while (auto job = jobs.try_get_for(500ms)) jobs.task_done();
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

int descriptors_open() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return -1;
  int count = -1;  // the directory's own
  while (const dirent* entry = ::readdir(directory))
    if (entry->d_name[0] != '.') ++count;
  ::closedir(directory);
  return count;
}

class Round {
 public:
  Round(const Plan& plan, Board& board) : plan_(plan), board_(board), random_(plan.seed * 31 + 7) {}

  int go() {
    before_the_library();
    int open = -1;
    attempt("the first of everything", kBound, [&] { warm_up(); });
    open = descriptors_open();
    limit();
    board_.under_torture.store(1, std::memory_order_release);  // (other side: the watcher's load)
    for (int i = 0; i < 6 && board_.violation[0] == '\0'; ++i) once();
    board_.under_torture.store(0, std::memory_order_release);  // (other side: the watcher's load)
    raise_limits();
    afterwards(open);
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
  void note_error(const char* type) {
    for (auto& error : board_.errors) {
      if (error.count == 0) std::strncpy(error.type, type, sizeof(error.type) - 1);
      if (std::strncmp(error.type, type, sizeof(error.type) - 1) == 0) {
        ++error.count;
        return;
      }
    }
  }
  template <class E>
  void refused(const E& error) {
    ++board_.refused;
    int status = 0;
    // Memory may be short: the type's own name does then.
    char* name = abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status);
    note_error(name != nullptr ? name : typeid(error).name());
    std::free(name);
  }

  // One call, or a few that are one to a user. True when it returned.
  bool attempt(const char* what, Clock::duration longest, const std::function<void()>& call) {
    step(what);
    Clock::time_point begin = Clock::now();
    bool returned = false;
    try {
      call();
      ++board_.returned;
      returned = true;
    } catch (const Error& error) { refused(error); } catch (const std::system_error& error) {
      refused(error);
    } catch (const std::bad_alloc& error) {
      bool short_of_memory = plan_.has(Surrounding::address_space) || plan_.has(Surrounding::data);
      if (!short_of_memory) violated("%s threw std::bad_alloc with memory to be had", what);
      refused(error);
    } catch (const std::exception& error) {
      violated("%s threw what is not documented: %s: %s", what, typeid(error).name(), error.what());
    }
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    if (took > longest + kBound) violated("%s took %lld ms", what, static_cast<long long>(took.count()));
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
    if (plan_.has(Surrounding::stack)) set_limit(RLIMIT_STACK, (256 + random_() % 1024) << 10);
    if (plan_.has(Surrounding::file_size)) set_limit(RLIMIT_FSIZE, (16 + random_() % 4096) << 20);
    if (plan_.has(Surrounding::address_space)) set_limit(RLIMIT_AS, (200 + random_() % 4000) << 20);
  }

  void set_limit(int which, rlim_t soft) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
    limit.rlim_cur = std::min<rlim_t>(soft, limit.rlim_max);
    ::setrlimit(static_cast<__rlimit_resource>(which), &limit);
  }

  // The limits that are met in the middle.
  void limit() {
    if (plan_.has(Surrounding::descriptors)) {
      int highest = 2;
      for (int fd = 3; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) >= 0) highest = fd;
      set_limit(RLIMIT_NOFILE, static_cast<rlim_t>(highest + 1) + random_() % 14);
    }
    if (plan_.has(Surrounding::processes)) set_limit(RLIMIT_NPROC, 2 + random_() % 8);
    if (plan_.has(Surrounding::data)) {
      rlim_t used = 0;
      if (FILE* file = std::fopen("/proc/self/statm", "re")) {
        unsigned long size = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
        if (std::fscanf(file, "%lu %lu %lu %lu %lu %lu", &size, &resident, &shared, &text, &library, &data) == 6)
          used = data * 4096;
        std::fclose(file);
      }
      set_limit(RLIMIT_DATA, used + random_() % (12 << 20));
    }
  }
  void raise_limits() {
    for (auto which : {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK, RLIMIT_FSIZE}) {
      rlimit limit{};
      ::getrlimit(which, &limit);
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(which, &limit);
    }
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

  // Servers, service threads and tables stay for the life of a process; what comes after is compared with what is there now.
  void warm_up() {
    Queue<int> queue;
    queue.put(1, 1s);
    (void)queue.try_get_for(1s);
    if (plan_.kind >= 12) {
      (void)subprocess::run({"/bin/true"}, {.timeout = kDeadline * 20});
      if (plan_.kind == 15) (void)subprocess::run_async({"/bin/true"}, {.timeout = kDeadline * 20}).get(kDeadline * 20);
      return;
    }
    if (plan_.kind == 2) return;
    Process first({.start_method = method()}, exit_with, 0, 0u);
    first.start();
    if (!first.join(kBound)) first.kill();
    if (plan_.kind >= 3 && plan_.kind <= 5) Pool(1).terminate();
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
    attempt("Process.join", kDeadline * 15, [&] { ended = process.join(kDeadline * 15); });
    if (!ended) {
      if (!interferes()) violated("a child did not end");
      attempt("Process.kill", 1s, [&] { process.kill(); });
      attempt("Process.join", kDeadline * 15, [&] { ended = process.join(kDeadline * 15); });
      expect(ended, "a killed child did not end");
      return;
    }
    attempt("Process.exitcode", 0s, [&] {
      auto exit = process.exitcode();
      if (exit && *exit < 0 && *exit != -SIGKILL) violated("a child was ended by signal %d", -*exit);
      if (exit && *exit >= 0 && *exit != code && *exit != 1) violated("a child ended with %d, not %d", *exit, code);
    });
  }
  [[nodiscard]] bool interferes() const { return plan_.has(Surrounding::kills) || plan_.has(Surrounding::stopped); }
  // Whether a child may fail at what it does, other than by being killed.
  [[nodiscard]] bool child_may_fail() const {
    return plan_.surroundings != 1u << static_cast<unsigned>(Surrounding::signals);
  }

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
    attempt("a call of a pool", kDeadline * 15, [&] {
      try {
        use(*pool);
      } catch (const WorkerDied& died) {
        auto signal = died.exit_status().signal();
        if (signal && *signal != SIGKILL) violated("a worker was ended by signal %d", *signal);
        throw;
      }
    });
    if (random_() % 2 == 0)
      attempt("Pool.close", 1s, [&] { pool->close(); });
    else
      attempt("Pool.terminate", 1s, [&] { pool->terminate(); });
    if (interferes()) attempt("Pool.terminate", 1s, [&] { pool->terminate(); });
    attempt("Pool.join", kDeadline * 15, [&] { expect(pool->join(kDeadline * 30), "a pool did not end"); });
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
        attempt("AsyncResult.get", kDeadline * 15,
                [&] { expect(results[i].get(kDeadline * 15) == 2 * items[i], "a task gave a wrong result"); });
    });
  }

  // Everything that is in the queue comes out though the memory be full.
  void fill_and_drain() {
    Queue<std::vector<int>> queue;
    int put = 0;
    for (; put < 3000; ++put) {
      bool fits = false;
      if (!attempt("Queue.put", kDeadline,
                   [&] { fits = queue.try_put_for(std::vector<int>(200 + random_() % 8000, put), 10ms); }) ||
          !fits)
        break;
    }
    for (int i = 0; i < put; ++i) {
      std::optional<std::vector<int>> item;
      attempt("Queue.get", kDeadline, [&] { item = queue.try_get_for(kDeadline * 5); });
      if (!item || item->front() != i)
        return violated("of %d items in a full memory, number %d did not come out", put, i);
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
      int next = 0;
      Clock::time_point limit = Clock::now() + kDeadline * 15;
      while (next < count && Clock::now() < limit) {
        std::optional<int> item;
        if (!attempt("Queue.get", kDeadline, [&] { item = queue.try_get_for(50ms); })) break;
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
      for (int i = 0; i < count; ++i) (void)jobs.try_put_for(i, kDeadline);
      Process worker({.start_method = method()}, do_jobs, jobs, closes());
      if (start(worker)) finish(worker, 0);
      while (auto job = jobs.try_get_for(0ms)) jobs.task_done();
      attempt("JoinableQueue.join", kDeadline * 5,
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
        if (!attempt("Connection.recv", kDeadline * 5,
                     [&] { message = here->try_recv_for<std::vector<int>>(kDeadline * 5); }))
          break;
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
      Semaphore semaphore(1, SemaphoreOptions{.on_owner_death = PermitOwnerDeath::give_back});
      Process other({.start_method = method()}, take_locks, lock, semaphore, 2000);
      bool started = start(other);
      for (int i = 0; i < 500; ++i) {
        bool held = false;
        attempt("Lock.acquire", kDeadline, [&] {
          held = lock.acquire(kDeadline);
          if (held && lock.owner_died()) lock.mark_consistent();
        });
        if (held) attempt("Lock.release", 0s, [&] { lock.release(); });
        attempt("Semaphore.acquire", kDeadline, [&] {
          if (semaphore.acquire(10ms)) semaphore.release();
        });
      }
      if (started) finish(other, 0);
      attempt("Lock.acquire", kDeadline, [&] {
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
      if (code < 0 && code != -SIGKILL && !plan_.has(Surrounding::file_size))
        violated("a program was ended by signal %d", -code);
    };
    attempt(kKindNames[plan_.kind], kDeadline * 15, [&] {
      if (plan_.kind == 12) {
        auto done = run({"/bin/cat"}, options);
        echoed(done.out, done.returncode());
      } else if (plan_.kind == 13) {
        Popen program({"/bin/cat"}, {.in = PIPE, .out = PIPE});
        auto [out, err] = program.communicate(text, kDeadline * 10);
        echoed(out, program.wait(kDeadline * 10));
      } else if (plan_.kind == 14) {
        auto done = pipeline({{"/bin/cat"}, {"/bin/cat"}}).run(options);
        bool whole = std::all_of(done.stages.begin(), done.stages.end(),
                                 [](const auto& stage) { return stage.returncode() == 0; });
        if (whole) expect(done.out == text, "a pipeline's output is not its input");
      } else {
        std::vector<AsyncRun> runs;
        for (int i = 0; i < 8; ++i) runs.push_back(run_async({"/bin/cat"}, options));
        for (AsyncRun& one : runs)
          attempt("AsyncRun.get", kDeadline * 15, [&] {
            auto done = one.get(kDeadline * 15);
            echoed(done.out, done.returncode());
          });
      }
    });
  }

  // Nothing is left, and with everything to be had again it works again.
  void afterwards(int open) {
    std::vector<ProcessHandle> left;
    attempt("active_children", kDeadline, [&] { left = active_children(); });
    for (auto& child : left)
      attempt("ProcessHandle.kill", kDeadline, [&] {
        child.kill();
        child.join(kDeadline * 5);
      });
    left.clear();
    if (plan_.has(Surrounding::standard_closed) || open < 0) return;
    // Descriptors are closed by threads that may be about to: wait, then compare.
    int now = descriptors_open();
    for (int i = 0; now > open + kServices && i < 200; ++i) {
      ::usleep(10'000);
      now = descriptors_open();
    }
    if (now > open + kServices) violated("%d descriptors were open, and %d are now", open, now);
  }

  // A service thread, a fork server or a poller that could not be made at first and was made later.
  static constexpr int kServices = 8;

  Plan plan_;
  Board& board_;
  std::mt19937_64 random_;
};

}  // namespace

int run_round(const Plan& plan, const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  void* place = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) return 2;
  ::close(fd);
  return Round(plan, *static_cast<Board*>(place)).go();
}

}  // namespace cohort::torture
