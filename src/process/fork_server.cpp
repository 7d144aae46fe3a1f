// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "os/futex.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/signal.hpp"
#include "os/socket.hpp"
#include "process/fork_server_client.hpp"
#include "process/fork_server_protocol.hpp"
#include "process/launch.hpp"
#include "process/process_exit.hpp"
#include "process/uncaught.hpp"
#include "shm/family.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint64_t kRequests = 1;
constexpr std::uint64_t kChildEnded = 2;
constexpr std::uint64_t kStarterEnded = 3;
constexpr std::uint64_t kRequesterEnded = std::uint64_t{1} << 32;  // plus its pid

class ForkServer {
 public:
  explicit ForkServer(const Reexecution& reexecution)
      : requests_(reexecution.requests), starter_(reexecution.parent_life), client_end_(reexecution.server_life) {}

  /// The exit status of this process, which is the server or one of its children.
  int serve();

 private:
  struct Child {
    shm::MemberId member;
    pid_t requester;
  };
  struct Requester {
    os::Fd life;
    std::set<pid_t> children;
  };

  void accept_requests(bool& child, int& status);
  void start_child(const ForkRequest& request, os::Packet& packet, bool& child, int& status);
  int live(const ForkRequest& request, std::vector<os::Fd>& fds, pid_t server_pid);
  void report_ended_children();
  void kill_children_of(pid_t requester);

  os::Fd requests_;
  os::Fd starter_;
  os::Fd client_end_;  // passed on to the children, so that they can ask for processes too
  os::Fd child_ended_;
  std::unique_ptr<os::Poller> poller_;
  os::ProcessAttributes attributes_;
  std::uint64_t environment_ = 0;
  std::map<pid_t, Child> children_;
  std::map<pid_t, Requester> requesters_;
  bool stopping_ = false;
  bool refusing_ = false;
};

int ForkServer::serve() {
  os::name_thread("cohort-server");
  os::become_subreaper();
  // Signals from the terminal are for the program; the server ends with its starter.
  for (int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) os::ignore_signal(signal);
  attributes_ = os::capture_process_attributes();
  environment_ = os::environment_digest();
  child_ended_ = os::child_ended_fd();
  os::set_nonblocking(requests_.get(), true);
  os::receive_credentials(requests_.get());
  poller_ = std::make_unique<os::Poller>();
  poller_->add(requests_.get(), kRequests);
  poller_->add(child_ended_.get(), kChildEnded);
  if (starter_) poller_->add(starter_.get(), kStarterEnded);
  refusing_ = os::thread_count() > 1 || !os::environment_variable("COHORT_TEST_FORK_SERVER_REFUSES").empty();

  bool child = false;
  int status = 0;
  while (!stopping_) {
    for (std::uint64_t key : poller_->wait(Deadline::never())) {
      if (key == kRequests) accept_requests(child, status);
      else if (key == kChildEnded) report_ended_children();
      else if (key == kStarterEnded) stopping_ = true;
      else kill_children_of(static_cast<pid_t>(key & 0xffffffffu));
      if (child) return status;
    }
  }
  os::kill_descendants();
  return 0;
}

void ForkServer::accept_requests(bool& child, int& status) {
  while (!child && !stopping_) {
    ForkRequest request;
    os::Packet packet;
    try {
      packet = os::receive_packet(requests_.get(), std::as_writable_bytes(std::span(&request, 1)));
    } catch (const OsError& e) {
      if (e.code() == std::errc::resource_unavailable_try_again) return;
      throw;
    }
    if (packet.size == 0) {  // every end is closed: nobody can ask any more
      stopping_ = true;
      return;
    }
    if (packet.size != sizeof request || packet.truncated || request.magic != kForkServerMagic) continue;
    if (request.kind == ForkRequestKind::stop) stopping_ = true;
    else if (request.kind == ForkRequestKind::start) start_child(request, packet, child, status);
  }
}

void ForkServer::start_child(const ForkRequest& request, os::Packet& packet, bool& child, int& status) {
  std::size_t expected = 1 + ((request.streams & 1) != 0) + ((request.streams & 2) != 0);
  if (packet.fds.size() != expected) return;
  auto& family = shm::Family::instance();
  shm::MemberId member{request.slot, request.generation};
  shm::MemberRecord* record;
  try {
    record = &family.member(member);
  } catch (const Error&) {  // the requester died and was swept up meanwhile
    return;
  }
  auto answer = [&](LaunchState state) {
    // SYNC(launch_state): this release store -> request_child() acquire load; carries word_pid or word_error
    record->launch_state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
    os::futex_wake_all(record->launch_state);
  };
  if (refusing_) return answer(LaunchState::refused);

  // The requester waits for the answer, so its pid is its own until then.
  Requester& requester = requesters_[packet.sender];
  if (!requester.life) {
    requester.life = os::open_pidfd(packet.sender);
    if (requester.life) poller_->add(requester.life.get(), kRequesterEnded + static_cast<std::uint64_t>(packet.sender));
  }
  pid_t server_pid = os::process_id();
  pid_t pid;
  try {
    pid = os::fork_process();
  } catch (const OsError& e) {
    record->words[word_error].store(static_cast<std::uint64_t>(e.code().value()), std::memory_order_relaxed);  // relaxed: ordered by launch_state
    return answer(LaunchState::failed);
  }
  if (pid == 0) {
    child = true;
    status = live(request, packet.fds, server_pid);
    return;
  }
  record->words[word_pid].store(static_cast<std::uint64_t>(pid), std::memory_order_relaxed);  // relaxed: ordered by launch_state
  answer(LaunchState::forked);
  children_[pid] = {member, packet.sender};
  requester.children.insert(pid);
}

// The child of a fork, from its first instruction to its exit status.
int ForkServer::live(const ForkRequest& request, std::vector<os::Fd>& fds, pid_t server_pid) {
  os::set_parent_death_signal(SIGKILL);
  if (os::parent_process_id() != server_pid) os::end_process(137);
  shm::MemberId self{request.slot, request.generation};
  auto& family = shm::Family::instance();
  family.become(self);
  reset_process_exit();

  poller_.reset();
  child_ended_.reset();
  requests_.reset();
  starter_.reset();
  requesters_.clear();
  children_.clear();
  os::Fd server_life = os::open_pidfd(server_pid);
  adopt_fork_server(std::move(client_end_), std::move(server_life));

  if (!os::enter_directory(fds[0].get())) get_logger().warning("the working directory of the parent cannot be entered");
  std::size_t next = 1;
  for (int stream : {1, 2}) {
    if ((request.streams & static_cast<std::uint32_t>(stream)) != 0) os::install_fd(fds[next++].get(), stream);
  }
  fds.clear();

  Launch launch = take_launch(self);
  for (int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) os::default_signal(signal);
  os::ProcessAttributes wanted = attributes_;
  if (launch.attributes.size() == sizeof wanted) std::memcpy(&wanted, launch.attributes.data(), sizeof wanted);
  os::apply_process_attributes(wanted, attributes_);
  if (launch.environment_digest != environment_ && !launch.environment.empty()) os::replace_environment(launch.environment);
  family.member(self).words[word_claimed].store(1, std::memory_order_relaxed);  // relaxed: a flag that orders nothing
  os::name_thread("cohort-worker");
  return run_launch(launch, self);
}

void ForkServer::report_ended_children() {
  os::drain(child_ended_.get());
  while (true) {
    os::EndedChild ended = os::peek_ended_child();
    if (ended.pid == 0) return;
    auto found = children_.find(ended.pid);
    if (found != children_.end()) {
      try {
        auto& record = shm::Family::instance().member(found->second.member);
        record.exit_status.store(ended.wait_status, std::memory_order_relaxed);  // relaxed: ordered by exit_state
        // SYNC(exit): this release store -> RelayedChild::reported() acquire load; carries exit_status
        record.exit_state.store(static_cast<std::uint32_t>(shm::ExitState::known), std::memory_order_release);
        os::futex_wake_all(record.exit_state);
      } catch (const Error&) {  // its requester died and was swept up
      }
      auto requester = requesters_.find(found->second.requester);
      if (requester != requesters_.end()) requester->second.children.erase(ended.pid);
      children_.erase(found);
    }
    // Reported first, reaped second: as long as nothing is reported the pid is the child's.
    os::reap_child(ended.pid);
    // A child that asked for processes itself takes those with it.
    if (requesters_.contains(ended.pid)) kill_children_of(ended.pid);
  }
}

void ForkServer::kill_children_of(pid_t requester) {
  auto found = requesters_.find(requester);
  if (found == requesters_.end()) return;
  for (pid_t child : found->second.children) os::signal_child(child, SIGKILL);  // not reaped yet, so the pid is theirs
  if (found->second.life) poller_->remove(found->second.life.get());
  requesters_.erase(found);
}

}  // namespace

int serve_forks(const Reexecution& reexecution) {
  shm::MemberId self = reexecution.member;
  Launch launch = take_launch(self);
  apply_launch(launch);
  bool failed = false;
  for (const CallableId& id : launch.preload) {
    int code = run_reporting("ForkServer", [&] {
      std::vector<std::byte> nothing;
      Decoder in(nothing);
      VectorEncoder out;
      resolve_callable(id).call()(in, out);
    });
    failed = failed || code != 0;
  }
  if (failed) return 71;
  ForkServer server(reexecution);
  return server.serve();
}

}  // namespace cohort::detail
