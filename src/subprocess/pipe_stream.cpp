// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/pipe_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "cohort/base/error.hpp"
#include "subprocess/pipe_stream_state.hpp"
#include "subprocess/stop_signal.hpp"

namespace cohort::subprocess {

namespace {

constexpr std::size_t kDefaultBuffer = 8192;

void wait_until_ready(int fd, bool for_write, const Until& until, const char* operation) {
  const detail::StopSignal stop(until.stop);
  while (true) {
    std::array<os::PollItem, 2> items;
    items[0].fd = fd;
    items[0].for_write = for_write;
    items[1].fd = stop.fd();
    os::poll_items(items, Deadline::earlier(until.deadline, stop.next_look()));
    if (items[0].ready) return;
    if (stop.requested()) cohort::detail::throw_stopped(operation);
    if (until.expired()) throw TimeoutError(operation, {}, "the deadline passed");
  }
}

bool is_limited(const Until& until) noexcept { return !until.deadline.is_never() || until.may_stop(); }

}  // namespace

PipeReader::State::State(os::Fd descriptor, TextMode text_mode, int bufsize)
    : fd(std::move(descriptor)), mode(text_mode), decoder(mode.encoding, mode.errors, true) {
  size = bufsize > 1 ? static_cast<std::size_t>(bufsize) : kDefaultBuffer;
  // Text has to be decoded ahead, as in Python.
  unbuffered = bufsize == 0 && !mode.enabled;
}

bool PipeReader::State::fill(const Until& until, std::size_t wanted) {
  if (ended) return false;
  std::string piece(unbuffered ? std::min(size, wanted) : size, '\0');
  os::Transfer moved;
  // The pipe blocks: with a limit it is read when there is something.
  if (is_limited(until)) wait_until_ready(fd.get(), false, until, "PipeReader.read");
  while (true) {
    moved = os::read_some(fd.get(), std::as_writable_bytes(std::span(piece)));
    if (moved.state != os::Transfer::State::would_block) break;
    wait_until_ready(fd.get(), false, until, "PipeReader.read");
  }
  ended = moved.state == os::Transfer::State::ended;
  piece.resize(moved.count);
  if (mode.enabled) {
    decoder.feed(piece, ended, buffer);
  } else {
    buffer += piece;
  }
  return true;
}

std::string PipeReader::State::take(std::size_t count) {
  count = std::min(count, buffer.size() - start);
  std::string taken = buffer.substr(start, count);
  start += count;
  if (start == buffer.size() || start > 1 << 16) {
    buffer.erase(0, start);
    start = 0;
  }
  return taken;
}

PipeReader::PipeReader() noexcept = default;
PipeReader::PipeReader(int descriptor, TextMode mode, int bufsize) {
  os::Fd owned(descriptor);
  state_ = std::make_unique<State>(std::move(owned), mode, bufsize);
}
PipeReader::~PipeReader() = default;
PipeReader::PipeReader(PipeReader&&) noexcept = default;
PipeReader& PipeReader::operator=(PipeReader&&) noexcept = default;

namespace {

template <class State>
State& opened(const std::unique_ptr<State>& state, const char* operation) {
  if (!state) throw ClosedError(operation, {}, "I/O operation on a closed stream");
  return *state;
}

}  // namespace

std::string PipeReader::read(std::size_t count, const Until& until) {
  State& state = opened(state_, "PipeReader.read");
  while (state.available() < count && state.fill(until, count - state.available())) {}
  return state.take(count);
}

std::string PipeReader::read_some(const Until& until) {
  State& state = opened(state_, "PipeReader.read_some");
  while (state.available() == 0 && state.fill(until)) {}
  return state.take(state.available());
}

std::string PipeReader::read_all(const Until& until) {
  State& state = opened(state_, "PipeReader.read_all");
  while (state.fill(until)) {}
  return state.take(state.available());
}

std::optional<std::string> PipeReader::read_line(const Until& until) {
  State& state = opened(state_, "PipeReader.read_line");
  std::size_t searched = state.start;
  while (true) {
    std::size_t end = state.buffer.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = state.take(end + 1 - state.start);
      line.pop_back();
      return line;
    }
    searched = state.buffer.size();
    if (state.fill(until, 1)) continue;
    if (state.available() == 0) return std::nullopt;
    return state.take(state.available());
  }
}

int PipeReader::fileno() const noexcept { return state_ ? state_->fd.get() : -1; }
bool PipeReader::closed() const noexcept { return state_ == nullptr; }
void PipeReader::close() noexcept { state_.reset(); }

PipeWriter::State::State(os::Fd descriptor, TextMode text_mode, int bufsize)
    : fd(std::move(descriptor)), mode(text_mode), by_lines(bufsize == 1 && text_mode.enabled) {
  size = bufsize == 0 ? 0 : bufsize > 1 ? static_cast<std::size_t>(bufsize) : kDefaultBuffer;
}

void PipeWriter::State::send(const Until& until) {
  os::SigpipeBlocked no_signal;
  std::size_t sent = 0;
  // What was sent leaves the buffer however this ends.
  struct Remove {
    std::string& buffer;
    std::size_t& sent;
    ~Remove() { buffer.erase(0, sent); }
  } remove{buffer, sent};
  while (sent < buffer.size()) {
    std::size_t count = buffer.size() - sent;
    if (is_limited(until)) {
      wait_until_ready(fd.get(), true, until, "PipeWriter.write");
      count = std::min(count, os::kPipePiece);
    }
    os::Transfer moved = os::write_some(fd.get(), std::as_bytes(std::span(buffer)).subspan(sent, count));
    if (moved.state == os::Transfer::State::ended) {
      sent = buffer.size();
      throw OsError(EPIPE, "write", "the program's input");
    }
    sent += moved.count;
    if (moved.state == os::Transfer::State::would_block) {
      wait_until_ready(fd.get(), true, until, "PipeWriter.write");
    }
  }
}

PipeWriter::PipeWriter() noexcept = default;
PipeWriter::PipeWriter(int descriptor, TextMode mode, int bufsize) {
  os::Fd owned(descriptor);
  state_ = std::make_unique<State>(std::move(owned), mode, bufsize);
}
PipeWriter::~PipeWriter() = default;
PipeWriter::PipeWriter(PipeWriter&&) noexcept = default;
PipeWriter& PipeWriter::operator=(PipeWriter&&) noexcept = default;

void PipeWriter::write(std::string_view bytes, const Until& until) {
  State& state = opened(state_, "PipeWriter.write");
  if (state.mode.enabled) {
    std::string encoded = encode(bytes, state.next_encoding(), state.mode.errors);
    state.buffer += encoded;
  } else {
    state.buffer += bytes;
  }
  bool line = state.by_lines && bytes.find('\n') != std::string_view::npos;
  if (line || state.buffer.size() >= state.size) state.send(until);
}

void PipeWriter::flush(const Until& until) { opened(state_, "PipeWriter.flush").send(until); }

int PipeWriter::fileno() const noexcept { return state_ ? state_->fd.get() : -1; }
bool PipeWriter::closed() const noexcept { return state_ == nullptr; }

void PipeWriter::close(const Until& until) {
  std::unique_ptr<State> last = std::move(state_);
  if (last) last->send(until);
}

}  // namespace cohort::subprocess
