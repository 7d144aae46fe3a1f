// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/socket.hpp"
#include "park/wait_word.hpp"
#include "process/launch.hpp"
#include "process/process_core.hpp"
#include "process/process_state.hpp"
#include "process/record_return.hpp"
#include "process/reexecution.hpp"
#include "process/relayed_child.hpp"
#include "process/service_thread.hpp"
#include "process/standard_streams.hpp"

namespace cohort::detail {

namespace {

struct Server {
  std::mutex mutex;
  std::shared_ptr<ForkServerLink> link;
  std::vector<std::shared_ptr<ForkServerLink>>
      retired;                    // ours, to be stopped at the end of this process unless they have ended before
  os::Credentials credentials;    // under which the server was started
  std::uint64_t environment = 0;  // digest at its start; 0 when that is unknown
  bool refused = false;           // it had threads: spawn from now on
  bool abandoned = false;         // it lives but does not answer, or does not accept us: the next start makes another
  // Records that a server may still write to, though nobody waits for it any more.
  struct Lent {
    std::shared_ptr<ForkServerLink> link;
    family::MemberId member;
    int parent;  // whose child it was to be; a forked copy of that has no part in it
  };
  std::vector<Lent> lent;
  std::atomic<std::uint64_t> spawned_instead{0};
};

Server& server() {
  static auto* instance = new Server;
  return *instance;
}

bool is_ours_again(const Server::Lent& each) {
  auto& family = family::Family::instance();
  if (each.parent != os::process_id() || family.member_state(each.member) == family::MemberState::free) return true;
  const auto& record = family.member(each.member);
  // SYNC(launch_state): fork server's release exchange -> this load; SYNC(exit): likewise. The record is ours again
  bool dropped =
      record.launch_state.load(std::memory_order_acquire) == static_cast<std::uint32_t>(LaunchState::dropped);
  bool reported = record.exit_state.load(std::memory_order_acquire) != 0;  // SYNC(exit)
  if (!dropped && !reported && !each.link->ended()) return false;
  family.give_back(each.member);
  return true;
}

// Takes back the records that no server will write to any more. The caller holds the mutex. One that throws leaves the
// rest as it is.
void take_back(std::vector<Server::Lent>& lent) {
  for (auto each = lent.begin(); each != lent.end();) each = is_ours_again(*each) ? lent.erase(each) : each + 1;
}

// The socket and the pidfd of a former server that has ended are of no use. On the service thread, once one has.
void release_ended_servers() {
  Server& s = server();
  while (true) {
    std::shared_ptr<ForkServerLink> ended;  // outlives the lock, since its end gives a record back
    // A thread that stops a server under the mutex waits there for this function to return.
    std::unique_lock lock(s.mutex, std::try_to_lock);
    if (!lock) return (void)call_at(std::chrono::milliseconds(50), release_ended_servers);
    try {
      // A stopped process may hold a lock of the family, and this thread has other work.
      family::LockDeadline soon(Deadline::now());
      take_back(s.lent);
      auto found = std::find_if(s.retired.begin(), s.retired.end(), [](const auto& link) { return link->ended(); });
      if (found == s.retired.end()) return;
      family::Family::instance().give_back((*found)->member());  // its own end finds nothing left to do
      ended = std::move(*found);
      s.retired.erase(found);
    } catch (const family::LockedOut&) { return (void)call_at(std::chrono::milliseconds(50), release_ended_servers); }
  }
}

std::shared_ptr<ForkServerLink> execute_server() {
  auto& family = family::Family::instance();
  family::MemberId self = family.self();
  family::MemberId member = family.reserve_member(self);
  auto [client_end, server_end] = os::make_packet_pair();
  os::ask_for_senders(server_end.get());  // before there can be any
  client_end = os::above_standard_streams(std::move(client_end));
  try {
    Launch launch = describe_launch("ForkServer", {}, false, {}, StartMethod::forkserver, self);
    {
      auto& state = process_state();
      std::lock_guard guard(state.mutex);
      for (const CallableDescriptor* function : state.preload) launch.preload.push_back(function->id());
    }
    store_launch(launch, {}, member);
    Reexecution reexecution;
    reexecution.role = Role::fork_server;
    reexecution.member = member;
    os::Fd life = os::own_life();
    reexecution.parent_life = life.get();
    reexecution.requests = server_end.get();
    reexecution.client_end = client_end.get();
    reexecution.binds_now = os::environment_variable("LD_BIND_NOW").empty();
    auto link = std::make_shared<ForkServerLink>(std::move(client_end), reexecute(reexecution), member);
    ForkServerLink::watch_end(link, release_ended_servers);
    return link;
  } catch (...) {
    give_record_back(member);
    throw;
  }
}

// The caller holds the mutex. Children of the present server are left to it.
void start_server(Server& s, os::Credentials credentials) {
  if (s.link && s.link->is_ours() && !s.link->ended()) {
    ForkRequest retire;
    retire.kind = ForkRequestKind::retire;
    s.link->send(retire);
    s.retired.push_back(std::move(s.link));
  }
  s.link.reset();
  s.abandoned = false;
  s.link = execute_server();
  s.credentials = std::move(credentials);
  s.environment = os::environment_digest();
}

// What a request needs of the server, taken together under the mutex. nullptr: it refuses.
std::shared_ptr<ForkServerLink> current_server(Launch& launch) {
  Server& s = server();
  std::unique_lock lock(s.mutex);
  if (s.refused) return nullptr;
  try {
    family::LockDeadline soon(Deadline::now());
    take_back(s.lent);
    // Those whose end could not be watched, for lack of memory.
    std::erase_if(s.retired, [](const auto& link) {
      if (!link->ended()) return false;
      family::Family::instance().give_back(link->member());
      return true;
    });
  } catch (const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): the next start does it
  }
  os::Credentials present = os::current_credentials();
  bool starts = !s.link || s.abandoned || s.link->lost() || s.link->ended() || !(s.credentials == present);
  if (starts) start_server(s, std::move(present));
  launch.environment_digest = os::environment_digest();
  launch.environment.reset();
  if (launch.environment_digest != s.environment) launch.environment = os::capture_environment();
  auto link = s.link;
  lock.unlock();  // before the log, whose sink may need what is held around a fork
  if (starts && get_logger().enabled(LogLevel::info))
    get_logger().info("fork server started, pid " + std::to_string(link->pid()));
  return link;
}

enum class Outcome {
  started,
  server_gone,
  refused,
  denied,  // we may have less than it
  silent,  // it lives and does not answer: the record stays its own for a while
};

// Another executable may never look for its work, or end.
void require_begun(ForkServerLink& link, Deadline patience) {
  if (link.progress() != 0 || !patience.expired() || !has_other_executable()) return;
  link.stop();
  throw BootstrapError("Process.start", "",
                       "the executable that was set did not take up its work as fork server within 10 s");
}

// A server that is dead or stopped is noticed after so long.
constexpr std::chrono::milliseconds kServerLook{50};

// Waits for the answer in the child's record. A server that dies or is stopped leaves the record "prepared";
// withdrawing it there makes sure that no child of it can still begin.
Outcome await_answer(ForkServerLink& link, family::MemberRecord& record) {
  ServerPatience patience(link);
  Deadline beginning = std::chrono::seconds(10);
  while (true) {
    // SYNC(launch_state): fork server's (or child's) release exchange -> this load; carries launch_pid or launch_error
    auto state = static_cast<LaunchState>(record.launch_state.load(std::memory_order_acquire));
    if (state == LaunchState::forked) return Outcome::started;
    if (state == LaunchState::refused) return Outcome::refused;
    if (state == LaunchState::denied) return Outcome::denied;
    if (state == LaunchState::failed)
      throw SpawnError(static_cast<int>(record.launch_error.load(std::memory_order_relaxed)), "fork",
                       "fork server");  // relaxed: ordered by the acquire above
    // SYNC(launch_state): as above
    auto told = [&] { return record.launch_state.load(std::memory_order_acquire) != 0; };
    park::Hooks hooks{.spin = park::kNoSpin};
    if (park::WaitWord(record.launch_state, park::Mark()).wait(told, Deadline(kServerLook), hooks).ready()) continue;
    bool ended = link.ended();
    if (!ended) require_begun(link, beginning);
    if (!ended && !patience.is_over()) continue;
    auto expected = static_cast<std::uint32_t>(LaunchState::prepared);
    // SYNC(launch_state): against the child's exchange to forked: one of the two happens
    if (record.launch_state.compare_exchange_strong(expected, static_cast<std::uint32_t>(LaunchState::withdrawn),
                                                    std::memory_order_acq_rel, std::memory_order_acquire))
      return ended ? Outcome::server_gone : Outcome::silent;
  }
}

Outcome request_child(ForkServerLink& link, family::MemberId member, std::span<const Encoder::Descriptor> descriptors) {
  ForkRequest request;
  request.slot = member.slot;
  request.generation = member.generation;
  request.descriptors = static_cast<std::uint32_t>(descriptors.size());
  os::Fd directory = os::working_directory();
  std::vector<int> fds{directory.get()};
  for (int stream : {1, 2}) {
    if (!os::is_open(stream)) continue;
    request.argument |= static_cast<std::uint32_t>(stream);
    fds.push_back(stream);
  }
  for (const auto& descriptor : descriptors) fds.push_back(descriptor.number);
  ServerPatience patience(link);
  for (auto sent = ForkServerLink::Sent::no_room; sent != ForkServerLink::Sent::yes;) {
    sent = link.try_request(request, fds);
    if (sent == ForkServerLink::Sent::gone) return Outcome::server_gone;
    if (sent == ForkServerLink::Sent::yes) break;
    if (patience.is_over()) return Outcome::silent;
    (void)os::wait_any_readable({}, std::chrono::milliseconds(2));  // others have asked for much
  }
  return await_answer(link, family::Family::instance().member(member));
}

void note_refusal() {
  Server& s = server();
  s.spawned_instead.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  if (std::lock_guard guard(s.mutex); std::exchange(s.refused, true)) return;
  get_logger().warning(
      "the fork server has threads after start-up, started by static initialisers or preload; children are spawned "
      "instead");
}

// How often one start may lose its server.
constexpr int kMostCrashes = 3;
constexpr int kMostKills = 100;

// The server went before it answered: says why, or returns when another attempt makes sense. One that somebody kills
// says nothing about the next; one that ends or crashes by itself will do so again.
void examine_loss(ForkServerLink& link, const std::string& name, int losses) {
  if (!link.ended()) return;
  std::string failure = take_failure(link.member());
  if (!failure.empty()) throw BootstrapError("Process.start", name, failure);
  auto status = link.status();
  bool killed = !status || status->signal() == SIGKILL;
  if (status && status->code() && link.progress() == 0)
    throw BootstrapError("Process.start", name,
                         "the fork server ended at its start: " + why_not_claimed(link.member(), *status));
  if (losses < (killed ? kMostKills : kMostCrashes)) return;
  throw BootstrapError("Process.start", name,
                       std::to_string(losses) + " fork servers ended before they had served this request; the last " +
                           (status ? status->to_string() : std::string("was another process's")));
}

// The server lives, but this process is not to ask it any more. Its children are left to it.
void abandon(const std::shared_ptr<ForkServerLink>& link) {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  if (s.link == link) s.abandoned = true;
}

}  // namespace

std::shared_ptr<ForkServerLink> inherited_fork_server() {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  return s.link && !s.refused && !s.abandoned && !s.link->lost() && !s.link->ended() ? s.link : nullptr;
}

void adopt_fork_server(std::shared_ptr<ForkServerLink> link, os::Credentials credentials, std::uint64_t environment) {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  s.link = std::move(link);
  s.credentials = std::move(credentials);
  s.environment = environment;
}

void stop_fork_servers() noexcept {
  Server& s = server();
  std::lock_guard guard(s.mutex);
  // All end before any is buried: one that is stopped may hold a lock of the family, for which its burial would wait.
  if (s.link) s.link->end();
  for (auto& link : s.retired) link->end();
  if (s.link) s.link->stop();
  for (auto& link : s.retired) link->stop();
  s.retired.clear();
  if (s.link && !s.link->is_ours()) return;
  s.link.reset();
}

std::unique_lock<std::mutex> lock_fork_server_for_fork() { return std::unique_lock(server().mutex); }

namespace {

// The caller holds the mutex.
void lend(std::shared_ptr<ForkServerLink> link, family::MemberId member) noexcept try {
  server().lent.push_back({std::move(link), member, os::process_id()});
} catch (const std::exception&) {  // no memory to remember it: then it is lent for good
}

}  // namespace

bool try_lend_record(std::shared_ptr<ForkServerLink> link, family::MemberId member) noexcept {
  std::unique_lock lock(server().mutex, std::try_to_lock);
  if (lock) lend(std::move(link), member);
  return lock.owns_lock();
}

ForkServerFallbacks fork_server_fallbacks() noexcept {
  return {server().spawned_instead.load(std::memory_order_relaxed)};  // relaxed: a counter
}

std::shared_ptr<RunningChild> start_by_fork_server(ProcessCore& core, const std::string& name, bool daemon,
                                                   const AuthenticationKey& authkey) {
  auto& family = family::Family::instance();
  family::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::forkserver, parent);
  Attached attached = describe_target(launch, core, name);
  os::ProcessAttributes attributes = os::capture_process_attributes();
  auto* raw = reinterpret_cast<const std::byte*>(&attributes);
  launch.attributes.assign(raw, raw + sizeof attributes);
  flush_standard_streams();

  for (int losses = 0; true;) {
    auto link = current_server(launch);
    if (!link) {
      note_refusal();
      break;
    }
    family::MemberId member = family.reserve_member(parent);
    Outcome outcome;
    try {
      store_launch(launch, attached.objects, member);
      outcome = request_child(*link, member, attached.descriptors);
      if (outcome == Outcome::started) {
        // relaxed: ordered by the acquire in await_answer()
        int pid = static_cast<int>(family.member(member).launch_pid.load(std::memory_order_relaxed));
        return std::make_shared<RelayedChild>(pid, member, std::move(link));
      }
    } catch (...) {
      give_record_back(member);
      throw;
    }
    if (outcome == Outcome::silent) {
      abandon(link);
      forget_launch(member);  // withdrawn: a child that still comes looks at nothing
      std::lock_guard guard(server().mutex);
      lend(std::move(link), member);
      continue;
    }
    give_record_back(member);  // also that of a child that came too far before it was withdrawn: it ends at once
    if (outcome == Outcome::denied) {
      if (link->is_ours())
        throw BootstrapError(
            "Process.start", name,
            "the fork server has privileges that this process has not, and would pass them on; the start method fork "
            "works here");
      abandon(link);  // our own will have no more than we
      continue;
    }
    if (outcome == Outcome::refused) {
      note_refusal();
      break;
    }
    examine_loss(*link, name, ++losses);
  }
  return start_by_spawn(core, name, daemon, authkey);
}

}  // namespace cohort::detail
