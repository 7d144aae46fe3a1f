// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages over a stream of bytes, with Python's framing (connection/frame_reader.hpp). Needs no family memory.
//
// Reads no byte beyond a message: other processes may receive at the same descriptor, one after the other, while nobody
// polls. poll() and wait() take in what has come of the next message, since nothing else tells whether all of it is
// there. The peer is not trusted: what it can make this process hold is bounded by ConnectionLimits::max_message, and
// by what it really sent; however slowly it sends, and whatever it attaches, deadlines hold and no descriptor stays
// open. A receive that is given up in the middle of a message goes on there the next time. A send cannot; the
// connection then sends no more.
// Threads: any; one at a time sends, and one receives. Blocks: as the limits say, with a look each 100 ms.
// Fork: what was taken in stays with the process that did it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "cohort/base/until.hpp"
#include "cohort/connection/connection.hpp"
#include "cohort/wire/decoder.hpp"
#include "connection/byte_stream.hpp"
#include "connection/frame_reader.hpp"
#include "connection/transport.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"

namespace cohort::connection {

class FramedTransport final : public detail::Transport {
 public:
  FramedTransport(std::unique_ptr<ByteStream> stream, const ConnectionOptions& options);
  /// What travel() has written of a descriptor, which is the one with that index. Throws DecodeError
  [[nodiscard]] static ConnectionOptions decode_options(Decoder& in, std::uint32_t& index);

  /// What is sent lies in this process's own memory, and names no shared objects.
  bool send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) override;
  bool send(std::span<const std::byte> message, const Until& until, const char* operation) override;
  bool receive(detail::ArrivedMessage& arrived, std::optional<std::size_t> most, const Until& until,
               const char* operation) override;
  std::optional<std::size_t> receive_into(std::span<std::byte> place, const Until& until,
                                          const char* operation) override;
  bool poll(const Until& until) override;

  [[nodiscard]] int fileno() override;
  bool send_handle(int descriptor, const Until& until) override;
  std::optional<os::Fd> receive_handle(const Until& until) override;

  void close() noexcept override;
  [[nodiscard]] bool readable() override { return readable_; }
  [[nodiscard]] bool writable() override { return writable_; }
  /// @throws EncodeError in the middle of a message, which the other process could not know; ClosedError
  void travel(Encoder& out) override;

  /// Takes in what has come of the next message.
  Look look(Deadline until, const char* operation) override;
  [[nodiscard]] Source source(const char* operation) override;

 private:
  using Direction = ByteStream::Direction;
  class LeaveMessage;
  struct Kept;
  void let_go() noexcept override { stream_->close(); }
  [[nodiscard]] bool wait_ready(const Use& use, Direction direction, const Until& until) const;
  bool write_all(const Use& use, std::span<const std::byte> bytes, const Until& until, bool begun);
  os::Transfer read_first(std::span<std::byte> into);
  bool take_in(const Use& use, Deadline until);
  bool fill(const Use& use, bool only_length, const Until& until);
  bool begin_message(const Use& use, const Until& until);
  void leave_message() noexcept;
  void keep_what_came();
  void drop_inherited(const char* operation);
  [[noreturn]] void refuse_length(const Use& use);
  [[noreturn]] void throw_cut(const char* operation);
  void check_readable(const char* operation) const;
  void check_carries_descriptors(const char* operation) const;
  [[nodiscard]] int descriptor_to_copy(std::shared_ptr<const void>& keep);

  std::atomic<std::uint32_t> state_word_{0};
  std::unique_ptr<ByteStream> stream_;
  bool readable_;
  bool writable_;
  ConnectionLimits limits_;
  std::timed_mutex sending_;
  std::timed_mutex receiving_;
  bool cut_ = false;  // under sending_: a message was sent in part

  // Under receiving_: what was received of the present message, and what poll() met that the next receive is to report.
  FrameReader reader_;
  std::int32_t reader_process_ = 0;  // which process took it in
  bool ended_ = false;
  std::exception_ptr failure_;
  os::Fd handle_;  // came with the first byte, which is then that of a send_handle()
};

}  // namespace cohort::connection
