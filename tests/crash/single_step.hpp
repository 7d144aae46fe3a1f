// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a child after so many single instructions of an operation.
//
//   Steps steps("put", 1);
//   while (steps.go_on()) {
//     SCOPED_TRACE(steps.place());
//     steps.kill(prepare, operation);
//     … what must hold after the death
//   }
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crash/family_support.hpp"

namespace cohort::testing {

// Where a stopped child is, and a breakpoint of the processor there: without, every way is stepped from its beginning.
#if defined(__x86_64__)
inline constexpr bool kHasBreakpoints = true;
inline std::uint64_t address_of(pid_t child) {
  return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, child, offsetof(user, regs.rip), nullptr));
}
/// 0: none. False when the system refuses.
inline bool set_breakpoint(pid_t child, std::uint64_t address) {
  if (::ptrace(PTRACE_POKEUSER, child, offsetof(user, u_debugreg[0]), address) != 0) return false;
  return ::ptrace(PTRACE_POKEUSER, child, offsetof(user, u_debugreg[7]), address == 0 ? 0 : 1) == 0;  // execute, local
}
#else
inline constexpr bool kHasBreakpoints = false;
inline std::uint64_t address_of(pid_t) { return 0; }
inline bool set_breakpoint(pid_t, std::uint64_t) { return false; }
#endif

/// A child that has run `prepare` and stopped before `operation`, and can be led through it. Killed when this goes.
class Stepped {
 public:
  template <class Prepare, class Operation>
  Stepped(Prepare&& prepare, Operation&& operation) {
    pid_ = family::testing::fork_child([&] {
      // Nobody would continue it when the test program is killed by its deadline.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      prepare();
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      operation();
      ::raise(SIGSTOP);
    });
    ::waitpid(pid_, &status_, 0);
    EXPECT_TRUE(WIFSTOPPED(status_)) << "the child could not prepare";
  }
  Stepped(const Stepped&) = delete;
  Stepped& operator=(const Stepped&) = delete;
  ~Stepped() { kill(); }

  /// Runs so many instructions. False when the operation ended before.
  bool step(long count) {
    for (long i = 0; i < count; ++i) {
      if (!WIFSTOPPED(status_)) return false;
      ::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr);
      ::waitpid(pid_, &status_, 0);
      if (!WIFSTOPPED(status_) || WSTOPSIG(status_) == SIGSTOP) return false;
    }
    return true;
  }
  /// Runs until it is at that address for the so manieth time. False when the operation ended before.
  bool run_to(std::uint64_t address, int pass) {
    if (!WIFSTOPPED(status_) || !set_breakpoint(pid_, address)) return false;
    for (; pass != 0; --pass) {
      ::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
      ::waitpid(pid_, &status_, 0);
      if (!WIFSTOPPED(status_) || WSTOPSIG(status_) != SIGTRAP) return false;
    }
    return set_breakpoint(pid_, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::uint64_t address() const { return address_of(pid_); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    if (WIFSTOPPED(status_)) ::waitpid(pid_, &status_, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

/// Runs `prepare`, then `operation` in a child for `steps` instructions, then kills it. Returns false when the
/// operation had ended by then.
template <class Prepare, class Operation>
bool kill_after(long steps, Prepare&& prepare, Operation&& operation) {
  return Stepped(std::forward<Prepare>(prepare), std::forward<Operation>(operation)).step(steps);
}

inline bool may_trace() {
  pid_t child = family::testing::fork_child([] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  });
  int status = family::testing::wait_for(child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The way that one run of an operation took: the address after each number of instructions. It leads later runs to
/// near a place at full speed, which saves most of n² / 2 steps.
class Trail {
 public:
  struct Mark {
    long at = 0;  ///< 0: the beginning
    std::uint64_t address = 0;
    int pass = 0;  ///< how many times the way has come there by then
  };

  [[nodiscard]] long size() const { return static_cast<long>(marks_.size()); }
  [[nodiscard]] const Mark& last() const { return marks_.back(); }
  void add(std::uint64_t address) { marks_.push_back({size(), address, ++seen_[address]}); }
  [[nodiscard]] bool passes(std::uint64_t address, long at) const {
    return at >= size() || marks_[static_cast<std::size_t>(at)].address == address;
  }
  /// Whether the instruction before `at` goes on there: a string instruction, of which a step does one repetition.
  [[nodiscard]] bool repeats(long at) const {
    auto i = static_cast<std::size_t>(at);
    return at > 0 && at < size() && marks_[i].address == marks_[i - 1].address;
  }
  /// From where `at` is reached soonest.
  [[nodiscard]] Mark before(long at) const {
    constexpr long kStop = 2;  // a stop at a breakpoint costs as much as two steps
    Mark best;
    long least = at;
    for (long i = std::min(at, size() - 1); i > 0 && at - i < least; --i) {
      const Mark& mark = marks_[static_cast<std::size_t>(i)];
      long cost = at - i + mark.pass * kStop;
      if (cost >= least) continue;
      least = cost;
      best = mark;
    }
    return best;
  }

 private:
  std::vector<Mark> marks_;
  std::unordered_map<std::uint64_t, int> seen_;
};

/// After how many instructions an operation is killed, one number after the other: each while that fits in `seconds`,
/// every 7th up to twice that, every 61st up to four times, then ever fewer, so that the end is reached on a busy
/// machine too. COHORT_TEST_SECONDS takes the place of `seconds`: with a large one no instruction is left out; one
/// instruction that copies many bytes is cut off at its beginning, its end, and every 61st repetition between. The
/// first run is not killed: it shows the way. Ends with the operation, or when the test has failed; then prints what
/// ./run torture --instructions adds up.
class Steps {
 public:
  Steps(std::string name, double seconds) : name_(std::move(name)), seconds_(seconds) {
    if (const char* wanted = std::getenv("COHORT_TEST_SECONDS")) seconds_ = std::atof(wanted);
  }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;
  ~Steps() {
    std::printf("stepped: %s: %ld kills in %.1f s, %s\n", name_.c_str(), kills_, spent(),
                widest_ == 1 ? "every instruction" : ("up to every " + std::to_string(widest_) + "th").c_str());
    std::fflush(stdout);
  }

  /// True when there is another number.
  bool go_on() {
    if (ended_ || ::testing::Test::HasFailure()) return false;
    if (!again_) at_ += at_ == 0 ? 1 : stride();
    // In the midst of a copy of thousands of bytes by one instruction some places do.
    for (int skipped = 0; !again_ && skipped < 60 && trail_.repeats(at_) && trail_.repeats(at_ + 1); ++skipped) ++at_;
    EXPECT_LT(at_, 1000000) << "the operation does not end";
    return !::testing::Test::HasFailure();
  }
  [[nodiscard]] std::string place() const { return name_ + " killed after " + std::to_string(at_) + " instructions"; }

  /// Leads the child so far and kills it.
  void kill(Stepped& child) {
    if (kHasBreakpoints && trail_.size() == 0) return record(child);
    Trail::Mark mark = again_ ? Trail::Mark{} : trail_.before(at_);
    bool stopped = mark.at == 0 || child.run_to(mark.address, mark.pass);
    stopped = stopped && child.step(at_ - mark.at);
    bool strayed = !stopped || !trail_.passes(child.address(), at_);
    child.kill();
    kills_ += stopped;
    // A run may take another way, as where it waits for others. Then it is stepped from the beginning.
    again_ = strayed && mark.at != 0;
    if (again_) return;
    // The way that was shown may have been a detour that hardly any run takes again.
    vain_ = stopped ? 0 : vain_ + 1;
    ended_ = vain_ != 0 && (at_ >= trail_.size() || vain_ == kMostVain);
  }
  template <class Prepare, class Operation>
  void kill(Prepare&& prepare, Operation&& operation) {
    Stepped child(std::forward<Prepare>(prepare), std::forward<Operation>(operation));
    kill(child);
  }
  [[nodiscard]] long kills() const { return kills_; }
  [[nodiscard]] double spent() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  static constexpr int kMostVain = 64;

  void record(Stepped& child) {
    trail_.add(child.address());
    while (child.step(1)) trail_.add(child.address());
    child.kill();
    shown_ = spent();
  }
  // 7 and 61: coprime to the length of any loop worth meeting.
  long stride() {
    double part = (spent() - shown_) / seconds_;
    long stride = 1;
    if (part > 1) stride = 7;
    if (part > 2) stride = 61;
    if (part > 4) stride = 61 * (rarer_ = std::min(rarer_ * 2, 4096L)) + 1;
    widest_ = std::max(widest_, stride);
    return stride;
  }

  std::string name_;
  double seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Trail trail_;
  double shown_ = 0;  // when the way was known
  long at_ = 0;
  long kills_ = 0;
  long widest_ = 1;
  long rarer_ = 1;
  int vain_ = 0;
  bool again_ = false;
  bool ended_ = false;
};

}  // namespace cohort::testing
