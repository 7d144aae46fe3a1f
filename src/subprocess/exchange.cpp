// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/exchange.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cohort/base/error.hpp"

namespace cohort::subprocess::detail {

namespace {

constexpr std::size_t kSmallPiece = 64 * 1024;    // the room of a default pipe
constexpr std::size_t kLargePiece = 1024 * 1024;  // what an unprivileged user may make of it

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Collector::Collector(const Options& options, bool is_err)
    : overflow_(options.overflow),
      on_piece_(is_err ? options.on_err : options.on_out),
      on_line_(is_err ? options.on_err_line : options.on_out_line),
      is_text_(options.is_text()),
      encoding_(options.encoding.value_or(Encoding::utf8)),
      tee_(is_err ? options.tee_err : options.tee_out),
      keep_(options.keep_output) {
  if (!is_err) buffer_ = options.out_buffer;
  if (options.max_output) most_ = static_cast<std::size_t>(options.max_output->count);
  if (buffer_.data() != nullptr) most_ = most_ ? std::min(*most_, buffer_.size()) : buffer_.size();
  if (on_line_) {
    // Without a text mode lines are bytes; latin-1 would change them, so they are only cut.
    if (is_text_) decoder_.emplace(encoding_, options.errors.value_or(ErrorPolicy::strict), true);
  }
}

std::span<char> Collector::direct_room() const noexcept {
  if (buffer_.data() == nullptr || on_piece_ || on_line_ || tee_ >= 0 || total_ >= *most_) return {};
  return buffer_.subspan(total_, *most_ - total_);
}

void Collector::make_room(std::size_t more) {
  // Much output costs above all fresh pages: growing fourfold instead of twofold touches a third less of them, large
  // ones come 500 times less often, and what is reserved but not touched costs nothing.
  constexpr std::size_t kMuch = 4 * kLargePiece;
  if (kept_.size() + more <= kept_.capacity() || kept_.size() + more < kMuch) return;
  kept_.reserve(4 * (kept_.size() + more));
  os::prefer_large_pages(kept_.data(), kept_.capacity());
}

bool Collector::keep(std::string_view bytes) {
  std::size_t room = most_ ? *most_ - std::min<std::uint64_t>(*most_, total_) : bytes.size();
  std::string_view fits = bytes.substr(0, room);
  if (buffer_.data() != nullptr) {
    std::copy(fits.begin(), fits.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(total_));
    return fits.size() == bytes.size() || overflow_ == Overflow::keep_head;
  }
  if (overflow_ != Overflow::keep_tail || !most_) {
    make_room(fits.size());
    kept_ += fits;
    return fits.size() == bytes.size() || overflow_ == Overflow::keep_head;
  }
  kept_ += bytes;
  // Cut rarely, so that the moving costs less than the reading.
  if (kept_.size() > 2 * *most_ + kSmallPiece) kept_.erase(0, kept_.size() - *most_);
  return true;
}

bool Collector::take(std::string_view bytes) {
  bool fits = !keep_ && buffer_.data() == nullptr ? true : keep(bytes);
  total_ += bytes.size();
  constexpr std::size_t kLongestMark = 4;
  if (start_.size() < kLongestMark) start_ += bytes.substr(0, kLongestMark - start_.size());
  if (tee_ >= 0) {
    tee_pending_ += bytes;
    serve_tee();
  }
  if (on_piece_) on_piece_(bytes);
  if (on_line_) split_lines(bytes, false);
  return fits;
}

void Collector::serve_tee() {
  std::size_t given = 0;
  while (given < tee_pending_.size()) {
    os::Transfer moved;
    try {
      moved = os::write_now(tee_, bytes_of(std::string_view(tee_pending_).substr(given)));
      if (moved.state == os::Transfer::State::ended) throw OsError(EPIPE, "write", std::to_string(tee_));
    } catch (...) {
      drop_tee();
      throw;
    }
    if (moved.state == os::Transfer::State::would_block) break;
    given += moved.count;
  }
  tee_pending_.erase(0, given);
}

void Collector::split_lines(std::string_view bytes, bool last) {
  if (decoder_) {
    decoder_->feed(bytes, last, line_);
  } else {
    line_ += bytes;
  }
  // Lines count as given once their call has begun, so that one that throws does not come again.
  std::size_t given = 0;
  struct Forget {
    std::string& text;
    std::size_t& count;
    ~Forget() { text.erase(0, count); }
  } forget{line_, given};
  for (std::size_t end; (end = line_.find('\n', given)) != std::string::npos;) {
    std::string_view line(line_.data() + given, end - given);
    given = end + 1;
    on_line_(line);
  }
}

std::string_view Collector::so_far() const noexcept {
  std::string_view all = kept_;
  if (overflow_ == Overflow::keep_tail && most_ && all.size() > *most_) all.remove_prefix(all.size() - *most_);
  return all;
}

void Collector::finish(bool cut) {
  is_cut_ = cut;
  if (on_line_) {
    if (cut && decoder_) decoder_->take_pending();
    split_lines({}, true);
    if (!line_.empty()) on_line_(std::exchange(line_, {}));
  }
  if (overflow_ == Overflow::keep_tail && most_ && kept_.size() > *most_) kept_.erase(0, kept_.size() - *most_);
}

void Collector::keep_whole_characters() {
  if (!is_text_ || buffer_.data() != nullptr || !keep_) return;
  const bool lacks_end = is_cut_ || total_ > kept_.size();
  if (lacks_front()) {
    // Half a character is no error of the program's, and what errors= would make of it no text of the program's.
    if (kept_.size() > *most_) kept_.erase(0, kept_.size() - *most_);
    encoding_ = encoding_after_mark(start_, encoding_);
    kept_.erase(0, cut_at_front(kept_, encoding_, total_ - kept_.size()));
    if (is_cut_) kept_.resize(kept_.size() - cut_at_back(kept_, encoding_));
  } else if (lacks_end) {
    kept_.resize(kept_.size() - cut_at_back(kept_, encoding_after_mark(start_, encoding_)));
  }
}

Exchange::Exchange(const Options& options, os::Fd in, os::Fd out, os::Fd err)
    : in_(std::move(in)),
      out_{std::move(out), Collector(options, false)},
      err_{std::move(err), Collector(options, true)},
      fixed_pipes_(options.pipesize != 0) {
  for (const os::Fd* fd : {&in_, &out_.fd, &err_.fd}) {
    if (*fd) os::set_nonblocking(fd->get(), true);
  }
}

Exchange::Items Exchange::items() const noexcept {
  // While a tee takes nothing its program is not read: it waits, as it would if it wrote there itself.
  auto reads = [](const Output& output) {
    return os::PollItem{.fd = output.sink.waiting_tee() < 0 ? output.fd.get() : -1};
  };
  auto tees = [](const Output& output) { return os::PollItem{.fd = output.sink.waiting_tee(), .for_write = true}; };
  return {os::PollItem{.fd = in_.get(), .for_write = true}, reads(out_), reads(err_), tees(out_), tees(err_)};
}

void Exchange::serve(const Items& items) {
  if (items[0].ready && in_) serve_input();
  if (items[1].ready && out_.fd) serve_output(out_);
  if (items[2].ready && err_.fd) serve_output(err_);
  if (items[3].ready && out_.sink.waiting_tee() >= 0) out_.sink.serve_tee();
  if (items[4].ready && err_.sink.waiting_tee() >= 0) err_.sink.serve_tee();
}

void Exchange::serve_input() {
  if (input_.empty()) {
    in_.reset();
    return;
  }
  if (!fixed_pipes_ && !in_grown_ && input_.size() > 4 * kSmallPiece) {
    // Bigger steps, fewer switches between the two: twice as fast. Asked for once, and only where it pays, because a
    // user's pipes share a quota.
    os::set_pipe_size(in_.get(), kLargePiece);
    in_grown_ = true;
  }
  os::SigpipeBlocked no_signal;
  os::Transfer moved = os::write_some(in_.get(), bytes_of(input_.substr(0, kLargePiece)));
  if (moved.state == os::Transfer::State::moved) input_.remove_prefix(moved.count);
  // A program that reads no more is its own affair, as in Python.
  if (moved.state == os::Transfer::State::ended) input_ = {};
  if (input_.empty() && moved.state != os::Transfer::State::would_block) in_.reset();
}

void Exchange::serve_output(Output& output) {
  std::span<char> direct = output.sink.direct_room();
  if (!direct.empty()) return read_piece(output, direct.first(std::min(direct.size(), kLargePiece)), true);
  std::size_t wanted = output.grown ? kLargePiece : kSmallPiece;
  if (scratch_size_ < wanted) {
    scratch_ = std::make_unique_for_overwrite<char[]>(wanted);
    scratch_size_ = wanted;
  }
  read_piece(output, {scratch_.get(), wanted}, false);
}

void Exchange::read_piece(Output& output, std::span<char> room, bool direct) {
  os::Transfer moved = os::read_some(output.fd.get(), std::as_writable_bytes(room));
  if (moved.state == os::Transfer::State::would_block) return;
  if (moved.state == os::Transfer::State::ended) {
    output.fd.reset();
    output.sink.finish();
    return;
  }
  if (!output.grown && output.sink.total() + moved.count > 4 * kSmallPiece) {
    output.grown = true;
    if (!fixed_pipes_) os::set_pipe_size(output.fd.get(), kLargePiece);
  }
  if (direct) {
    output.sink.commit(moved.count);
  } else if (!output.sink.take({room.data(), moved.count})) {
    over_limit_ = true;
  }
}

void Exchange::close() noexcept {
  in_.reset();
  for (Output* output : {&out_, &err_}) {
    output->fd.reset();
    output->sink.drop_tee();
  }
}

void Exchange::abandon() {
  in_.reset();
  for (Output* output : {&out_, &err_}) {
    output->sink.drop_tee();
    if (!output->fd) continue;
    output->fd.reset();
    output->sink.finish(true);
  }
}

}  // namespace cohort::subprocess::detail
