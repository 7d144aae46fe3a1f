// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a small program of several threads again and again, under schedules, stale reads, wake-ups and deaths that real
// hardware would show once in a year, and says what went wrong and under which seed.
//
//   model::Outcome outcome = model::explore({.executions = 20'000, .deaths = 1}, [](model::World& world) {
//     auto state = std::make_shared<State>();                       // words of model::Atomic, data in model::Plain
//     for (int i = 0; i < 2; ++i) world.thread([state] { …; });
//     world.at_end([state, &world] { world.expect(state->count.peek() == 2, "an increment was lost"); });
//   });
//   EXPECT_EQ(outcome.fault, "") << outcome.trace;
//
// The memory: each word keeps the stores that were made to it. A load may give any of them that the loading thread has
// not been ordered past (vector clocks: release/acquire, release sequences, fences); a read-modify-write gets the last.
// Stores to one word are ordered as they were executed: reorderings of stores to one word by different threads are not
// explored. A sequentially consistent fence synchronises with all earlier ones, a remote fence makes every thread
// fence.
// Sleeping: sleep() compares with the last store, as the kernel does. When no thread can run, sleepers time out; a
// program in which nobody dies must not need that (Outcome::healed).
// Deaths: a thread may be killed before any of its operations; dead() says so from then on.
// Not a proof: schedules are drawn at random, with a bias to few switches. The seed repeats one.
// Sources: the vector-clock semantics follow the C++ memory model's happens-before; the search is the usual random walk
// of stateless model checkers.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace cohort::model {

inline constexpr std::size_t kMostThreads = 6;

/// What a thread has been ordered after: for each thread, up to which of its operations.
struct Clock {
  std::array<std::uint32_t, kMostThreads> at{};
  void join(const Clock& other) {
    for (std::size_t i = 0; i < kMostThreads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
  [[nodiscard]] bool includes(std::size_t thread, std::uint32_t when) const { return at[thread] >= when; }
};

struct Options {
  std::uint64_t seed = 1;
  int executions = 10'000;
  int deaths = 0;                 ///< threads that may be killed in one execution, at most
  int switch_percent = 25;        ///< how often another thread goes on although this one could
  bool healing_is_fault = false;  ///< a sleeper that has to time out although nobody was killed is a fault
  int most_operations = 5'000;    ///< more in one execution is taken for a livelock
};

struct Outcome {
  std::string fault;  ///< empty: none
  std::string trace;  ///< the last operations of the execution with the fault, and its seed
  int executions = 0;
  int healed = 0;  ///< executions in which a sleeper had to time out although nobody was killed
  int killed = 0;  ///< executions in which a thread was killed
};

class World {
 public:
  explicit World(const Options& options, std::uint64_t seed) : options_(options), random_(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Adds a thread. Only before the run.
  std::size_t thread(std::function<void()> body) {
    threads_.push_back(std::make_unique<Thread>());
    threads_.back()->body = std::move(body);
    return threads_.size() - 1;
  }
  /// Checked after all threads have ended.
  void at_end(std::function<void()> check) { end_ = std::move(check); }
  void expect(bool holds, const char* sentence) {
    if (!holds) fail(sentence);
  }
  /// The number of the running thread.
  [[nodiscard]] std::size_t self() const { return current_; }
  [[nodiscard]] bool dead(std::size_t thread) const { return threads_[thread]->state == State::killed; }
  /// The same, as the system tells it to the running thread: all that the dead one did comes before.
  [[nodiscard]] bool notices_death(std::size_t thread) {
    if (!dead(thread)) return false;
    threads_[current_]->clock.join(threads_[thread]->clock);
    return true;
  }
  [[nodiscard]] bool anybody_died() const { return deaths_ != 0; }

  // ---- operations: called by model::Atomic and by environments of cores --------------------------------------------

  std::uint64_t load(const void* place, std::uint64_t now, std::memory_order order) {
    step();
    Location& location = at(place, now);
    Thread& me = *threads_[current_];
    std::size_t oldest = location.seen[current_];
    for (std::size_t i = location.stores.size(); i-- > oldest;) {
      if (me.clock.includes(location.stores[i].thread, location.stores[i].when)) {
        oldest = i;
        break;
      }
    }
    // One total order of all sequentially consistent operations, here that of the execution.
    if (order == std::memory_order_seq_cst)
      for (std::size_t i = location.stores.size(); i-- > oldest;)
        if (location.stores[i].in_order) {
          oldest = i;
          break;
        }
    std::size_t chosen = location.stores.size() - 1;
    if (oldest < chosen && chance(30)) chosen = oldest + pick(chosen - oldest);
    location.seen[current_] = chosen;
    const Store& store = location.stores[chosen];
    note("load", place, store.value);
    me.pending.join(store.released);
    if (acquires(order)) me.clock.join(store.released);
    return store.value;
  }

  void store(void* place, std::uint64_t now, std::uint64_t value, std::memory_order order) {
    step();
    Location& location = at(place, now);
    note("store", place, value);
    append(location, value, order, false);
  }

  /// `change` gives the new value, or nothing when the operation fails and only loads.
  std::uint64_t modify(void* place, std::uint64_t now, const std::function<bool(std::uint64_t&)>& change,
                       std::memory_order order, std::memory_order failure) {
    step();
    Location& location = at(place, now);
    Thread& me = *threads_[current_];
    const Store last = location.stores.back();
    std::uint64_t value = last.value;
    bool changes = change(value);
    location.seen[current_] = location.stores.size() - 1;
    me.pending.join(last.released);
    if (acquires(changes ? order : failure)) me.clock.join(last.released);
    note(changes ? "modify" : "modify fails", place, changes ? value : last.value);
    if (changes) append(location, value, order, true);
    return last.value;
  }

  void fence(std::memory_order order) {
    step();
    note("fence", nullptr, static_cast<std::uint64_t>(order));
    fence_of(*threads_[current_], order);
  }
  /// Makes every thread fence where it stands.
  void remote_fence() {
    step();
    note("remote fence", nullptr, 0);
    // Twice: what a later one contributes reaches the earlier ones, too.
    for (int round = 0; round < 2; ++round)
      for (auto& thread : threads_) fence_of(*thread, std::memory_order_seq_cst);
  }

  enum class Woken { woken, changed, timed_out };
  /// As futex: sleeps if the word's last value is `expected`.
  Woken sleep(const void* place, std::uint64_t now, std::uint64_t expected) {
    step();
    Location& location = at(place, now);
    std::uint64_t value = location.stores.back().value;
    Thread& me = *threads_[current_];
    note("sleep", place, value);
    if (value != expected) {
      // The kernel's look shows nothing to the program: the thread may still read older stores.
      return Woken::changed;
    }
    me.state = State::asleep;
    me.asleep_on = place;
    yield();
    return me.timed_out ? Woken::timed_out : Woken::woken;
  }
  int wake(const void* place, int count) {
    step();
    int woken = 0;
    std::vector<Thread*> sleepers;
    for (auto& thread : threads_)
      if (thread->state == State::asleep && thread->asleep_on == place) sleepers.push_back(thread.get());
    std::shuffle(sleepers.begin(), sleepers.end(), random_);
    for (Thread* thread : sleepers) {
      if (woken == count) break;
      thread->state = State::ready;
      thread->timed_out = false;
      ++woken;
    }
    note("wake", place, static_cast<std::uint64_t>(woken));
    return woken;
  }

  /// Unsynchronised data: a race is a fault.
  void touch(const void* place, bool writes) {
    step();
    Plain& plain = plain_[place];
    Thread& me = *threads_[current_];
    if (plain.written && !me.clock.includes(plain.writer, plain.when)) fail("a data race: an unordered write before");
    if (writes) {
      for (std::size_t i = 0; i < threads_.size(); ++i)
        if (plain.read[i] != 0 && !me.clock.includes(i, plain.read[i])) fail("a data race: an unordered read before");
      plain.written = true;
      plain.writer = current_;
      plain.when = me.clock.at[current_];
      plain.read = {};
    } else {
      plain.read[current_] = me.clock.at[current_];
    }
  }
  /// The death of `thread` was reported by the system, which orders all it did before this.
  void learn_of_death(std::size_t thread) { threads_[current_]->clock.join(threads_[thread]->clock); }
  /// Another thread may go on here.
  void pause() { step(); }

  [[noreturn]] void fail(const std::string& sentence) {
    fault_ = sentence;
    if (current_ == kNobody) throw Failed{};
    threads_[current_]->state = State::ended;
    yield();
    __builtin_unreachable();
  }

  struct Failed {};

  /// One execution.
  void run() {
    running() = this;
    for (auto& thread : threads_) prepare(*thread);
    for (std::size_t i = 0; i < threads_.size(); ++i) threads_[i]->clock.at[i] = 1;
    while (fault_.empty()) {
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < threads_.size(); ++i)
        if (threads_[i]->state == State::ready) ready.push_back(i);
      if (ready.empty()) {
        if (!time_out_one()) break;
        continue;
      }
      bool goes_on =
          current_ != kNobody && threads_[current_]->state == State::ready && !chance(options_.switch_percent);
      if (!goes_on) current_ = ready[pick(ready.size())];
      if (deaths_ < options_.deaths && chance(1)) {
        threads_[current_]->state = State::killed;
        ++deaths_;
        note("killed", nullptr, current_);
        continue;
      }
      swapcontext(&scheduler_, &threads_[current_]->context);
    }
    current_ = kNobody;
    running() = nullptr;  // words read in the check at the end are plain
    for (auto& thread : threads_) spare_stacks().push_back(std::move(thread->stack));
    if (fault_.empty() && end_) {
      try {
        end_();
      } catch (const Failed&) {}
    }
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] bool healed() const { return healed_; }
  [[nodiscard]] std::string trace() const {
    std::ostringstream out;
    std::map<const void*, std::size_t> names;
    std::size_t from = noted_ > notes_.size() ? noted_ - notes_.size() : 0;
    for (std::size_t i = from; i < noted_; ++i) {
      const Note& note = notes_[i % notes_.size()];
      out << "thread " << note.thread << ' ' << note.what;
      if (note.place != nullptr) out << " @" << names.try_emplace(note.place, names.size()).first->second;
      out << " = " << note.value << '\n';
    }
    return out.str();
  }
  /// The last value of a word, for checks at the end.
  [[nodiscard]] std::uint64_t last(const void* place, std::uint64_t now) { return at(place, now).stores.back().value; }
  /// The world whose execution is under way in this thread of the test.
  [[nodiscard]] static World*& running() {
    static thread_local World* world = nullptr;
    return world;
  }

 private:
  static constexpr std::size_t kNobody = ~std::size_t{0};
  static constexpr std::size_t kStack = 128 * 1024;
  enum class State { ready, asleep, ended, killed };

  struct Thread {
    std::function<void()> body;
    State state = State::ready;
    Clock clock;    // what it is ordered after
    Clock pending;  // what an acquire fence would order it after
    Clock fenced;   // what a relaxed store of it releases, by a release fence before
    const void* asleep_on = nullptr;
    bool timed_out = false;
    ucontext_t context{};
    std::unique_ptr<std::byte[]> stack;
  };
  struct Store {
    std::uint64_t value = 0;
    std::size_t thread = 0;
    std::uint32_t when = 0;
    Clock released;
    bool in_order = false;  // sequentially consistent
  };
  struct Location {
    std::deque<Store> stores;
    std::array<std::size_t, kMostThreads> seen{};
  };
  struct Plain {
    bool written = false;
    std::size_t writer = 0;
    std::uint32_t when = 0;
    std::array<std::uint32_t, kMostThreads> read{};
  };

  static bool acquires(std::memory_order order) {
    return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst || order == std::memory_order_consume;
  }
  static bool releases(std::memory_order order) {
    return order == std::memory_order_release || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
  }
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

  Location& at(const void* place, std::uint64_t now) {
    auto [found, fresh] = locations_.try_emplace(place);
    // The first store is everybody's past: it was made before the threads began.
    if (fresh) found->second.stores.push_back({now, 0, 0, {}, false});
    return found->second;
  }

  void append(Location& location, std::uint64_t value, std::memory_order order, bool continues) {
    Thread& me = *threads_[current_];
    Store store{value, current_, ++me.clock.at[current_], me.fenced, order == std::memory_order_seq_cst};
    if (releases(order)) store.released = me.clock;
    // A read-modify-write carries on what the store before it released.
    if (continues) store.released.join(location.stores.back().released);
    location.stores.push_back(store);
    location.seen[current_] = location.stores.size() - 1;
  }

  void fence_of(Thread& thread, std::memory_order order) {
    if (acquires(order)) thread.clock.join(thread.pending);
    if (order == std::memory_order_seq_cst) {
      thread.clock.join(fences_);
      fences_.join(thread.clock);
    }
    if (releases(order)) thread.fenced = thread.clock;
  }

  // Every operation begins here: the scheduler may let another thread go first.
  void step() {
    if (current_ == kNobody) return;
    if (++operations_ > options_.most_operations) fail("no end: a livelock?");
    yield();
  }
  void yield() { swapcontext(&threads_[current_]->context, &scheduler_); }

  // Nobody can run: the kernel ends one bounded wait.
  bool time_out_one() {
    std::vector<Thread*> sleepers;
    for (auto& thread : threads_)
      if (thread->state == State::asleep) sleepers.push_back(thread.get());
    if (sleepers.empty()) return false;
    if (deaths_ == 0) healed_ = true;
    if (healed_ && options_.healing_is_fault) {
      fault_ = "a wake-up was lost";
      return false;
    }
    if (++timeouts_ > 200) {
      fault_ = "threads sleep for ever";
      return false;
    }
    Thread* thread = sleepers[pick(sleepers.size())];
    thread->state = State::ready;
    thread->timed_out = true;
    note("a bounded wait ends", thread->asleep_on, 0);
    return true;
  }

  void prepare(Thread& thread) {
    auto& stacks = spare_stacks();
    if (stacks.empty()) {
      thread.stack = std::make_unique_for_overwrite<std::byte[]>(kStack);
    } else {
      thread.stack = std::move(stacks.back());
      stacks.pop_back();
    }
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.get();
    thread.context.uc_stack.ss_size = kStack;
    thread.context.uc_link = nullptr;
    makecontext(&thread.context, reinterpret_cast<void (*)()>(&World::enter), 0);
  }
  static std::vector<std::unique_ptr<std::byte[]>>& spare_stacks() {
    static thread_local std::vector<std::unique_ptr<std::byte[]>> stacks;
    return stacks;
  }
  static void enter() {
    World& world = *running();
    Thread& thread = *world.threads_[world.current_];
    thread.body();
    thread.state = State::ended;
    world.yield();
  }

  void note(const char* what, const void* place, std::uint64_t value) {
    notes_[noted_++ % notes_.size()] = {current_, what, place, value};
  }

  const Options& options_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::function<void()> end_;
  ucontext_t scheduler_{};
  std::size_t current_ = kNobody;
  std::map<const void*, Location> locations_;
  std::map<const void*, Plain> plain_;
  Clock fences_;
  std::string fault_;
  struct Note {
    std::size_t thread;
    const char* what;
    const void* place;
    std::uint64_t value;
  };
  std::array<Note, 128> notes_{};
  std::size_t noted_ = 0;
  int operations_ = 0;
  int timeouts_ = 0;
  int deaths_ = 0;
  bool healed_ = false;
};

/// Runs `make` and what it made, `options.executions` times.
inline Outcome explore(const Options& options, const std::function<void(World&)>& make) {
  Outcome outcome;
  for (int i = 0; i < options.executions; ++i) {
    std::uint64_t seed = options.seed * 1'000'003 + static_cast<std::uint64_t>(i);
    World world(options, seed);
    make(world);
    world.run();
    ++outcome.executions;
    outcome.healed += world.healed() ? 1 : 0;
    outcome.killed += world.anybody_died() ? 1 : 0;
    if (world.fault().empty()) continue;
    outcome.fault = world.fault();
    outcome.trace = "seed " + std::to_string(seed) + "\n" + world.trace();
    return outcome;
  }
  return outcome;
}

/// In the place of std::atomic: the same size, the last value in it.
template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

 public:
  static constexpr bool is_always_lock_free = true;
  constexpr Atomic() noexcept = default;
  constexpr Atomic(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const {
    World* world = World::running();
    return world == nullptr ? value_ : from(world->load(this, word(), order));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    if (World* world = World::running()) world->store(this, word(), to(value), order);
    value_ = value;
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([&](T&) { return std::pair(true, value); }, order, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) {
    bool done = false;
    T before = modify(
        [&](T& now) {
          done = to(now) == to(expected);
          return std::pair(done, desired);
        },
        success, failure);
    if (!done) expected = before;
    return done;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange_strong(expected, desired, order,
                                   order == std::memory_order_acq_rel   ? std::memory_order_acquire
                                   : order == std::memory_order_release ? std::memory_order_relaxed
                                                                        : order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure) {
    return compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange_strong(expected, desired, order);
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([&](T& now) { return std::pair(true, static_cast<T>(now + value)); }, order, order);
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([&](T& now) { return std::pair(true, static_cast<T>(now - value)); }, order, order);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([&](T& now) { return std::pair(true, static_cast<T>(now | value)); }, order, order);
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([&](T& now) { return std::pair(true, static_cast<T>(now & value)); }, order, order);
  }
  /// The last value, without an operation.
  [[nodiscard]] T peek() const { return value_; }

 private:
  static std::uint64_t to(T value) {
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
  }
  static T from(std::uint64_t word) {
    T value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
  [[nodiscard]] std::uint64_t word() const { return to(value_); }

  template <class Change>
  T modify(Change&& change, std::memory_order order, std::memory_order failure) {
    T before = value_;
    auto apply = [&](std::uint64_t& now) {
      T old = from(now);
      auto [changes, value] = change(old);
      if (changes) {
        now = to(value);
        value_ = value;
      }
      return changes;
    };
    if (World* world = World::running()) return from(world->modify(this, word(), apply, order, failure));
    std::uint64_t now = word();
    apply(now);
    return before;
  }

  T value_{};
};

/// Data that a lock or a flag guards: an unordered access is a fault.
template <class T>
class Plain {
 public:
  Plain() = default;
  explicit Plain(T value) : value_(value) {}
  [[nodiscard]] T read() const {
    if (World* world = World::running()) world->touch(this, false);
    return value_;
  }
  void write(T value) {
    if (World* world = World::running()) world->touch(this, true);
    value_ = value;
  }
  [[nodiscard]] T peek() const { return value_; }

 private:
  T value_{};
};

}  // namespace cohort::model
