// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/popen.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "subprocess/driver.hpp"
#include "subprocess/pipe_stream_state.hpp"
#include "subprocess/run_options.hpp"

namespace cohort::subprocess {

using namespace std::chrono_literals;

namespace {

void refuse_run_options(const Options& options) {
  auto refuse = [](const char* name) { throw ValueError("Popen", name, "is for run(), not for Popen"); };
  if (options.input) refuse("input");
  if (options.capture_output) refuse("capture_output");
  if (options.check) refuse("check");
  if (options.timeout.is_set()) refuse("timeout");
}

TextMode mode_of(const Options& options) {
  return {options.is_text(), options.encoding.value_or(Encoding::utf8), options.errors.value_or(ErrorPolicy::strict)};
}

}  // namespace

struct Popen::State {
  // @param opened  `given` with descriptors for files
  State(const Command& asked, const Options& given, const Options& opened)
      : command(asked), options(given), session(detail::Session::start("Popen", asked, opened)) {
    ScopeExit unfinished([&] { session.end(options.kill_tree); });
    TextMode mode = mode_of(options);
    if (session.pipes.in) in = PipeWriter(session.pipes.in.release(), mode, options.bufsize);
    if (session.pipes.out) out = PipeReader(session.pipes.out.release(), mode, options.bufsize);
    if (session.pipes.err) err = PipeReader(session.pipes.err.release(), mode, options.bufsize);
    unfinished.dismiss();
  }

  void begin_exchange(std::string_view input);
  // Waits for the end. A stop of the options kills; one of the call, and its deadline, end the wait alone.
  ExitStatus wait(const Until& until, const char* call);
  // What a call that gives up throws; the program goes on.
  [[noreturn]] void give_up(detail::Outcome outcome, std::chrono::duration<double> timeout, const char* call,
                            CompletedProcess so_far) const;
  // Turns what collect() made of the end of a stream into all of it: decoded where that is asked for, after what came
  // before.
  void complete(std::string& bytes, std::string& before, std::optional<detail::TextDecoder>& decoder) const {
    if (options.is_text() && decoder) {
      decoder->feed(bytes, true, before);
      bytes = std::move(before);
    } else if (!before.empty()) {
      bytes.insert(0, before);
    }
  }

  Command command;
  Options options;
  detail::Session session;
  PipeWriter in;
  PipeReader out;
  PipeReader err;
  std::optional<detail::Exchange> exchange;
  std::string out_before;  // what was buffered, in a text mode decoded, before communicate
  std::string err_before;
  std::optional<detail::TextDecoder> out_decoder;  // as it was then
  std::optional<detail::TextDecoder> err_decoder;
  bool drain_expired = false;
  std::optional<CompletedProcess> result;  // once communicate has come to its end
};

Popen::Popen(const Command& command, const Options& options) {
  refuse_run_options(options);
  detail::check_output_options("Popen", options);
  if (options.bufsize < -1) throw ValueError("Popen", "bufsize", "is negative");
  detail::refuse_when_stopped(command, options.stop);
  Options opened = options;
  detail::StreamFiles files(options);
  const detail::StopSignal stop(options.stop);
  auto outcome = detail::open_files(files, opened, Deadline::never(), stop);
  if (outcome != detail::Outcome::done) detail::throw_unstarted(outcome, command, {});
  state_ = std::make_unique<State>(command, options, opened);
}

Popen::~Popen() = default;
Popen::Popen(Popen&&) noexcept = default;
Popen& Popen::operator=(Popen&&) noexcept = default;

Popen::State& Popen::state(const char* call) const {
  if (!state_) throw StateError(call, "", "this object was moved from");
  return *state_;
}

const Command& Popen::args() const { return state("Popen.args").command; }
int Popen::pid() const { return static_cast<int>(state("Popen.pid").session.child.pid()); }
int Popen::sentinel() const { return state("Popen.sentinel").session.child.pidfd(); }
PipeWriter& Popen::in() { return state("Popen.in").in; }
PipeReader& Popen::out() { return state("Popen.out").out; }
PipeReader& Popen::err() { return state("Popen.err").err; }

OptionalInt Popen::poll() {
  auto status = state("Popen.poll").session.child.poll();
  return status ? OptionalInt(status->exitcode()) : std::nullopt;
}

namespace {

// How long a call may take, as its error tells it: in whole milliseconds, as far as there are any.
std::chrono::duration<double> time_of(const Until& until) {
  const std::chrono::nanoseconds left = until.deadline.remaining().value_or(0ns);
  if (left < 1ms) return left;
  return std::chrono::ceil<std::chrono::milliseconds>(left);
}

}  // namespace

void Popen::State::give_up(detail::Outcome outcome, std::chrono::duration<double> timeout, const char* call,
                           CompletedProcess so_far) const {
  if (outcome == detail::Outcome::left) cohort::detail::throw_stopped(call, command.to_string());
  so_far.args = command;
  throw TimeoutExpired(std::move(so_far), timeout, TreeKill::none);
}

ExitStatus Popen::State::wait(const Until& until, const char* call) {
  const auto timeout = time_of(until);
  const detail::StopSignal stop(options.stop);
  const detail::StopSignal leave(until.stop);
  auto outcome = detail::wait_for_end(session, {until.deadline, stop, &leave});
  if (outcome == detail::Outcome::done) return session.child.status().value_or(ExitStatus::unknown());
  if (outcome != detail::Outcome::stopped) give_up(outcome, timeout, call, {});
  CompletedProcess so_far;
  so_far.args = command;
  TreeKill killed = session.kill(options.kill_tree);
  so_far.status = session.child.wait(std::chrono::seconds(10)).value_or(ExitStatus::unknown());
  throw RunCancelled(std::move(so_far), killed);
}

int Popen::wait(const Until& until) { return state("Popen.wait").wait(until, "Popen.wait").exitcode(); }

OptionalInt Popen::returncode() const {
  auto known = state("Popen.returncode").session.child.status();
  return known ? OptionalInt(known->exitcode()) : std::nullopt;
}

std::optional<ExitStatus> Popen::status() const { return state("Popen.status").session.child.status(); }
Usage Popen::usage() const { return detail::usage_of(state("Popen.usage").session.child); }

namespace {

// Hands a stream's descriptor and what it had buffered over.
template <class Stream, class StatePointer>
os::Fd take_over(Stream& stream, StatePointer& state, std::string& buffered) {
  if (!state) return {};
  os::Fd fd = std::move(state->fd);
  buffered = std::move(state->buffer);
  stream = Stream();
  return fd;
}

}  // namespace

// Takes the streams over with what they hold; what was read from them before stays in front of what comes.
void Popen::State::begin_exchange(std::string_view input) {
  if (!input.empty() && in.closed()) throw ValueError("Popen.communicate", "input", "there is no pipe for it");
  std::string pending;
  std::string unread_out, unread_err;
  std::string encoded;
  if (in.state_ && options.is_text() && !input.empty()) {
    encoded = encode(input, in.state_->next_encoding(), in.state_->mode.errors);
    input = encoded;
  }
  std::size_t out_start = out.state_ ? out.state_->start : 0;
  std::size_t err_start = err.state_ ? err.state_->start : 0;
  std::string out_partial = out.state_ ? out.state_->decoder.take_pending() : "";
  std::string err_partial = err.state_ ? err.state_->decoder.take_pending() : "";
  // In the middle of the text: a byte order mark has been seen, a \r may wait for its \n.
  if (out.state_) out_decoder = out.state_->decoder;
  if (err.state_) err_decoder = err.state_->decoder;
  os::Fd in_fd = take_over(in, in.state_, pending);
  os::Fd out_fd = take_over(out, out.state_, unread_out);
  os::Fd err_fd = take_over(err, err.state_, unread_err);
  out_before = unread_out.substr(out_start);
  err_before = unread_err.substr(err_start);
  exchange.emplace(options, std::move(in_fd), std::move(out_fd), std::move(err_fd));
  if (out_decoder) exchange->out().set_encoding(out_decoder->encoding());
  if (err_decoder) exchange->err().set_encoding(err_decoder->encoding());
  exchange->set_owned_input(pending.append(input));
  if (!out_partial.empty()) exchange->take_early(false, out_partial);
  if (!err_partial.empty()) exchange->take_early(true, err_partial);
}

Communicated Popen::communicate(std::string_view input, const Until& until) {
  State& state = this->state("Popen.communicate");
  const auto timeout = time_of(until);
  if (state.result) {
    if (!input.empty()) throw ValueError("Popen.communicate", "input", "cannot be sent after communicate has ended");
    return {state.result->out, state.result->err};
  }
  if (!state.exchange) {
    state.begin_exchange(input);
  } else if (!input.empty()) {
    throw ValueError("Popen.communicate", "input", "may be given in the first call only");
  }
  const detail::StopSignal stop(state.options.stop);
  const detail::StopSignal leave(until.stop);
  const detail::CallLimits limits{until.deadline, stop, &leave};
  // A stop that is there already counts, however little there is to wait for.
  auto outcome = limits.stops();
  if (outcome == detail::Outcome::done)
    outcome = detail::serve_pipes(state.session, *state.exchange, limits, state.options.drain, state.drain_expired);
  if (outcome == detail::Outcome::done) outcome = detail::wait_for_end(state.session, limits);
  if (outcome == detail::Outcome::timed_out || outcome == detail::Outcome::left) {
    CompletedProcess so_far;
    so_far.out = state.out_before;
    so_far.err = state.err_before;
    so_far.out += state.exchange->out().so_far();
    so_far.err += state.exchange->err().so_far();
    state.give_up(outcome, timeout, "Popen.communicate", std::move(so_far));
  }
  if (outcome != detail::Outcome::done) {
    TreeKill killed = state.session.kill(state.options.kill_tree);
    detail::finish_killed(state.session, *state.exchange, state.options.drain, state.drain_expired);
    CompletedProcess ended = detail::collect(state.command, state.options, state.session, *state.exchange, false);
    ended.out.insert(0, state.out_before);
    ended.err.insert(0, state.err_before);
    if (outcome == detail::Outcome::stopped) throw RunCancelled(std::move(ended), killed);
    throw OutputLimitExceeded(std::move(ended), killed);
  }
  CompletedProcess done = detail::collect(state.command, state.options, state.session, *state.exchange, false);
  if (state.out_decoder && state.exchange->out().lacks_front())
    state.out_decoder->skip(state.exchange->out().encoding());
  if (state.err_decoder && state.exchange->err().lacks_front())
    state.err_decoder->skip(state.exchange->err().encoding());
  state.complete(done.out, state.out_before, state.out_decoder);
  state.complete(done.err, state.err_before, state.err_decoder);
  done.drain_expired = state.drain_expired;
  state.result = std::move(done);
  return {state.result->out, state.result->err};
}

void Popen::send_signal(int signal) { state("Popen.send_signal").session.child.send_signal(signal); }
void Popen::terminate() { state("Popen.terminate").session.child.send_signal(SIGTERM); }
void Popen::kill() { state("Popen.kill").session.child.send_signal(SIGKILL); }
TreeKill Popen::kill_tree() { return state("Popen.kill_tree").session.kill(true); }

int Popen::close_and_wait(const Until& until) {
  State& state = this->state("Popen.close_and_wait");
  state.out.close();
  state.err.close();
  if (state.exchange) state.exchange->abandon();
  std::exception_ptr unsent;
  try {
    state.in.close(until);
  } catch (...) { unsent = std::current_exception(); }
  ExitStatus status = state.wait(until, "Popen.close_and_wait");
  if (unsent) std::rethrow_exception(unsent);
  return status.exitcode();
}

std::string Popen::to_string() const {
  constexpr std::size_t kMost = 80;
  constexpr std::string_view kCut = "...>";
  const State& state = this->state("Popen.to_string");
  auto code = returncode();
  std::string text =
      "<Popen: returncode: " + (code ? std::to_string(*code) : "None") + " args: " + state.command.to_string() + ">";
  if (text.size() <= kMost) return text;
  std::size_t end = kMost - kCut.size();
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return text.substr(0, end).append(kCut);
}

CompletedProcess Popen::completed() const {
  const State& state = this->state("Popen.completed");
  if (state.result) return *state.result;
  CompletedProcess so_far;
  so_far.args = state.command;
  so_far.status = status().value_or(ExitStatus::unknown());
  so_far.usage = usage();
  so_far.supervisor_killed = state.session.child.lost_supervisor();
  return so_far;
}

}  // namespace cohort::subprocess
