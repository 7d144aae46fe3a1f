// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What PipeReader and PipeWriter hold; Popen takes it over when it communicates.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <utility>

#include "cohort/subprocess/pipe_stream.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"
#include "subprocess/text_decoder.hpp"

namespace cohort::subprocess {

struct PipeReader::State {
  State(os::Fd descriptor, TextMode text_mode, int bufsize);

  /// Reads once more, without a buffer `wanted` bytes at most; false at the end.
  bool fill(const Until& until, std::size_t wanted = SIZE_MAX);
  std::string take(std::size_t count);
  [[nodiscard]] std::size_t available() const noexcept { return buffer.size() - start; }

  os::Fd fd;
  TextMode mode;
  detail::TextDecoder decoder;
  std::size_t size;
  bool unbuffered;        // takes nothing from the pipe that nobody asked for
  std::string buffer;     // bytes, or in a text mode what they decode to
  std::size_t start = 0;  // of what has not been taken
  bool ended = false;
};

struct PipeWriter::State {
  State(os::Fd descriptor, TextMode text_mode, int bufsize);

  void send(const Until& until);
  /// The byte order mark comes once, before everything.
  Encoding next_encoding() noexcept {
    bool first = !std::exchange(started, true);
    constexpr bool kLittle = std::endian::native == std::endian::little;
    if (!first && mode.encoding == Encoding::utf16) return kLittle ? Encoding::utf16_le : Encoding::utf16_be;
    if (!first && mode.encoding == Encoding::utf32) return kLittle ? Encoding::utf32_le : Encoding::utf32_be;
    return mode.encoding;
  }

  os::Fd fd;
  TextMode mode;
  bool by_lines;
  std::size_t size;
  std::string buffer;
  bool started = false;
};

}  // namespace cohort::subprocess
