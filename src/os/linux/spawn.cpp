// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The parent's side of spawn(): check the plan, turn it into plain arrays, make the child, hear of its errors.
// The child's side is spawn_child.cpp.
#include "os/spawn.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <span>

#include "base/sanitizers.hpp"
#include "cohort/base/check.hpp"
#include "cohort/base/error.hpp"
#include "os/linux/busy_file.hpp"
#include "os/linux/spawn_child.hpp"

extern char** environ;

namespace cohort::os {

namespace {

// Under ThreadSanitizer a child that shares memory would run the tool's own fork hooks on the parent's state.
constexpr bool kMayShareMemory = !kThreadSanitizer;

// The child's side calls nothing deeper than syscall(); sanitizers' clone wrappers need more.
constexpr std::size_t kChildStack = kMayShareMemory ? 16 * 1024 : 256 * 1024;

// relaxed, all below: counters and test switches, read on their own.
std::atomic<unsigned> forced_fallbacks{0};
std::atomic<std::uint64_t> count_no_shared_memory{0};
std::atomic<std::uint64_t> count_no_clone_pidfd{0};
std::atomic<std::uint64_t> count_no_pidfd{0};
std::atomic<std::uint64_t> count_no_close_range{0};
std::atomic<std::uint64_t> count_no_clone3{0};
std::atomic<std::uint64_t> count_no_proc{0};

bool forced(ForcedFallback which) noexcept { return is_forced(which); }

void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
}

// Blocks every signal of this thread, those of the C library's own included (pthread_sigmask would leave them out,
// and a thread cancelled or made to change its ids between here and exec would leave a child in mid-air).
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    const KernelSignalSet all = ~KernelSignalSet{0};
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof all);
  }
  ~AllSignalsBlocked() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  [[nodiscard]] KernelSignalSet before() const noexcept { return before_; }

 private:
  KernelSignalSet before_ = 0;
};

int probe_child(void* flag) noexcept {
  *static_cast<volatile bool*>(flag) = true;
  ::syscall(SYS_exit, 0);
  return 0;
}

// Emulators (valgrind) turn vfork into fork: then the child's error report would never be seen. One short-lived
// child per process finds out; it has no exit signal, so neither a SIGCHLD handler nor waitpid(-1) of the user sees it.
bool shared_memory_works() noexcept {
  static const bool works = [] {
    alignas(16) static std::array<char, 4096> stack;
    volatile bool ran = false;
    AllSignalsBlocked blocked;
    int pid = ::clone(probe_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK, const_cast<bool*>(&ran));
    if (pid < 0) return false;
    while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {}
    return bool{ran};
  }();
  return works;
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

std::vector<char*> pointers_to(const std::vector<std::string>& strings, const char* what) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) {
    if (has_nul(text)) throw ValueError("spawn", what, "embedded NUL byte");
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Owns the arrays that ChildOrders points into.
struct Prepared {
  std::vector<char*> executables;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<ChildFd> fds;
  std::vector<int> kept;
  std::vector<ChildLimit> limits;
  std::vector<unsigned long> cpus;
  ChildOrders orders;
};

void prepare_fds(const SpawnPlan& plan, Prepared& out) {
  for (const FdMapping& mapping : plan.fds) {
    if (mapping.child < 0 || mapping.parent < 0) throw ValueError("spawn", "descriptor", "negative number in the map");
    out.fds.push_back({mapping.child, mapping.parent});
    out.kept.push_back(mapping.child);
  }
  std::sort(out.kept.begin(), out.kept.end());
  if (std::adjacent_find(out.kept.begin(), out.kept.end()) != out.kept.end()) {
    throw ValueError("spawn", "descriptor", "the map names one number of the child twice");
  }
  for (int fd : plan.closed_fds) {
    if (fd < 0 || fd > 2) throw ValueError("spawn", std::to_string(fd), "only 0, 1 and 2 can be closed by name");
    out.orders.close_standard[fd] = !std::binary_search(out.kept.begin(), out.kept.end(), fd);
  }
  out.orders.fds = out.fds.data();
  out.orders.fd_count = out.fds.size();
  out.orders.kept = out.kept.data();
  out.orders.kept_count = out.kept.size();
  out.orders.close_fds = plan.close_fds;
}

void prepare_signals(const SpawnPlan& plan, KernelSignalSet callers_mask, ChildOrders& orders) {
  orders.restore_signals = plan.restore_signals;
  orders.default_signals = plan.default_signals;
  orders.signal_mask = callers_mask;
  if (!plan.blocked_signals) return;
  orders.signal_mask = 0;
  for (int signal : *plan.blocked_signals) {
    if (signal < 1 || signal > kSignalCount) throw ValueError("spawn", std::to_string(signal), "no such signal");
    orders.signal_mask |= KernelSignalSet{1} << (signal - 1);
  }
}

void prepare_attributes(const SpawnPlan& plan, Prepared& out) {
  ChildOrders& orders = out.orders;
  if (plan.cwd && has_nul(*plan.cwd)) throw ValueError("spawn", "cwd", "embedded NUL byte");
  orders.cwd = plan.cwd ? plan.cwd->c_str() : nullptr;
  orders.cwd_fd = plan.cwd_fd;
  orders.new_session = plan.new_session;
  orders.process_group = plan.process_group ? *plan.process_group : -1;
  if (plan.process_group && *plan.process_group < 0) throw ValueError("spawn", "process_group", "negative");
  orders.umask = plan.umask ? static_cast<int>(*plan.umask & 0777) : -1;
  orders.groups = plan.groups ? plan.groups->data() : nullptr;
  orders.group_count = plan.groups ? plan.groups->size() : 0;
  orders.set_groups = plan.groups.has_value();
  orders.set_gid = plan.gid.has_value();
  orders.gid = plan.gid.value_or(0);
  orders.set_uid = plan.uid.has_value();
  orders.uid = plan.uid.value_or(0);
  for (const ResourceLimit& limit : plan.limits) out.limits.push_back({limit.resource, {limit.soft, limit.hard}});
  orders.limits = out.limits.data();
  orders.limit_count = out.limits.size();
  orders.set_nice = plan.nice.has_value();
  orders.nice = plan.nice.value_or(0);
  constexpr int kBits = sizeof(unsigned long) * CHAR_BIT;
  for (int cpu : plan.cpus) {
    if (cpu < 0 || cpu >= 1 << 16) throw ValueError("spawn", std::to_string(cpu), "no such CPU");
    auto word = static_cast<std::size_t>(cpu / kBits);
    if (out.cpus.size() <= word) out.cpus.resize(word + 1);
    out.cpus[word] |= 1UL << (cpu % kBits);
  }
  orders.cpus = out.cpus.data();
  orders.cpu_bytes = out.cpus.size() * sizeof(unsigned long);
  orders.parent_death_signal = plan.parent_death_signal;
  orders.parent = ::getpid();
  orders.cgroup_procs_fd = plan.cgroup_procs_fd;
  orders.no_new_privileges = plan.no_new_privileges;
  orders.subreaper = plan.subreaper;
  orders.no_close_range = forced(force_no_close_range);
  orders.no_proc = forced(force_no_proc);
}

void prepare(const SpawnPlan& plan, Prepared& out) {
  if (plan.argv.empty()) throw ValueError("spawn", "argv", "empty");
  out.argv = pointers_to(plan.argv, "argv");
  out.executables = pointers_to(plan.executables, "executable");
  if (plan.executables.empty()) out.executables.insert(out.executables.begin(), out.argv[0]);
  if (plan.environment) out.environment = pointers_to(*plan.environment, "environment");
  out.orders.executables = out.executables.data();
  out.orders.executable_fd = plan.executable_fd;
  out.orders.argv = out.argv.data();
  out.orders.environment = plan.environment ? out.environment.data() : environ;
  prepare_fds(plan, out);
  prepare_attributes(plan, out);
}

// What a step's error is about, for the message and SpawnError::subject().
std::string subject_of(const SpawnPlan& plan, const ChildReport& report) {
  switch (report.step) {
    case ChildStep::chdir: return plan.cwd.value_or("");
    case ChildStep::execve: return plan.program.empty() ? plan.argv[0] : plan.program;
    case ChildStep::setuid: return std::to_string(plan.uid.value_or(0));
    case ChildStep::setgid: return std::to_string(plan.gid.value_or(0));
    case ChildStep::fchdir: return std::to_string(plan.cwd_fd);
    case ChildStep::setpgid: return std::to_string(plan.process_group.value_or(0));
    case ChildStep::dup2:
    case ChildStep::setrlimit: return std::to_string(report.detail);
    default: return {};
  }
}

void reap(pid_t pid) noexcept {
  // ECHILD: SIGCHLD is ignored, or another thread's waitpid(-1) was quicker.
  while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {}
}

struct Birth {
  pid_t pid;
  int pidfd;
  int error;
};

// clone3 is optional (Docker's default filter refuses it); what it is for is CLONE_CLEAR_SIGHAND, which spares the
// child 64 system calls, one in forty of a launch. The C library has no wrapper that takes a function.
constexpr std::uint64_t kClearHandlers = 0x100000000ULL;
std::atomic<bool> clone3_refused{false};

struct Clone3Arguments {
  std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

long clone3_call([[maybe_unused]] Clone3Arguments& arguments, [[maybe_unused]] ChildOrders& orders) {
#if defined(__x86_64__)
  long result;
  register auto function asm("r8") = child_main;
  register void* argument asm("r9") = &orders;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"  // the child, on its own stack: the outermost frame
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(435L), "D"(&arguments), "S"(sizeof arguments), "r"(function), "r"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
#else
  return -ENOSYS;
#endif
}

// A pid of -1 means: take the other way.
Birth give_birth_by_clone3(ChildOrders& orders, std::span<char> stack) {
  // relaxed: a hint that saves a refused call
  if (forced(force_no_clone3) || clone3_refused.load(std::memory_order_relaxed)) return {-1, -1, 0};
  int pidfd = -1;
  Clone3Arguments arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | kClearHandlers;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack.data());
  arguments.stack_size = stack.size();
  orders.handlers_cleared = true;
  long pid = clone3_call(arguments, orders);
  if (pid > 0) return {static_cast<pid_t>(pid), pidfd, 0};
  orders.handlers_cleared = false;
  if (pid == -ENOSYS || pid == -EPERM || pid == -EINVAL) {
    clone3_refused.store(true, std::memory_order_relaxed);  // relaxed: a hint
  }
  return {-1, -1, 0};  // also for EAGAIN and ENOMEM: the other call says what is wrong
}

Birth give_birth(ChildOrders& orders, bool share_memory, bool want_pidfd) {
  alignas(16) std::array<char, kChildStack> stack;  // the child's; this frame waits while it is in use
  if (share_memory && want_pidfd) {
    Birth birth = give_birth_by_clone3(orders, stack);
    if (birth.pid > 0) return birth;
    count(count_no_clone3);
  }
  int flags = SIGCHLD;
  if (share_memory) flags |= CLONE_VM | CLONE_VFORK;
  int pidfd = -1;
  pid_t pid = -1;
  char* top = stack.data() + stack.size();
  if (want_pidfd) pid = ::clone(child_main, top, flags | CLONE_PIDFD, &orders, &pidfd);
  // EINVAL: before Linux 5.2. EPERM, ENOSYS: a filter that does not know the flag. The next try tells a real refusal.
  if (!want_pidfd || (pid < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM))) {
    pid = ::clone(child_main, top, flags, &orders);
  }
  return {pid, pidfd, pid < 0 ? errno : 0};
}

// Before the child is reaped its number is its own, so opening by number is free of races.
int open_pidfd(pid_t pid) noexcept {
  if (forced(force_no_pidfd)) return -1;
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

bool read_report(int fd, ChildReport& report) {
  std::size_t got = read_full(fd, std::as_writable_bytes(std::span(&report, 1)));
  if (got == 0) return false;  // closed by exec
  if (got != sizeof report) report = {ChildStep::none, EPIPE, 0};
  return true;
}

// nullopt: the report says why, and the child is reaped.
std::optional<Spawned> spawn_once(const SpawnPlan& plan, ChildReport& report) {
  Prepared prepared;
  prepare(plan, prepared);
  ChildOrders& orders = prepared.orders;

  const bool changes_ids = plan.uid || plan.gid || plan.groups;
  bool share_memory = kMayShareMemory && !changes_ids && !plan.copy_memory;
  if (share_memory && (forced(force_no_shared_memory) || !shared_memory_works())) {
    count(count_no_shared_memory);
    share_memory = false;
  }
  std::pair<Fd, Fd> report_pipe;
  if (!share_memory) {
    report_pipe = make_pipe();
    // A closed standard stream must not be taken for ours.
    if (report_pipe.first.get() < 3) report_pipe.first = duplicate(report_pipe.first.get());
    if (report_pipe.second.get() < 3) report_pipe.second = duplicate(report_pipe.second.get());
    orders.report_fd = report_pipe.second.get();
  }
  Birth birth{};
  BirthUnderWay under_way;
  {
    AllSignalsBlocked blocked;
    prepare_signals(plan, blocked.before(), orders);
    birth = give_birth(orders, share_memory, !forced(force_no_clone_pidfd) && !forced(force_no_pidfd));
  }
  if (birth.pid < 0) throw SpawnError(birth.error, "clone", plan.argv[0]);

  Spawned started{birth.pid, Fd(birth.pidfd)};
  if (birth.pidfd < 0) {
    count(count_no_clone_pidfd);
    started.pidfd = Fd(open_pidfd(birth.pid));
    if (!started.pidfd) count(count_no_pidfd);
  }
  bool failed;
  if (!share_memory) {
    report_pipe.second.reset();
    failed = read_report(report_pipe.first.get(), report);
  } else {
    report = orders.report;
    failed = report.step != ChildStep::none;
    if (orders.used_no_close_range) count(count_no_close_range);
    if (orders.used_no_proc) count(count_no_proc);
  }
  if (!failed) return started;
  reap(birth.pid);
  return std::nullopt;
}

}  // namespace

Spawned spawn(const SpawnPlan& plan) {
  BusyFile busy;
  while (true) {
    ChildReport report{};
    if (auto started = spawn_once(plan, report)) return std::move(*started);
    if (report.step == ChildStep::execve && report.error == ETXTBSY && busy.wait_a_moment()) continue;
    throw SpawnError(report.error, step_name(report.step), subject_of(plan, report));
  }
}

std::vector<std::string> search_path(std::string_view program,
                                     const std::optional<std::vector<std::string>>& environment) {
  if (program.find('/') != std::string_view::npos) return {std::string(program)};
  constexpr std::string_view kPrefix = "PATH=";
  std::string_view path = "/bin:/usr/bin";
  if (environment) {
    for (const std::string& entry : *environment) {
      if (!entry.starts_with(kPrefix)) continue;
      path = std::string_view(entry).substr(kPrefix.size());
      break;  // the first, as getenv() has it
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): as execvp() reads it
  } else if (const char* value = ::getenv("PATH")) {
    path = value;
  }
  std::vector<std::string> files;
  while (true) {
    std::size_t colon = path.find(':');
    std::string file(path.substr(0, colon));
    if (!file.empty() && file.back() != '/') file += '/';
    files.push_back(file += program);  // an empty entry means the current directory
    if (colon == std::string_view::npos) return files;
    path.remove_prefix(colon + 1);
  }
}

SpawnFallbacks spawn_fallbacks() noexcept {
  // relaxed, all: statistics
  return {count_no_shared_memory.load(std::memory_order_relaxed),  // relaxed: statistic
          count_no_clone_pidfd.load(std::memory_order_relaxed),    // relaxed: statistic
          count_no_pidfd.load(std::memory_order_relaxed),          // relaxed: statistic
          count_no_close_range.load(std::memory_order_relaxed),    // relaxed: statistic
          count_no_clone3.load(std::memory_order_relaxed),         // relaxed: statistic
          count_no_proc.load(std::memory_order_relaxed)};          // relaxed: statistic
}

bool is_forced(ForcedFallback which) noexcept {
  // relaxed: a switch that tests set before they spawn
  return (forced_fallbacks.load(std::memory_order_relaxed) & which) != 0;
}

void force_spawn_fallbacks(unsigned which) noexcept {
  forced_fallbacks.store(which, std::memory_order_relaxed);  // relaxed: set by a test before it spawns
}

}  // namespace cohort::os
