// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/descriptor_stream.hpp"

#include <utility>

#include "os/socket.hpp"

namespace cohort::connection {

namespace {

// A terminal, a device, a file.
class DescriptorStream : public ByteStream {
 public:
  explicit DescriptorStream(os::Fd fd) noexcept : fd_(std::move(fd)) {}

  [[nodiscard]] os::Transfer read_some(std::span<std::byte> into) override {
    os::PollItem item = readiness(Direction::in);
    (void)os::poll_items({&item, 1}, Deadline::now());
    return item.ready ? os::read_some(fd_.get(), into) : os::Transfer{};
  }
  [[nodiscard]] os::Transfer write_some(std::span<const std::byte> bytes) override {
    return os::write_now(fd_.get(), bytes);
  }
  [[nodiscard]] os::PollItem readiness(Direction direction) const noexcept override {
    return {.fd = fd_.get(), .for_write = direction == Direction::out};
  }
  [[nodiscard]] int descriptor() const noexcept override { return fd_.get(); }
  [[nodiscard]] bool can_travel() const noexcept override { return true; }
  void close() noexcept override { fd_.reset(); }

 private:
  os::Fd fd_;
};

class PipeStream final : public DescriptorStream {
 public:
  using DescriptorStream::DescriptorStream;
  [[nodiscard]] os::Transfer read_some(std::span<std::byte> into) override {
    return os::read_pipe_now(descriptor(), into);
  }
};

class SocketStream final : public DescriptorStream {
 public:
  using DescriptorStream::DescriptorStream;
  [[nodiscard]] os::Transfer read_some(std::span<std::byte> into) override {
    return os::receive_some(descriptor(), into);
  }
  [[nodiscard]] os::Transfer write_some(std::span<const std::byte> bytes) override {
    return os::send_some(descriptor(), bytes);
  }
  void refuse_input() noexcept override { os::refuse_input(descriptor()); }

  [[nodiscard]] bool carries_descriptors() const noexcept override { return true; }
  [[nodiscard]] os::Transfer read_with_descriptors(std::span<std::byte> into,
                                                   std::vector<os::Fd>& descriptors) override {
    auto packet = os::receive_packet(descriptor(), into);
    if (!packet) return {};
    if (packet->size == 0) return {.state = os::Transfer::State::ended};
    for (os::Fd& fd : packet->fds) descriptors.push_back(std::move(fd));
    return {.state = os::Transfer::State::moved, .count = packet->size};
  }
  [[nodiscard]] bool try_write_descriptor(std::byte byte, int descriptor_to_send) override {
    return os::try_send_packet(descriptor(), {&byte, 1}, {&descriptor_to_send, 1});
  }
};

}  // namespace

std::unique_ptr<ByteStream> make_descriptor_stream(os::Fd descriptor) {
  if (os::is_socket(descriptor.get())) return std::make_unique<SocketStream>(std::move(descriptor));
  if (os::is_pipe(descriptor.get())) return std::make_unique<PipeStream>(std::move(descriptor));
  return std::make_unique<DescriptorStream>(std::move(descriptor));
}

}  // namespace cohort::connection
