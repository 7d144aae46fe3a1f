// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_identity.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "os/linux/poll.hpp"
#include "os/linux/process_stat.hpp"
#include "os/own_descriptors.hpp"

namespace cohort::os {

namespace {

std::atomic<std::uint64_t> fallbacks{0};

// "/proc/PID/NAME" without stdio: this runs in forked children. `name` has at most 8 characters.
void proc_path(std::int32_t pid, const char* name, char (&path)[32]) noexcept {
  char* out = path;
  auto append = [&](const char* text) {
    while (*text != '\0') *out++ = *text++;
  };
  append("/proc/");
  if (pid <= 0) {
    append("self");
  } else {
    char digits[12];
    int count = 0;
    for (auto rest = static_cast<std::uint32_t>(pid); rest != 0; rest /= 10)
      digits[count++] = static_cast<char>('0' + rest % 10);
    while (count > 0) *out++ = digits[--count];
  }
  append("/");
  append(name);
  *out = '\0';
}

}  // namespace

ProcessStat parse_process_stat(const char* text, const char* end) noexcept {
  ProcessStat result;
  // The command name, field 2, may hold any byte but is the only field with parentheses: the last one closes it.
  const char* at = nullptr;
  for (const char* p = end; p != text; --p) {
    if (p[-1] == ')') {
      at = p;
      break;
    }
  }
  if (at == nullptr) return result;
  for (int field = 3; field <= 52; ++field) {
    while (at != end && *at == ' ') ++at;
    if (at == end || *at == '\n') return result;
    if (field == 3) result.state = *at;
    std::uint64_t number = 0;
    while (at != end && *at != ' ' && *at != '\n') {
      number = number * 10 + static_cast<std::uint64_t>(*at - '0');
      ++at;
    }
    if (field == 20) result.threads = number;
    if (field == 22) {
      result.start_time = number;
      result.found = true;
    }
    if (field == 52) result.exit_code = static_cast<int>(number);
  }
  return result;
}

namespace {

// Where there is no descriptor left, `no_descriptor` is set.
ProcessStat read_stat_here(std::int32_t pid, bool& no_descriptor) noexcept {
  char path[32];
  proc_path(pid, "stat", path);
  int saved = errno;
  int fd = -1;
  do { fd = ::open(path, O_RDONLY | O_CLOEXEC); } while (fd < 0 && errno == EINTR);
  ProcessStat result;
  no_descriptor = fd < 0 && errno == EMFILE;
  if (fd < 0) {
    // Without a /proc every process looks absent; /proc/self tells the two apart.
    result.denied = errno != ENOENT && errno != ESRCH;
    // Flawfinder: ignore (asks whether there is a /proc at all; no file is opened by the answer)
    if (!result.denied && ::access("/proc/self/stat", F_OK) != 0) result.denied = true;
  } else {
    char text[1024];
    ssize_t length = 0;
    do { length = ::read(fd, text, sizeof text); } while (length < 0 && errno == EINTR);
    if (length > 0) result = parse_process_stat(text, text + length);
    if (length < 0 && errno != ESRCH) result.denied = true;
    ::close(fd);
  }
  errno = saved;
  return result;
}

ProcessStat read_stat(std::int32_t pid) noexcept {
  struct Call {
    std::int32_t pid;
    ProcessStat stat;
    bool no_descriptor;
  } call{pid, {}, false};
  call.stat = read_stat_here(pid, call.no_descriptor);
  // A program that has used up its descriptors still learns who has died.
  if (call.no_descriptor)
    (void)with_own_descriptors(
        [](void* argument) {
          auto& own = *static_cast<Call*>(argument);
          own.stat = read_stat_here(own.pid, own.no_descriptor);
        },
        &call);
  return call.stat;
}

// Death by /proc alone. A main thread that called pthread_exit shows as a zombie while its process goes on: the
// number of threads tells the two apart (a true zombie has one).
bool is_alive_by_proc(const ProcessIdentity& identity) noexcept {
  ProcessStat stat = read_stat(identity.pid);
  if (stat.denied) {
    int saved = errno;
    bool gone = ::kill(identity.pid, 0) != 0 && errno == ESRCH;
    errno = saved;
    return !gone;
  }
  if (!stat.found) return false;
  if (identity.start_time != 0 && stat.start_time != identity.start_time) return false;
  if (stat.state == 'X') return false;
  return stat.state != 'Z' || stat.threads > 1;
}

// -1 with errno like the system call.
int raw_pidfd_open(std::int32_t pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

ProcessIdentity process_identity_self() noexcept {
  return {static_cast<std::int32_t>(::getpid()), read_stat(0).start_time};
}

ProcessIdentity process_identity_of(std::int32_t pid) noexcept {
  if (pid <= 0) return {};
  return {pid, read_stat(pid).start_time};
}

bool thread_is_alive(std::int32_t pid, std::int32_t tid, std::uint16_t start_time_low) noexcept {
  int saved = errno;
  bool gone = ::syscall(SYS_tgkill, pid, tid, 0) != 0 && errno == ESRCH;
  errno = saved;
  if (gone) return false;
  // /proc has every thread under its own number, though it lists only processes. A main thread that called pthread_exit
  // is a zombie until its process ends.
  ProcessStat stat = read_stat(tid);
  if (!stat.found) return true;
  if (stat.state == 'Z' || stat.state == 'X') return false;
  return start_time_low == 0 || static_cast<std::uint16_t>(stat.start_time) == start_time_low;
}

bool pidfd_has_ended(int pidfd) noexcept {
  int saved = errno;
  pollfd item{pidfd, POLLIN, 0};
  int ready = poll_until({&item, 1}, Deadline::now());
  errno = saved;
  return ready > 0;
}

bool is_pidfd(int fd, std::int32_t pid) noexcept {
  char path[48] = "/proc/self/fdinfo/";
  int saved = errno;
  if (!is_open(fd)) {
    errno = saved;
    return false;
  }
  std::snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
  int info = ::open(path, O_RDONLY | O_CLOEXEC);
  char text[512];
  ssize_t length = info < 0 ? -1 : ::read(info, text, sizeof text - 1);
  if (info >= 0) ::close(info);
  errno = saved;
  if (length < 0) return true;
  text[length] = '\0';
  const char* line = std::strstr(text, "\nPid:");
  if (line == nullptr) return false;
  return pid == 0 || std::strtol(line + std::strlen("\nPid:"), nullptr, 10) == pid;
}

bool is_stopped(const ProcessIdentity& identity) noexcept {
  if (identity.pid <= 0) return false;
  ProcessStat stat = read_stat(identity.pid);
  if (!stat.found || (identity.start_time != 0 && stat.start_time != identity.start_time)) return false;
  return stat.state == 'T' || stat.state == 't';
}

int unreaped_status(std::int32_t pid) noexcept {
  if (pid <= 0) return -1;
  ProcessStat stat = read_stat(pid);
  return stat.found && stat.state == 'Z' && stat.threads <= 1 ? stat.exit_code : -1;
}

Fd open_pidfd(const ProcessIdentity& identity) noexcept {
  if (identity.pid <= 0) return {};
  int saved = errno;
  Fd fd(raw_pidfd_open(identity.pid));
  if (!fd) {
    // relaxed: a statistic
    if (errno != ESRCH && errno != EINVAL && errno != EMFILE) fallbacks.fetch_add(1, std::memory_order_relaxed);
    errno = saved;
    return {};
  }
  errno = saved;
  if (identity.start_time == 0) return fd;
  // Read after opening: the descriptor keeps the number from being given out again, so what stands in /proc now is
  // either the process behind the descriptor or nothing.
  ProcessStat stat = read_stat(identity.pid);
  if (stat.found && stat.start_time != identity.start_time) return {};
  if (!stat.found && !stat.denied) return {};
  return fd;
}

bool is_alive(const ProcessIdentity& identity) noexcept {
  if (identity.pid <= 0) return false;
  int saved = errno;
  Fd fd(raw_pidfd_open(identity.pid));
  if (!fd) {
    int reason = errno;
    errno = saved;
    if (reason == ESRCH) return false;
    // relaxed: a statistic
    if (reason != EINVAL && reason != EMFILE) fallbacks.fetch_add(1, std::memory_order_relaxed);
    return is_alive_by_proc(identity);
  }
  errno = saved;
  if (identity.start_time != 0) {
    ProcessStat stat = read_stat(identity.pid);
    if (stat.found && stat.start_time != identity.start_time) return false;
  }
  return !pidfd_has_ended(fd.get());
}

namespace {

// Where there is no descriptor left, `no_descriptor` is set.
bool may_map_memory_here(std::int32_t pid, std::uint64_t memory_number, bool& no_descriptor) noexcept {
  char path[32];
  proc_path(pid, "maps", path);
  int saved = errno;
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  no_descriptor = fd < 0 && errno == EMFILE;
  // Each line: range, access, offset, device, inode, path. Only the inode's field is looked at.
  bool found = false;
  bool read_all = false;
  bool any = false;
  int field = 1;
  bool in_field = false;
  std::uint64_t number = 0;
  char text[4096];
  while (fd >= 0 && !found) {
    ssize_t length = ::read(fd, text, sizeof text);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) {
      read_all = length == 0;
      break;
    }
    for (ssize_t i = 0; i < length; ++i) {
      char c = text[i];
      if (c == ' ' || c == '\n') {
        if (field == 5 && in_field) {
          any = true;
          found = found || number == memory_number;
        }
        if (in_field) ++field;
        in_field = false;
        number = 0;
        if (c == '\n') field = 1;
      } else {
        in_field = true;
        if (field == 5) number = number * 10 + static_cast<std::uint64_t>(c - '0');
      }
    }
  }
  if (fd >= 0) ::close(fd);
  errno = saved;
  // A zombie's list is empty; so is one that we may not see. Neither says that the process runs another program.
  return found || !read_all || !any;
}

}  // namespace

bool may_map_memory(const ProcessIdentity& identity, std::uint64_t memory_number) noexcept {
  if (identity.pid <= 0 || memory_number == 0) return true;
  struct Call {
    std::int32_t pid;
    std::uint64_t memory;
    bool result, no_descriptor;
  } call{identity.pid, memory_number, true, false};
  call.result = may_map_memory_here(call.pid, call.memory, call.no_descriptor);
  if (call.no_descriptor)
    (void)with_own_descriptors(
        [](void* argument) {
          auto& own = *static_cast<Call*>(argument);
          own.result = may_map_memory_here(own.pid, own.memory, own.no_descriptor);
        },
        &call);
  return call.result;
}

std::uint64_t pidfd_fallbacks() noexcept { return fallbacks.load(std::memory_order_relaxed); }  // relaxed: a statistic

std::uint64_t process_namespace() noexcept {
  struct stat info{};
  int saved = errno;
  bool found = ::stat("/proc/self/ns/pid", &info) == 0;
  errno = saved;
  return found ? static_cast<std::uint64_t>(info.st_ino) : 0;
}

}  // namespace cohort::os
