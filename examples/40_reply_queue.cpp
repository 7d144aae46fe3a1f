// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Handles travel like any value: each request carries the queue on which its answer is wanted. (In Python a queue
// cannot be put on a queue.)
//
// Output:
//
//   7 squared is 49
//   8 squared is 64
//   9 squared is 81
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <iostream>

struct Request {
  int number;
  cohort::SimpleQueue<int> reply;
};

void serve(cohort::SimpleQueue<Request> requests) {
  for (;;) {
    Request request = requests.get();
    request.reply.put(request.number * request.number);
  }
}

int main() {
  cohort::SimpleQueue<Request> requests;
  cohort::Process server({.daemon = true}, serve, requests);
  server.start();

  for (int n : {7, 8, 9}) {
    cohort::SimpleQueue<int> reply;
    requests.put({n, reply});
    std::cout << n << " squared is " << reply.get() << std::endl;
  }
}
