// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/reexecution.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <sstream>
#include <utility>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "os/module.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/program_start.hpp"
#include "process/launch.hpp"
#include "process/process_state.hpp"

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

// Where a child could not work, it must not be started: it would only say so, and a caller who starts one after the
// other would not hear it.
void require_reexecutable(const std::string& program) {
  std::string why = os::why_started_with_privileges(program);
  if (!why.empty())
    throw BootstrapError(
        "Process.start", "",
        "a re-executed child would be started with raised privileges (" + why +
            "), and takes no orders then: neither spawn nor forkserver can work here. Use the start method fork, or "
            "give the privileges up for good first (setresgid, setresuid)");
  auto& family = family::Family::instance();
  if (!family.has_descriptor())
    throw BootstrapError(
        "Process.start", "",
        "this program closed the descriptor of the family memory, " + std::to_string(family.fd()) +
            " (closefrom(), close() of numbers that are not its own), and a re-executed child would need it: neither "
            "spawn nor forkserver can work any more; the start method fork can");
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

const char* bootstrap_status_text(int status) noexcept {
  switch (status) {
    case status_failed: return "it could not join the family";
    case status_preload: return "a preload function failed";
    case status_privileged:
      return "it was started with raised privileges (set-user-ID, set-group-ID, file capabilities, sudo from another "
             "user), and takes no "
             "orders then; the start method fork works";
    case status_descriptors:
      return "the descriptors that it should have inherited are closed, or something else: a launcher or a constructor "
             "of the program "
             "closes what is not its own";
    case status_unmarked:
      return "a launcher or a constructor of the program took both the argument and the environment variable that say "
             "what it is to do";
    case status_too_late:
      return "a constructor of the program started a process or made a shared object before main(), and so began a "
             "family of its own";
    default: return nullptr;
  }
}

std::string why_not_claimed(family::MemberId member, const ExitStatus& status) {
  std::string words = take_failure(member);
  if (!words.empty()) return words;
  const char* text = status.code() ? bootstrap_status_text(*status.code()) : nullptr;
  return text != nullptr ? text : "it " + status.to_string() + " before it took up its work";
}

void wait_until_claimed(family::MemberId member, os::Child& child, const std::string& name) {
  static std::atomic<bool> known_to_work{false};
  bool other = has_other_executable();
  if (!other && known_to_work.load(std::memory_order_relaxed)) return;  // relaxed: a hint
  auto& record = family::Family::instance().member(member);
  auto claimed = [&] {
    return record.launch_progress.load(std::memory_order_relaxed) != 0;  // relaxed: a flag that orders nothing
  };
  Deadline patience = std::chrono::seconds(other ? 10 : 2);
  while (!claimed()) {
    auto ended = child.wait(Deadline::earlier(patience, std::chrono::microseconds(200)));
    if (claimed()) break;
    if (!ended && !patience.expired()) continue;
    if (!other && (!ended || ended->signal()))
      return;  // this very program, which is slow, or was killed as at any other time
    if (!ended) {
      child.send_signal(SIGKILL);
      child.wait(Deadline::never());
      throw BootstrapError("Process.start", name, "the executable that was set did not take up its work within 10 s");
    }
    std::string why = why_not_claimed(member, *ended);
    bool told = bootstrap_status_text(ended->code().value_or(0)) != nullptr;
    throw BootstrapError(
        "Process.start", name,
        "the child ended at its start: " + why +
            (other && !told ? ". The executable that was set is another build, or does not hand its main() to cohort"
                            : ""));
  }
  known_to_work.store(true, std::memory_order_relaxed);  // relaxed: a hint
}

bool has_other_executable() {
  if (!launcher_words().empty()) return true;
  std::string path = chosen_executable();
  return !path.empty() && path != os::executable_path();
}

os::Child reexecute(Reexecution reexecution) {
  require_hook();
  std::string program = chosen_executable();
  std::vector<std::string> loader;
  if (program.empty()) {
    program = os::executable_path();
    loader = os::loader_command();
  }
  require_reexecutable(program);
  auto& family = family::Family::instance();
  reexecution.family = family.fd();
  reexecution.nonce = random_number();
  // relaxed: the child sees it because exec comes later
  family.member(reexecution.member).launch_nonce.store(reexecution.nonce, std::memory_order_relaxed);

  os::SpawnPlan plan;
  auto launcher = launcher_words();
  static const std::vector<std::string> arguments = os::program_arguments();
  std::string shown = arguments.empty() ? program : arguments[0];
  plan.executables = launcher.empty() ? std::vector{program} : os::search_path(launcher[0], std::nullopt);
  plan.program = launcher.empty() ? program : launcher[0];  // argv[0] is what ps shows
  plan.argv = launcher;
  if (!launcher.empty() || !loader.empty()) plan.argv.push_back(program);
  if (loader.empty()) {
    if (launcher.empty()) plan.argv.push_back(shown);
  } else {
    // By the loader, with its options, as this process was started itself.
    plan.argv.insert(plan.argv.end(), loader.begin() + 1, loader.end());
  }
  std::vector<std::string> environment = os::environment_entries();
  std::erase_if(environment, [](const std::string& entry) { return entry.starts_with("COHORT_WORKER="); });
  os::Fd null = os::null_device();
  plan.fds.push_back({0, null.get()});
  for (int stream : {1, 2}) {
    // A server that kept its starter's streams would hold pipes open for ever; each child gets its requester's. And a
    // worker without a stream must not have its first file take the number.
    if (reexecution.role == Role::fork_server || !os::is_open(stream)) plan.fds.push_back({stream, null.get()});
  }
  int number = kFamilyDescriptor;
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
  std::string text = format_reexecution(reexecution);
  plan.argv.push_back(std::string(reexecution.role == Role::worker ? kWorkerArgument : kServerArgument) + text);
  environment.push_back(std::string(kWorkerVariable) + "=" + text);
  plan.environment = std::move(environment);
  plan.restore_signals = false;
  // A stopped child must wake up to see our end. The signal also comes, and does no harm, when only this thread ends.
  plan.parent_death_signal = SIGCONT;
  return os::Child::start(plan);
}

}  // namespace cohort::detail
