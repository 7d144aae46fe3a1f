// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/process_core.hpp"

#include <array>
#include <csignal>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "family/family.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "park/stop_bell.hpp"
#include "process/children.hpp"
#include "process/process_exit.hpp"
#include "process/process_state.hpp"
#include "process/record_return.hpp"

namespace cohort {

namespace detail {

ProcessBody::~ProcessBody() = default;

ProcessCore::ProcessCore(std::unique_ptr<ProcessBody> body, ProcessOptions options)
    : body_(std::move(body)), options_(std::move(options)), creator_pid_(os::process_id()) {
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  identity_ = state.identity;
  identity_.push_back(state.next_child++);
  if (options_.name.empty()) {
    options_.name = "Process";
    char separator = '-';
    for (unsigned number : identity_) {
      options_.name += separator + std::to_string(number);
      separator = ':';
    }
  }
  if (!options_.daemon) options_.daemon = state.daemon;
  authkey_ = authkey_of(state);
}

void ProcessCore::require_creator(const char* operation) const {
  if (creator_pid_ != os::process_id())
    throw StateError(operation, options_.name, "only the process that created a Process can do this");
}

void ProcessCore::require_open(const char* operation) const {
  if (closed_) throw ClosedError(operation, options_.name, "the process object is closed");
}

std::shared_ptr<RunningChild> ProcessCore::require_started(const char* operation) {
  std::lock_guard guard(mutex_);
  require_open(operation);
  require_creator(operation);
  if (!child_) throw StateError(operation, options_.name, "the process was not started");
  return child_;
}

void ProcessCore::start() {
  std::string name;
  bool daemon;
  AuthenticationKey key;
  StartMethod method;
  {
    std::lock_guard guard(mutex_);
    require_open("Process.start");
    require_creator("Process.start");
    if (child_ || !body_ || starting_)
      throw StateError("Process.start", options_.name, "a process cannot be started twice");
    auto& state = process_state();
    if (std::lock_guard state_guard(state.mutex); state.daemon)
      throw StateError("Process.start", options_.name, "daemonic processes are not allowed to have children");
    name = options_.name;
    daemon = *options_.daemon;
    key = authkey_;
    method = options_.start_method ? *options_.start_method : get_start_method();
    starting_ = true;
  }
  ScopeExit started([&] {
    std::lock_guard guard(mutex_);
    starting_ = false;
  });
  bool has_hook = [&] {
    std::lock_guard ending(end_mutex_);
    return end_hook_ != nullptr;
  }();
  (void)running_children();  // reaps those that have ended
  register_process_exit();
  std::shared_ptr<RunningChild> child;
  try {
    switch (method) {
      case StartMethod::fork: child = start_by_fork(*this, name, daemon, key); break;
      case StartMethod::spawn: child = start_by_spawn(*this, name, daemon, key); break;
      case StartMethod::forkserver: child = start_by_fork_server(*this, name, daemon, key); break;
    }
  } catch (const ArgumentsFailure& failure) { std::rethrow_exception(failure.what); } catch (const SpawnError&) {
    throw;
  } catch (const OsError& error) { throw SpawnError(error.code().value(), error.operation(), error.subject()); }
  std::unique_ptr<ProcessBody>
      body;  // arguments may be large; their destructors are the user's, and run without the lock
  {
    std::lock_guard guard(mutex_);
    child_ = child;
    body = std::move(body_);
  }
  try {
    add_child(shared_from_this());
  } catch (...) {  // what start() does not give to anybody must not run
    child->send_signal(SIGKILL);
    if (auto status = child->wait(Deadline::never())) note_end(child, *status);
    throw;
  }
  // A pool judges what is left before it is repaired, and watches by itself.
  if (!has_hook) child->repair_at_end();
}

void ProcessCore::note_end(const std::shared_ptr<RunningChild>& child, ExitStatus status) {
  // Whoever learns of the end, in any thread, finds everything repaired, unless a stopped process has a lock that the
  // repair needs.
  std::lock_guard ending(end_mutex_);
  if (std::lock_guard guard(mutex_); status_) return;
  if (end_hook_) {
    end_hook_(child->pid(), status);
    end_hook_ = nullptr;
  }
  give_record_back(child);
  {
    std::lock_guard guard(mutex_);
    status_ = status;
  }
  remove_child(*this);
}

void ProcessCore::set_end_hook(std::function<void(int pid, ExitStatus)> hook) {
  std::lock_guard ending(end_mutex_);
  end_hook_ = std::move(hook);
}

void ProcessAccess::start(const ProcessHandle& process) { process.core().start(); }

void ProcessAccess::set_end_hook(const ProcessHandle& process, std::function<void(int pid, ExitStatus)> hook) {
  process.core().set_end_hook(std::move(hook));
}

namespace {

// Waits for the sentinel or a stop, whichever comes first.
void await_end_or_stop(RunningChild& child, const Until& until) {
  park::StopDescriptor stop(until);
  const std::array<int, 2> fds{child.sentinel(), stop.fd()};
  while (!until.over() && os::wait_any_readable(fds, until.deadline).empty()) {}
}

}  // namespace

bool ProcessCore::wait(const Until& until) {
  auto child = require_started("Process.join");
  if (std::lock_guard guard(mutex_); status_) return true;
  // A wait for the status itself knows no stops; it has most of the waits, as it takes one wake-up only.
  if (until.may_stop()) await_end_or_stop(*child, until);
  auto status = child->wait(until.stopped() ? Deadline::now() : until.deadline);
  if (!status && until.stopped()) throw_stopped("Process.join", name());
  if (!status) return false;
  note_end(child, *status);
  return true;
}

bool ProcessCore::poll_ended() {
  std::shared_ptr<RunningChild> child;
  {
    std::lock_guard guard(mutex_);
    if (status_ || closed_) return true;
    child = child_;
  }
  if (!child) return false;
  auto status = child->wait(Deadline::now());
  if (status) note_end(child, *status);
  return status.has_value();
}

void ProcessCore::send_signal(int signal, const char* operation) {
  auto child = require_started(operation);
  if (std::lock_guard guard(mutex_); status_) return;
  child->send_signal(signal);
}

void ProcessCore::close() {
  if (std::lock_guard guard(mutex_); closed_) return;
  bool running;
  {
    std::lock_guard guard(mutex_);
    running = child_ && !status_;
  }
  if (running && !poll_ended())
    throw StateError("Process.close", name(), "a running process cannot be closed; join it first, or terminate it");
  std::unique_ptr<ProcessBody> body;  // outlives the lock, as in start()
  std::shared_ptr<RunningChild> child;
  std::lock_guard guard(mutex_);
  closed_ = true;
  body = std::move(body_);
  child = std::move(child_);
}

bool ProcessCore::is_alive() {
  {
    std::lock_guard guard(mutex_);
    require_open("Process.is_alive");
    require_creator("Process.is_alive");
    if (!child_) return false;
  }
  return !poll_ended();
}

std::string ProcessCore::name() {
  std::lock_guard guard(mutex_);
  return options_.name;
}
void ProcessCore::set_name(std::string name) {
  std::lock_guard guard(mutex_);
  options_.name = std::move(name);
}

bool ProcessCore::daemon() {
  std::lock_guard guard(mutex_);
  return *options_.daemon;
}
void ProcessCore::set_daemon(bool daemon) {
  std::lock_guard guard(mutex_);
  if (child_) throw StateError("Process.set_daemon", options_.name, "the process has been started already");
  options_.daemon = daemon;
}

std::optional<int> ProcessCore::pid() {
  std::lock_guard guard(mutex_);
  require_open("Process.pid");
  if (!child_) return std::nullopt;
  return child_->pid();
}

std::optional<ExitStatus> ProcessCore::exit_status() {
  {
    std::lock_guard guard(mutex_);
    require_open("Process.exitcode");
    require_creator("Process.exitcode");
    if (status_) return status_;
    if (!child_) return std::nullopt;
  }
  (void)poll_ended();
  std::lock_guard guard(mutex_);
  return status_;
}

std::vector<std::byte> ProcessCore::authkey() {
  std::lock_guard guard(mutex_);
  return authkey_.copy();
}
void ProcessCore::set_authkey(std::vector<std::byte> key) {
  AuthenticationKey kept(std::move(key));
  std::lock_guard guard(mutex_);
  authkey_ = std::move(kept);
}

int ProcessCore::sentinel() { return require_started("Process.sentinel")->sentinel(); }
StartMethod ProcessCore::start_method() { return require_started("Process.start_method")->method(); }

family::MemberId ProcessCore::member() {
  std::lock_guard guard(mutex_);
  return child_ ? child_->member() : family::kNobody;
}

std::string ProcessCore::to_string() {
  if (std::lock_guard guard(mutex_); child_ && !status_ && creator_pid_ != os::process_id())
    return "<Process name='" + options_.name + "' pid=" + std::to_string(child_->pid()) + " unknown>";
  if (creator_pid_ == os::process_id()) (void)poll_ended();
  std::lock_guard guard(mutex_);
  std::string text = "<Process name='" + options_.name + "'";
  if (child_) text += " pid=" + std::to_string(child_->pid());
  text += " parent=" + std::to_string(creator_pid_);
  text += closed_ ? " closed" : status_ ? " stopped" : child_ ? " started" : " initial";
  if (status_) {
    if (auto signal = status_->signal())
      text += " exitcode=-" + signal_name(*signal);
    else if (auto code = status_->code())
      text += " exitcode=" + std::to_string(*code);
    else
      text += " exitcode=unknown";
  }
  if (*options_.daemon) text += " daemon";
  return text + ">";
}

}  // namespace detail

detail::ProcessCore& ProcessHandle::core() const {
  if (!core_) throw StateError("Process", "", "this object was moved from");
  return *core_;
}

bool ProcessHandle::join(const Until& until) const { return core().wait(until); }
bool ProcessHandle::is_alive() const { return core().is_alive(); }
void ProcessHandle::terminate() const { core().send_signal(SIGTERM, "Process.terminate"); }
void ProcessHandle::kill() const { core().send_signal(SIGKILL, "Process.kill"); }
void ProcessHandle::interrupt() const { core().send_signal(SIGINT, "Process.interrupt"); }
void ProcessHandle::send_signal(int signal) const { core().send_signal(signal); }
std::string ProcessHandle::name() const { return core().name(); }
void ProcessHandle::set_name(std::string name) const { core().set_name(std::move(name)); }
bool ProcessHandle::daemon() const { return core().daemon(); }
void ProcessHandle::set_daemon(bool daemon) const { core().set_daemon(daemon); }
OptionalInt ProcessHandle::pid() const { return OptionalInt(core().pid()); }
std::optional<ExitStatus> ProcessHandle::exit_status() const { return core().exit_status(); }
OptionalInt ProcessHandle::exitcode() const {
  auto status = core().exit_status();
  if (!status || status->kind() == ExitStatus::Kind::unknown) return std::nullopt;
  return status->exitcode();
}
std::vector<std::byte> ProcessHandle::authkey() const { return core().authkey(); }
void ProcessHandle::set_authkey(std::vector<std::byte> key) const { core().set_authkey(std::move(key)); }
int ProcessHandle::sentinel() const { return core().sentinel(); }
StartMethod ProcessHandle::start_method() const { return core().start_method(); }
void ProcessHandle::close() const { core().close(); }
std::string ProcessHandle::to_string() const { return core().to_string(); }

Process::Process(std::unique_ptr<detail::ProcessBody> body, ProcessOptions options)
    : ProcessHandle(std::make_shared<detail::ProcessCore>(std::move(body), std::move(options))) {}

void Process::start() { core().start(); }

static ProcessOptions by_fork(ProcessOptions options) {
  options.start_method = StartMethod::fork;
  return options;
}

ForkProcess::ForkProcess(std::unique_ptr<detail::ProcessBody> body, ProcessOptions options)
    : ProcessHandle(std::make_shared<detail::ProcessCore>(std::move(body), by_fork(std::move(options)))) {}

void ForkProcess::start() { core().start(); }

std::vector<ProcessHandle> active_children() {
  std::vector<ProcessHandle> handles;
  for (auto& core : detail::running_children()) handles.push_back(ProcessHandle(core));
  return handles;
}

}  // namespace cohort
