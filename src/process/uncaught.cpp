// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/uncaught.hpp"

#include <cxxabi.h>

#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "cohort/base/log.hpp"
#include "cohort/process/process.hpp"
#include "cohort/wire/remote_error.hpp"
#include "os/unwind.hpp"

namespace cohort::detail {

namespace {

void call(void* body) { (*static_cast<FunctionRef<void()>*>(body))(); }

// Without memory there is no more to say, and it must be said without any.
void report_briefly() noexcept {
  constexpr std::string_view kLine = "cohort: an exception was not caught, and there is no memory to describe it\n";
  log::write_raw(kLine.data(), kLine.size());
}

// "HEAD:\n  stack\nTYPE: TEXT\n", as Python prints a traceback: the stack first, what happened last. Then what was
// nested in it, a line each.
void report(std::string_view of, std::string_view name) noexcept try {
  const std::vector<ExceptionText> chain = describe_current_chain();
  std::string lines(of);
  lines += ' ';
  lines += name;
  lines += ":\n";
  std::string trace = os::format_trace(os::take_trace());
  if (!trace.empty()) lines += "Stack trace (innermost first):\n" + trace;
  for (const auto& [type, text] : chain) {
    if (&type != &chain.front().type) lines += "Caused by: ";
    lines += type;
    if (!text.empty()) lines += ": " + text;
    lines += '\n';
  }
  log::write_raw(lines.data(), lines.size());
} catch (...) { report_briefly(); }

// A SystemExit of a task arrives at the owner with its code and its words.
const bool exit_registered = [] {
  register_exception_codec({typeid(SystemExit).name(), typeid(Remote<SystemExit>).name(),
                            [](Encoder& out, const void* exception) {
                              const auto& exit = *static_cast<const SystemExit*>(exception);
                              out.write_raw(static_cast<std::int32_t>(exit.code()));
                              Codec<std::string>::encode(out, exit.message());
                            },
                            [](Decoder& in, Arrival&& arrival) {
                              int code = in.read_raw<std::int32_t>();
                              std::string message = Codec<std::string>::decode(in);
                              arrival.raise(message.empty() ? SystemExit(code) : SystemExit(message));
                            }});
  return true;
}();

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
    report("Process", process_name);
    return 1;
  }
}

void report_uncaught(std::string_view what, FunctionRef<void()> body) {
  try {
    os::call_with_trace(call, &body);
  } catch (const abi::__forced_unwind&) { throw; } catch (...) {
    report("Exception in", what);
  }
}

void report_current(std::string_view process_name) noexcept { report("Process", process_name); }

}  // namespace cohort::detail
