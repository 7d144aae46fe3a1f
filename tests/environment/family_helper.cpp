// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What family_environment_test starts under other limits: one sub-command each, one line of answer, exit status 0 when
// the family memory did what it should.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "os/fd.hpp"

namespace {

using namespace cohort;
using namespace cohort::family;

// Blocks of many sizes, a member that dies, a sweep: what every program does with the family memory.
int use_family(Family& family) {
  MemberId self = family.self();
  std::vector<Offset> blocks;
  for (std::size_t size = 64; size <= (std::size_t{4} << 20); size *= 4) {
    blocks.push_back(family.allocate(size, self));
    std::memset(family.address(blocks.back(), size), 7, size);
    blocks.push_back(family.allocate_control(size / 16, self));
  }
  pid_t child = ::fork();
  if (child == 0) {
    if (Family::self_or_nobody()) ::_exit(1);
    (void)family.allocate(1000, family.self());
    ::raise(SIGKILL);
  }
  if (family.sweep() > 1) return 1;
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) return 2;
  family.sweep();
  FamilyMemoryStatistics now = family.statistics();
  if (now.members_live != 1) return 3;
  if (now.blocks != blocks.size()) return 4;
  for (Offset block : blocks) family.free(block);
  if (family.statistics().blocks != 0) return 5;
  return family.validate() == nullptr ? 0 : 6;
}

// A control block of 8 MiB fits everywhere; of one that does not, the error says why.
int use_large_control() {
  Family& family = Family::instance();
  family.free(family.allocate_control(std::size_t{8} << 20, family.self()));
  try {
    (void)family.allocate_control(std::size_t{64} << 20, family.self());
  } catch (const OutOfFamilyMemory& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}

int use() {
  Family& family = Family::instance();
  int result = use_family(family);
  std::printf("reservation %llu budget %llu fallbacks %llu\n",
              static_cast<unsigned long long>(family.statistics().reservation.count),
              static_cast<unsigned long long>(family.statistics().budget.count),
              static_cast<unsigned long long>(os::pidfd_fallbacks()));
  return result;
}

int adopt(int fd) {
  Family::adopt(os::Fd(fd));
  Family& family = Family::instance();
  MemberId self = family.self();
  Offset block = family.allocate(5000, self);
  std::memset(family.address(block, 5000), 1, 5000);
  family.free(block);
  std::printf("adopted, takeovers %llu\n", static_cast<unsigned long long>(family.statistics().takeovers));
  return 0;
}

// Refuses system calls as a container's filter may.
void refuse(const std::vector<long>& calls, unsigned error) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (long call : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    std::printf("no seccomp: %s\n", std::strerror(errno));
    std::exit(77);
  }
}

int use_without_pidfds(unsigned error) {
  refuse({SYS_pidfd_open, SYS_pidfd_getfd, SYS_pidfd_send_signal, SYS_clone3, SYS_kcmp, SYS_process_vm_readv,
          SYS_userfaultfd},
         error);
  int result = use();
  if (result != 0) return result;
  return os::pidfd_fallbacks() > 0 ? 0 : 10;
}

// A daemon of the user's own making: its parent ends, it goes on and joins as a new member.
int become_daemon() {
  Family& family = Family::instance();
  MemberId parent = family.self();
  Offset kept = family.allocate(100, parent);
  int answer[2];
  if (::pipe(answer) != 0) return 1;
  pid_t middle = ::fork();
  if (middle == 0) {
    if (::daemon(0, 1) != 0) ::_exit(1);
    char result = '0';
    try {
      MemberId mine = family.self();
      if (mine == parent || family.owner(kept) != parent) result = '1';
      family.free(family.allocate(100, mine));
    } catch (...) { result = '2'; }
    (void)!::write(answer[1], &result, 1);
    // Through exit(): destructors and Family::leave() run in the daemon.
    std::exit(0);
  }
  ::close(answer[1]);
  char result = '?';
  (void)!::read(answer[0], &result, 1);
  // The end of the pipe is the end of the daemon.
  char end;
  while (::read(answer[0], &end, 1) > 0) {}
  ::waitpid(middle, nullptr, 0);
  if (family.owner(kept) != parent) return 3;
  std::printf("daemon said %c\n", result);
  return result - '0';
}

struct UsesFamilyWhenDestroyed {
  ~UsesFamilyWhenDestroyed() {
    // Made before the family, so destroyed after it was left: a throw, never a hang or a fault.
    try {
      (void)Family::instance();
      std::puts("not refused");
    } catch (const StateError&) { std::puts("refused"); }
  }
};

int use_in_static_destructor() {
  static UsesFamilyWhenDestroyed late;
  return Family::instance().self() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  std::string command = argv[1];
  int argument = argc > 2 ? std::atoi(argv[2]) : 0;
  int result = 64;
  try {
    if (command == "use") result = use();
    if (command == "large") result = use_large_control();
    if (command == "adopt") result = adopt(argument);
    if (command == "seccomp") result = use_without_pidfds(static_cast<unsigned>(argument));
    if (command == "daemon") result = become_daemon();
    if (command == "late") result = use_in_static_destructor();
    if (command == "wait") result = ::read(0, &argument, 1) < 0 ? 1 : 0;
    if (command == "is-open") result = os::is_open(argument) ? 1 : 0;
  } catch (const OutOfFamilyMemory& error) {
    std::printf("OutOfFamilyMemory %s\n", error.what());
    result = 20;
  } catch (const IncompatibleError& error) {
    std::printf("IncompatibleError %s\n", error.what());
    result = 21;
  } catch (const OsError& error) {
    std::printf("OsError %d %s\n", error.code().value(), error.what());
    result = 22;
  } catch (const ValueError& error) {
    std::printf("ValueError %s\n", error.what());
    result = 23;
  } catch (const std::exception& error) {
    std::printf("exception %s\n", error.what());
    result = 24;
  }
  std::fflush(stdout);
  return result;
}
