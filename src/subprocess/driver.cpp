// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/driver.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/stream_io.hpp"

namespace cohort::subprocess::detail {

using namespace std::chrono_literals;

Outcome CallLimits::stops() const noexcept {
  if (stop.requested()) return Outcome::stopped;
  return leave != nullptr && leave->requested() ? Outcome::left : Outcome::done;
}

Deadline CallLimits::next_look() const {
  return leave == nullptr ? stop.next_look() : Deadline::earlier(stop.next_look(), leave->next_look());
}

void refuse_when_stopped(const Command& command, const std::stop_token& stop) {
  if (stop.stop_requested()) throw_unstarted(Outcome::stopped, command, {});
}

void throw_unstarted(Outcome outcome, const Command& command, const Timeout& timeout) {
  CompletedProcess nothing;
  nothing.args = command;
  if (outcome == Outcome::timed_out) throw TimeoutExpired(std::move(nothing), timeout.seconds(), TreeKill::none);
  throw RunCancelled(std::move(nothing), TreeKill::none);
}

Outcome open_files(StreamFiles& files, Options& options, Deadline deadline, const StopSignal& stop) {
  while (!files.try_open()) {
    if (stop.requested()) return Outcome::stopped;
    if (deadline.expired()) return Outcome::timed_out;
    os::PollItem item{.fd = stop.fd()};
    os::poll_items({&item, 1}, Deadline::earlier(deadline, files.next_look()));
  }
  files.put_into(options);
  return Outcome::done;
}

Outcome serve_pipes(Session& session, Exchange& exchange, const CallLimits& limits, const Timeout& drain,
                    bool& drain_expired) {
  Deadline drained;
  bool ended = false;
  while (!exchange.finished()) {
    auto pipes = exchange.items();
    std::array<os::PollItem, Exchange::kStreams + 3> items;
    std::copy(pipes.begin(), pipes.end(), items.begin());
    os::PollItem& end = items[Exchange::kStreams];
    end.fd = drain.is_set() && !ended ? session.child.pidfd() : -1;
    items[Exchange::kStreams + 1].fd = limits.stop.fd();
    items[Exchange::kStreams + 2].fd = limits.leave_fd();
    Deadline until = Deadline::earlier(Deadline::earlier(limits.deadline, drained), limits.next_look());
    // Without a pidfd the end is looked for now and then.
    bool blind = drain.is_set() && !ended && end.fd < 0;
    if (blind) until = Deadline::earlier(until, Deadline(10ms));
    std::size_t ready = os::poll_items(items, until);
    if (Outcome stopped = limits.stops(); stopped != Outcome::done) return stopped;
    std::copy_n(items.begin(), pipes.size(), pipes.begin());
    exchange.serve(pipes);
    if (exchange.over_limit()) return Outcome::over_limit;
    if ((end.ready || blind) && session.child.poll()) {
      ended = true;
      drained = drain.deadline();
    }
    if (limits.deadline.expired() && !exchange.finished()) return Outcome::timed_out;
    if (ready == 0 && ended && drained.expired()) {
      exchange.abandon();
      drain_expired = true;
    }
  }
  return Outcome::done;
}

Outcome wait_for_end(Session& session, const CallLimits& limits) {
  if (!limits.stop.possible() && (limits.leave == nullptr || !limits.leave->possible()))
    return session.child.wait(limits.deadline) ? Outcome::done : Outcome::timed_out;
  while (!session.child.poll()) {
    if (Outcome stopped = limits.stops(); stopped != Outcome::done) return stopped;
    if (limits.deadline.expired()) return Outcome::timed_out;
    std::array<os::PollItem, 3> items;
    items[0].fd = session.child.pidfd();
    items[1].fd = limits.stop.fd();
    items[2].fd = limits.leave_fd();
    Deadline until = Deadline::earlier(limits.deadline, limits.next_look());
    os::poll_items(items, items[0].fd < 0 ? Deadline::earlier(until, Deadline(10ms)) : until);
  }
  return Outcome::done;
}

void finish_killed(Session& session, Exchange& exchange, const Timeout& drain, bool& drain_expired) {
  std::chrono::duration<double> limit = kDrainAfterKill;
  if (drain.is_set()) limit = std::min(limit, drain.seconds());
  const StopSignal never{std::stop_token()};
  // Whoever still writes without end must not hold us either: the deadline bounds the whole.
  Deadline deadline(limit);
  while (serve_pipes(session, exchange, {deadline, never}, {}, drain_expired) == Outcome::over_limit) {
    if (deadline.expired()) break;
  }
  if (!exchange.finished()) {
    drain_expired = true;
    exchange.abandon();
  }
  // SIGKILL works at once unless the kernel itself is stuck; then the child is reaped later.
  (void)session.child.wait(10s);
}

std::string as_text(std::string bytes, Encoding encoding, const Options& options) {
  if (!options.is_text()) return bytes;
  std::string text;
  text.reserve(bytes.size());
  TextDecoder(encoding, options.errors.value_or(ErrorPolicy::strict), true).feed(bytes, true, text);
  return text;
}

std::string as_bytes(std::string_view text, const Options& options) {
  if (!options.is_text() || text.empty()) return std::string(text);  // no byte order mark for nothing, as in Python
  return encode(text, options.encoding.value_or(Encoding::utf8), options.errors.value_or(ErrorPolicy::strict));
}

CompletedProcess collect(const Command& command, const Options& options, Session& session, Exchange& exchange,
                         bool decode_text) {
  CompletedProcess done;
  done.args = command;
  done.status = session.child.status().value_or(ExitStatus::unknown());
  done.usage = usage_of(session.child);
  done.supervisor_killed = session.child.lost_supervisor();
  done.captured_out = options.out.kind() == Redirect::Kind::pipe;
  done.captured_err = options.err.kind() == Redirect::Kind::pipe;
  done.out_bytes = exchange.out().total();
  done.err_bytes = exchange.err().total();
  exchange.out().keep_whole_characters();
  exchange.err().keep_whole_characters();
  done.out = std::exchange(exchange.out().kept(), {});
  done.err = std::exchange(exchange.err().kept(), {});
  if (decode_text && options.is_text()) {
    done.out = as_text(std::move(done.out), exchange.out().encoding(), options);
    done.err = as_text(std::move(done.err), exchange.err().encoding(), options);
  }
  return done;
}

}  // namespace cohort::subprocess::detail
