// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/session.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "cohort/base/check.hpp"
#include "cohort/base/error.hpp"
#include "os/accounts.hpp"
#include "os/environment.hpp"
#include "os/resource.hpp"
#include "os/stream_io.hpp"
#include "subprocess/start_error.hpp"

namespace cohort::subprocess::detail {

void make_room(int pipe, std::size_t size) {
  if (size != 0 && !os::set_pipe_size(pipe, size)) throw_errno("fcntl(F_SETPIPE_SZ)", std::to_string(size));
}

namespace {

[[noreturn]] void refuse(std::string_view operation, std::string_view what, std::string_view sentence) {
  throw ValueError(operation, what, sentence);
}

// A pipe that lies above the standard streams, so that a closed one of ours is not taken for the child's.
std::pair<os::Fd, os::Fd> high_pipe(std::size_t size) {
  auto [read_end, write_end] = os::make_pipe();
  if (read_end.get() < 3) read_end = os::duplicate(read_end.get());
  if (write_end.get() < 3) write_end = os::duplicate(write_end.get());
  make_room(read_end.get(), size);
  return {std::move(read_end), std::move(write_end)};
}

// The child's ends and files; closed here once the child has its copies.
struct ChildEnds {
  std::vector<os::Fd> owned;
  os::Fd null;

  int keep(os::Fd fd) {
    if (fd.get() < 3) fd = os::duplicate(fd.get());
    owned.push_back(std::move(fd));
    return owned.back().get();
  }
};

// Where stream `number` goes: the parent's descriptor for it, or -1 to inherit.
int source_of(std::string_view operation, const Redirect& redirect, int number, std::size_t pipesize, ChildEnds& ends,
              os::Fd& ours) {
  switch (redirect.kind()) {
    case Redirect::Kind::inherit: return -1;
    case Redirect::Kind::pipe: {
      auto [read_end, write_end] = high_pipe(pipesize);
      // Blocking: the mode belongs to the pipe's end, not to the descriptor, and who passes this one on to another
      // program passes that on as well. The exchange changes it for what it takes over.
      ours = std::move(number == 0 ? write_end : read_end);
      return ends.keep(std::move(number == 0 ? read_end : write_end));
    }
    case Redirect::Kind::devnull:
      if (!ends.null) {
        ends.null = os::open_null();
        if (ends.null.get() < 3) ends.null = os::duplicate(ends.null.get());
      }
      return ends.null.get();
    case Redirect::Kind::to_out: refuse(operation, number == 0 ? "in" : "out", "STDOUT is for err only");
    case Redirect::Kind::descriptor:
      if (redirect.descriptor() < 0) refuse(operation, std::to_string(redirect.descriptor()), "is no descriptor");
      return redirect.descriptor();
    case Redirect::Kind::file:
    case Redirect::Kind::append_file: break;  // StreamFiles has put descriptors in their place
  }
  COHORT_CHECK(false, "a file that nobody has opened");
  return -1;
}

void arrange_streams(std::string_view operation, const Options& options, os::SpawnPlan& plan, ChildEnds& ends,
                     Pipes& pipes) {
  int in = source_of(operation, options.in, 0, options.pipesize, ends, pipes.in);
  int out = source_of(operation, options.out, 1, options.pipesize, ends, pipes.out);
  int err = options.err.kind() == Redirect::Kind::to_out
                ? (out >= 0 ? out : 1)
                : source_of(operation, options.err, 2, options.pipesize, ends, pipes.err);
  if (in >= 0) plan.fds.push_back({0, in});
  if (out >= 0) plan.fds.push_back({1, out});
  if (err >= 0) plan.fds.push_back({2, err});
  for (int fd : options.pass_fds) {
    if (fd < 0) refuse(operation, std::to_string(fd), "is no descriptor");
    // The standard streams are passed on anyway; who names one twice means it once.
    bool known = std::any_of(plan.fds.begin(), plan.fds.end(), [fd](const auto& one) { return one.child == fd; });
    if (fd > 2 && !known && options.map_fds.count(fd) == 0) plan.fds.push_back({fd, fd});
  }
  for (auto [child, parent] : options.map_fds) {
    if (child < 3) refuse(operation, std::to_string(child), "the standard streams are set by in, out and err");
    plan.fds.push_back({child, parent});
  }
}

void check_variable(std::string_view operation, const std::string& name, const std::string& value) {
  if (name.empty() || name.find('=') != std::string::npos) refuse(operation, name, "illegal environment variable name");
  if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
    refuse(operation, name, "embedded NUL byte in the environment");
  }
}

std::optional<std::vector<std::string>> environment_of(std::string_view operation, const Options& options) {
  const bool changed = options.env || !options.env_set.empty() || !options.env_unset.empty();
  if (!changed && !os::environment_repeats_names()) return std::nullopt;
  std::vector<std::string> entries;
  std::map<std::string, std::string> named;
  if (options.env) {
    named = *options.env;
  } else {
    for (const std::string& entry : os::environment()) {
      std::size_t sign = entry.find('=', 1);
      // Of several entries of one name the first, which getenv() gives: what was checked here is what the program gets.
      if (sign != std::string::npos) named.try_emplace(entry.substr(0, sign), entry.substr(sign + 1));
    }
  }
  for (const std::string& name : options.env_unset) named.erase(name);
  for (const auto& [name, value] : options.env_set) named[name] = value;
  for (const auto& [name, value] : named) {
    // What the parent has, however odd, is passed on; only what was given is checked.
    if (options.env || options.env_set.count(name) != 0) check_variable(operation, name, value);
    entries.push_back(name);
    entries.back().append("=").append(value);
  }
  return entries;
}

std::uint32_t id_of(std::string_view operation, const Account& account, const char* what,
                    std::optional<std::uint32_t> (*find)(const std::string&)) {
  if (const auto* id = std::get_if<std::uint32_t>(&account)) {
    if (*id == UINT32_MAX) refuse(operation, what, "is out of range");
    return *id;
  }
  const std::string& name = std::get<std::string>(account);
  auto id = find(name);
  if (!id) refuse(operation, name, std::string("no such ") + what);
  return *id;
}

void set_attributes(std::string_view operation, const Options& options, os::SpawnPlan& plan) {
  if (options.cwd) plan.cwd = options.cwd->native();
  plan.close_fds = options.close_fds;
  plan.restore_signals = options.restore_signals;
  plan.new_session = options.start_new_session;
  plan.process_group = options.process_group;
  if (options.umask && *options.umask > 0777) refuse(operation, "umask", "is out of range");
  plan.umask = options.umask;
  if (options.group) plan.gid = id_of(operation, *options.group, "group", os::find_group);
  if (options.extra_groups) {
    plan.groups.emplace();
    for (const Account& account : *options.extra_groups)
      plan.groups->push_back(id_of(operation, account, "group", os::find_group));
  }
  if (options.user) plan.uid = id_of(operation, *options.user, "user", os::find_user);
  for (const ResourceLimit& limit : options.limits) {
    plan.limits.push_back({os::resource_number(static_cast<os::Resource>(limit.kind)), limit.soft.value_or(UINT64_MAX),
                           limit.hard.value_or(UINT64_MAX)});
  }
  plan.nice = options.nice;
  plan.cpus = options.cpus;
  plan.parent_death_signal = options.parent_death_signal;
  plan.no_new_privileges = options.no_new_privileges;
}

}  // namespace

os::SpawnPlan plan_of(std::string_view operation, const Command& command, const Options& options) {
  if (command.words().empty()) refuse(operation, "args", "an empty command");
  os::SpawnPlan plan;
  plan.argv = command.words();
  plan.environment = environment_of(operation, options);
  plan.program = plan.argv[0];
  if (options.executable) {
    plan.program = options.executable->native();
    if (command.is_shell()) plan.argv[0] = plan.program;  // $0 is the shell, as in Python
  }
  plan.executables = os::search_path(plan.program, plan.environment);
  set_attributes(operation, options, plan);
  return plan;
}

Session Session::start(std::string_view operation, const Command& command, const Options& options,
                       const std::optional<std::vector<int>>& blocked) {
  return as_start_of_program([&] { return start_program(operation, command, options, blocked); });
}

Session Session::start_program(std::string_view operation, const Command& command, const Options& options,
                               const std::optional<std::vector<int>>& blocked) {
  os::SpawnPlan plan = plan_of(operation, command, options);
  plan.blocked_signals = blocked;
  ChildEnds ends;
  Session session;
  arrange_streams(operation, options, plan, ends, session.pipes);
  if (options.cgroup) {
    session.group_ = os::ControlGroup(options.cgroup->native());
    plan.cgroup_procs_fd = session.group_.procs_fd();
  }
  session.contained_ = options.contain;
  plan.contain = options.contain;
  session.leads_group_ = options.start_new_session || options.process_group == 0;
  session.child = os::Child::start(plan);
  return session;
}

TreeKill Session::kill(bool whole_tree) {
  if (!whole_tree) return child.send_signal(SIGKILL) ? TreeKill::process : TreeKill::none;
  if (group_) {
    group_.kill();
    return TreeKill::cgroup;
  }
  if (contained_) {
    child.kill_contained();
    return TreeKill::contain;
  }
  os::TreeKilled done = os::kill_descendants_of(child, leads_group_);
  if (done.killed == 0) return TreeKill::none;
  return done.searched ? TreeKill::walk : TreeKill::process;
}

void Session::end(bool whole_tree) noexcept {
  try {
    kill(whole_tree);
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory to search below it; it is killed itself
  }
  try {
    (void)child.wait(std::chrono::seconds(10));
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is reaped later
  }
}

Usage usage_of(const os::Child& child) {
  auto used = child.usage();
  if (!used) return {};
  return {used->user_time, used->system_time, used->max_resident_bytes};
}

}  // namespace cohort::subprocess::detail

namespace cohort::subprocess {

Redirect Redirect::file(std::filesystem::path path) {
  Redirect redirect(Kind::file);
  redirect.path_ = std::move(path);
  return redirect;
}

Redirect Redirect::append(std::filesystem::path path) {
  Redirect redirect(Kind::append_file);
  redirect.path_ = std::move(path);
  return redirect;
}

}  // namespace cohort::subprocess
