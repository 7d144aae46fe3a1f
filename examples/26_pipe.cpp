// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A pipe has two ends; what one sends, the other receives.
//
// Output:
//
//   [42, None, 'hello']
//   nobody has the other end any more
#include <cohort/connection.hpp>
#include <cohort/process.hpp>
#include <cohort/wire/object.hpp>
#include <iostream>

using cohort::Object;

void f(cohort::Connection conn) {
  conn.send(Object::list({42, nullptr, "hello"}));
  conn.close();
}

int main() {
  auto [receiver, sender] = cohort::Pipe();
  cohort::Process p(f, sender);
  p.start();
  sender.close();  // only the child has it now
  std::cout << receiver.recv<Object>().repr() << std::endl;
  p.join();
  try {
    (void)receiver.recv<Object>();
  } catch (const cohort::EndOfFile&) { std::cout << "nobody has the other end any more" << std::endl; }
}
