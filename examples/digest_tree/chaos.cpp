// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
#include "chaos.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace digest_tree {
namespace {

[[noreturn]] void fail(const char* step) { throw std::system_error(errno, std::generic_category(), step); }

socklen_t fill(sockaddr_un& address, const std::string& name) {
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), std::min(name.size(), sizeof address.sun_path));
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

bool half_readable(const File& file) {
  return file.bytes >= 2 && ::faccessat(AT_FDCWD, file.path.c_str(), R_OK, AT_EACCESS) == 0;
}

}  // namespace

void offer_life(const std::string& executioner, const InFlight& state) {
  int connection = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connection < 0) return;
  sockaddr_un address{};
  socklen_t length = fill(address, executioner);
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
      ::send(connection, &state, sizeof state, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof state)) {
    char spared = 0;
    while (::recv(connection, &spared, 1, 0) < 0 && errno == EINTR) {}
  }
  ::close(connection);
}

std::vector<std::uint32_t> choose_victims(std::span<const File> files, std::size_t count) {
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t i = 0; i < files.size(); ++i)
    if (half_readable(files[i])) candidates.push_back(i);
  if (candidates.size() <= count) return candidates;
  std::vector<std::uint32_t> victims;
  for (std::size_t i = 0; i < count; ++i) victims.push_back(candidates[i * candidates.size() / count]);
  return victims;
}

Executioner::Executioner(const std::vector<std::uint32_t>& victims, std::function<bool(int pid)> is_worker)
    : victims_(victims.begin(), victims.end()), is_worker_(std::move(is_worker)) {
  listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (listener_ < 0) fail("socket");
  // Bound to no name, it gets an abstract one that is free.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family) != 0) fail("bind");
  if (::listen(listener_, SOMAXCONN) != 0) fail("listen");
  if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) fail("getsockname");
  address_.assign(address.sun_path, length - offsetof(sockaddr_un, sun_path));
  thread_ = std::thread([this] { serve(); });
}

Executioner::~Executioner() {
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
}

std::vector<Kill> Executioner::kills() const {
  std::lock_guard lock(mutex_);
  return kills_;
}

void Executioner::serve() {
  for (;;) {
    int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (connection < 0) return;
    serve_worker(connection);
    ::close(connection);
  }
}

void Executioner::serve_worker(int connection) {
  ucred peer{};
  socklen_t length = sizeof peer;
  InFlight state;
  timeval patience{.tv_sec = 1, .tv_usec = 0};  // an abstract name is open to strangers
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || !is_worker_(peer.pid)) return;
  if (::recv(connection, &state, sizeof state, 0) != static_cast<ssize_t>(sizeof state)) return;
  if (victims_.erase(state.file) == 0) {
    ::send(connection, "", 1, MSG_NOSIGNAL);
    return;
  }
  // It waits for the answer, so it is alive and its number is its own.
  if (::kill(peer.pid, SIGKILL) != 0) return;
  std::lock_guard lock(mutex_);
  kills_.push_back({peer.pid, state});
}

}  // namespace digest_tree
