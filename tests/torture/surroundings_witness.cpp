// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In every process of a round, before main(): a signal that is about to end it is written to the board, whoever reaps
// the process; and one that passes a crash point, where it may hold a lock, stops there when the board says so.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/crash_point.hpp"
#include "torture/surroundings.hpp"

namespace cohort::torture {

namespace {

Board* board = nullptr;
pid_t round_pid = 0;

constexpr std::size_t kStackBytes = 64 * 1024;
alignas(16) std::array<std::byte, kStackBytes> signal_stack;

// What the program was doing, for people. The process ends anyway, so that nothing here need be safe in a signal
// handler.
void describe_place(char* to, std::size_t room) {
  void* frames[24];
  int count = ::backtrace(frames, 24);
  std::size_t used = 0;
  for (int i = 2; i < count && used + 1 < room; ++i) {
    Dl_info info{};
    bool known = ::dladdr(frames[i], &info) != 0;
    auto offset = static_cast<std::size_t>(static_cast<char*>(frames[i]) - static_cast<char*>(info.dli_fbase));
    const char* name = known && info.dli_sname != nullptr ? info.dli_sname : known ? info.dli_fname : "?";
    int wrote = std::snprintf(to + used, room - used, " %.60s+%zx", name, known ? offset : 0);
    if (wrote < 0) return;
    used = std::min(room - 1, used + static_cast<std::size_t>(wrote));
  }
}

extern "C" void note_crash(int signal, siginfo_t* info, void*) {
  std::uint32_t none = 0;
  // relaxed: read after this process has ended
  if (board->crash.signal.compare_exchange_strong(none, static_cast<std::uint32_t>(signal),
                                                  std::memory_order_relaxed)) {
    board->crash.pid = ::getpid();
    // The frame of this handler is on another stack, so this compares with an address of the main one.
    auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    auto of_stack = reinterpret_cast<std::uintptr_t>(::environ != nullptr ? ::environ[0] : nullptr);
    constexpr std::uintptr_t kStackReach = 16 << 20;
    board->crash.in_stack = signal == SIGSEGV && address < of_stack && of_stack - address < kStackReach ? 1 : 0;
    describe_place(board->crash.place, sizeof(board->crash.place));
  }
  ::raise(signal);  // with its usual effect now
}

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
void stop_here(const char* point) noexcept {
  // relaxed: both: the watcher looks at the number only
  if (board->stop_at_point.load(std::memory_order_relaxed) != 1) return;
  pid_t pid = ::getpid();
  static std::uint32_t passes = 0;
  // Not always the first one, which would often be the same.
  if (pid == round_pid || ++passes * 2654435761u >> 29 != 0) return;
  std::int32_t wanted = 1;
  if (!board->stop_at_point.compare_exchange_strong(wanted, pid, std::memory_order_relaxed)) return;
  std::strncpy(board->stop_point, point, sizeof(board->stop_point) - 1);
  ::raise(SIGSTOP);
}
#endif

void watch_process() {
  const char* path = std::getenv(kBoardVariable);
  int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* place = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (place == MAP_FAILED) return;
  board = static_cast<Board*>(place);
  void* first = nullptr;
  (void)::backtrace(&first, 1);  // loads what it needs
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_sigaction = &note_crash;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESETHAND);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGPIPE, SIGXFSZ})
    ::sigaction(signal, &action, nullptr);
#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
  watch_crash_points(&stop_here);
#endif
}

[[gnu::constructor]] void watch_before_main() { watch_process(); }

}  // namespace

Board* board_of_process() noexcept { return board; }
void become_round() noexcept { round_pid = ::getpid(); }

}  // namespace cohort::torture
