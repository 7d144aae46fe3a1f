// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Large items that are written, and read, where they lie: nothing is copied, whatever their size.
//
// Output:
//
//   a frame of 1048576 numbers, the last one is 1048575
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <iostream>
#include <numeric>
#include <utility>
#include <vector>

void render(cohort::Queue<std::vector<float>> frames) {
  auto frame = frames.loan(1 << 20);
  std::iota(frame.items().begin(), frame.items().end(), 0.0F);
  frames.publish(std::move(frame));
}

int main() {
  cohort::Queue<std::vector<float>> frames;
  cohort::Process p(render, frames);
  p.start();
  auto frame = frames.get_loan();
  std::cout << "a frame of " << frame.items().size() << " numbers, the last one is "
            << static_cast<int>(frame.items().back()) << std::endl;
  p.join();
}
