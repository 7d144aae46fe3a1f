// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for whichever is ready first: connections, queues, events and processes, in any mixture.
//
// Output (the readers in any order):
//
//   reader-0 sends 0
//   reader-0 sends 1
//   reader-1 sends 0
//   reader-1 sends 1
//   reader-2 sends 0
//   reader-2 sends 1
//   all readers are at their end
//   ready: the queue and the event
//   ready: the process, which has ended
//   nothing is ready
#include <chrono>
#include <cohort/connection.hpp>
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <cohort/sync.hpp>
#include <cohort/wait.hpp>
#include <cstddef>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

using namespace std::chrono_literals;

void send_two(cohort::Connection writer, int number) {
  for (int i = 0; i < 2; ++i) writer.send("reader-" + std::to_string(number) + " sends " + std::to_string(i));
}

void read_all(std::vector<cohort::Connection>& readers) {
  while (!readers.empty()) {
    for (std::size_t i : cohort::wait(readers) | std::views::reverse) {
      try {
        std::cout << readers[i].recv<std::string>() << std::endl;
      } catch (const cohort::EndOfFile&) { readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(i)); }
    }
  }
  std::cout << "all readers are at their end" << std::endl;
}

void end_when_told(cohort::Event end) { end.wait(); }

int main() {
  std::vector<cohort::Connection> readers;
  for (int number = 0; number < 3; ++number) {
    auto [reader, writer] = cohort::Pipe(false);
    cohort::Process(send_two, writer, number).start();
    writer.close();
    readers.push_back(reader);
  }
  read_all(readers);

  cohort::Queue<int> q;
  cohort::Event event;
  cohort::Event end;
  cohort::Process p(end_when_told, end);
  p.start();
  q.put(1);
  event.set();
  if (cohort::wait({q, event, p}) == std::vector<std::size_t>{0, 1})
    std::cout << "ready: the queue and the event" << std::endl;
  end.set();
  if (cohort::wait({p}) == std::vector<std::size_t>{0}) std::cout << "ready: the process, which has ended" << std::endl;
  event.clear();
  if (cohort::wait({event}, 10ms).empty()) std::cout << "nothing is ready" << std::endl;
}
