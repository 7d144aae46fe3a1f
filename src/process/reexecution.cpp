// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/reexecution.hpp"

#include <csignal>
#include <cstring>
#include <sstream>

#include "cohort/base/error.hpp"
#include "os/module.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "process/launch.hpp"
#include "process/process_state.hpp"
#include "shm/family.hpp"

namespace cohort::detail {

namespace {

constexpr const char* kFormat = "2";

void require_hook() {
  if (process_state().hooked) return;
  throw BootstrapError("Process.start", "",
                       "cannot start a worker: this program does not hand its main() to cohort (or main() has not "
                       "begun yet). Link the target "
                       "cohort::main (CMake), or call cohort::init(argc, argv) as the first line of main()");
}

std::string chosen_executable() {
  std::string path = os::environment_variable("COHORT_EXECUTABLE");
  if (!path.empty()) return path;
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  return state.executable;
}

// COHORT_LAUNCHER="valgrind -q": a program to run workers under.
std::vector<std::string> launcher_words() {
  std::istringstream words(os::environment_variable("COHORT_LAUNCHER"));
  std::vector<std::string> list;
  for (std::string word; words >> word;) list.push_back(word);
  return list;
}

std::uint64_t random_number() {
  auto bytes = os::random_bytes();
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

std::string format_reexecution(const Reexecution& r) {
  std::ostringstream text;
  text << kFormat << ':' << (r.role == Role::worker ? "worker" : "server") << ':' << r.family << ':' << r.parent_life
       << ':' << r.requests << ':' << r.client_end << ':' << r.server_life << ':' << r.server.slot << ':'
       << r.server.generation << ':' << r.member.slot << ':' << r.member.generation << ':' << r.binds_now << ':'
       << (r.descriptors.empty() ? -1 : r.descriptors.front()) << ':' << r.descriptors.size() << ':' << r.nonce;
  return text.str();
}

std::optional<Reexecution> parse_reexecution(const std::string& text) {
  std::istringstream in(text);
  std::string format;
  std::string role;
  std::getline(in, format, ':');
  std::getline(in, role, ':');
  if (format != kFormat || (role != "worker" && role != "server")) return std::nullopt;
  Reexecution r;
  r.role = role == "worker" ? Role::worker : Role::fork_server;
  int first_descriptor = -1;
  std::size_t descriptors = 0;
  char colon[12] = {};
  in >> r.family >> colon[0] >> r.parent_life >> colon[1] >> r.requests >> colon[2] >> r.client_end >> colon[3] >>
      r.server_life >> colon[4] >> r.server.slot >> colon[5] >> r.server.generation >> colon[6] >> r.member.slot >>
      colon[7] >> r.member.generation >> colon[8] >> r.binds_now >> colon[9] >> first_descriptor >> colon[10] >>
      descriptors >> colon[11] >> r.nonce;
  if (!in || std::string_view(colon, 12) != "::::::::::::" || in.peek() != std::char_traits<char>::eof())
    return std::nullopt;
  if (descriptors > kMostDescriptors || (descriptors != 0 && (first_descriptor < 3 || first_descriptor > 1 << 20)))
    return std::nullopt;
  for (std::size_t i = 0; i < descriptors; ++i) r.descriptors.push_back(first_descriptor + static_cast<int>(i));
  return r;
}

bool has_other_executable() {
  std::string path = chosen_executable();
  return !path.empty() && path != os::executable_path();
}

os::Child reexecute(Reexecution reexecution) {
  require_hook();
  auto& family = shm::Family::instance();
  reexecution.family = family.fd();
  reexecution.nonce = random_number();
  // relaxed: the child sees it because exec comes later
  family.member(reexecution.member).words[word_nonce].store(reexecution.nonce, std::memory_order_relaxed);

  os::SpawnPlan plan;
  std::string program = chosen_executable();
  if (program.empty()) program = os::executable_path();
  auto launcher = launcher_words();
  static const std::vector<std::string> arguments = os::program_arguments();
  std::string shown = arguments.empty() ? program : arguments[0];
  if (launcher.empty()) {
    plan.executables = {program};
    plan.argv = {shown};
  } else {
    plan.executables = os::search_path(launcher[0], std::nullopt);
    plan.argv = launcher;
    plan.argv.push_back(program);
  }
  // Only for people who look at a list of processes: main() never sees it.
  plan.argv.push_back(reexecution.role == Role::worker ? "--cohort-worker" : "--cohort-fork-server");
  std::vector<std::string> environment = os::environment_entries();
  std::erase_if(environment, [](const std::string& entry) { return entry.starts_with("COHORT_WORKER="); });
  os::Fd null = os::null_device();
  plan.fds.push_back({0, null.get()});
  for (int stream : {1, 2}) {
    // A server that kept its starter's streams would hold pipes open for ever; each child gets its requester's. And a worker without a
    // stream must not have its first file take the number.
    if (reexecution.role == Role::fork_server || !os::is_open(stream)) plan.fds.push_back({stream, null.get()});
  }
  int number = 3;
  for (int* fd : {&reexecution.family, &reexecution.parent_life, &reexecution.requests, &reexecution.client_end,
                  &reexecution.server_life}) {
    if (*fd < 0) continue;
    plan.fds.push_back({number, *fd});
    *fd = number++;
  }
  for (int& fd : reexecution.descriptors) {
    plan.fds.push_back({number, fd});
    fd = number++;
  }
  // A server whose symbols are all bound saves each child the look-ups (a fifth of its page faults).
  if (reexecution.binds_now) environment.push_back("LD_BIND_NOW=1");
  environment.push_back(std::string(kWorkerVariable) + "=" + format_reexecution(reexecution));
  plan.environment = std::move(environment);
  plan.restore_signals = false;
  // One that is stopped when we die must wake up to see it. The signal also comes, and does no harm, when only this thread ends.
  plan.parent_death_signal = SIGCONT;
  return os::Child::start(plan);
}

}  // namespace cohort::detail
