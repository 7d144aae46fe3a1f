// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <thread>

#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "os/life_bond.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the coverage runtime's name
extern "C" __attribute__((weak)) void __gcov_dump(void);

namespace cohort::os {

pid_t process_id() noexcept { return ::getpid(); }
pid_t parent_process_id() noexcept { return ::getppid(); }
pid_t thread_id() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

namespace {

// ThreadSanitizer runs a thread of its own from a process's first thread on, and one more in a copy that a process with
// one thread makes of itself. A thread at the very beginning makes it one in all of them.
constexpr int kSanitizerThreads = kThreadSanitizer ? 1 : 0;
[[maybe_unused]] const bool kSanitizerThreadRuns = [] {
  if constexpr (kThreadSanitizer) std::thread([] {}).join();
  return kThreadSanitizer;
}();

}  // namespace

int thread_count() noexcept {
  if (__libc_single_threaded) return 1;
  int saved = errno;
  int count = 0;
  if (DIR* tasks = ::opendir("/proc/self/task")) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
    while (const dirent* entry = ::readdir(tasks)) count += entry->d_name[0] != '.';
    ::closedir(tasks);
  }
  errno = saved;
  return std::max(1, count - kSanitizerThreads - bond_threads());
}

int settled_thread_count(int expected) noexcept {
  int count = thread_count();
  for (int tries = 0; count > expected && tries < 100; ++tries) {
    timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
    count = thread_count();
  }
  return count;
}

pid_t fork_process() {
  pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  return pid;
}

void set_parent_death_signal(int signal) noexcept { ::prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
void become_subreaper() noexcept { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

Fd own_life() {
  Fd fd = above_standard_streams(Fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))));
  if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) throw_errno("pidfd_open", "this process itself");
  return fd;
}

Fd open_pidfd(pid_t pid) noexcept {
  int saved = errno;
  Fd fd = above_standard_streams(Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  errno = saved;
  return fd;
}

SignalOutcome send_signal(int pidfd, int signal) noexcept {
  int saved = errno;
  int error = ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0 ? 0 : errno;
  errno = saved;
  if (error == 0) return SignalOutcome::sent;
  return error == ESRCH ? SignalOutcome::gone : SignalOutcome::refused;
}

EndedChild peek_ended_child() noexcept {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid == 0) return {};
  EndedChild child;
  child.pid = info.si_pid;
  // The same word that waitpid would give.
  if (info.si_code == CLD_EXITED)
    child.wait_status = (info.si_status & 0xff) << 8;
  else
    child.wait_status = (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
  return child;
}

void reap_child(pid_t pid) noexcept {
  int status;
  while (::waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {}
}

std::vector<pid_t> child_processes() {
  // The list may find no memory.
  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::vector<pid_t> children;
  std::unique_ptr<DIR, Close> tasks(::opendir("/proc/self/task"));
  if (!tasks) return children;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
  while (const dirent* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    std::string path = std::string("/proc/self/task/") + entry->d_name + "/children";
    std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
    if (!file) continue;
    char number[16];
    while (std::fscanf(file.get(), "%15s", number) == 1)
      children.push_back(static_cast<pid_t>(std::strtol(number, nullptr, 10)));
  }
  return children;
}

void kill_descendants() noexcept try {
  // Each round kills the direct children; their children then become ours.
  while (true) {
    std::vector<pid_t> children = child_processes();
    for (pid_t pid : children) ::kill(pid, SIGKILL);
    // An empty list of a kernel that keeps none must not make us wait for a child that nobody killed.
    pid_t reaped = ::waitpid(-1, nullptr, __WALL | (children.empty() ? WNOHANG : 0));
    if (reaped == 0 || (reaped < 0 && errno != EINTR)) return;
  }
} catch (...) {  // no memory for a list of pids: the parent-death signal does the rest
}

void signal_child(pid_t pid, int signal) noexcept { ::kill(pid, signal); }

Fd working_directory() { return open_file(".", O_PATH | O_DIRECTORY); }
bool enter_directory(int fd) noexcept { return ::fchdir(fd) == 0; }
Fd null_device() { return open_file("/dev/null", O_RDWR); }

void drain(int fd) noexcept {
  int saved = errno;
  char dropped[1024];
  while (::read(fd, dropped, sizeof dropped) > 0) {}
  errno = saved;
}

void detach_standard_input() noexcept {
  int fd = ::open("/dev/null", O_RDONLY);
  if (fd < 0) {
    // Without a number to spare the one of the stream itself must do.
    ::close(0);
    (void)::open("/dev/null", O_RDONLY);
  } else if (fd > 0) {
    ::dup2(fd, 0);
    ::close(fd);
  }
}

void install_fd(int from, int number) {
  if (from == number) {
    set_close_on_exec(from, false);
    return;
  }
  if (::dup2(from, number) < 0) throw_errno("dup2", std::to_string(number));
}

std::string environment_variable(const char* name) {
  const char* value = ::secure_getenv(name);
  return value != nullptr ? value : "";
}

void unset_environment_variable(const char* name) noexcept {
  ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): the contract asks for one thread
}

std::array<std::byte, 32> random_bytes() {
  std::array<std::byte, 32> bytes{};
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("getrandom");
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

void end_process(int status) noexcept {
  if (__gcov_dump != nullptr) __gcov_dump();
  ::_exit(status);
}

void keep_freed_memory() noexcept {
#if defined(__GLIBC__)
  // A fresh page costs 36 times a used one; by default glibc returns each block above 128 KiB to the kernel.
  // NOLINTBEGIN(concurrency-mt-unsafe): glibc takes its arena's lock for it
  ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  // NOLINTEND(concurrency-mt-unsafe)
#endif
}

void name_thread(const char* name) noexcept { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

}  // namespace cohort::os
