// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/service_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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

struct Timer {
  Deadline when;
  std::function<void()> act;
};

struct Service {
  std::mutex mutex;
  std::condition_variable idle;  // a callback has returned
  std::unique_ptr<os::Poller> poller;
  std::map<std::uint64_t, Watch> watches;
  std::vector<Timer> timers;  // of the service thread only
  std::uint64_t next = 1;
  std::uint64_t running = 0;  // the watch whose callback runs now
  bool thread = false;
  Service* former = nullptr;  // the one of the process that this one is a copy of: kept reachable, never used

  // One look at the descriptors.
  void turn() {
    std::vector<std::uint64_t> ready;
    Deadline earliest = Deadline::never();
    for (const Timer& timer : timers) earliest = Deadline::earlier(earliest, timer.when);
    try {
      ready = poller->wait(earliest);
    } catch (const OsError&) {
      recover();
      return;
    }
    for (std::uint64_t key : ready) call(key);
    call_timers();
  }

  void call_timers() {
    std::vector<Timer> due;
    for (std::size_t i = 0; i < timers.size();) {
      if (!timers[i].when.expired()) {
        ++i;
        continue;
      }
      due.push_back(std::move(timers[i]));
      timers.erase(timers.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (Timer& timer : due) {
      os::contain_exceptions(kName, [&] {
        timer.act();
        timer.act = nullptr;
      });
    }
  }

  void call(std::uint64_t key) {
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
    os::contain_exceptions(kName, [&] {
      ready();
      ready = nullptr;
    });
    std::lock_guard guard(mutex);
    running = 0;
    idle.notify_all();
  }

  // The program has closed our set, as daemons close what they do not know. What is watched and still open is watched
  // on; the end of the rest is noticed by whoever asks for it.
  void recover() {
    std::vector<int> closed;
    {
      std::lock_guard guard(mutex);
      poller->abandon();
      *poller = os::Poller();
      for (auto at = watches.begin(); at != watches.end();) {
        try {
          poller->add(at->second.fd, at->first);
          ++at;
        } catch (const OsError&) {
          closed.push_back(at->second.fd);
          at = watches.erase(at);
        }
      }
    }
    for (int fd : closed)
      get_logger().error("the program has closed descriptor " + std::to_string(fd) + ", which the library watched");
  }
};

// A pointer, because a forked child starts afresh; leaked, because the thread outlives static destructors.
Service* service = nullptr;
std::mutex& creation() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

Service& instance() {
  std::lock_guard guard(creation());
  if (service == nullptr) service = new Service;
  return *service;
}

thread_local bool on_service_thread = false;

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
  if (!s.thread) {
    os::start_thread(
        [](void* raw) {
          on_service_thread = true;
          static_cast<Service*>(raw)->turn();
          return true;
        },
        &s, kName, 256 * 1024);
    s.thread = true;
  }
  undo.dismiss();
  return key;
}

void call_later(Deadline when, std::function<void()> act) {
  if (!on_service_thread) throw StateError("service thread", "", "only what it runs may ask it for a call");
  instance().timers.push_back({when, std::move(act)});
}

void unwatch(std::uint64_t watch) noexcept {
  Service& s = instance();
  std::unique_lock lock(s.mutex);
  auto found = s.watches.find(watch);
  if (found != s.watches.end()) {
    s.poller->remove(found->second.fd);
    s.watches.erase(found);
  } else if (!on_service_thread) {
    s.idle.wait(lock, [&] { return s.running != watch; });
  }
}

ServiceThreadForkGuard::ServiceThreadForkGuard() {
  instance();
  creation().lock();
  std::unique_lock lock(service->mutex);
  if (!on_service_thread)
    service->idle.wait_for(lock, std::chrono::milliseconds(100), [] { return service->running == 0; });
  lock.release();
}

void ServiceThreadForkGuard::in_child() {
  child_ = true;
  // The set behind the parent's epoll descriptor is shared: the child must not change it, only close its number. The
  // rest of the old object stays as it is.
  service->poller.reset();
  auto* fresh = new Service;
  fresh->former = service;
  service = fresh;
  os::forget_library_threads();
}

ServiceThreadForkGuard::~ServiceThreadForkGuard() {
  Service* held = child_ ? service->former : service;
  held->mutex.unlock();
  creation().unlock();
}

}  // namespace cohort::detail
