// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Connections in memory: bytes to another process and back, and one way, into and out of buffers of the callers.
#include <cstdlib>

#include "cohort/connection.hpp"
#include "cohort/process.hpp"
#include "pipe/sizes.hpp"

namespace {

using Buffer = std::vector<std::byte>;

void echo(cohort::Connection connection, std::size_t bytes) {
  Buffer buffer(bytes);
  try {
    while (true) connection.send_bytes(buffer, 0, connection.recv_bytes_into(buffer));
  } catch (const cohort::EndOfFile&) {}
}

void stream(cohort::Connection connection, std::size_t bytes, int count) {
  Buffer buffer(bytes, std::byte{1});
  for (int i = 0; i < count; ++i) connection.send_bytes(buffer);
}

void measure_size(const pipe_bench::Size& size) {
  Buffer buffer(size.bytes, std::byte{1});
  {
    auto [here, there] = cohort::Pipe();
    cohort::Process p(echo, there, size.bytes);
    p.start();
    there.close();
    auto trip = [&, &here = here] {
      here.send_bytes(buffer);
      if (here.recv_bytes_into(buffer) != buffer.size()) std::_Exit(4);
    };
    pipe_bench::report_awake(size, trip);
    pipe_bench::report_asleep(size, trip);
    here.close();
    p.join();
  }
  auto [reader, writer] = cohort::Pipe(false);
  cohort::Process p(stream, writer, size.bytes, size.stream);
  p.start();
  writer.close();
  pipe_bench::report_stream(size, [&, &reader = reader] {
    if (reader.recv_bytes_into(buffer) != buffer.size()) std::_Exit(4);
  });
  p.join();
}

}  // namespace

int main() {
  for (const auto& size : pipe_bench::kSizes) measure_size(size);
}
