// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/linux/contained.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/linux/busy_file.hpp"
#include "os/process.hpp"

extern "C" {
extern const char cohort_supervisor_image[];
extern const char cohort_supervisor_image_end[];
}

namespace cohort::os {

namespace {

std::span<const std::byte> image_bytes() {
  auto size = static_cast<std::size_t>(cohort_supervisor_image_end - cohort_supervisor_image);
  return std::as_bytes(std::span(cohort_supervisor_image, size));
}

// Null where memory may not be executed (vm.memfd_noexec=2).
Fd image_in_memory() {
  constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, Linux 6.3: with vm.memfd_noexec=1 it has to be said
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd fd(::memfd_create("cohort-supervisor", flags | kExecutable));
  if (!fd && errno == EINVAL) fd = Fd(::memfd_create("cohort-supervisor", flags));
  if (!fd && errno == EACCES) return {};
  if (!fd) throw_errno("memfd_create", "cohort-supervisor");
  write_full(fd.get(), image_bytes());
  ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return fd;
}

// A file without a name in `directory`, open for reading only: one that is open for writing cannot be executed. Null
// where the directory is not there, is not ours to write, or holds no programs.
Fd image_in(const char* directory) {
  Fd writer(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700));
  struct statvfs mount{};
  if (!writer || ::fstatvfs(writer.get(), &mount) != 0 || (mount.f_flag & ST_NOEXEC) != 0) return {};
  try {
    write_full(writer.get(), image_bytes());
  } catch (const OsError&) { return {}; }            // full
  if (::fchmod(writer.get(), 0555) != 0) return {};  // also for the program's user
  return Fd(::open(("/proc/self/fd/" + std::to_string(writer.get())).c_str(), O_RDONLY | O_CLOEXEC));
}

Fd make_image(bool in_memory) {
  if (in_memory) {
    if (Fd fd = image_in_memory()) return fd;
  }
  const std::string chosen = environment_variable("TMPDIR");
  for (const char* directory : {chosen.c_str(), "/dev/shm", "/tmp", "/var/tmp", "."}) {
    if (*directory == '\0') continue;
    if (Fd fd = image_in(directory)) return fd;
  }
  throw SpawnError(EACCES, "memfd_create",
                   "cohort-supervisor (vm.memfd_noexec forbids programs in memory, and neither TMPDIR, /dev/shm, /tmp, "
                   "/var/tmp nor the working directory can hold one)");
}

// The supervisor's file: made at the first use and kept.
int image_fd() {
  static std::mutex lock;
  static Fd images[2];
  const bool in_memory = !is_forced(force_no_executable_memory);
  std::lock_guard guard(lock);
  Fd& image = images[in_memory];
  if (!image) image = above_standard_streams(make_image(in_memory));
  return image.get();
}

std::uint64_t mask_for(const SpawnPlan& plan) {
  std::uint64_t mask = 0;
  if (!plan.blocked_signals) {
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, nullptr, &mask, sizeof mask);
    return mask;
  }
  for (int signal : *plan.blocked_signals) {
    if (signal < 1 || signal > 64) throw ValueError("spawn", std::to_string(signal), "no such signal");
    mask |= std::uint64_t{1} << (signal - 1);
  }
  return mask;
}

// The supervisor's own plan: the program's world, but for what must be the program's alone.
SpawnPlan supervisor_plan(const SpawnPlan& plan, int control) {
  SpawnPlan out = plan;
  int number = 3;
  for (const FdMapping& mapping : plan.fds) number = std::max(number, mapping.child + 1);
  out.fds.push_back({number, control});
  std::vector<std::string> files = plan.executables.empty() ? std::vector{plan.argv.at(0)} : plan.executables;
  int flags = (plan.new_session ? supervisor::kNewSession : 0) | (plan.process_group ? supervisor::kProcessGroup : 0);
  out.argv = {"cohort-supervisor",
              std::to_string(number),
              std::to_string(flags),
              std::to_string(plan.process_group.value_or(0)),
              std::to_string(static_cast<std::int64_t>(mask_for(plan))),
              std::to_string(files.size())};
  out.argv.insert(out.argv.end(), files.begin(), files.end());
  out.argv.insert(out.argv.end(), plan.argv.begin(), plan.argv.end());
  out.program = "cohort-supervisor";
  out.executables.clear();
  out.executable_fd = image_fd();
  out.new_session = false;
  out.process_group.reset();
  out.parent_death_signal = 0;  // the socket's end does it
  out.contain = false;
  std::vector<int> all(64);
  for (int i = 0; i < 64; ++i) all[static_cast<std::size_t>(i)] = i + 1;
  out.blocked_signals = std::move(all);
  return out;
}

const char* name_of(supervisor::Step step) {
  switch (step) {
    case supervisor::Step::setsid: return "setsid";
    case supervisor::Step::setpgid: return "setpgid";
    case supervisor::Step::execve: return "execve";
    default: return "fork";
  }
}

}  // namespace

bool receive_from_supervisor(int control, bool wait, supervisor::Message& message) {
  message = {supervisor::Kind::failed, ECHILD, supervisor::Step::none, 0, 0, 0, 0};
  ssize_t got;
  do { got = ::recv(control, &message, sizeof message, wait ? 0 : MSG_DONTWAIT); } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return false;
  if (got != sizeof message) message = {supervisor::Kind::failed, ECHILD, supervisor::Step::none, 0, 0, 0, 0};
  return true;
}

bool send_to_supervisor(int control, const supervisor::Message& message) {
  ssize_t sent;
  do { sent = ::send(control, &message, sizeof message, MSG_NOSIGNAL); } while (sent < 0 && errno == EINTR);
  return sent == sizeof message;
}

namespace {

// Without a pid the message says why.
Contained start_once(const SpawnPlan& plan, supervisor::Message& message) {
  auto [ours, theirs] = make_packet_pair();
  if (ours.get() < 3) ours = duplicate(ours.get());
  if (theirs.get() < 3) theirs = duplicate(theirs.get());
  Contained started;
  SpawnPlan supervisors = supervisor_plan(plan, theirs.get());
  started.supervisor = spawn(supervisors);
  theirs.reset();
  receive_from_supervisor(ours.get(), true, message);
  if (message.kind != supervisor::Kind::started) {
    while (::waitpid(started.supervisor.pid, nullptr, 0) < 0 && errno == EINTR) {}
    return started;
  }
  started.pid = message.value;
  started.control = std::move(ours);
  return started;
}

}  // namespace

Contained start_contained(const SpawnPlan& plan) {
  if (plan.argv.empty()) throw ValueError("spawn", "argv", "empty");
  BusyFile busy;
  while (true) {
    supervisor::Message message{};
    Contained started = start_once(plan, message);
    if (started.pid >= 0) return started;
    if (message.step == supervisor::Step::execve && message.value == ETXTBSY && busy.wait_a_moment()) continue;
    throw SpawnError(message.value, name_of(message.step), plan.program.empty() ? plan.argv[0] : plan.program);
  }
}

}  // namespace cohort::os
