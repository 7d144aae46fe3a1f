// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/service_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/per_process.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "os/poller.hpp"
#include "os/thread.hpp"

namespace cohort::detail {

namespace {

constexpr const char* kName = "cohort-service";

struct Watch {
  int fd;
  std::function<void()> ready;
};

// Due at a time, and told apart by number.
using TimerKey = std::pair<std::int64_t, std::uint64_t>;

struct Service {
  std::mutex mutex;
  std::condition_variable idle;  // a callback has returned
  std::unique_ptr<os::Poller> poller;
  std::map<std::uint64_t, Watch> watches;
  std::map<TimerKey, std::function<void()>> timers;
  std::map<std::uint64_t, TimerKey> timers_by_number;
  std::uint64_t next = 1;
  std::uint64_t running = 0;  // the watch or timer whose callback runs now
  bool thread = false;

  // One look at the descriptors and the clock.
  void turn() {
    std::vector<std::uint64_t> ready;
    try {
      ready = poller->wait(earliest());
    } catch (const OsError&) {
      renew_set();
      return;
    }
    for (std::uint64_t key : ready) call_watch(key);
    // No more than were there: one may make the next.
    for (std::size_t count = timer_count(); count != 0 && call_timer(); --count) {}
  }

  std::size_t timer_count() {
    std::lock_guard guard(mutex);
    return timers.size();
  }

  Deadline earliest() {
    std::lock_guard guard(mutex);
    if (timers.empty() || timers.begin()->first.first == Deadline::never().monotonic_nanoseconds()) return {};
    return Deadline(Deadline::Clock::time_point(std::chrono::nanoseconds(timers.begin()->first.first)));
  }

  // The one that is due first; false when none is due yet.
  bool call_timer() {
    std::function<void()> act;
    {
      std::lock_guard guard(mutex);
      auto first = timers.begin();
      std::int64_t now = Deadline(Deadline::Clock::now()).monotonic_nanoseconds();
      if (first == timers.end() || first->first.first > now) return false;
      act = std::move(first->second);
      running = first->first.second;
      timers_by_number.erase(running);
      timers.erase(first);
    }
    call(act);
    return true;
  }

  void call_watch(std::uint64_t key) {
    std::function<void()> ready;
    {
      std::lock_guard guard(mutex);
      auto found = watches.find(key);
      if (found == watches.end()) return;
      poller->remove(found->second.fd);
      ready = std::move(found->second.ready);
      watches.erase(found);
      running = key;
    }
    call(ready);
  }

  void call(std::function<void()>& act) {
    os::contain_exceptions(kName, [&] {
      act();
      act = nullptr;
    });
    std::lock_guard guard(mutex);
    running = 0;
    idle.notify_all();
  }

  // The program has closed our set, as daemons close what they do not know. What is watched and still open is watched
  // on; the end of the rest is noticed by whoever asks for it.
  void renew_set() {
    std::vector<Watch> closed;  // outlives the lock, as in unwatch()
    {
      std::lock_guard guard(mutex);
      poller->abandon();
      *poller = os::Poller();
      for (auto at = watches.begin(); at != watches.end();) {
        try {
          poller->add(at->second.fd, at->first);
          ++at;
        } catch (const OsError&) {
          closed.push_back(std::move(at->second));
          at = watches.erase(at);
        }
      }
    }
    for (const Watch& lost : closed)
      get_logger().error("the program has closed descriptor " + std::to_string(lost.fd) +
                         ", which the library watched");
  }
};

PerProcess<Service> service;

Service& instance() { return service.get(); }

thread_local bool on_service_thread = false;

// Under the mutex. In a set that is complete, since the thread waits in it at once.
void start_thread(Service& s) {
  if (s.thread) return;
  os::start_thread(
      [](void* raw) {
        on_service_thread = true;
        static_cast<Service*>(raw)->turn();
        return true;
      },
      &s, kName, 256 * 1024);
  s.thread = true;
}

}  // namespace

std::uint64_t watch(int fd, std::function<void()> ready) {
  Service& s = instance();
  std::lock_guard guard(s.mutex);
  if (!s.poller) s.poller = std::make_unique<os::Poller>();
  std::uint64_t key = s.next++;
  auto at = s.watches.emplace(key, Watch{fd, std::move(ready)}).first;
  // Nothing is left behind by one that fails.
  bool watched = false;
  ScopeExit undo([&] {
    if (watched) s.poller->remove(fd);
    s.watches.erase(at);
  });
  s.poller->add(fd, key);
  watched = true;
  start_thread(s);
  undo.dismiss();
  return key;
}

std::uint64_t call_at(Deadline when, std::function<void()> act) {
  Service& s = instance();
  std::lock_guard guard(s.mutex);
  if (!s.poller) s.poller = std::make_unique<os::Poller>();
  std::uint64_t number = s.next++;
  TimerKey key{when.monotonic_nanoseconds(), number};
  auto by_number = s.timers_by_number.emplace(number, key).first;
  ScopeExit undo([&] {
    s.timers.erase(key);
    s.timers_by_number.erase(by_number);
  });
  s.timers.emplace(key, std::move(act));
  start_thread(s);
  // The service thread looks by itself before it sleeps again.
  if (s.timers.begin()->first == key && !on_service_thread) s.poller->wake();
  undo.dismiss();
  return number;
}

void unwatch(std::uint64_t watch) noexcept {
  Service& s = instance();
  std::function<void()> dropped;  // outlives the lock: what it holds may come here when it goes
  std::unique_lock lock(s.mutex);
  if (auto found = s.watches.find(watch); found != s.watches.end()) {
    s.poller->remove(found->second.fd);
    dropped = std::move(found->second.ready);
    s.watches.erase(found);
  } else if (auto timer = s.timers_by_number.find(watch); timer != s.timers_by_number.end()) {
    auto at = s.timers.find(timer->second);
    dropped = std::move(at->second);
    s.timers.erase(at);
    s.timers_by_number.erase(timer);
  } else if (!on_service_thread) {
    s.idle.wait(lock, [&] { return s.running != watch; });
  }
}

ServiceThreadForkGuard::ServiceThreadForkGuard() {
  Service& s = instance();
  std::unique_lock lock(s.mutex);
  if (!on_service_thread) s.idle.wait_for(lock, std::chrono::milliseconds(100), [&s] { return s.running == 0; });
  held_ = lock.release();
}

void ServiceThreadForkGuard::in_child() {
  // The set behind the parent's epoll descriptor is shared: the child must not change it, only close its number. The
  // rest of the old object stays as it is.
  instance().poller.reset();
  service.renew();
  os::forget_library_threads();
}

ServiceThreadForkGuard::~ServiceThreadForkGuard() { held_->unlock(); }

}  // namespace cohort::detail
