// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// No wait without a way out: limits and stops, layer by layer. docs/guides/deadlines-and-stops.md explains each.
//
// Output:
//
//   1, then nothing
//   the child was killed: -9
//   the wait for the lock was stopped
//   2, then stopped
//   no item: stopped
//   no message within 10 ms
//   a message: false
//   ready: 0
//   served 3 orders
//   no result yet
//   the pool was terminated
//   the program was killed by: walk
//   the program was not started
//   the program still runs
#include <chrono>
#include <cohort/cohort.hpp>
#include <iostream>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

void rest(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

void serve(cohort::Queue<int> orders, cohort::Event stop, cohort::Value<int> served) {
  while (true) {
    (void)cohort::wait({orders, stop});  // whichever comes first
    bool last = stop.is_set();           // before the orders: what was put before set() is served
    while (orders.try_get()) served += 1;
    if (last) return;
  }
}

void limits() {
  cohort::Queue<int> numbers;
  numbers.put(1);
  cohort::Deadline limit = 100ms;  // from here on, for both calls together
  int first = numbers.get(limit);
  std::optional<int> second = numbers.try_get(limit);
  std::cout << first << ", then " << (second ? "another" : "nothing") << std::endl;
}

void processes() {
  cohort::Process child(rest, 1h);
  child.start();
  if (!child.join(10ms)) child.kill();
  child.join();
  std::cout << "the child was killed: " << child.exitcode().value() << std::endl;
}

void locks() {
  cohort::Lock lock;
  std::scoped_lock guard(lock);
  std::jthread waiter([lock](std::stop_token stop) mutable {
    try {
      if (!lock.acquire({stop, 1h})) return;  // an hour has passed
      lock.release();
    } catch (const cohort::Stopped&) { std::cout << "the wait for the lock was stopped" << std::endl; }
  });
}  // the thread's destructor requests the stop

void queues() {
  cohort::Queue<int> numbers;
  numbers.put(2);
  std::jthread consumer([numbers](std::stop_token stop) {
    while (std::optional<int> number = numbers.try_get(stop)) std::cout << *number;
    std::cout << ", then stopped" << std::endl;
  });
  while (!numbers.empty()) std::this_thread::yield();
  consumer = {};  // requests the stop

  std::stop_source source;
  source.request_stop();
  try {
    (void)numbers.get({source.get_token(), 1h});
  } catch (const cohort::Empty&) { std::cout << "an hour has passed" << std::endl; } catch (const cohort::Stopped&) {
    std::cout << "no item: stopped" << std::endl;
  }
}

void connections() {
  auto [here, there] = cohort::Pipe();
  try {
    (void)here.recv<int>(10ms);
  } catch (const cohort::TimeoutError&) { std::cout << "no message within 10 ms" << std::endl; }

  std::stop_source source;
  source.request_stop();
  std::optional<int> number = here.try_recv<int>({source.get_token(), 1h});
  std::cout << "a message: " << std::boolalpha << number.has_value() << std::endl;
}

void many() {
  auto [here, there] = cohort::Pipe();
  cohort::Event event;
  std::vector<std::size_t> ready = cohort::wait({here, event}, 10ms);
  std::cout << "ready: " << ready.size() << std::endl;
}

void other_processes() {
  cohort::Queue<int> orders;
  cohort::Event stop;
  cohort::Value<int> served(0);
  cohort::Process server(serve, orders, stop, served);
  server.start();
  for (int order : {1, 2, 3}) orders.put(order);
  stop.set();
  server.join();
  std::cout << "served " << served.load() << " orders" << std::endl;
}

void pools() {
  cohort::Pool pool({.processes = 2});
  auto later = pool.apply_async<rest>(1h);
  try {
    later.get(10ms);
  } catch (const cohort::TimeoutError&) { std::cout << "no result yet" << std::endl; }

  std::stop_source source;
  std::stop_callback end(source.get_token(), [&pool] { pool.terminate(); });
  std::jthread impatient([&source] { source.request_stop(); });
  try {
    pool.map<rest>(std::vector<std::chrono::milliseconds>(4, 1h));
  } catch (const cohort::PoolBroken&) { std::cout << "the pool was terminated" << std::endl; }
}

void programs() {
  using namespace cohort::subprocess;
  try {
    (void)run({"sleep", "3600"}, {.timeout = 50ms});
  } catch (const TimeoutExpired& e) {
    std::cout << "the program was killed by: " << to_string(e.tree_kill()) << std::endl;
  }

  std::stop_source source;
  source.request_stop();
  try {
    (void)run({"sleep", "3600"}, {.stop = source.get_token()});
  } catch (const RunCancelled&) { std::cout << "the program was not started" << std::endl; }

  Popen sleeper({"sleep", "3600"});
  try {
    sleeper.wait(10ms);
  } catch (const TimeoutExpired&) { std::cout << "the program still runs" << std::endl; }
  sleeper.kill();
  sleeper.wait();
}

int main() {
  limits();
  processes();
  locks();
  queues();
  connections();
  many();
  other_processes();
  pools();
  programs();
}
