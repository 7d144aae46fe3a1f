// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "base/exception_text.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/family.hpp"
#include "os/credentials.hpp"
#include "os/futex.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/process_identity.hpp"
#include "os/signal.hpp"
#include "os/socket.hpp"
#include "process/fork_server_client.hpp"
#include "process/fork_server_protocol.hpp"
#include "process/launch.hpp"
#include "process/process_exit.hpp"
#include "process/standard_streams.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint64_t kRequests = 1;
constexpr std::uint64_t kChildEnded = 2;
constexpr std::uint64_t kStarterEnded = 3;
constexpr std::uint64_t kRequesterEnded = std::uint64_t{1} << 32;  // plus its pid

class ForkServer {
 public:
  ForkServer(const Reexecution& reexecution, family::MemberId starter)
      : requests_(reexecution.requests),
        starter_life_(reexecution.parent_life),
        client_end_(reexecution.client_end),
        self_(reexecution.member),
        starter_(family::Family::instance().identity(starter)) {}

  /// The exit status of this process, which is the server or one of its children.
  int serve();

 private:
  struct Child {
    family::MemberId member;
    pid_t requester;
  };
  struct Requester {
    os::ProcessIdentity identity;
    os::Fd life;  // only of one whose end we do not notice otherwise
    std::set<pid_t> children;
  };

  void prepare();
  [[nodiscard]] Deadline next_look() const;
  void look_at_lives();
  void accept_requests();
  void accept(const ForkRequest& request, os::Packet& packet);
  [[nodiscard]] bool may_ask(const os::Packet::Sender& sender) const;
  void start_child(const ForkRequest& request, os::Packet& packet);
  [[nodiscard]] Requester* requester_of(const family::MemberRecord& record);
  int live(const ForkRequest& request, std::vector<os::Fd>& fds);
  void signal(const ForkRequest& request, pid_t sender);
  void report(const Child& child, int wait_status);
  void report_ended_children();
  void kill_children_of(pid_t requester);

  os::Fd requests_;
  os::Fd starter_life_;
  os::Fd client_end_;  // passed on to the children, so that they can ask for processes too
  family::MemberId self_;
  os::ProcessIdentity starter_;
  os::Fd own_life_;  // likewise
  os::Fd child_ended_;
  std::unique_ptr<os::Poller> poller_;
  os::ProcessAttributes attributes_;
  os::Credentials credentials_;
  std::optional<os::Privileges> privileges_;
  std::uint64_t environment_ = 0;
  int pid_ = 0;
  bool ignores_child_signal_ = false;
  std::map<pid_t, Child> children_;
  std::map<pid_t, Requester> requesters_;
  bool stopping_ = false;
  bool retiring_ = false;
  bool refusing_ = false;
  bool without_pidfds_ = false;
  std::optional<int> status_;  // in a child: what it ended with
};

void ForkServer::prepare() {
  pid_ = os::process_id();
  os::name_thread("cohort-server");
  os::become_subreaper();
  attributes_ = os::capture_process_attributes();
  // Signals from the terminal are for the program; the server ends with its starter. Blocked, not ignored: a signal
  // that comes to a child between its birth and its first own instruction must stay pending, not get lost.
  os::block_signals({SIGINT, SIGQUIT, SIGTERM, SIGHUP});
  // Ignored, children would be reaped by the kernel, and their status lost.
  ignores_child_signal_ = os::is_ignored(SIGCHLD);
  os::default_signal(SIGCHLD);
  child_ended_ = os::child_ended_fd();
  environment_ = os::environment_digest();
  credentials_ = os::current_credentials();
  privileges_ = os::privileges_of(0);
  own_life_ = os::open_pidfd(pid_);
  without_pidfds_ = !starter_life_ || !own_life_;
  os::set_nonblocking(requests_.get(), true);
  poller_ = std::make_unique<os::Poller>();
  poller_->add(requests_.get(), kRequests);
  poller_->add(child_ended_.get(), kChildEnded);
  if (starter_life_) poller_->add(starter_life_.get(), kStarterEnded);
  // Done once here instead of in each child.
  make_standard_streams_line_buffered();
  prepare_callables();
  refusing_ = os::thread_count() > 1 || !os::environment_variable("COHORT_TEST_FORK_SERVER_REFUSES").empty();
}

int ForkServer::serve() {
  prepare();
  while (!stopping_) {
    for (std::uint64_t key : poller_->wait(next_look())) {
      if (key == kRequests)
        accept_requests();
      else if (key == kChildEnded)
        report_ended_children();
      else if (key == kStarterEnded)
        stopping_ = true;
      else
        kill_children_of(static_cast<pid_t>(key & 0xffffffffu));
      if (status_) return *status_;
    }
    if (without_pidfds_) look_at_lives();
    if (retiring_ && children_.empty()) stopping_ = true;
  }
  for (const auto& [pid, child] : children_) os::signal_child(pid, SIGKILL);
  os::kill_descendants();
  return 0;
}

// Without pidfds the ends of others only show when looked for.
Deadline ForkServer::next_look() const {
  return without_pidfds_ ? Deadline(std::chrono::milliseconds(50)) : Deadline::never();
}

void ForkServer::look_at_lives() {
  if (!os::is_alive(starter_)) stopping_ = true;
  std::set<pid_t> dead;
  for (const auto& [pid, requester] : requesters_)
    if (!os::is_alive(requester.identity)) dead.insert(pid);
  for (pid_t pid : dead) kill_children_of(pid);
}

void ForkServer::accept_requests() {
  while (!status_ && !stopping_) {
    std::array<std::byte, sizeof(ForkRequest)> bytes;
    auto packet = os::receive_packet(requests_.get(), bytes);
    if (!packet) return;
    if (packet->size == 0) {  // every end is closed: nobody can ask any more
      stopping_ = true;
      return;
    }
    if (packet->truncated || !packet->sender) continue;
    if (auto request = parse_fork_request(std::span(bytes).first(packet->size))) accept(*request, *packet);
  }
}

// Who asks is what the kernel says, not what the request says. The server does for nobody what that one may not do
// itself: whoever has given privileges up in a worker gets none of them back here.
void ForkServer::accept(const ForkRequest& request, os::Packet& packet) {
  bool by_starter = packet.sender->pid == starter_.pid;
  switch (request.kind) {
    case ForkRequestKind::start: return start_child(request, packet);
    case ForkRequestKind::stop: stopping_ = stopping_ || by_starter; return;
    case ForkRequestKind::retire: retiring_ = retiring_ || by_starter; return;
    case ForkRequestKind::signal: return signal(request, packet.sender->pid);
  }
}

bool ForkServer::may_ask(const os::Packet::Sender& sender) const {
  // 0: it is in a pid namespace that this process does not see.
  if (sender.pid == 0 || sender.uid != credentials_.uids[0] || sender.gid != credentials_.gids[0]) return false;
  if (!privileges_) return true;  // no /proc here: the ids that came with the request must do
  auto privileges = os::privileges_of(sender.pid);
  return privileges && os::may_have(*privileges, *privileges_);
}

// The process that a prepared child is to belong to; nullptr when it has ended since it asked.
ForkServer::Requester* ForkServer::requester_of(const family::MemberRecord& record) {
  // relaxed: written before the request was sent
  family::MemberId parent = family::MemberId::unpack(record.parent.load(std::memory_order_relaxed));
  os::ProcessIdentity identity = family::Family::instance().identity(parent);
  if (identity.pid == 0) return nullptr;
  auto found = requesters_.find(identity.pid);
  if (found != requesters_.end()) {
    if (found->second.identity == identity) return &found->second;
    kill_children_of(identity.pid);  // its number is another's now
  }
  Requester requester;
  requester.identity = identity;
  // The starter's end and those of our children come by other ways.
  if (!(identity == starter_) && !children_.contains(identity.pid)) {
    requester.life = os::open_pidfd(identity);
    if (requester.life)
      poller_->add(requester.life.get(), kRequesterEnded + static_cast<std::uint64_t>(identity.pid));
    else if (!os::is_alive(identity))
      return nullptr;
    else
      without_pidfds_ = true;
  }
  return &(requesters_[identity.pid] = std::move(requester));
}

// Says that this server writes nothing more into the record of a request that was withdrawn.
void drop(family::MemberRecord& record) {
  auto withdrawn = static_cast<std::uint32_t>(LaunchState::withdrawn);
  // SYNC(launch_state): this release exchange -> take_back() acquire load
  (void)record.launch_state.compare_exchange_strong(withdrawn, static_cast<std::uint32_t>(LaunchState::dropped),
                                                    std::memory_order_release,
                                                    std::memory_order_relaxed);  // relaxed: not used
}

void ForkServer::start_child(const ForkRequest& request, os::Packet& packet) {
  family::MemberId member{request.slot, request.generation};
  family::MemberRecord* record;
  Requester* requester;
  try {
    record = &family::Family::instance().member(member);
    requester = requester_of(*record);
  } catch (const Error&) {  // the requester died and was swept up meanwhile
    return;
  }
  if (requester == nullptr) return;
  auto answer = [&](LaunchState state) {
    auto prepared = static_cast<std::uint32_t>(LaunchState::prepared);
    // SYNC(launch_state): this release exchange -> await_answer() acquire load; carries launch_pid or launch_error. It
    // fails when the child itself was quicker, with the same answer.
    (void)record->launch_state.compare_exchange_strong(prepared, static_cast<std::uint32_t>(state),
                                                       std::memory_order_release,
                                                       std::memory_order_relaxed);  // relaxed: not used
    os::futex_wake_all(record->launch_state);
  };
  auto fail = [&](int error) {
    // relaxed: ordered by launch_state
    record->launch_error.store(static_cast<std::uint64_t>(error), std::memory_order_relaxed);
    answer(LaunchState::failed);
  };
  // SYNC(launch_state): the requester's release exchange -> this load. It waits no longer; the record may go
  if (record->launch_state.load(std::memory_order_acquire) == static_cast<std::uint32_t>(LaunchState::withdrawn))
    return drop(*record);
  pid_t pid;
  try {
    if (requester->identity.pid != packet.sender->pid || !may_ask(*packet.sender)) return answer(LaunchState::denied);
    if (refusing_) return answer(LaunchState::refused);
    // The system leaves out what this process has no numbers for.
    std::size_t expected = 1 + ((request.argument & 1) != 0) + ((request.argument & 2) != 0) + request.descriptors;
    if (packet.fds.size() != expected) return fail(EMFILE);
    pid = os::fork_process();
  } catch (const OsError& e) { return fail(e.code().value()); }
  if (pid == 0) {
    try {
      status_ = live(request, packet.fds);
    } catch (const std::exception& e) {
      // Nobody waits for it any more, or its launch cannot be read: never the server's own affair.
      std::string line = std::string("cohort: a worker could not start: ") + text_or_none(e) + "\n";
      log::write_raw(line.data(), line.size());
      status_ = status_failed;
    }
    return;
  }
  record->launch_pid.store(static_cast<std::uint64_t>(pid),
                           std::memory_order_relaxed);  // relaxed: ordered by launch_state
  answer(LaunchState::forked);
  // SYNC(launch_state): as above. The child sees it too, and ends
  if (record->launch_state.load(std::memory_order_acquire) == static_cast<std::uint32_t>(LaunchState::withdrawn))
    return drop(*record);
  children_[pid] = {member, requester->identity.pid};
  requester->children.insert(pid);
}

// Tells the requester that there is a child, if the server has not. False: the server died and the requester gave this
// child up.
bool claim_start(family::MemberRecord& record) {
  record.launch_pid.store(static_cast<std::uint64_t>(os::process_id()),
                          std::memory_order_relaxed);  // relaxed: ordered by launch_state
  auto state = static_cast<std::uint32_t>(LaunchState::prepared);
  // SYNC(launch_state): this release exchange -> await_answer() acquire load; carries launch_pid
  if (record.launch_state.compare_exchange_strong(state, static_cast<std::uint32_t>(LaunchState::forked),
                                                  std::memory_order_acq_rel, std::memory_order_acquire)) {
    os::futex_wake_all(record.launch_state);
    return true;
  }
  return state == static_cast<std::uint32_t>(LaunchState::forked);
}

// The child of a fork, from its first instruction to its exit status.
int ForkServer::live(const ForkRequest& request, std::vector<os::Fd>& fds) {
  // Cleared by the kernel when the child changes its user; then only the server's own end would be missed, never its
  // orders.
  os::set_parent_death_signal(SIGKILL);
  if (os::parent_process_id() != pid_) os::end_process(137);
  family::MemberId self{request.slot, request.generation};
  auto& family = family::Family::instance();
  family.become(self);
  auto& record = family.member(self);
  if (!claim_start(record)) os::end_process(137);
  reset_process_exit();

  poller_.reset();
  child_ended_.reset();
  requests_.reset();
  starter_life_.reset();
  requesters_.clear();
  children_.clear();
  adopt_fork_server(std::make_shared<ForkServerLink>(std::move(client_end_), std::move(own_life_), self_),
                    std::move(credentials_), environment_);

  std::size_t next = 1;
  for (int stream : {1, 2}) {
    if ((request.argument & static_cast<std::uint32_t>(stream)) != 0) os::install_fd(fds[next++].get(), stream);
  }
  bool has_directory = os::enter_directory(fds[0].get());
  std::vector<int> carried;
  for (; next < fds.size(); ++next) carried.push_back(fds[next].release());
  CarriedDescriptors descriptors(std::move(carried));
  fds.clear();

  Launch launch = take_launch(self);
  if (ignores_child_signal_) os::ignore_signal(SIGCHLD);
  if (launch.environment) os::replace_environment(*launch.environment);
  os::name_thread("cohort-worker");
  record.launch_progress.store(1, std::memory_order_relaxed);  // relaxed: a flag that orders nothing
  os::ProcessAttributes wanted = attributes_;
  if (launch.attributes.size() == sizeof wanted) std::memcpy(&wanted, launch.attributes.data(), sizeof wanted);
  apply_launch(launch);  // before what may have to be logged: its level and place come with it
  if (!has_directory) get_logger().warning("the working directory of the parent cannot be entered");
  os::RefusedAttributes refused = os::apply_process_attributes(wanted, attributes_);  // last: it lets signals in
  if (refused.any()) get_logger().warning("the parent's attributes cannot be had: " + refused.to_string());
  return run_launch(launch, self, std::move(descriptors));
}

void ForkServer::signal(const ForkRequest& request, pid_t sender) {
  family::MemberId member{request.slot, request.generation};
  for (const auto& [pid, child] : children_)
    if (child.member == member && child.requester == sender) os::signal_child(pid, static_cast<int>(request.argument));
}

void ForkServer::report(const Child& child, int wait_status) try {
  auto& record = family::Family::instance().member(child.member);
  record.exit_status.store(wait_status, std::memory_order_relaxed);  // relaxed: ordered by exit_state
  // SYNC(exit): this release store -> RelayedChild::known() acquire load; carries exit_status
  record.exit_state.store(static_cast<std::uint32_t>(family::ExitState::known), std::memory_order_release);
  os::futex_wake_all(record.exit_state);
} catch (const Error&) {  // its requester died and was swept up
}

void ForkServer::report_ended_children() {
  os::drain(child_ended_.get());
  while (true) {
    os::EndedChild ended = os::peek_ended_child();
    if (ended.pid == 0) return;
    auto found = children_.find(ended.pid);
    if (found != children_.end()) {
      report(found->second, ended.wait_status);
      auto requester = requesters_.find(found->second.requester);
      if (requester != requesters_.end()) requester->second.children.erase(ended.pid);
      children_.erase(found);
    }
    // Reported first, reaped second: as long as nothing is reported the pid is the child's.
    os::reap_child(ended.pid);
    // A child that asked for processes itself takes those with it.
    kill_children_of(ended.pid);
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
  auto& progress = family::Family::instance().member(reexecution.member).launch_progress;
  progress.store(1, std::memory_order_relaxed);  // relaxed: a flag that orders nothing
  Launch launch = take_launch(reexecution.member);
  apply_launch(launch);
  family::MemberId starter = family::MemberId::unpack(launch.parent);
  for (const CallableId& id : launch.preload) {
    try {
      std::vector<std::byte> nothing;
      Decoder in(nothing, DecodeLimits::within_family());
      VectorEncoder out;
      resolve_callable(id).call()(in, out);
    } catch (...) {
      ExceptionText what = describe_current_exception();
      note_failure(reexecution.member, "a preload function of the fork server failed: " + what.type +
                                           (what.text.empty() ? "" : ": " + what.text));
      return status_preload;
    }
  }
  progress.store(2, std::memory_order_relaxed);  // relaxed: as above
  ForkServer server(reexecution, starter);
  return server.serve();
}

}  // namespace cohort::detail
