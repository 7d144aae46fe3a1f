// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Values of different kinds in one item: an Object, as Python prints it. Where all items have one type, name that
// instead.
//
// Output:
//
//   [42, None, 'hello']
//   the text is hello
//   {'name': 'bob', 'scores': [1, 2.5]}
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <cohort/wire/object.hpp>
#include <iostream>

using cohort::Object;

void f(cohort::Queue<Object> q) {
  q.put(Object::list({42, nullptr, "hello"}));
  q.put(Object::dict({{"name", "bob"}, {"scores", Object::list({1, 2.5})}}));
}

int main() {
  cohort::Queue<Object> q;
  cohort::Process p(f, q);
  p.start();
  Object first = q.get();
  std::cout << first.repr() << std::endl;
  std::cout << "the text is " << first[2].as_text() << std::endl;
  std::cout << q.get().repr() << std::endl;
  p.join();
}
