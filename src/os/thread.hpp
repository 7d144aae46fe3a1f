// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: a thread for the library's own use. Every thread of ours that can run C++ begins here (ci/source.py),
// so that none lets an exception out, which would end the program.
#pragma once

#include <cstddef>
#include <memory>

#include "cohort/base/function_ref.hpp"

namespace cohort::os {

/// One turn of a thread's work: called again and again until it gives false. An exception out of it is logged as an
/// error, and the next turn comes after a pause: 1 ms, then twice as long each time that it happens again, at most 1 s.
using ThreadTurn = bool (*)(void*);

/// What a thread does to a fork in another one.
enum class ThreadUse {
  library,  ///< it stands still then, or holds nothing that the copy needs: it does not count as one of the program's
  program,  ///< it runs code of the user's, and counts
};

/// Starts a detached thread with all signals blocked, which calls turn(argument). Throws OsError.
void start_thread(ThreadTurn turn, void* argument, const char* name, std::size_t stack_bytes,
                  ThreadUse use = ThreadUse::library);

/// Calls `body`; an exception out of it is logged as an error. For the parts of a turn that must not end each other.
void contain_exceptions(const char* thread, FunctionRef<void()> body);

/// The same, but destruction waits for the thread's end.
class Thread {
 public:
  Thread(ThreadTurn turn, void* argument, const char* name, std::size_t stack_bytes);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How many threads of ThreadUse::library are in their functions: what to subtract from a count of threads to get the
/// program's own.
[[nodiscard]] int library_threads() noexcept;
/// In a forked child: none of them exists here.
void forget_library_threads() noexcept;

}  // namespace cohort::os
