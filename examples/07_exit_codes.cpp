// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a process can end, and the number that Python gives it: the exit code, or minus the signal.
//
// Output:
//
//   return: 0, exited with 0
//   SystemExit(3): 3, exited with 3
//   exit(4): 4, exited with 4
//   SystemExit(text): 1, exited with 1
//   exception: 1, exited with 1
//   kill(): -9, died with SIGKILL (9)
#include <chrono>
#include <cohort/process.hpp>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <thread>

void return_normally() {}
void leave_with_3() { throw cohort::SystemExit(3); }
void call_exit() { std::exit(4); }  // NOLINT(concurrency-mt-unsafe): no other thread
void complain() { throw cohort::SystemExit("this goes to standard error"); }
void fail() { throw std::runtime_error("so does this, with a stack trace"); }
void wait_long() { std::this_thread::sleep_for(std::chrono::hours(1)); }

void show(std::string_view what, cohort::Process& p) {
  p.join();
  std::cout << what << ": " << p.exitcode().value() << ", " << p.exit_status()->to_string() << std::endl;
}

void run(std::string_view what, void (*function)()) {
  cohort::Process p(function);
  p.start();
  show(what, p);
}

int main() {
  run("return", return_normally);
  run("SystemExit(3)", leave_with_3);
  run("exit(4)", call_exit);
  run("SystemExit(text)", complain);
  run("exception", fail);
  cohort::Process p(wait_long);
  p.start();
  p.kill();
  show("kill()", p);
}
