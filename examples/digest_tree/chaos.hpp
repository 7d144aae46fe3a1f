// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills workers, each in the middle of a file.
//
// Some files are condemned beforehand. The worker that has read a part of such a file connects to a socket of the
// parent and waits. The parent kills it there with SIGKILL, once a file; to whoever comes with the same file again it
// says to go on. So each kill meets a file in flight, and no timing decides. The socket has an abstract name, and
// leaves nothing behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tree.hpp"

namespace digest_tree {

/// What a worker says before it waits.
struct InFlight {
  std::uint32_t file = 0;
  std::uint64_t bytes_read = 0;
};

/// In a worker: offers this process to be killed. Returns when it is spared, or when there is nobody to do it.
void offer_life(const std::string& executioner, const InFlight& state);

struct Kill {
  int pid = 0;
  InFlight state;
};

/// The numbers of `count` files, spread over the tree, that can be left off in the middle: readable, two bytes or more.
/// Fewer when the tree has no more.
[[nodiscard]] std::vector<std::uint32_t> choose_victims(std::span<const File> files, std::size_t count);

/// The parent's side, on a thread of its own. Destroying it stops it.
class Executioner {
 public:
  /// @param is_worker  whether a process id is that of a worker: nobody else is ever killed
  Executioner(const std::vector<std::uint32_t>& victims, std::function<bool(int pid)> is_worker);
  Executioner(const Executioner&) = delete;
  Executioner& operator=(const Executioner&) = delete;
  ~Executioner();

  [[nodiscard]] const std::string& address() const { return address_; }
  /// Who was killed so far.
  [[nodiscard]] std::vector<Kill> kills() const;

 private:
  void serve();
  void serve_worker(int connection);

  std::set<std::uint32_t> victims_;
  std::function<bool(int pid)> is_worker_;
  mutable std::mutex mutex_;
  std::vector<Kill> kills_;
  int listener_ = -1;
  std::string address_;
  std::thread thread_;
};

}  // namespace digest_tree
