// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The supervisor of a contained program: a program of its own, without a C library, some kilobytes large. It adopts
// every orphan below it (a "child subreaper"), and when the program has ended, when it is told to, or when its
// starter is gone, it kills children until it has none: whatever was below them is then its child and falls next.
//
// The program below it may kill it, by whatever right it has to signal its parent. So it is two: a watcher, which the
// starter knows, and below it the supervisor, each noticing the other's death and then doing its work. The watcher
// adopts what a killed supervisor leaves, and lets it go on when it was stopped. Killed both at once, before one could
// act, they leave behind what has left the program's own process; only a pid namespace or a control group has no such
// moment.
// Embedded into the library and executed from memory, so that nothing has to be installed and found.
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/time_types.h>

#include "os/linux/raw_syscall.hpp"
#include "protocol.hpp"

#include <asm/unistd.h>

namespace {

using namespace cohort::os::supervisor;
using cohort::os::raw_syscall;  // refuses processors that it has no form for

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call supervise\n hlt\n");
#else
asm(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl supervise\n");
#endif

long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

[[noreturn]] void leave(int status) {
  while (true) raw_syscall(__NR_exit_group, status);
}

long number(const char* text) {
  long value = 0;
  bool negative = *text == '-';
  for (text += negative; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (*text - '0');
  return negative ? -value : value;
}

int control = -1;
int bond = -1;  // between watcher and supervisor: readable when the other one has gone
int main_pid = -1;
bool bereaved = false;
bool main_ended = false;
Message last{};

void send(const Message& message) { raw_syscall(__NR_write, control, address(&message), sizeof message); }

constexpr unsigned long kAllSignals = ~0UL;

void set_mask(unsigned long mask) { raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, address(&mask), 0, 8); }

struct Arguments {
  int flags;
  int group;
  unsigned long mask;
  char** files;
  long file_count;
  char** argv;
  char** environment;
};

// In the copy that becomes the program. Answers what failed.
Message become_program(const Arguments& arguments) {
  auto failed = [](Step step, long result) {
    return Message{Kind::failed, static_cast<int>(-result), step, 0, 0, 0, 0};
  };
  if (arguments.flags & kNewSession) {
    long result = raw_syscall(__NR_setsid);
    if (result < 0) return failed(Step::setsid, result);
  }
  if (arguments.flags & kProcessGroup) {
    long result = raw_syscall(__NR_setpgid, 0, arguments.group);
    if (result < 0) return failed(Step::setpgid, result);
  }
  // Should the supervisor itself be killed, at least the program goes with it.
  raw_syscall(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
  set_mask(arguments.mask);
  long error = -2;  // ENOENT
  long telling = 0;
  for (long i = 0; i < arguments.file_count; ++i) {
    error = raw_syscall(__NR_execve, address(arguments.files[i]), address(static_cast<const void*>(arguments.argv)),
                        address(static_cast<const void*>(arguments.environment)));
    if (error != -2 && error != -20 && telling == 0) telling = error;  // neither ENOENT nor ENOTDIR
  }
  set_mask(kAllSignals);
  return failed(Step::execve, telling != 0 ? telling : error);
}

long fork_copy() {
#if defined(__x86_64__)
  return raw_syscall(__NR_fork);
#else
  return raw_syscall(__NR_clone, SIGCHLD);
#endif
}

void start(const Arguments& arguments) {
  int ends[2];
  Message report{};
  constexpr long kCloseOnExec = 02000000;
  if (long result = raw_syscall(__NR_pipe2, address(ends), kCloseOnExec); result < 0) {
    send({Kind::failed, static_cast<int>(-result), Step::fork, 0, 0, 0, 0});
    leave(1);
  }
  long pid = fork_copy();
  if (pid < 0) {
    send({Kind::failed, static_cast<int>(-pid), Step::fork, 0, 0, 0, 0});
    leave(1);
  }
  if (pid == 0) {
    report = become_program(arguments);
    raw_syscall(__NR_write, ends[1], address(&report), sizeof report);
    leave(127);
  }
  raw_syscall(__NR_close, ends[1]);
  long got = raw_syscall(__NR_read, ends[0], address(&report), sizeof report);
  if (got == sizeof report) {
    send(report);
    leave(1);
  }
  main_pid = static_cast<int>(pid);
  raw_syscall(__NR_write, bond, address(&main_pid), sizeof main_pid);  // a killed supervisor cannot say it any more
  send({Kind::started, main_pid, Step::none, 0, 0, 0, 0});
}

void close_between(int first, int last) {
  if (first > last || raw_syscall(__NR_close_range, first, last, 0) >= 0) return;
  constexpr int kMost = 65536;
  for (int fd = first; fd <= last && fd < kMost; ++fd) raw_syscall(__NR_close, fd);
}

// The program's files and directory are not ours to hold.
void let_go() {
  const int low = control < bond ? control : bond;
  const int high = control < bond ? bond : control;
  close_between(0, low - 1);
  close_between(low + 1, high - 1);
  close_between(high + 1, 0x7fffffff);
  raw_syscall(__NR_chdir, address("/"));
}

// Takes in what has ended. False: there are no children any more.
bool reap() {
  while (true) {
    int status = 0;
    rusage usage{};
    long pid = raw_syscall(__NR_wait4, -1, address(&status), 1 /* WNOHANG */, address(&usage));
    if (pid == 0) return true;
    if (pid < 0) return pid == -4;  // EINTR; else ECHILD
    if (pid != main_pid) continue;
    main_ended = true;
    last = {Kind::ended,
            status,
            Step::none,
            0,
            usage.ru_utime.tv_sec * 1000000L + usage.ru_utime.tv_usec,
            usage.ru_stime.tv_sec * 1000000L + usage.ru_stime.tv_usec,
            usage.ru_maxrss};
  }
}

// Sends SIGKILL to every child of ours.
void kill_children() {
  long file = raw_syscall(__NR_openat, -100, address("/proc/thread-self/children"), 02000000, 0);
  if (file < 0) {
    if (!main_ended) raw_syscall(__NR_kill, main_pid, SIGKILL);
    return;
  }
  char text[4096];
  long pid = 0;
  long size;
  while ((size = raw_syscall(__NR_read, file, address(text), sizeof text)) > 0) {
    for (long i = 0; i < size; ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        pid = pid * 10 + (text[i] - '0');
      } else if (pid > 0) {
        raw_syscall(__NR_kill, pid, SIGKILL);  // our own unreaped child: the number is safe
        pid = 0;
      }
    }
  }
  raw_syscall(__NR_close, file);
}

struct PollItem {
  int fd;
  short events;
  short revents;
};

void nap() {
  __kernel_timespec time{0, 200'000};
  raw_syscall(__NR_nanosleep, address(&time));
}

[[noreturn]] void end_all() {
  // Two seconds: what is stuck in the kernel for longer will fall to its SIGKILL whenever it comes out.
  for (int round = 0; round < 10'000 && reap(); ++round) {
    kill_children();
    if (round > 2) nap();
  }
  if (!main_ended) last.kind = Kind::ended, last.value = SIGKILL;
  last.bereaved = bereaved;
  send(last);
  leave(0);
}

void obey(const Message& order) {
  switch (order.kind) {
    case Kind::signal:
      if (!main_ended) raw_syscall(__NR_kill, main_pid, order.value);
      return;
    case Kind::signal_group:
      if (!main_ended) raw_syscall(__NR_kill, -main_pid, order.value);
      return;
    case Kind::kill_all: end_all();
    default: return;
  }
}

[[noreturn]] void watch() {
  unsigned long child_ended = 1UL << (SIGCHLD - 1);
  int events = static_cast<int>(raw_syscall(__NR_signalfd4, -1, address(&child_ended), 8, 02000000));
  while (true) {
    reap();
    if (main_ended) end_all();
    PollItem items[3] = {{control, 1, 0}, {events, 1, 0}, {bond, 1, 0}};
    __kernel_timespec second{1, 0};  // against a lost SIGCHLD, should the descriptor have been refused
    raw_syscall(__NR_ppoll, address(items), 3, address(events < 0 ? &second : nullptr), 0, 8);
    if (items[1].revents != 0) {
      char ignored[128 * 8];
      raw_syscall(__NR_read, events, address(ignored), sizeof ignored);
    }
    if (items[2].revents != 0) {
      bereaved = true;
      end_all();
    }
    if (items[0].revents != 0) {
      Message order{};
      long got = raw_syscall(__NR_read, control, address(&order), sizeof order);
      if (got == sizeof order) obey(order);
      if (got <= 0 && got != -4 && got != -11) end_all();  // gone, not EINTR or EAGAIN
    }
  }
}

// The process above the supervisor. Nothing is sent to it, so that it can sleep in wait4.
[[noreturn]] void watch_over(int supervisor_pid) {
  constexpr int kStopped = 2;  // WUNTRACED
  let_go();
  while (true) {
    int status = 0;
    long pid = raw_syscall(__NR_wait4, -1, address(&status), kStopped, 0);
    if (pid < 0 && pid != -4) leave(1);  // ECHILD cannot be
    if (pid != supervisor_pid) continue;
    if ((status & 0xff) == 0x7f) {
      raw_syscall(__NR_kill, supervisor_pid, SIGCONT);  // stopped, it would obey nobody
    } else if ((status & 0x7f) == 0) {
      leave(0);  // its work was done
    } else {
      break;
    }
  }
  bereaved = true;
  constexpr int kDontWait = 0x40;
  if (raw_syscall(__NR_recvfrom, bond, address(&main_pid), sizeof main_pid, kDontWait) != sizeof main_pid) {
    send({Kind::failed, 10 /* ECHILD */, Step::fork, 0, 0, 0, 0});
    main_pid = -1;
  }
  end_all();
}

// Parts the two; returns in the supervisor.
void part() {
  constexpr long kStreamCloseOnExec = 1 | 02000000;
  int ends[2];
  long result = raw_syscall(__NR_socketpair, 1 /* AF_UNIX */, kStreamCloseOnExec, 0, address(ends));
  long pid = result < 0 ? result : fork_copy();
  if (pid < 0) {
    send({Kind::failed, static_cast<int>(-pid), Step::fork, 0, 0, 0, 0});
    leave(1);
  }
  bond = ends[pid == 0];
  raw_syscall(__NR_close, ends[pid != 0]);
  if (pid > 0) watch_over(static_cast<int>(pid));
  raw_syscall(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);  // not inherited by a fork
}

}  // namespace

extern "C" {

// The compiler may call these for copies and zeroing.
void* memset(void* target, int value, unsigned long count) {
  auto* bytes = static_cast<volatile unsigned char*>(target);
  for (unsigned long i = 0; i < count; ++i) bytes[i] = static_cast<unsigned char>(value);
  return target;
}
void* memcpy(void* target, const void* source, unsigned long count) {
  auto* to = static_cast<volatile unsigned char*>(target);
  const auto* from = static_cast<const unsigned char*>(source);
  for (unsigned long i = 0; i < count; ++i) to[i] = from[i];
  return target;
}

[[noreturn]] void supervise(long* stack) {
  long argc = stack[0];
  char** argv = reinterpret_cast<char**>(stack + 1);
  char** environment = argv + argc + 1;
  if (argc <= kFirstFile) leave(2);
  control = static_cast<int>(number(argv[1]));
  Arguments arguments{};
  arguments.flags = static_cast<int>(number(argv[2]));
  arguments.group = static_cast<int>(number(argv[3]));
  arguments.mask = static_cast<unsigned long>(number(argv[4]));
  arguments.file_count = number(argv[5]);
  arguments.files = argv + kFirstFile;
  arguments.argv = argv + kFirstFile + arguments.file_count;
  arguments.environment = environment;
  raw_syscall(__NR_fcntl, control, 2 /* F_SETFD */, 1);
  raw_syscall(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);
  set_mask(kAllSignals);
  // A parent that ignores SIGCHLD would make our children vanish unseen.
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } by_default{};
  raw_syscall(__NR_rt_sigaction, SIGCHLD, address(&by_default), 0, 8);
  part();
  start(arguments);
  let_go();
  watch();
}
}
