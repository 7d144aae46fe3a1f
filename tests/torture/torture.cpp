// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The torture run: producers, consumers and lockers that share queues and locks, killed by SIGKILL at random moments
// and at every named crash point, for as long as asked. At the end every item must have been received exactly once, but
// for what the death of a consumer may cost; no lock may be stuck; no object, block or member may be left.
//
//   torture [--seconds 60] [--seed N] [--steady]      --steady: the last window must be as quick as the first
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/family/family_memory.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "torture/board.hpp"
#include "torture/roles.hpp"

namespace cohort::torture {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Child {
  Role role = Role::producer;
  std::uint32_t which = 0;  // queue or lock
  std::string point;        // armed; empty: killed from outside
  Clock::time_point due;    // when it is killed from outside

  [[nodiscard]] std::size_t kind() const { return static_cast<std::size_t>(role) * 8 + which; }
};

// Which points each kind of process passes is found out on the way. Raw: it is called between any two instructions.
struct Watch {
  const char* names[kMostPoints] = {};
  std::size_t count = 0;
  std::atomic<std::uint32_t>* passed = nullptr;
};
Watch watch;

[[maybe_unused]] void note_passed(const char* name) noexcept {
  for (std::size_t i = 0; i < watch.count; ++i)
    if (std::strcmp(watch.names[i], name) == 0) {
      watch.passed[i].fetch_add(1, std::memory_order_relaxed);
      return;
    }
}

class Run {
 public:
  Run(int seconds, std::uint64_t seed) : seconds_(seconds), random_(seed), board_(Board::make()) {
#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
    for (const std::string& point : crash_points())
      if (wanted(point)) points_[point] = {};
    for (const auto& [name, record] : points_)
      if (watch.count < kMostPoints) watch.names[watch.count++] = name.c_str();
#endif
  }

  // True when everything held.
  bool go(bool steady) {
    auto& family = family::Family::instance();
    (void)family.self();
    // The first of everything makes what stays: ledgers, tables.
    { Shared first; }
    FamilyMemoryStatistics before = family.statistics();
    {
      shared_ = std::make_unique<Shared>();
      loop();
      drain();
      shared_.reset();
    }
    family.sweep();
    FamilyMemoryStatistics after = family.statistics();
    report_kills();
    check_items();
    check_locks();
    check_memory(before, after);
    check_windows(steady);
    std::printf("%s\n", failures_ == 0 ? "torture: all held" : "torture: FAILED");
    return failures_ == 0;
  }

 private:
  struct PointRecord {
    std::uint64_t armed = 0, kills = 0;
  };

  // Those of the internal heap are the family's own tests' business, and so are those of starting members.
  static bool wanted(const std::string& point) {
    for (const char* room : {"channel.", "queue.", "ring.", "sync.", "object.", "shm."})
      if (point.rfind(room, 0) == 0) return true;
    return false;
  }

  void loop() {
    Clock::time_point begin = Clock::now();
    Clock::time_point end = begin + std::chrono::seconds(seconds_);
    auto window = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_ / 6.0));
    Clock::time_point next_window = begin + window;
    std::uint64_t counted = 0;
    for (std::uint32_t queue = 0; queue < kQueues; ++queue)
      for (int i = 0; i < 2; ++i) {
        start(Role::producer, queue);
        start(Role::consumer, queue);
      }
    for (std::uint32_t which = 0; which < kFights; ++which)
      for (int i = 0; i < 2; ++i) start(Role::locker, which);
    while (Clock::now() < end && board_.lives < kLives) {
      reap(true);
      kill_who_is_due();
      if (Clock::now() >= next_window) {
        std::uint64_t now = board_.received;
        windows_.push_back(now - counted);
        counted = now;
        next_window += window;
      }
      std::this_thread::sleep_for(1ms);
    }
  }

  // Producers end, consumers empty the queues, then all end. Nobody is killed any more.
  void drain() {
    board_.producers_stop = 1;
    Clock::time_point limit = Clock::now() + 60s;
    for (auto& [pid, child] : children_) child.due = Clock::time_point::max();
    bool drained = false;
    while (!drained && Clock::now() < limit) {
      reap(true, true);
      drained = producers() == 0;
      for (std::uint32_t queue = 0; drained && queue < kQueues; ++queue) drained = is_drained(*shared_, queue);
      std::this_thread::sleep_for(2ms);
    }
    expect(drained, "the queues were not drained within a minute: something is stuck");
    board_.all_stop = 1;
    limit = Clock::now() + 30s;
    while (!children_.empty() && Clock::now() < limit) {
      reap(false);
      std::this_thread::sleep_for(2ms);
    }
    expect(children_.empty(), "a process did not end by itself: it hangs");
    for (auto& [pid, child] : children_) ::kill(pid, SIGKILL);
    while (!children_.empty()) reap(false);
  }

  [[nodiscard]] std::size_t producers() const {
    return static_cast<std::size_t>(std::count_if(
        children_.begin(), children_.end(), [](const auto& child) { return child.second.role == Role::producer; }));
  }

  void start(Role role, std::uint32_t which, bool in_peace = false) {
    Child child{role, which, {}, Clock::time_point::max()};
    std::uint32_t life = 0;
    if (role == Role::producer) {
      life = board_.lives.fetch_add(1);
      if (life >= kLives) return;
      board_.life[life].queue = which;
    }
    int hit = 1;
    if (!in_peace) {
      child.due = Clock::now() + std::chrono::microseconds(500 + random_() % 30'000);
      if (!points_.empty() && random_() % 4 != 0) {
        child.point = choose_point(child);
        static constexpr int kHits[] = {1, 1, 1, 1, 1, 2, 3, 20};
        hit = kHits[random_() % std::size(kHits)];
        // It kills itself; the outside comes later, should it not pass there.
        if (!child.point.empty()) child.due += 40ms;
      }
    }
    std::uint64_t seed = random_();
    std::fflush(stdout);
    pid_t pid = ::fork();
    if (pid == 0) live(child, hit, life, seed);
    if (pid < 0) return;
    children_[pid] = child;
  }

  [[noreturn]] void live(const Child& child, [[maybe_unused]] int hit, std::uint32_t life, std::uint64_t seed) {
    ::alarm(static_cast<unsigned>(seconds_ + 120));
    int code = 0;
    try {
#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
      watch.passed = board_.passed[child.kind()];
      // One that is armed only kills itself: looking at every point would slow it down.
      if (!child.point.empty())
        arm_crash_point(child.point, hit);
      else
        watch_crash_points(&note_passed);
#endif
      (void)family::Family::instance().self();
      switch (child.role) {
        case Role::producer: produce(*shared_, board_, child.which, life, seed); break;
        case Role::consumer: consume(*shared_, board_, child.which, seed); break;
        case Role::locker: fight(*shared_, board_, child.which, seed); break;
      }
      family::Family::leave();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "torture: role %u of %u ended by: %s\n", static_cast<unsigned>(child.role), child.which,
                   error.what());
      code = 1;
    }
    ::_exit(code);
  }

  // Of those that this kind of process is known to pass, the one with the fewest kills.
  std::string choose_point(const Child& child) {
    std::string best;
    std::uint64_t least = UINT64_MAX;
    std::size_t index = 0;
    for (auto& [name, record] : points_) {
      // Chance breaks ties, and lets a point that is hard to hit not take all turns.
      std::uint64_t weight = record.kills * 4 + record.armed + random_() % 8;
      if (board_.passed[child.kind()][index++] != 0 && weight < least) {
        least = weight;
        best = name;
      }
    }
    if (!best.empty()) ++points_[best].armed;
    return best;
  }

  void kill_who_is_due() {
    Clock::time_point now = Clock::now();
    for (auto& [pid, child] : children_)
      if (child.due <= now) {
        ::kill(pid, SIGKILL);
        child.due = Clock::time_point::max();
        child.point.clear();
      }
  }

  void reap(bool replace, bool in_peace = false) {
    int status = 0;
    while (true) {
      pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      Child child = children_[pid];
      children_.erase(pid);
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        ++kills_;
        if (child.role == Role::consumer) ++consumers_killed_[child.which];
        if (!child.point.empty()) ++points_[child.point].kills;
      } else {
        expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a process ended by an error or a signal of its own");
      }
      // Repairs are done by whoever comes upon them; here and there by the parent.
      if (random_() % 3 == 0) family::Family::instance().sweep();
      if (replace && (!in_peace || child.role != Role::producer)) start(child.role, child.which, in_peace);
    }
  }

  void report_kills() const {
    std::printf("kills: %" PRIu64 ", lives of producers: %u, items: %" PRIu64 ", critical sections: %" PRIu64 "\n",
                kills_, board_.lives.load(), board_.received.load(), board_.locked.load());
    std::string never;
    for (const auto& [name, record] : points_) {
      if (record.kills != 0)
        std::printf("  %6" PRIu64 " kills at %s\n", record.kills, name.c_str());
      else
        never += " " + name;
    }
    if (!never.empty()) std::printf("not passed by these processes:%s\n", never.c_str());
  }

  void check_items() {
    for (std::uint32_t queue = 0; queue < kQueues; ++queue) {
      Account account = account_of(board_, queue);
      std::uint64_t allowed = consumers_killed_[queue] * lost_by_a_death(queue);
      std::uint64_t again = queue == 4 ? consumers_killed_[queue] : 0;
      std::printf("queue %u: put %" PRIu64 ", received %" PRIu64 ", lost %" PRIu64 " (at most %" PRIu64
                  "), doubled %" PRIu64 " (at most %" PRIu64 ")\n",
                  queue, account.put, account.received, account.lost, allowed, account.doubled, again);
      expect(account.put > 0 && account.received > 0, "a queue was not used");
      expect(account.lost <= allowed, "items were lost");
      expect(account.doubled <= again, "items were received twice");
      expect(account.phantom == 0, "items came that nobody put");
    }
    expect(board_.corrupt == 0, "items were corrupt, or a handle did not work");
  }

  void check_locks() {
    expect(board_.intruders == 0, "two were in one critical section");
    expect(board_.untold == 0, "the next owner was not told of a death");
    expect(board_.locked > 0, "no lock was taken");
  }

  void check_memory(const FamilyMemoryStatistics& before, const FamilyMemoryStatistics& after) {
    auto& family = family::Family::instance();
    for (std::uint32_t kind = 1; kind < kObjectKinds; ++kind) {
      std::uint64_t live = object::Objects(family).count(static_cast<object::ObjectKind>(kind));
      if (live != 0) std::printf("live objects of kind %u: %" PRIu64 "\n", kind, live);
      expect(live == 0, "objects are left");
    }
    std::printf("memory in use: %" PRIu64 " bytes in %" PRIu64 " blocks before, %" PRIu64 " in %" PRIu64 " after\n",
                before.in_use.count, before.blocks, after.in_use.count, after.blocks);
    expect(after.in_use.count == before.in_use.count && after.blocks == before.blocks, "memory is left");
    expect(after.members_live == before.members_live && after.members_ended == 0, "members are left");
    const char* fault = family.validate();
    expect(fault == nullptr, fault == nullptr ? "" : fault);
  }

  void check_windows(bool steady) {
    std::printf("items a window:");
    for (std::uint64_t window : windows_) std::printf(" %" PRIu64, window);
    std::printf("\n");
    if (!steady || windows_.size() < 3) return;
    // The first window also warms up.
    double first = static_cast<double>(windows_[1]);
    double last = static_cast<double>(windows_.back());
    std::printf("last window / second: %.2f\n", last / first);
    expect(last >= 0.9 * first, "the run became slower");
  }

  void expect(bool holds, const char* sentence) {
    if (holds) return;
    ++failures_;
    std::printf("FAILED: %s\n", sentence);
  }

  int seconds_;
  std::mt19937_64 random_;
  Board& board_;
  std::unique_ptr<Shared> shared_;
  std::map<pid_t, Child> children_;
  std::map<std::string, PointRecord> points_;
  std::vector<std::uint64_t> windows_;
  std::uint64_t kills_ = 0;
  std::uint64_t consumers_killed_[kQueues] = {};
  int failures_ = 0;
};

}  // namespace

}  // namespace cohort::torture

int main(int argc, char** argv) {
  int seconds = 60;
  bool steady = false;
  std::uint64_t seed = std::random_device{}();
  for (int i = 1; i < argc; ++i) {
    std::string option = argv[i];
    if (option == "--steady") {
      steady = true;
    } else if (i + 1 < argc && option == "--seconds") {
      seconds = std::max(1, std::atoi(argv[++i]));
    } else if (i + 1 < argc && option == "--seed") {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: torture [--seconds N] [--seed N] [--steady]\n");
      return 2;
    }
  }
  std::printf("torture: %d seconds, seed %" PRIu64 "\n", seconds, seed);
  std::fflush(stdout);
  return cohort::torture::Run(seconds, seed).go(steady) ? 0 : 1;
}
