// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Our ends of a program's pipes: what Popen's in(), out() and err() give.
//
//   Popen p({"bc"}, {.in = PIPE, .out = PIPE, .bufsize = 1, .text = true});
//   p.in().write("6*7\n");
//   std::optional<std::string> line = p.out().read_line(1s);
//
// Buffered, with deadlines, and in a text mode decoded. One thread at a time may use a stream; in() and out() are
// independent. Closing is final. Destroying a stream closes it and drops what was not flushed.
// Python: the file objects Popen.stdin, stdout and stderr.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/subprocess/text.hpp"

namespace cohort::subprocess {

/// How a stream turns bytes into text; none for bytes.
struct TextMode {
  bool enabled = false;
  Encoding encoding = Encoding::utf8;
  ErrorPolicy errors = ErrorPolicy::strict;
};

/// The end that reads what a program writes.
class COHORT_EXPORT PipeReader {
 public:
  /// A closed stream.
  PipeReader() noexcept;
  /// Owns `descriptor`, also when it throws std::bad_alloc. @param bufsize  as Options::bufsize
  PipeReader(int descriptor, TextMode mode, int bufsize);
  ~PipeReader();
  PipeReader(PipeReader&&) noexcept;
  PipeReader& operator=(PipeReader&&) noexcept;

  /// Exactly `count` bytes (in a text mode: of UTF-8, at least), less only at the end. Throws TimeoutError at the deadline,
  /// Stopped at a stop, and keeps what has come for the next call; ClosedError after close().
  std::string read(std::size_t count, const Until& until = Until::never());
  /// What there is, waiting for the first byte only; empty at the end.
  std::string read_some(const Until& until = Until::never());
  /// All until the end.
  std::string read_all(const Until& until = Until::never());
  /// One line without its newline; nullopt at the end. A last line without a newline counts.
  std::optional<std::string> read_line(const Until& until = Until::never());

  /// For polling, and for what a program is started with; it blocks. -1 when closed. What is buffered here does not make it
  /// readable: who polls it reads with bufsize 0, bytes only, where a call takes from the pipe no more than it returns.
  [[nodiscard]] int fileno() const noexcept;
  [[nodiscard]] bool closed() const noexcept;
  void close() noexcept;

 private:
  friend class Popen;
  struct State;
  std::unique_ptr<State> state_;
};

/// The end that writes what a program reads.
class COHORT_EXPORT PipeWriter {
 public:
  /// A closed stream.
  PipeWriter() noexcept;
  /// Owns `descriptor`, also when it throws std::bad_alloc. @param bufsize  as Options::bufsize
  PipeWriter(int descriptor, TextMode mode, int bufsize);
  ~PipeWriter();
  PipeWriter(PipeWriter&&) noexcept;
  PipeWriter& operator=(PipeWriter&&) noexcept;

  /// Buffers `bytes` and sends whole buffers on (with bufsize 1 in a text mode: at each newline). Throws
  /// std::system_error with EPIPE when the program reads no more (SIGPIPE is kept away); TimeoutError at the deadline and
  /// Stopped at a stop: then what was not sent is still buffered. ClosedError after close().
  void write(std::string_view bytes, const Until& until = Until::never());
  /// Sends what is buffered. Throws as write() does.
  void flush(const Until& until = Until::never());

  [[nodiscard]] int fileno() const noexcept;
  [[nodiscard]] bool closed() const noexcept;
  /// Flushes and closes, so that the program sees the end. Throws as write() does; the stream is closed even then.
  void close(const Until& until = Until::never());

 private:
  friend class Popen;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cohort::subprocess
