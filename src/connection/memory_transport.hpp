// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One end of a pipe in the family memory: docs/formats/pipe.md, in code.
//
// Threads: any; each message goes to one receiver. Blocks: as the limits say. Death: no call waits for a dead process
// longer than 100 ms.
#pragma once

#include <memory>
#include <utility>

#include "cohort/wire/decoder.hpp"
#include "connection/pipe_object.hpp"
#include "connection/transport.hpp"

namespace cohort::connection {

class MemoryTransport final : public detail::Transport {
 public:
  explicit MemoryTransport(PipeEnd end) : Transport(end.local_flags()), end_(std::move(end)) {}
  /// The transport of an end that arrived. Throws DecodeError
  [[nodiscard]] static std::shared_ptr<MemoryTransport> arrive(Decoder& in);

  bool send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) override;
  bool send(std::span<const std::byte> message, const Until& until, const char* operation) override;
  bool receive(detail::ArrivedMessage& arrived, std::optional<std::size_t> most, const Until& until,
               const char* operation) override;
  std::optional<std::size_t> receive_into(std::span<std::byte> place, const Until& until,
                                          const char* operation) override;
  bool poll(const Until& until) override;

  /// One for polling only: see watch/readiness.hpp.
  [[nodiscard]] int fileno() override;
  bool send_handle(int descriptor, const Until& until) override;
  std::optional<os::Fd> receive_handle(const Until& until) override;

  void close() noexcept override;
  [[nodiscard]] bool readable() override;
  [[nodiscard]] bool writable() override;
  void travel(Encoder& out) override;

  Look look(Deadline until, const char* operation) override;
  [[nodiscard]] Source source(const char* operation) override;

  [[nodiscard]] const PipeEnd& end() const noexcept { return end_; }

 private:
  class Call;
  class Receiver;
  void let_go() noexcept override { end_.let_go(); }

  PipeEnd end_;
};

}  // namespace cohort::connection
