// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A connection over a socket, and the bare descriptor at its other end, through which a test sends whatever bytes it
// likes.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/connection/connection.hpp"

namespace cohort::test {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

// A connection, and the bare descriptor at the other end.
struct Bare {
  explicit Bare(const ConnectionOptions& options = {}) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    connection = Connection::from_descriptor(fds[0], options);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;
  ~Bare() { end(); }
  void end() {
    if (fds[1] >= 0) ::close(fds[1]);
    fds[1] = -1;
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(fds[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::string read(std::size_t size) const {
    std::string text(size, '\0');
    for (std::size_t have = 0; have < size;) {
      ssize_t n = ::read(fds[1], text.data() + have, size - have);
      if (n <= 0) return "";
      have += static_cast<std::size_t>(n);
    }
    return text;
  }

  int fds[2] = {-1, -1};
  Connection connection = Connection(null_handle);
};

}  // namespace cohort::test
