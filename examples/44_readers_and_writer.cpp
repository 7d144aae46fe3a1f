// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Many readers at once, or one writer: the two halves of what they read always fit.
//
// Output (in any order):
//
//   reader 0 saw two equal halves 1000 times
//   reader 1 saw two equal halves 1000 times
//   the writer has written 1000 times
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>
#include <shared_mutex>
#include <vector>

struct Board {
  cohort::SharedMutex mutex;
  cohort::RawArray<int> halves{0, 0};  // guarded by the mutex
};

void write_board(Board board) {
  for (int i = 1; i <= 1000; ++i) {
    std::unique_lock writing(board.mutex);
    board.halves[0] = i;
    board.halves[1] = i;
  }
  std::cout << "the writer has written 1000 times" << std::endl;
}

void read_board(Board board, int number) {
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    std::shared_lock reading(board.mutex);
    if (board.halves[0].load() == board.halves[1].load()) ++equal;
  }
  std::cout << "reader " << number << " saw two equal halves " << equal << " times" << std::endl;
}

int main() {
  Board board;
  std::vector<cohort::Process> processes;
  processes.emplace_back(write_board, board);
  for (int i = 0; i < 2; ++i) processes.emplace_back(read_board, board, i);
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
}
