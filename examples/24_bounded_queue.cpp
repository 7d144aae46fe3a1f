// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// First in, first out; at most three items; and three ways not to wait for ever.
//
// Output:
//
//   full: true
//   no room for a fourth
//   First
//   Second
//   Third
//   empty: true
//   nothing came within 10 ms
//   nothing there
#include <chrono>
#include <cohort/queue.hpp>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

int main() {
  std::cout << std::boolalpha;
  cohort::Queue<std::string> q(3);
  q.put("First");
  q.put("Second");
  q.put("Third");
  std::cout << "full: " << q.full() << std::endl;
  if (!q.try_put("Fourth")) std::cout << "no room for a fourth" << std::endl;
  std::cout << q.get() << std::endl;
  std::cout << q.get(1s) << std::endl;
  std::cout << q.get_nowait() << std::endl;
  std::cout << "empty: " << q.empty() << std::endl;

  try {
    (void)q.get(10ms);
  } catch (const cohort::Empty&) { std::cout << "nothing came within 10 ms" << std::endl; }
  std::cout << q.try_get().value_or("nothing there") << std::endl;
}
