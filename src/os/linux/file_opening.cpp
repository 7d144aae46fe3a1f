// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/file_opening.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/linux/poll.hpp"

namespace cohort::os {

namespace {

constexpr std::chrono::milliseconds kLongestPause{20};

int flags_of(FileUse use) noexcept {
  switch (use) {
    case FileUse::read: return O_RDONLY;
    case FileUse::replace: return O_WRONLY | O_CREAT | O_TRUNC;
    case FileUse::append: return O_WRONLY | O_CREAT | O_APPEND;
  }
  return O_RDONLY;
}

bool is_pipe(const std::string& path) noexcept {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

}  // namespace

bool FileOpening::try_open() {
  if (open_) return true;
  if (!fd_) {
    int fd;
    do { fd = ::open(path_.c_str(), flags_of(use_) | O_NONBLOCK | O_CLOEXEC, 0666); } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
      int error = errno;
      // ENXIO: a pipe that nobody reads yet; sockets and devices without a driver stay so. EAGAIN: a lease.
      if (error == EAGAIN || (error == ENXIO && use_ != FileUse::read && is_pipe(path_))) return false;
      throw OsError(error, "open", path_);
    }
    fd_ = Fd(fd);
    struct stat info{};
    is_pipe_ = ::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
  }
  // The reading end of a pipe opens at once, but a program that read now would see the end of a file.
  if (is_pipe_ && use_ == FileUse::read && !has_writer()) return false;
  probe_in_.reset();
  probe_out_.reset();
  set_nonblocking(fd_.get(), false);
  fd_ = fd_.get() < 3 ? duplicate(fd_.get()) : std::move(fd_);
  open_ = true;
  return true;
}

// What poll does not tell (no writer yet, or one that has not written?) tee(2) does: it copies bytes without taking
// them, gives 0 where there is no writer, and EAGAIN where there is one.
bool FileOpening::has_writer() {
  pollfd entry{fd_.get(), POLLIN, 0};
  if (poll_until({&entry, 1}, Deadline::now()) > 0) return true;  // bytes, or a writer that has come and gone
  if (!probe_in_) std::tie(probe_out_, probe_in_) = make_pipe();
  ssize_t copied;
  do { copied = ::tee(fd_.get(), probe_in_.get(), 1, SPLICE_F_NONBLOCK); } while (copied < 0 && errno == EINTR);
  return copied != 0;
}

Deadline FileOpening::next_look() {
  Deadline next(pause_);
  pause_ = std::min(2 * pause_, kLongestPause);
  return next;
}

Fd FileOpening::take() { return std::move(fd_); }

}  // namespace cohort::os
