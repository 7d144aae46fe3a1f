// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "watch/readiness.hpp"

#include <algorithm>
#include <chrono>
#include <climits>
#include <memory>
#include <span>
#include <vector>

#include "family/family.hpp"
#include "family/process_page.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"
#include "os/process_identity.hpp"
#include "os/stream_io.hpp"
#include "os/thread.hpp"
#include "park/wait_word.hpp"
#include "sync/thread_word.hpp"
#include "watch/death_watch.hpp"

namespace cohort::watch {

namespace {

using family::PolledTurn;
using object::Objects;
using object::WatchPoint;

// Meets the light fence of who changes an object: it sees our mark, or we see the change.
// SYNC(watch): heavy fence here -> the fence of Objects::ring()'s caller
void fence() noexcept { park::heavy_fence(); }

/// One object's descriptor. All but the constructor, fd() and is_ours(): under PolledTurn, or by ~Readiness(), which
/// takes it.
class Readiness {
 public:
  explicit Readiness(const WatchPoint& point)
      : owner_(family::own_identity()), bell_(os::above_standard_streams(os::make_eventfd())), point_(point) {}
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  [[nodiscard]] int fd() const noexcept { return bell_.get(); }
  /// False in a copy of the process that made it.
  [[nodiscard]] bool is_ours() const { return owner_ == family::own_identity(); }

  /// From here on, a change of the object rings.
  void watch() noexcept {
    point_.count_in();
    watching_ = true;
  }
  /// The end of that. The object may go afterwards.
  void unwatch();

  /// First part of a look. Marks the ring unless the object is ready, so that the next change rings; true when a fence
  /// must come before the second part.
  /// @param marks_hold  nothing has rung since the last look, so that a mark that is still there is ours, and fenced
  bool prepare(bool marks_hold) noexcept {
    ready_ = point_.is_ready();
    if (ready_ || (marks_hold && point_.is_marked())) return false;
    point_.mark();
    return true;
  }
  /// Second part. What was ready in the first part stays so, as nobody would ring for what comes now: the next look
  /// sees to it.
  /// Returns: whether the descriptor is readable
  bool show() noexcept {
    bool readable = ready_ || point_.is_ready();
    if (readable != shown_) {
      if (readable)
        os::notify(bell_.get());
      else
        os::take_notifications(bell_.get());
    }
    shown_ = readable;
    return readable;
  }

  [[nodiscard]] bool is_shown() const noexcept { return shown_; }

 private:
  os::ProcessIdentity owner_;
  os::Fd bell_;
  WatchPoint point_;
  bool watching_ = false;
  bool ready_ = false;  ///< as prepare() saw it
  bool shown_ = false;  ///< the descriptor is readable
};

/// What this process polls.
struct Registry {
  os::ProcessIdentity owner;
  std::vector<Readiness*> all;
  bool has_thread = false;
  Registry* former = nullptr;  // that of the process which this one is a copy of: kept reachable, never used
};

// Under PolledTurn. A pointer, because a forked child starts afresh: it cannot know in the middle of what the copy was
// made.
Registry* registry = nullptr;

Registry& own_registry() {
  os::ProcessIdentity self = family::own_identity();
  if (registry == nullptr || !(registry->owner == self)) registry = new Registry{self, {}, false, registry};
  return *registry;
}

std::atomic<std::uint64_t> unrung{0};

// Returns: whether all are readable.
bool look_at(std::span<Readiness* const> objects, bool marks_hold) {
  bool marked = false;
  for (Readiness* object : objects) marked = object->prepare(marks_hold) || marked;
  if (marked) fence();
  bool all = true;
  for (Readiness* object : objects) {
    bool shown = object->is_shown();
    bool readable = object->show();
    // relaxed: a counter
    if (marks_hold && readable && !shown) unrung.fetch_add(1, std::memory_order_relaxed);
    all = all && readable;
  }
  return all;
}

// Has the thread look at once.
void wake_thread() noexcept {
  if (!family::Family::self_or_nobody()) return;
  park::WaitWord(Objects::instance().watch_word(), park::Mark()).notify(INT_MAX);
}

void Readiness::unwatch() {
  if (!watching_) return;
  watching_ = false;
  point_.count_out();
  // The mark that was taken away for us may have been that of one who sleeps for this object alone.
  point_.mark();
  fence();
  point_.pass_on();
}

Readiness::~Readiness() {
  try {
    if (!is_ours()) return;
    PolledTurn turn;
    Registry& own = own_registry();
    if (std::erase(own.all, this) == 0) return;
    unwatch();
    if (own.all.empty() && own.has_thread) wake_thread();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The family was left: before_leaving() has been here.
  }
}

void leave() noexcept try {
  PolledTurn turn;
  Registry& own = own_registry();
  for (Readiness* object : own.all) object->unwatch();
  own.all.clear();
  if (own.has_thread) wake_thread();
} catch (...) {  // NOLINT(bugprone-empty-catch)
  // Out of memory at the end of the process.
}

// True when the thread is to go on.
bool look_at_all(Registry& own, bool marks_hold, bool& all_readable) {
  PolledTurn turn;
  if (own.all.empty()) {
    own.has_thread = false;
    return false;
  }
  all_readable = look_at(own.all, marks_hold);
  return true;
}

bool run(void* argument) {
  auto& own = *static_cast<Registry*>(argument);
  try {
    auto& word = Objects::instance().watch_word();
    // A look finds its memory cold and then takes 75 µs: with every second sleep the thread stays below 0.1 % of a
    // processor.
    DeathWatch deaths(2 * kLongestSleep - std::chrono::milliseconds(20));
    deaths.look();  // from here on its time counts
    bool marks_hold = false;
    bool all_readable = false;
    while (true) {
      // SYNC(watch): release in Objects::ring_watchers() -> acquire here; carries the change
      std::uint32_t seen = word.load(std::memory_order_acquire);
      if (!look_at_all(own, marks_hold, all_readable)) return false;
      // SYNC(watch): as above
      auto changed = [&] { return word.load(std::memory_order_acquire) != seen; };
      park::Hooks hooks{.spin = park::kNoSpin, .patience = park::Patience::of_an_idle_waiter()};
      marks_hold = !park::WaitWord(word, park::Mark()).wait(changed, Deadline(kLongestSleep), hooks).ready();
      // A death can make an object ready, not the other way round.
      if (!all_readable) deaths.look();
    }
  } catch (...) {
    // No memory for a name of this thread, or the family was left meanwhile. The next fileno() tries again.
    PolledTurn turn;
    own.has_thread = false;
  }
  return false;
}

}  // namespace

int polled_descriptor(const SharedHandle& handle, LocalState state, const WatchPoint& point) {
  // Declared before the turn, which the last owner of a Readiness takes itself.
  auto known = std::static_pointer_cast<Readiness>(detail::HandleAccess::companion(handle));
  if (known && known->is_ours()) return known->fd();
  (void)sync::this_thread();  // throws here, if at all
  auto made = std::make_shared<Readiness>(point);
  PolledTurn turn;
  known = std::static_pointer_cast<Readiness>(detail::HandleAccess::companion(handle));
  if (known && known->is_ours()) return known->fd();
  family::Family::before_leaving(leave);
  Registry& own = own_registry();
  if (own.all.size() == own.all.capacity()) own.all.reserve(2 * own.all.size() + 16);
  if (!own.has_thread) {
    // It waits for our turn to end before it looks for the first time.
    os::start_thread(run, &own, "cohort-poll", 256 * 1024);
    own.has_thread = true;
  }
  detail::HandleAccess::accompany(handle, made);
  own.all.push_back(made.get());
  made->watch();
  state.set_polled(true);
  // A thread that takes something just now sees the flag, or we see what it took.
  fence();
  Readiness* one[] = {made.get()};
  (void)look_at(one, false);
  return made->fd();
}

void look_after_taking(const SharedHandle& handle, LocalState state) noexcept try {
  auto known = std::static_pointer_cast<Readiness>(detail::HandleAccess::companion(handle));
  if (!known) return;
  if (!known->is_ours()) {
    state.set_polled(false);
    return;
  }
  PolledTurn turn;
  Readiness* one[] = {known.get()};
  (void)look_at(one, false);
} catch (...) {  // NOLINT(bugprone-empty-catch)
  // The thread looks within 100 ms.
}

std::uint64_t unrung_readiness() noexcept { return unrung.load(std::memory_order_relaxed); }  // relaxed: a counter

void end_polling(const SharedHandle& handle, LocalState state) noexcept try {
  state.set_polled(false);
  detail::HandleAccess::accompany(handle, nullptr);
} catch (...) {  // NOLINT(bugprone-empty-catch)
  // A null handle has none.
}

}  // namespace cohort::watch
