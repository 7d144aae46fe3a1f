// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Python as the other side: runs a few lines and gives what they print.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/scratch.hpp"

namespace cohort::test {

/// A name in /dev/shm that is gone at the end of the test.
class UniqueName {
 public:
  UniqueName() : text_("cohort-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count())) { remove(); }
  ~UniqueName() { remove(); }
  UniqueName(const UniqueName&) = delete;
  UniqueName& operator=(const UniqueName&) = delete;
  [[nodiscard]] const std::string& text() const { return text_; }
  operator std::string_view() const { return text_; }

 private:
  static int& count() {
    static int number = 0;
    return number;
  }
  void remove() {
    std::error_code ignored;
    std::filesystem::remove("/dev/shm/" + text_, ignored);
  }
  std::string text_;
};

inline std::string text_of(const std::string& path) { return file_text(path); }

/// Runs a program of Python. It finds SharedMemory, ShareableList, and open_memory(name) and open_list(name), which
/// attach without the resource tracker, untrack(memory), which takes a made one out of it.
inline std::string python(const std::string& program) {
  ScratchDirectory scratch;
  std::string file = scratch / "program.py";
  std::string output = scratch / "output";
  std::ofstream(file) << "from multiprocessing.shared_memory import SharedMemory, ShareableList\n"
                         "from multiprocessing import resource_tracker\n"
                         "def untrack(memory): resource_tracker.unregister(memory._name, 'shared_memory')\n"
                         "def open_memory(name):\n  m = SharedMemory(name)\n  untrack(m)\n  return m\n"
                         "def open_list(name):\n  s = ShareableList(name=name)\n  untrack(s.shm)\n  return s\n"
                      << program;
  // NOLINTNEXTLINE(cert-env33-c): both paths are ours
  int status = std::system(("python3 '" + file + "' > '" + output + "' 2> '" + output + ".err'").c_str());
  EXPECT_EQ(status, 0) << file_text(output + ".err");
  return file_text(output);
}

}  // namespace cohort::test
