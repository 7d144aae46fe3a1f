// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A module that its program loads while it runs. What it makes callable must be found again in children, which load it by themselves.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "cohort/process.hpp"

namespace {

void work(const std::string& to, int n) {
  int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  std::string text = "plug-in " + std::to_string(n) + "\n";
  throw cohort::SystemExit(::write(fd, text.data(), text.size()) > 0 ? 7 : 1);
}

}  // namespace

extern "C" int plugin_run(int method, int form, const char* to) {
  auto context = cohort::get_context(static_cast<cohort::StartMethod>(method));
  std::string path = to;
  cohort::Process p = form == 0   ? context.process(cohort::fn<work>, path, 0)
                      : form == 1 ? context.process(&work, path, 1)
                                  : context.process([](const std::string& out, int n) { work(out, n); }, path, 2);
  p.start();
  p.join();
  return p.exitcode().value_or(-1000);
}
