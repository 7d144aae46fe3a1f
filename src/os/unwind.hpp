// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: the stack of an exception that nobody catches, taken where it is thrown.
//
// By the time that a catch clause runs, the stack below it is gone. The unwinder's first phase, which only looks for a
// handler, still has it. call_with_trace() puts a frame on the stack whose personality routine records the stack when
// that phase reaches it, which it does only for exceptions that no frame above catches; caught ones cost nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cohort::os {

/// Return addresses, innermost first.
struct StackTrace {
  std::vector<void*> frames;
};

/// Calls `function(argument)`. When it ends by an exception, the stack at the throw is kept for this thread until
/// taken. Forced unwinding (thread cancellation) passes through and records nothing.
void call_with_trace(void (*function)(void*), void* argument);
/// The stack that the latest exception through call_with_trace left on this thread; empty when there is none.
[[nodiscard]] StackTrace take_trace() noexcept;
/// One line a frame: "  #0 name (module+0xoffset)", without a name where the module's file has none. The offsets suit
/// addr2line.
[[nodiscard]] std::string format_trace(const StackTrace& trace);
/// A C++ name as people write it; the mangled one when it cannot be taken apart.
[[nodiscard]] std::string demangle(const char* mangled);

}  // namespace cohort::os
