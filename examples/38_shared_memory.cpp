// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes that processes share: without a name for the own children, with a name for other programs.
//
// Output:
//
//   the child wrote 0 1 4 9
//   attached by name: 'hello'
//   the name is gone, the bytes are still here: 'hello'
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cstddef>
#include <iostream>
#include <span>
#include <string_view>
#include <system_error>

using namespace cohort::literals;

void squares(cohort::SharedMemory memory) {
  int i = 0;
  for (int& n : memory.as<int>()) {
    n = i * i;
    ++i;
  }
}

int main() {
  cohort::SharedMemory frame(cohort::Bytes(4 * sizeof(int)));  // nothing to unlink, nothing left behind
  cohort::Process p(squares, frame);
  p.start();
  p.join();
  std::cout << "the child wrote";
  for (int n : frame.as<int>()) std::cout << ' ' << n;
  std::cout << std::endl;

  auto named = cohort::SharedMemory::create("", 4_KiB);  // a name that is not in use, as Python chooses it
  auto other = cohort::SharedMemory::attach(named.name());
  std::string_view("hello").copy(named.as<char>().data(), 5);
  std::cout << "attached by name: '" << std::string_view(other.as<char>().data(), 5) << "'" << std::endl;

  named.unlink();
  try {
    (void)cohort::SharedMemory::attach(named.name());
  } catch (const std::system_error&) {
    std::cout << "the name is gone, the bytes are still here: '" << std::string_view(other.as<char>().data(), 5) << "'"
              << std::endl;
  }
}
