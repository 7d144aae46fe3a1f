// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_client.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "os/credentials.hpp"
#include "os/futex.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/socket.hpp"
#include "process/fork_server_protocol.hpp"
#include "process/launch.hpp"
#include "process/parent_watch.hpp"
#include "process/process_core.hpp"
#include "process/process_state.hpp"
#include "process/reexecution.hpp"
#include "process/standard_streams.hpp"
#include "shm/family.hpp"

namespace cohort::detail {

namespace {

struct Server {
  std::mutex mutex;
  os::Fd requests;
  os::Fd life;                    // pidfd of the server
  os::Child child;                // when this process started it
  shm::MemberId member{};         // of the server, when this process started it
  int owner_pid = 0;              // whose child it is
  os::Credentials credentials;    // under which it was started, or of this process when it was inherited
  std::uint64_t environment = 0;  // digest at its start; 0 when it was inherited
  bool refused = false;           // it had threads: spawn from now on
  std::atomic<std::uint64_t> spawned_instead{0};
};

Server& server() {
  static auto* instance = new Server;
  return *instance;
}

// The caller holds the mutex.
bool server_lives(const Server& s) { return s.requests && s.life && !os::is_readable(s.life.get()); }

// The caller holds the mutex.
void forget_server(Server& s) noexcept {
  s.requests.reset();
  s.life.reset();
  if (s.owner_pid == os::process_id() && s.child.pid() > 0) {
    s.child.send_signal(SIGKILL);
    s.child.wait(Deadline::never());
    auto& family = shm::Family::instance();
    if (family.member_died(s.member)) family.release_member(s.member);
  }
  s.child = os::Child();
  s.owner_pid = 0;
}

// The caller holds the mutex.
void start_server(Server& s) {
  forget_server(s);
  auto& family = shm::Family::instance();
  shm::MemberId self = family.self();
  s.member = family.reserve_member(self);
  auto [client_end, server_end] = os::make_packet_pair();
  try {
    Launch launch = describe_launch("ForkServer", {}, false, {}, StartMethod::forkserver, self);
    {
      auto& state = process_state();
      std::lock_guard guard(state.mutex);
      for (const CallableDescriptor* function : state.preload) launch.preload.push_back(function->id());
    }
    store_launch(launch, s.member);
    Reexecution reexecution;
    reexecution.role = Role::fork_server;
    reexecution.member = s.member;
    reexecution.parent_life = own_life_fd();
    reexecution.requests = server_end.get();
    // The server passes this end on to its children.
    reexecution.server_life = client_end.get();
    s.child = reexecute(reexecution);
  } catch (...) {
    family.abandon_member(s.member);
    throw;
  }
  s.owner_pid = os::process_id();
  s.credentials = os::current_credentials();
  s.environment = os::environment_digest();
  s.requests = std::move(client_end);
  s.life = os::open_pidfd(s.child.pid());
  if (get_logger().enabled(LogLevel::info)) get_logger().info("fork server started, pid " + std::to_string(s.child.pid()));
}

/// A child of the fork server, whose end the server reports in the child's member record.
class RelayedChild final : public RunningChild {
 public:
  RelayedChild(int pid, shm::MemberId member, os::Fd life, os::Fd server_life)
      : pid_(pid), member_(member), life_(std::move(life)), server_life_(std::move(server_life)) {}

  [[nodiscard]] int pid() const noexcept override { return pid_; }
  [[nodiscard]] shm::MemberId member() const noexcept override { return member_; }
  [[nodiscard]] StartMethod method() const noexcept override { return StartMethod::forkserver; }
  [[nodiscard]] int sentinel() const noexcept override { return life_.get(); }

  std::optional<ExitStatus> wait(Deadline deadline) override {
    std::lock_guard guard(mutex_);
    if (status_) return status_;
    // The member's record stays ours until note_end() releases it.
    auto& record = shm::Family::instance().member(member_);
    if (auto known = reported(record)) return status_ = known;
    if (life_ && !os::wait_readable(life_.get(), deadline)) return std::nullopt;
    // The child has ended; the server reports as soon as it is scheduled, unless it is dead itself.
    while (true) {
      if (auto known = reported(record)) return status_ = known;
      bool server_dead = os::is_readable(server_life_.get());
      if (server_dead && life_) return status_ = reported(record).value_or(last_words(record));
      if (!life_ && deadline.expired()) return std::nullopt;
      // SYNC(exit): the server's wake-up comes after its release store of exit_state
      (void)os::futex_wait(record.exit_state, 0, Deadline::earlier(life_ ? Deadline::never() : deadline, std::chrono::milliseconds(100)));
    }
  }

  bool send_signal(int signal) override {
    if (life_) return os::send_signal(life_.get(), signal);
    return false;
  }

 private:
  static std::optional<ExitStatus> reported(shm::MemberRecord& record) {
    // SYNC(exit): fork server's release store -> this load; carries exit_status
    auto state = static_cast<shm::ExitState>(record.exit_state.load(std::memory_order_acquire));
    if (state == shm::ExitState::running) return std::nullopt;
    if (state == shm::ExitState::unknown) return ExitStatus::unknown();
    // relaxed: ordered by the acquire above
    return exit_status_of(record.exit_status.load(std::memory_order_relaxed));
  }

  // What the child said it would end with, when the server died before it could report.
  static ExitStatus last_words(shm::MemberRecord& record) {
    // relaxed: the writer has ended
    std::uint64_t word = record.words[word_exit_code].load(std::memory_order_relaxed);
    return word != 0 ? ExitStatus::exited(static_cast<int>(word & 0xff)) : ExitStatus::unknown();
  }

  std::mutex mutex_;
  int pid_;
  shm::MemberId member_;
  os::Fd life_;
  os::Fd server_life_;
  std::optional<ExitStatus> status_;
};

enum class Outcome { started, server_gone, refused };

// Sends the request and waits for the answer in the member's record.
Outcome request_child(int requests, int server_life, shm::MemberId member) {
  auto& record = shm::Family::instance().member(member);
  ForkRequest request;
  request.slot = member.slot;
  request.generation = member.generation;
  os::Fd directory = os::working_directory();
  int fds[3] = {directory.get()};
  std::size_t count = 1;
  for (int stream : {1, 2}) {
    if (!os::is_open(stream)) continue;
    request.streams |= static_cast<std::uint32_t>(stream);
    fds[count++] = stream;
  }
  try {
    os::send_packet(requests, std::as_bytes(std::span(&request, 1)), std::span(fds, count));
  } catch (const OsError&) {
    return Outcome::server_gone;
  }
  while (true) {
    // SYNC(launch_state): fork server's release store -> this load; carries word_pid or word_error
    auto state = static_cast<LaunchState>(record.launch_state.load(std::memory_order_acquire));
    if (state == LaunchState::forked) return Outcome::started;
    if (state == LaunchState::refused) return Outcome::refused;
    if (state == LaunchState::failed)
      throw SpawnError(static_cast<int>(record.words[word_error].load(std::memory_order_relaxed)), "fork", "fork server");  // relaxed: ordered by the acquire above
    if (os::futex_wait(record.launch_state, 0, std::chrono::milliseconds(100)) == os::FutexWait::timed_out &&
        os::is_readable(server_life))
      return Outcome::server_gone;
  }
}

// The server's own words on why it would not work, if it left any.
[[noreturn]] void throw_refusal(const std::string& name) {
  throw BootstrapError("Process.start", name, "the fork server could not start; a preload function failed (see standard error)");
}

}  // namespace

std::optional<ForkServerFds> inherited_fork_server() {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  if (!server_lives(s)) return std::nullopt;
  return ForkServerFds{s.requests.get(), s.life.get()};
}

void adopt_fork_server(os::Fd requests, os::Fd life) {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  s.requests = std::move(requests);
  s.life = std::move(life);
  s.owner_pid = 0;
  s.environment = 0;
  s.credentials = os::current_credentials();
}

void stop_fork_server() noexcept try {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  if (s.owner_pid != os::process_id() || s.child.pid() <= 0) return;
  ForkRequest stop;
  stop.kind = ForkRequestKind::stop;
  try {
    os::send_packet(s.requests.get(), std::as_bytes(std::span(&stop, 1)), {});
    s.child.wait(std::chrono::seconds(2));
  } catch (const OsError&) {  // it is gone already
  }
  forget_server(s);
} catch (...) {  // at the end of the process; the server sees our end itself
}

ForkServerFallbacks fork_server_fallbacks() noexcept {
  return {server().spawned_instead.load(std::memory_order_relaxed)};  // relaxed: a counter
}

std::shared_ptr<RunningChild> start_by_fork_server(ProcessCore& core, const std::string& name, bool daemon,
                                                   const std::vector<std::byte>& authkey) {
  auto& family = shm::Family::instance();
  shm::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::forkserver, parent);
  describe_target(launch, core, name);
  os::ProcessAttributes attributes = os::capture_process_attributes();
  auto* raw = reinterpret_cast<const std::byte*>(&attributes);
  launch.attributes.assign(raw, raw + sizeof attributes);
  flush_standard_streams();

  Server& s = server();
  for (int attempt = 0;; ++attempt) {
    int requests;
    os::Fd life;
    {
      std::lock_guard guard(s.mutex);
      if (s.refused) break;
      os::Credentials present = os::current_credentials();
      if (!server_lives(s) || !(s.credentials == present)) start_server(s);
      requests = s.requests.get();
      life = os::duplicate(s.life.get());
      launch.environment_digest = os::environment_digest();
      launch.environment.clear();
      if (launch.environment_digest != s.environment) launch.environment = os::capture_environment();
    }
    shm::MemberId member = family.reserve_member(parent);
    Outcome outcome;
    try {
      store_launch(launch, member);
      outcome = request_child(requests, life.get(), member);
    } catch (...) {
      family.abandon_member(member);
      throw;
    }
    if (outcome == Outcome::started) {
      auto& record = family.member(member);
      int pid = static_cast<int>(record.words[word_pid].load(std::memory_order_relaxed));  // relaxed: ordered by launch_state
      // The server reports an end before it reaps, so as long as none is reported the pid is the child's.
      os::Fd child_life = os::open_pidfd(pid);
      return std::make_shared<RelayedChild>(pid, member, std::move(child_life), std::move(life));
    }
    if (family.member_died(member)) family.release_member(member);
    family.abandon_member(member);
    std::lock_guard guard(s.mutex);
    if (outcome == Outcome::refused) {
      s.refused = true;
      s.spawned_instead.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
      get_logger().warning("the fork server has threads after start-up, started by static initialisers or preload; children are spawned instead");
      break;
    }
    if (attempt == 2) throw_refusal(name);
  }
  return start_by_spawn(core, name, daemon, authkey);
}

}  // namespace cohort::detail
