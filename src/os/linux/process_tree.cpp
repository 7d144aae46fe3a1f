// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/thread.hpp"

namespace cohort::os {

namespace {

bool lacks_means(int error) noexcept { return error == EMFILE || error == ENFILE || error == ENOMEM; }

// @param error  set to what open() said
std::string file_text(const std::string& path, int* error = nullptr) {
  std::string text;
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (error != nullptr) *error = errno;
    return text;
  }
  std::array<char, 4096> buffer;
  ssize_t n;
  while ((n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  return text;
}

bool write_text(const std::string& path, std::string_view text) noexcept {
  Fd fd = above_standard_streams(Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC)));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Returns 0, or what opendir() said.
template <class Visit>
int for_each_number(const std::string& directory, Visit visit) {
  struct Close {
    void operator()(DIR* listing) const noexcept { ::closedir(listing); }
  };
  std::unique_ptr<DIR, Close> listing(::opendir(directory.c_str()));  // `visit` may find no memory
  if (!listing) return errno;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
  while (const dirent* entry = ::readdir(listing.get())) {
    char* end = nullptr;
    long number = std::strtol(entry->d_name, &end, 10);
    if (number > 0 && *end == '\0') visit(static_cast<pid_t>(number));
  }
  return 0;
}

template <class Visit>
void for_each_word(const std::string& text, Visit visit) {
  const char* at = text.c_str();
  char* end = nullptr;
  for (long number = std::strtol(at, &end, 10); end != at; number = std::strtol(at, &end, 10)) {
    visit(static_cast<pid_t>(number));
    at = end;
  }
}

// Parent, group and session of a process, from the fields after its name, which may hold anything.
struct Kin {
  pid_t parent = -1;
  pid_t group = -1;
  pid_t session = -1;
};

Kin kin_of(pid_t pid, int* error) {
  std::string text = file_text("/proc/" + std::to_string(pid) + "/stat", error);
  Kin kin;
  std::size_t after_name = text.rfind(')');
  // ") S 1 2 3 …": the state, one letter, stands between.
  if (after_name == std::string::npos || text.size() < after_name + 4) return kin;
  const char* at = text.c_str() + after_name + 3;
  for (pid_t* field : {&kin.parent, &kin.group, &kin.session}) {
    char* end = nullptr;
    long number = std::strtol(at, &end, 10);
    if (end == at) break;
    *field = static_cast<pid_t>(number);
    at = end;
  }
  return kin;
}

int send_through(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

// The processes found so far, each held by a pidfd and stopped. None stays so, whatever happens: destruction kills.
class Hunt {
 public:
  explicit Hunt(pid_t root) : root_(root) { seen_.insert(root); }
  ~Hunt() { kill(); }
  Hunt(const Hunt&) = delete;
  Hunt& operator=(const Hunt&) = delete;

  // Looks at `pid`'s children until no new one appears.
  void descend(pid_t pid) {
    std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    std::vector<pid_t> children;
    int error = 0;
    int listed = for_each_number(tasks, [&](pid_t task) {
      for_each_word(file_text(tasks + "/" + std::to_string(task) + "/children", &error),
                    [&](pid_t child) { children.push_back(child); });
    });
    if (listed != 0) error = listed;
    // Others may be gone by now. The root is not reaped: its entry is there, unless /proc is not, or may not be seen.
    incomplete_ |= lacks_means(error) || (error != 0 && pid == root_);
    for (pid_t child : children) {
      if (take(child, [&](const Kin& kin) { return kin.parent == pid; })) descend(child);
    }
  }

  // What left the tree but not the group or session that the root leads.
  void sweep() {
    int listed = for_each_number("/proc", [&](pid_t pid) {
      auto belongs = [&](const Kin& kin) { return kin.group == root_ || kin.session == root_; };
      int error = 0;
      if (seen_.count(pid) == 0 && belongs(kin_of(pid, &error)) && take(pid, belongs)) descend(pid);
      incomplete_ |= lacks_means(error);
    });
    incomplete_ |= listed != 0;
  }

  // Kills all; returns how many.
  std::size_t kill() noexcept {
    std::size_t killed = 0;
    for (const Fd& pidfd : held_) {
      if (send_through(pidfd.get(), SIGKILL) == 0) ++killed;
    }
    held_.clear();
    return killed;
  }
  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
  /// Something could not be looked at for want of a descriptor or memory, or because there is no /proc.
  [[nodiscard]] bool incomplete() const noexcept { return incomplete_; }

 private:
  // The check after opening is what makes the pidfd the right one: a reused number has other kin.
  template <class Check>
  bool take(pid_t pid, Check check) {
    if (!seen_.insert(pid).second) return false;
    held_.reserve(held_.size() + 1);  // what is stopped below is in the list for sure
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    int error = pidfd ? 0 : errno;
    bool right = pidfd && check(kin_of(pid, &error));
    incomplete_ |= lacks_means(error);
    if (!right) return false;
    send_through(pidfd.get(), SIGSTOP);
    held_.push_back(std::move(pidfd));
    return true;
  }

  pid_t root_;
  bool incomplete_ = false;
  std::set<pid_t> seen_;
  std::vector<Fd> held_;
};

void nap(long microseconds) noexcept {
  timespec time{0, microseconds * 1000};
  ::nanosleep(&time, nullptr);
}

// Kills the descendants of the stopped process `root`.
TreeKilled hunt_down(pid_t root, bool leads_group) {
  TreeKilled done;
  // A child of a child may have been born while its parent was being stopped; a few rounds find it.
  for (int round = 0; round < 8; ++round) {
    Hunt hunt(root);
    hunt.descend(root);
    if (leads_group) hunt.sweep();
    done.searched = !hunt.incomplete();
    if (hunt.size() == 0) break;
    done.killed += hunt.kill();
  }
  return done;
}

struct Errand {
  pid_t root;
  bool leads_group;
  TreeKilled done{0, false};
};

// In a thread with a table of descriptors of its own, of which it closes all but the standard streams (Linux 5.9). The
// table of the process stays as it is, and so do its locks of files, which belong to that table.
bool hunt_down_apart(void* raw) {
  auto& errand = *static_cast<Errand*>(raw);
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_UNSHARE) != 0) return false;
  try {
    errand.done = hunt_down(errand.root, errand.leads_group);
  } catch (const std::exception&) { errand.done.searched = false; }  // no memory
  return false;
}

constexpr std::size_t kHuntStack = 256U * 1024U;

}  // namespace

TreeKilled kill_descendants_of(Child& root, bool leads_group) {
  TreeKilled done;
  if (root.poll()) return done;
  root.send_signal(SIGSTOP);
  try {
    done = hunt_down(root.pid(), leads_group);
    if (!done.searched) {
      Errand errand{root.pid(), leads_group};
      { Thread thread(hunt_down_apart, &errand, "cohort-hunt", kHuntStack); }
      done = {done.killed + errand.done.killed, errand.done.searched};
    }
  } catch (const std::exception&) { done.searched = false; }  // no memory, no thread
  if (leads_group) root.send_signal_to_group(SIGKILL);
  if (root.send_signal(SIGKILL)) ++done.killed;
  return done;
}

ControlGroup::ControlGroup(const std::string& parent) {
  // relaxed: only distinctness matters
  static std::atomic<unsigned> next{0};
  std::string path =
      parent + "/cohort-" + std::to_string(::getpid()) + "-" +
      std::to_string(next.fetch_add(1, std::memory_order_relaxed));  // relaxed: only distinctness matters
  if (::mkdir(path.c_str(), 0755) != 0) throw_errno("mkdir", path);
  path_ = std::move(path);
  procs_ = above_standard_streams(Fd(::open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)));
  if (!procs_) {
    int error = errno;
    ::rmdir(path_.c_str());
    throw OsError(error, "open", std::exchange(path_, {}) + "/cgroup.procs");
  }
}

ControlGroup::~ControlGroup() {
  if (path_.empty()) return;
  procs_.reset();
  // A group can be removed a moment after its last process has died.
  for (int i = 0; i < 200 && ::rmdir(path_.c_str()) != 0 && errno == EBUSY; ++i) {
    try {
      kill();
    } catch (...) {
      break;  // no memory: the group stays
    }
    nap(500);
  }
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : path_(std::exchange(other.path_, {})), procs_(std::move(other.procs_)) {}

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  if (this != &other) {
    ControlGroup old(std::move(*this));
    path_ = std::exchange(other.path_, {});
    procs_ = std::move(other.procs_);
  }
  return *this;
}

void ControlGroup::kill() {
  if (path_.empty() || write_text(path_ + "/cgroup.kill", "1")) return;
  for (int round = 0; round < 100 && !empty(); ++round) {  // before Linux 5.14
    for_each_word(file_text(path_ + "/cgroup.procs"), [](pid_t pid) { ::kill(pid, SIGKILL); });
    nap(200);
  }
}

bool ControlGroup::empty() const noexcept {
  try {
    return path_.empty() || file_text(path_ + "/cgroup.procs").empty();
  } catch (...) { return false; }
}

}  // namespace cohort::os
