// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: opening a file without waiting for whoever is to open it too.
//
// A named pipe opens when somebody has its other end, and a file under a lease when its holder gives that up; both may
// be never. So the opening is tried again and again, by whoever can do other things meanwhile:
//
//   FileOpening opening("/run/feed", FileUse::read);
//   while (!opening.try_open()) poll_items(others, opening.next_look());
//   Fd fd = opening.take();                       // blocking, as open(2) would have given it
#pragma once

#include <chrono>
#include <string>

#include "cohort/base/deadline.hpp"
#include "os/fd.hpp"

namespace cohort::os {

enum class FileUse : unsigned char { read, replace, append };

/// One file that is being opened; made with 0666 less the umask where it is written.
class FileOpening {
 public:
  FileOpening(std::string path, FileUse use) : path_(std::move(path)), use_(use) {}

  /// True when it is open. Never waits. Throws OsError that names the path.
  bool try_open();
  /// When to try again: soon at first, 20 ms later at most. There is no event to wait for: the kernel tells nobody that
  /// a pipe was opened.
  [[nodiscard]] Deadline next_look();
  /// The descriptor, above the standard streams; once, when it is open.
  [[nodiscard]] Fd take();

 private:
  bool has_writer();

  std::string path_;
  FileUse use_;
  Fd fd_;
  bool is_pipe_ = false;
  bool open_ = false;
  Fd probe_in_;
  Fd probe_out_;
  std::chrono::milliseconds pause_{1};
};

}  // namespace cohort::os
