// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The same tree by hand: each process asks the kernel to kill it when its parent ends.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void say_up() {
  if (::write(STDOUT_FILENO, "up\n", 3) != 3) std::_Exit(4);
}

template <class F>
void start(F&& f) {
  if (::fork() != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  f();
  say_up();
  for (;;) ::pause();
}

}  // namespace

int main() {
  for (int i = 0; i < 3; ++i) start([] { start([] {}); });
  for (;;) ::pause();
}
