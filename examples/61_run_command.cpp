// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The wrapper that most projects write once: run_command gives output, errors and exit code, in a fixed locale, with a
// log, and throws or not; waited for in a thread or awaited by a coroutine.
//
// Output:
//
//   0 C
//   warning
//   3
//   raised: 1
//   4 awaited
//   raised: 5
//   6 in a thread
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <exception>
#include <latch>
#include <string>

#include "cohort/base/log.hpp"
#include "cohort/subprocess.hpp"

namespace sp = cohort::subprocess;
using namespace std::chrono_literals;

struct CommandOutput {
  std::string out;
  std::string err;
  int returncode;
};

enum class OnFailure { give_code, raise };

sp::Options usual_options() {
  // Messages of programs are read by programs: always the same language.
  return {.in = sp::DEVNULL,
          .out = sp::PIPE,
          .err = sp::PIPE,
          .text = true,
          .errors = sp::ErrorPolicy::replace,
          .env_set = {{"LC_ALL", "C"}, {"LANGUAGE", "C"}},
          .timeout = 30s};
}

CommandOutput finished(sp::CompletedProcess done, OnFailure on_failure) {
  cohort::get_logger().info(done.args.to_string() + ": " + done.status.to_string());
  if (on_failure == OnFailure::raise) done.check_returncode();
  return {std::move(done.out), std::move(done.err), done.returncode()};
}

CommandOutput run_command(const sp::Command& command, OnFailure on_failure = OnFailure::raise) {
  return finished(sp::run(command, usual_options()), on_failure);
}

// The same for coroutines: `CommandOutput output = co_await run_command_async({"make"});`. get() waits in a thread.
class AsyncCommand {
 public:
  AsyncCommand(const sp::Command& command, OnFailure on_failure)
      : run_(sp::run_async(command, usual_options())), on_failure_(on_failure) {}
  CommandOutput get() { return finished(run_.get(), on_failure_); }
  void cancel() { run_.cancel(); }

  bool await_ready() const { return run_.done(); }
  bool await_suspend(std::coroutine_handle<> continuation) {
    return sp::AsyncRun::Awaiter(run_).await_suspend(continuation);
  }
  CommandOutput await_resume() { return get(); }

 private:
  sp::AsyncRun run_;
  OnFailure on_failure_;
};

AsyncCommand run_command_async(const sp::Command& command, OnFailure on_failure = OnFailure::raise) {
  return AsyncCommand(command, on_failure);
}

// The smallest coroutine type; a program that lives on coroutines has a better one.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached print_later(std::latch& done) {
  CommandOutput output = co_await run_command_async({"sh", "-c", "echo awaited; exit 4"}, OnFailure::give_code);
  std::printf("%d %s", output.returncode, output.out.c_str());
  try {
    co_await run_command_async({"sh", "-c", "exit 5"});
  } catch (const sp::CalledProcessError& error) { std::printf("raised: %d\n", error.returncode()); }
  done.count_down();
}

int main() {
  CommandOutput listed = run_command({"sh", "-c", "echo $LC_ALL; echo warning >&2"});
  std::printf("%d %s%s", listed.returncode, listed.out.c_str(), listed.err.c_str());
  std::printf("%d\n", run_command({"sh", "-c", "exit 3"}, OnFailure::give_code).returncode);
  try {
    run_command({"false"});
  } catch (const sp::CalledProcessError& error) { std::printf("raised: %d\n", error.returncode()); }
  std::latch done(1);
  print_later(done);
  done.wait();
  CommandOutput output = run_command_async({"sh", "-c", "echo in a thread; exit 6"}, OnFailure::give_code).get();
  std::printf("%d %s", output.returncode, output.out.c_str());
}
