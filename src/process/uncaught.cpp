// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/uncaught.hpp"

#include <cxxabi.h>

#include <string>

#include "cohort/base/log.hpp"
#include "cohort/process/process.hpp"
#include "cohort/wire/remote_error.hpp"
#include "os/unwind.hpp"

namespace cohort::detail {

namespace {

void call(void* body) { (*static_cast<FunctionRef<void()>*>(body))(); }

// "HEAD:\n  stack\nTYPE: TEXT\n", as Python prints a traceback: the stack first, what happened last.
void report(std::string_view head) {
  auto [type, text] = describe_current_exception();
  std::string lines(head);
  lines += ":\n";
  std::string trace = os::format_trace(os::take_trace());
  if (!trace.empty()) lines += "Stack trace (innermost first):\n" + trace;
  lines += type;
  if (!text.empty()) lines += ": " + text;
  lines += '\n';
  log::write_raw(lines.data(), lines.size());
}

}  // namespace

int run_reporting(std::string_view process_name, FunctionRef<void()> body) {
  try {
    os::call_with_trace(call, &body);
    return 0;
  } catch (const SystemExit& e) {
    (void)os::take_trace();
    if (!e.message().empty()) {
      std::string line = e.message() + "\n";
      log::write_raw(line.data(), line.size());
    }
    return e.code();
  } catch (const abi::__forced_unwind&) {  // thread cancellation must not be swallowed
    throw;
  } catch (...) {
    report("Process " + std::string(process_name));
    return 1;
  }
}

void report_uncaught(std::string_view what, FunctionRef<void()> body) {
  try {
    os::call_with_trace(call, &body);
  } catch (const abi::__forced_unwind&) { throw; } catch (...) {
    report("Exception in " + std::string(what));
  }
}

}  // namespace cohort::detail
