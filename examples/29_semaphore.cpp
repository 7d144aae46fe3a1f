// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// At most three processes at once in a place, out of ten that want to be there.
//
// Output (the processes in any order):
//
//   1 has a permit
//   2 has a permit
//   3 has a permit
//   4 has a permit
//   5 has a permit
//   6 has a permit
//   7 has a permit
//   8 has a permit
//   9 has a permit
//   10 has a permit
//   never more than 3 at once: true
#include <algorithm>
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>
#include <vector>

struct Room {
  cohort::Semaphore permits{3};
  cohort::Value<int> inside{0};
  cohort::Value<int> most{0};
};

void func(Room room, int num) {
  std::scoped_lock permit(room.permits);
  int now = room.inside += 1;
  room.most.update([now](int most) { return std::max(most, now); });
  std::cout << num << " has a permit" << std::endl;
  room.inside -= 1;
}

int main() {
  Room room;
  std::vector<cohort::Process> processes;
  for (int i = 1; i <= 10; ++i) processes.emplace_back(func, room, i);
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
  std::cout << "never more than 3 at once: " << std::boolalpha << (room.most.load() <= 3) << std::endl;
}
