// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What tests with several processes need: a directory that goes away, lines from child to parent and back, and a
// captured stream.
//
// Lines travel through named pipes, so that every start method can use them. The parent holds both ends, so nobody's
// open() blocks.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cohort/base/deadline.hpp"

namespace cohort::test {

/// How long a test waits for what must happen: long, because the machine may be busy.
inline Deadline patience() { return Deadline(std::chrono::seconds(30)); }

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "cohort-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms::all);  // tests change their user
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Appends a line to a file or a named pipe with one write.
inline void say(const std::string& path, const std::string& line) {
  int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  std::string text = line + "\n";
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("say " + path);
  ::close(fd);
}

/// Reads one line from a descriptor; nullopt when none has come by the deadline.
inline std::optional<std::string> read_line(int fd, Deadline deadline) {
  std::string line;
  while (true) {
    pollfd entry{fd, POLLIN, 0};
    int ready = ::poll(&entry, 1, deadline.poll_timeout());
    if (ready <= 0) {
      if (deadline.expired()) return std::nullopt;
      continue;
    }
    char c;
    ssize_t n = ::read(fd, &c, 1);
    if (n <= 0) return std::nullopt;
    if (c == '\n') return line;
    line += c;
  }
}

/// A named pipe. The parent makes it; children get its path.
class Line {
 public:
  explicit Line(const std::string& path) : path_(path) {
    if (::mkfifo(path.c_str(), 0666) != 0) throw std::runtime_error("mkfifo " + path);
    ::chmod(path.c_str(), 0666);
    fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd_ < 0) throw std::runtime_error("open " + path);
  }
  ~Line() { ::close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Parent: the next line from a child; "(nothing came)" after the patience.
  [[nodiscard]] std::string next(Deadline deadline = patience()) {
    return read_line(fd_, deadline).value_or("(nothing came)");
  }
  /// Parent: lets one child go on that waits in await().
  void tell(const std::string& line = "go") { say(path_, line); }

 private:
  std::string path_;
  int fd_;
};

/// Child: waits for a line from the parent.
inline std::string await(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  auto line = read_line(fd, Deadline::never());
  ::close(fd);
  return line.value_or("");
}

/// Turns a descriptor of this process (1 or 2) into a file for its lifetime, so that children started meanwhile write
/// there.
class CapturedStream {
 public:
  CapturedStream(int stream, const std::string& path) : stream_(stream), path_(path) {
    saved_ = ::fcntl(stream, F_DUPFD_CLOEXEC, 10);
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    ::dup2(file, stream);
    ::close(file);
  }
  ~CapturedStream() { restore(); }
  CapturedStream(const CapturedStream&) = delete;
  CapturedStream& operator=(const CapturedStream&) = delete;
  /// Puts the stream back and gives what was written.
  std::string restore() {
    if (saved_ >= 0) {
      ::dup2(saved_, stream_);
      ::close(saved_);
      saved_ = -1;
    }
    return file_text(path_);
  }

 private:
  int stream_;
  std::string path_;
  int saved_;
};

/// Waits until `condition` holds, looking every millisecond; false after the patience.
template <class Condition>
bool eventually(Condition condition, Deadline deadline = patience()) {
  while (!condition()) {
    if (deadline.expired()) return false;
    ::usleep(1000);
  }
  return true;
}

}  // namespace cohort::test
