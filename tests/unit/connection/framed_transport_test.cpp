// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a FramedTransport asks of a stream of bytes, and nothing more: streams of the test's own stand under it.
#include "connection/framed_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "connection/descriptor_stream.hpp"
#include "support/scratch.hpp"

namespace cohort::connection {
namespace {

using namespace std::chrono_literals;
using test::patience;

// Over another stream: gives and takes a few bytes at a time, would block in between without a reason, and has to be
// polled for room before it can read on, as TLS sometimes does.
class Hesitant : public ByteStream {
 public:
  explicit Hesitant(std::unique_ptr<ByteStream> below) : below_(std::move(below)) {}

  os::Transfer read_some(std::span<std::byte> into) override {
    wants_room_ = !std::exchange(reads_, !reads_);
    return wants_room_ ? os::Transfer{} : below_->read_some(into.first(std::min<std::size_t>(into.size(), 3)));
  }
  os::Transfer write_some(std::span<const std::byte> bytes) override {
    if (!std::exchange(writes_, !writes_)) return {};
    return below_->write_some(bytes.first(std::min<std::size_t>(bytes.size(), 2)));
  }
  os::PollItem readiness(Direction direction) const noexcept override {
    return below_->readiness(wants_room_ ? Direction::out : direction);
  }
  int descriptor() const noexcept override { return below_->descriptor(); }
  bool can_travel() const noexcept override { return false; }
  void close() noexcept override {
    below_->close();
    closed = true;
  }

  bool closed = false;

 private:
  std::unique_ptr<ByteStream> below_;
  bool reads_ = false, writes_ = false, wants_room_ = false;
};

struct Ends {
  Ends() {
    auto [a, b] = os::make_stream_pair();
    auto below = std::make_unique<Hesitant>(make_descriptor_stream(std::move(a)));
    hesitant = below.get();
    ours = detail::ConnectionAccess::make(std::make_shared<FramedTransport>(std::move(below), ConnectionOptions{}));
    theirs = Connection::from_descriptor(b.release());
  }
  Hesitant* hesitant = nullptr;
  Connection ours = Connection(null_handle);
  Connection theirs = Connection(null_handle);
};

TEST(FramedTransport, sends_and_receives_over_a_stream_that_moves_little_and_often_would_block) {
  Ends ends;
  std::string text(500, 'x');
  // A socket has room for few sends that are as small as these, so that somebody receives meanwhile.
  std::thread sender([&] { ends.ours.send(text, patience()); });
  EXPECT_EQ(ends.theirs.recv<std::string>(patience()), text);
  sender.join();
  ends.theirs.send(text);
  EXPECT_TRUE(ends.ours.poll(patience()));
  EXPECT_EQ(ends.ours.recv<std::string>(patience()), text);
}

TEST(FramedTransport, keeps_its_deadlines_whatever_the_stream_waits_for) {
  Ends ends;
  EXPECT_THROW((void)ends.ours.recv<int>(5ms), TimeoutError);
  EXPECT_FALSE(ends.ours.poll(5ms));
  EXPECT_EQ(ends.ours.try_recv<int>(), std::nullopt);
  ends.theirs.send(1);
  EXPECT_EQ(ends.ours.recv<int>(patience()), 1);
}

TEST(FramedTransport, closes_its_stream_when_the_last_call_that_uses_it_is_over) {
  Ends ends;
  std::thread closer([&] { ends.ours.close(); });
  EXPECT_THROW((void)ends.ours.recv<int>(patience()), ClosedError);
  closer.join();
  EXPECT_TRUE(ends.hesitant->closed);
  EXPECT_THROW((void)ends.theirs.recv<int>(patience()), EndOfFile);
}

TEST(FramedTransport, travels_and_passes_descriptors_only_where_its_stream_can) {
  Ends ends;
  VectorEncoder out;
  out.carry_descriptors(4);
  EXPECT_THROW(Codec<Connection>::encode(out, ends.ours), EncodeError);
  EXPECT_THROW(ends.ours.send_handle(2), StateError);
  EXPECT_THROW((void)ends.ours.recv_handle(), StateError);
  EXPECT_NO_THROW(Codec<Connection>::encode(out, ends.theirs));
}

}  // namespace
}  // namespace cohort::connection
