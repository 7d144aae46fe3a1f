// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A list of fixed length in shared memory, byte for byte as Python lays it out, so that both languages can use it.
//
// Output:
//
//   ['howdy', -273.154, 100, None, True]
//   the child made it ['HOWDY', -273.154, 101, None, True]
//   the slot of 'howdy' has no room for a longer text
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <iostream>

void change(cohort::ShareableList list) {
  list[0] = "HOWDY";
  list[2] = list.get(2).as_integer() + 1;
}

int main() {
  cohort::ShareableList list{"howdy", -273.154, 100, nullptr, true};
  std::cout << cohort::Object(list.items()).repr() << std::endl;

  cohort::Process p(change, list);
  p.start();
  p.join();
  std::cout << "the child made it " << cohort::Object(list.items()).repr() << std::endl;

  try {
    list[0] = "a text that was not foreseen";
  } catch (const cohort::ValueError&) { std::cout << "the slot of 'howdy' has no room for a longer text" << std::endl; }
}
