// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Feeding a program and reading from it at once, without ever blocking on one side. The state of a communication
// that may be left (a deadline) and taken up again; whoever drives it does the waiting.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cohort/subprocess/options.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"
#include "subprocess/text_decoder.hpp"

namespace cohort::subprocess::detail {

/// What becomes of one output stream.
class Collector {
 public:
  Collector() = default;
  Collector(const Options& options, bool is_err);

  /// Takes bytes over. False: more than the limit came, and that is to end the program. Calls callbacks. Throws OsError
  /// when the tee refuses; it gets nothing more then.
  bool take(std::string_view bytes);
  /// The tee, while bytes wait for room in it; else -1.
  [[nodiscard]] int waiting_tee() const noexcept { return tee_pending_.empty() ? -1 : tee_; }
  /// Gives the tee what it takes now.
  void serve_tee();
  /// Gives the tee up.
  void drop_tee() noexcept {
    tee_ = -1;
    tee_pending_.clear();
  }
  /// The end of the stream: the last line goes to its callback. `cut`: the stream goes on, but nobody reads it any
  /// more.
  void finish(bool cut = false);
  /// Takes off what `max_output` or a cut has left of characters at the edges; without a text mode there are none.
  void keep_whole_characters();
  /// How what is kept is to be decoded. Before keep_whole_characters() it is as the stream began.
  [[nodiscard]] Encoding encoding() const noexcept { return encoding_; }
  /// For a stream of which some was decoded before.
  void set_encoding(Encoding encoding) noexcept { encoding_ = encoding; }
  /// The front is not that of the stream.
  [[nodiscard]] bool lacks_front() const noexcept {
    return overflow_ == Overflow::keep_tail && most_ && total_ > *most_;
  }
  /// Where the next bytes may be read to directly; empty when they must go through take().
  [[nodiscard]] std::span<char> direct_room() const noexcept;
  /// Bytes were read into direct_room().
  void commit(std::size_t count) noexcept { total_ += count; }

  [[nodiscard]] std::string& kept() noexcept { return kept_; }
  /// What is kept by now, while more may come.
  [[nodiscard]] std::string_view so_far() const noexcept;
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  bool keep(std::string_view bytes);
  void make_room(std::size_t more);
  void split_lines(std::string_view bytes, bool last);

  std::span<char> buffer_;
  std::optional<std::size_t> most_;
  Overflow overflow_ = Overflow::fail;
  OutputCallback on_piece_;
  OutputCallback on_line_;
  bool is_text_ = false;
  bool is_cut_ = false;
  Encoding encoding_ = Encoding::utf8;
  std::string start_;  // of the stream, where a byte order mark may be
  std::optional<TextDecoder> decoder_;
  std::string line_;
  int tee_ = -1;
  std::string tee_pending_;
  bool keep_ = true;
  std::string kept_;
  std::uint64_t total_ = 0;
};

/// The communication with one program.
class Exchange {
 public:
  /// The program's three streams, and the tees of two of them.
  static constexpr std::size_t kStreams = 5;
  using Items = std::array<os::PollItem, kStreams>;

  Exchange(const Options& options, os::Fd in, os::Fd out, os::Fd err);

  /// What is to be written; before the first serve(). A view must live as long as the exchange.
  void set_input(std::string_view input) { input_ = input; }
  void set_owned_input(std::string input) {
    owned_input_ = std::move(input);
    input_ = owned_input_;
  }
  /// Output that was read before this exchange began.
  void take_early(bool is_err, std::string_view bytes) { (is_err ? err_ : out_).sink.take(bytes); }

  /// What to wait for; finished streams have fd -1.
  [[nodiscard]] Items items() const noexcept;
  /// Moves bytes where `items` are ready. Exceptions of callbacks come out; the exchange can go on.
  void serve(const Items& items);
  [[nodiscard]] bool finished() const noexcept {
    return !in_ && !out_.fd && !err_.fd && out_.sink.waiting_tee() < 0 && err_.sink.waiting_tee() < 0;
  }
  /// Closes what is open: nothing more is read or written. Last lines go to their callbacks, which may throw.
  void abandon();
  /// The same without a word to the callbacks.
  void close() noexcept;
  /// More came than `max_output` allows under Overflow::fail.
  [[nodiscard]] bool over_limit() const noexcept { return over_limit_; }

  [[nodiscard]] Collector& out() noexcept { return out_.sink; }
  [[nodiscard]] Collector& err() noexcept { return err_.sink; }

 private:
  struct Output {
    os::Fd fd;
    Collector sink;
    bool grown = false;
  };
  void serve_input();
  void serve_output(Output& output);
  void read_piece(Output& output, std::span<char> room, bool direct);

  os::Fd in_;
  Output out_;
  Output err_;
  std::string owned_input_;
  std::string_view input_;
  bool fixed_pipes_ = false;
  bool in_grown_ = false;
  bool over_limit_ = false;
  std::unique_ptr<char[]> scratch_;
  std::size_t scratch_size_ = 0;
};

}  // namespace cohort::subprocess::detail
