// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The torture by surroundings: rounds of all layers under limits, with closed descriptors, stopped and killed
// processes, signals and a full memory. Each round is a process of its own in a group of its own, watched from here: it
// must end in time and by itself, and leave no process and no name.
//
//   surroundings [--seconds 60] [--rounds N] [--seed N] [--only NAME]...
//
// Rounds of the seeds N, N + 1, …; the same seed makes the same round. Each --only leaves out those that have not this
// kind or surrounding.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "torture/surroundings.hpp"

namespace cohort::torture {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A round's own calls are bounded far below; one that is still there then hangs.
constexpr auto kWatchdog = 150s;
constexpr auto kSettle = 10s;

// With read(2): a stream throws for a process that ends while it is looked at.
std::string read_text(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[4096];
  ssize_t count = ::read(fd, buffer, sizeof(buffer));
  ::close(fd);
  return {buffer, buffer + std::max<ssize_t>(count, 0)};
}

// All processes below one, itself not among them.
std::vector<pid_t> descendants(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  DIR* directory = ::opendir("/proc");
  while (const dirent* entry = directory == nullptr ? nullptr : ::readdir(directory)) {
    pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    std::string stat = read_text("/proc/" + std::string(entry->d_name) + "/stat");
    auto name_end = stat.rfind(')');
    int parent = 0;
    char state = 0;
    if (name_end != std::string::npos && std::sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) == 2)
      children.emplace(parent, pid);
  }
  if (directory != nullptr) ::closedir(directory);
  std::vector<pid_t> found{root};
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

// A place for names of our own, so that all that is left there is ours. False where we may not have it.
bool take_own_shared_names() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") == 0;
}

std::set<std::string> shared_names() {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", error))
    names.insert(entry.path().filename());
  return names;
}

// Where everything stands, for somebody who looks at the report afterwards.
void print_stacks(pid_t root) {
  std::vector<pid_t> all = descendants(root);
  all.insert(all.begin(), root);
  for (pid_t pid : all) {
    std::string place = "/proc/" + std::to_string(pid);
    std::printf("--- process %d: %s", pid, read_text(place + "/comm").c_str());
    std::printf("waits in %s, system call %s", read_text(place + "/wchan").c_str(),
                read_text(place + "/syscall").c_str());
    std::fflush(stdout);
    std::string command = "timeout 20 gdb -p " + std::to_string(pid) +
                          " -batch -ex 'thread apply all bt 20' 2>/dev/null | grep -E '^(#|Thread)'";
    // cohort-scan: ignore[shell-command,relative-program] a number is all that is put in; this is a test's last word
    (void)!std::system(command.c_str());
  }
}

class Run {
 public:
  Run(const char* program, std::uint64_t seed) : program_(program), seed_(seed) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    own_names_ = take_own_shared_names();
    char name[] = "/tmp/cohort-surroundings-XXXXXX";
    int fd = ::mkstemp(name);
    path_ = name;
    if (fd < 0 || ::ftruncate(fd, sizeof(Board)) != 0 || ::fchmod(fd, 0666) != 0) std::abort();
    board_ = static_cast<Board*>(::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ::close(fd);
    if (board_ == MAP_FAILED) std::abort();
    ::setenv(kBoardVariable, path_.c_str(), 1);
  }
  ~Run() { ::unlink(path_.c_str()); }

  bool go(std::chrono::seconds seconds, std::uint64_t rounds, const std::vector<std::string>& only) {
    Clock::time_point end = Clock::now() + seconds;
    for (std::uint64_t seed = seed_; total_ < rounds && Clock::now() < end; ++seed) {
      Plan plan = Plan::of(seed);
      std::string words = ' ' + plan.to_string() + ' ';
      if (std::ranges::all_of(only, [&](const auto& word) { return words.find(word) != std::string::npos; }))
        round(plan);
    }
    report();
    return failures_ == 0 && total_ > 0;
  }

 private:
  void round(const Plan& plan) {
    std::memset(static_cast<void*>(board_), 0, sizeof(Board));
    std::set<std::string> names = shared_names();
    std::string seed = std::to_string(plan.seed);
    std::fflush(stdout);
    pid_t pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      // What the library says is for people; here the board counts.
      if (std::getenv("COHORT_TORTURE_VERBOSE") == nullptr)
        if (int null = ::open("/dev/null", O_WRONLY); null >= 0) ::dup2(null, STDERR_FILENO);
      ::execl("/proc/self/exe", program_, "--round", seed.c_str(), nullptr);
      ::_exit(127);
    }
    ++total_;
    ++kinds_[kKindNames[plan.kind]];
    for (std::uint32_t i = 0; i < kSurroundings; ++i)
      if ((plan.surroundings >> i & 1u) != 0) ++surroundings_[kSurroundingNames[i]];
    int status = watch(plan, pid);
    take_board();
    judge(plan, status);
    look_for_leftovers(plan, names);
  }

  // Disturbs the round until it ends. Its wait status, or -1 when it hung.
  int watch(const Plan& plan, pid_t pid) {
    std::mt19937_64 random(plan.seed ^ 0x5a5a);
    Clock::time_point limit = Clock::now() + kWatchdog;
    Clock::time_point next = Clock::now();
    std::map<pid_t, Clock::time_point> stopped;
    while (true) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) == pid) {
        for (auto& [victim, until] : stopped) ::kill(victim, SIGCONT);
        return status;
      }
      reap_others(plan, pid);
      Clock::time_point now = Clock::now();
      if (now > limit) {
        fail(plan, "it hangs");
        std::printf("at: %s; %s\n", board_->step, board_->violation);
        print_stacks(pid);
        for (pid_t one : descendants(pid)) ::kill(one, SIGKILL);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, &status, 0);
        return -1;
      }
      for (auto victim = stopped.begin(); victim != stopped.end();) {
        if (victim->second > now) {
          ++victim;
          continue;
        }
        ::kill(victim->first, SIGCONT);
        // Where it is another process now, or none, nothing happens.
        if (victim->first == board_->stop_at_point.load(std::memory_order_relaxed))  // relaxed: a number
          board_->stop_at_point.store(0, std::memory_order_relaxed);                 // relaxed: a number
        victim = stopped.erase(victim);
      }
      bool tortured = board_->under_torture.load(std::memory_order_acquire) != 0;  // (other side: the round's store)
      if (plan.has(Surrounding::stopped)) look_at_points(random, stopped, tortured);
      if (tortured) {
        if (plan.has(Surrounding::signals)) {
          ::kill(pid, SIGUSR1);
          ++board_->signals;
        }
        if (now >= next) {
          disturb(plan, pid, random, stopped);
          next = now + std::chrono::milliseconds(2 + random() % 60);
        }
      }
      ::usleep(1000);
    }
  }

  // Mostly for a while, sometimes for longer than any call may be late.
  static Clock::time_point end_of_stop(std::mt19937_64& random) {
    auto time = random() % 8 == 0 ? 3000 + random() % 2000 : 1 + random() % 400;
    return Clock::now() + std::chrono::milliseconds(time);
  }

  // One at a time is stopped at a crash point, where it may hold a lock. The last may come there when the torture is
  // over.
  void look_at_points(std::mt19937_64& random, std::map<pid_t, Clock::time_point>& stopped, bool tortured) {
    pid_t pid = board_->stop_at_point.load(std::memory_order_relaxed);  // relaxed: a number
    if (pid == 1 && !tortured) {
      (void)board_->stop_at_point.compare_exchange_strong(pid, 0, std::memory_order_relaxed);  // relaxed: a number
    } else if (pid == 0 && tortured && random() % 16 == 0) {
      board_->stop_at_point.store(1, std::memory_order_relaxed);  // relaxed: a number
    } else if (pid > 1 && !stopped.contains(pid)) {
      stopped[pid] = end_of_stop(random);
      ++board_->stops;
      ++points_[board_->stop_point];
    }
  }

  void disturb(const Plan& plan, pid_t pid, std::mt19937_64& random, std::map<pid_t, Clock::time_point>& stopped) {
    bool stops = plan.has(Surrounding::stopped);
    bool kills = plan.has(Surrounding::kills);
    if (!stops && !kills) return;
    std::vector<pid_t> all = descendants(pid);
    if (all.empty()) return;
    pid_t victim = all[random() % all.size()];
    if (stops && (!kills || random() % 2 == 0)) {
      if (::kill(victim, SIGSTOP) == 0) {
        stopped[victim] = end_of_stop(random);
        ++board_->stops;
      }
    } else if (::kill(victim, SIGKILL) == 0) {
      ++board_->kills;
    }
  }

  // Descendants whose parent is gone come to us.
  void reap_others(const Plan& plan, pid_t but) {
    while (true) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 || info.si_pid == but) return;
      ::waitpid(info.si_pid, nullptr, 0);
      if (info.si_code == CLD_EXITED || info.si_status == SIGKILL || plan.limits_memory()) continue;
      std::string text = "an orphan was ended by signal " + std::to_string(info.si_status);
      fail(plan, text.c_str());
    }
  }

  void take_board() {
    returned_ += board_->returned;
    refused_ += board_->refused;
    kills_ += board_->kills;
    stops_ += board_->stops;
    signals_ += board_->signals;
    for (const auto& error : board_->errors)
      if (error.count != 0) errors_[error.call] += error.count;
    for (const auto& timed : board_->timed) {
      if (timed.call[0] == '\0') break;
      Late& all = late_[timed.call];
      for (std::size_t i = 0; i < kLateClasses; ++i) all.calls[i] += timed.late[i];
      all.longest = std::max(all.longest, timed.longest);
    }
  }

  void judge(const Plan& plan, int status) {
    if (status == -1) return;
    std::string text;
    // relaxed: whoever wrote it has ended, or is of no interest
    if (auto signal = board_->crash.signal.load(std::memory_order_relaxed); signal != 0) {
      // A stack that the system did not let grow is what was asked for.
      if (board_->crash.in_stack == 0 || !plan.limits_memory())
        text = "process " + std::to_string(board_->crash.pid) + " got signal " + std::to_string(signal) + " in" +
               board_->crash.place;
    }
    if (board_->violation[0] != '\0') text = std::string(board_->violation) + (text.empty() ? "" : "; ") + text;
    if (text.empty() && WIFSIGNALED(status))
      text = "it was ended by signal " + std::to_string(WTERMSIG(status)) + " at: " + board_->step;
    if (text.empty() && WEXITSTATUS(status) != 0)
      text = "it ended with " + std::to_string(WEXITSTATUS(status)) + " at: " + board_->step;
    if (!text.empty()) fail(plan, text.c_str());
  }

  void look_for_leftovers(const Plan& plan, const std::set<std::string>& names) {
    Clock::time_point limit = Clock::now() + kSettle;
    std::vector<pid_t> left;
    while (true) {
      reap_others(plan, -1);
      left = descendants(::getpid());
      if (left.empty() || Clock::now() > limit) break;
      ::usleep(5000);
    }
    if (!left.empty()) {
      fail(plan, "processes are left");
      for (pid_t pid : left) {
        print_stacks(pid);
        ::kill(pid, SIGKILL);
      }
      while (!descendants(::getpid()).empty()) reap_others(plan, -1);
    }
    for (const std::string& name : shared_names())
      // Others on this machine make names as well, where we have no place of our own; ours say so.
      if (!names.contains(name) && (own_names_ || name.find("cohort") != std::string::npos))
        fail(plan, ("a name is left in /dev/shm: " + name).c_str());
  }

  void fail(const Plan& plan, const char* sentence) {
    ++failures_;
    std::printf("FAILED: round of seed %" PRIu64 " (%s): %s\n  again: surroundings --rounds 1 --seed %" PRIu64 "\n",
                plan.seed, plan.to_string().c_str(), sentence, plan.seed);
    std::fflush(stdout);
  }

  void report() const {
    std::printf("rounds: %" PRIu64 "; calls that returned: %" PRIu64 ", that were refused: %" PRIu64 "; kills: %" PRIu64
                ", stops: %" PRIu64 ", signals: %" PRIu64 "\n",
                total_, returned_, refused_, kills_, stops_, signals_);
    print_counts("rounds by kind:", kinds_, " ");
    print_counts("by surrounding:", surroundings_, " ");
    print_counts("stopped at points:", points_, " ");
    print_counts("refused calls:", errors_, "\n  ");
    std::printf("calls with a deadline, by how late they were (in ms, without waiting for a processor):\n");
    std::printf("  %-24s %10s %10s %10s %10s %10s %10s\n", "", "<= 50", "<= 200", "<= 1000", "<= 2000", "more",
                "longest");
    for (const auto& [call, late] : late_) {
      std::printf("  %-24s", call.c_str());
      for (std::uint64_t count : late.calls) std::printf(" %10" PRIu64, count);
      std::printf(" %10" PRIu64 "\n", late.longest);
    }
    std::printf("%s: %" PRIu64 " of %" PRIu64 " rounds failed\n",
                failures_ == 0 ? "surroundings: all held" : "surroundings: FAILED", failures_, total_);
  }

  using Counts = std::map<std::string, std::uint64_t>;
  static void print_counts(const char* title, const Counts& counts, const char* before) {
    std::printf("%s", title);
    for (const auto& [name, count] : counts) std::printf("%s%s %" PRIu64, before, name.c_str(), count);
    std::printf("\n");
  }

  struct Late {
    std::uint64_t calls[kLateClasses] = {};
    std::uint64_t longest = 0;
  };

  const char* program_;
  std::uint64_t seed_;
  std::string path_;
  Board* board_ = nullptr;
  std::uint64_t total_ = 0, failures_ = 0, returned_ = 0, refused_ = 0, kills_ = 0, stops_ = 0, signals_ = 0;
  Counts kinds_, surroundings_, errors_, points_;
  std::map<std::string, Late> late_;
  bool own_names_ = false;
};

}  // namespace

}  // namespace cohort::torture

int main(int argc, char** argv) {
  using namespace cohort::torture;
  if (argc == 3 && std::strcmp(argv[1], "--round") == 0) {
    become_round();
    return board_of_process() == nullptr
               ? 2
               : run_round(Plan::of(std::strtoull(argv[2], nullptr, 10)), *board_of_process());
  }
  int seconds = 60;
  std::uint64_t rounds = UINT64_MAX;
  std::uint64_t seed = std::random_device{}();
  std::vector<std::string> only;
  for (int i = 1; i < argc; ++i) {
    std::string option = argv[i];
    if (i + 1 < argc && option == "--seconds") {
      seconds = std::max(1, std::atoi(argv[++i]));
    } else if (i + 1 < argc && option == "--rounds") {
      rounds = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && option == "--seed") {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && option == "--only") {
      only.push_back(std::string(" ") + argv[++i] + " ");
    } else {
      std::fprintf(stderr, "usage: surroundings [--seconds N] [--rounds N] [--seed N] [--only NAME]...\n");
      return 2;
    }
  }
  std::printf("surroundings: %d seconds, seed %" PRIu64 "\n", seconds, seed);
  return Run(argv[0], seed).go(std::chrono::seconds(seconds), rounds, only) ? 0 : 1;
}
