// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Both ends of a pipe send and receive, like the two ends of a cable: an end receives what the other one sent.
//
// Output:
//
//   1
//   hello
//   nothing more: true
//   4 bytes
//   square of 7: 49
#include <cohort/connection.hpp>
#include <cohort/process.hpp>
#include <iostream>
#include <span>
#include <string>

void answer(cohort::Connection conn) {
  int n = conn.recv<int>();
  conn.send(n * n);
}

int main() {
  auto [left, right] = cohort::Pipe();
  left.send(1);
  left.send("hello");
  std::cout << right.recv<int>() << std::endl;
  std::cout << right.recv<std::string>() << std::endl;
  std::cout << "nothing more: " << std::boolalpha << !right.poll() << std::endl;

  const int word = 0x01020304;
  right.send_bytes(std::as_bytes(std::span(&word, 1)));
  std::cout << left.recv_bytes().size() << " bytes" << std::endl;

  cohort::Process p(answer, right);
  p.start();
  left.send(7);
  std::cout << "square of 7: " << left.recv<int>() << std::endl;
  p.join();
}
