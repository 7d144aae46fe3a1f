// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/exit_status.hpp"

#include <csignal>
#include <iterator>

namespace cohort {

namespace {

struct Name {
  int signal;
  const char* name;
};

// Not sigabbrev_np: only some C libraries have it.
constexpr Name kNames[] = {
    {SIGABRT, "SIGABRT"},     {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},   {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},     {SIGFPE, "SIGFPE"},   {SIGHUP, "SIGHUP"},   {SIGILL, "SIGILL"},
    {SIGINT, "SIGINT"},       {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"}, {SIGPROF, "SIGPROF"},
    {SIGQUIT, "SIGQUIT"},     {SIGSEGV, "SIGSEGV"}, {SIGSTOP, "SIGSTOP"}, {SIGSYS, "SIGSYS"},
    {SIGTERM, "SIGTERM"},     {SIGTRAP, "SIGTRAP"}, {SIGTSTP, "SIGTSTP"}, {SIGTTIN, "SIGTTIN"},
    {SIGTTOU, "SIGTTOU"},     {SIGURG, "SIGURG"},   {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
    {SIGVTALRM, "SIGVTALRM"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
#ifdef SIGIO
    {SIGIO, "SIGIO"},
#endif
#ifdef SIGPWR
    {SIGPWR, "SIGPWR"},
#endif
#ifdef SIGSTKFLT
    {SIGSTKFLT, "SIGSTKFLT"},
#endif
#ifdef SIGWINCH
    {SIGWINCH, "SIGWINCH"},
#endif
};

}  // namespace

std::string signal_name(int signal) {
  for (const Name& entry : kNames) {
    if (entry.signal == signal) return entry.name;
  }
#ifdef SIGRTMIN
  if (signal == SIGRTMIN) return "SIGRTMIN";
  if (signal == SIGRTMAX) return "SIGRTMAX";
  if (signal > SIGRTMIN && signal < SIGRTMAX) return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
#endif
  return {};
}

std::string ExitStatus::to_string() const {
  switch (kind_) {
    case Kind::exited: return "exited with " + std::to_string(value_);
    case Kind::signaled: {
      std::string name = signal_name(value_);
      std::string text = name.empty() ? "died with unknown signal " + std::to_string(value_)
                                      : "died with " + name + " (" + std::to_string(value_) + ")";
      if (core_dumped_) text += ", core dumped";
      return text;
    }
    case Kind::unknown: break;
  }
  return "ended with unknown status";
}

}  // namespace cohort
