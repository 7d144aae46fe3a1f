// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/service_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "os/poller.hpp"
#include "os/thread.hpp"

namespace cohort::detail {

namespace {

struct Watch {
  int fd;
  std::function<void()> ready;
};

struct Service {
  std::mutex mutex;
  std::condition_variable idle;  // a callback has returned
  std::unique_ptr<os::Poller> poller;
  std::map<std::uint64_t, Watch> watches;
  std::uint64_t next = 1;
  std::uint64_t running = 0;  // the watch whose callback runs now
  bool thread = false;
  Service* former = nullptr;  // the one of the process that this one is a copy of: kept reachable, never used

  void loop() {
    while (true) {
      for (std::uint64_t key : poller->wait(Deadline::never())) {
        std::function<void()> ready;
        {
          std::lock_guard guard(mutex);
          auto found = watches.find(key);
          if (found == watches.end()) continue;
          poller->remove(found->second.fd);
          ready = std::move(found->second.ready);
          watches.erase(found);
          running = key;
        }
        ready();
        ready = nullptr;
        std::lock_guard guard(mutex);
        running = 0;
        idle.notify_all();
      }
    }
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
  s.watches.emplace(key, Watch{fd, std::move(ready)});
  s.poller->add(fd, key);
  if (!s.thread) {
    os::start_thread(
        [](void* raw) {
          on_service_thread = true;
          static_cast<Service*>(raw)->loop();
        },
        &s, "cohort-service", 256 * 1024);
    s.thread = true;
  }
  return key;
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
  // The set behind the parent's epoll descriptor is shared: the child must not change it, only close its number. The rest of the old
  // object stays as it is.
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
