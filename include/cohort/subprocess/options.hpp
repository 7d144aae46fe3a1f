// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a program is run: one aggregate for run(), Popen, pipelines and the asynchronous calls.
//
//   run({"make"}, {.capture_output = true, .cwd = "/src", .timeout = 10min});
//   Popen p({"sort"}, {.in = PIPE, .out = PIPE, .err = STDOUT, .env_set = {{"LC_ALL", "C"}}});
//
// Plain values; the descriptors and buffers that they name must live until the program has ended. Names are Python's,
// but for stdin, stdout and stderr, which are macros of C: here in, out, err. What Python leaves to a preexec_fn is
// declared (limits, nice, cpus, parent_death_signal, …): no code of the caller runs between fork and exec.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cohort/base/bytes.hpp"
#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/subprocess/text.hpp"

namespace cohort::subprocess {

/// Where one of a program's standard streams goes.
class COHORT_EXPORT Redirect {
 public:
  enum class Kind : unsigned char { inherit, pipe, devnull, to_out, descriptor, file, append_file };

  /// As the parent's.
  Redirect() noexcept = default;
  Redirect(Kind kind) noexcept : kind_(kind) {}  // NOLINT(google-explicit-constructor): `.in = PIPE`
  /// A descriptor of the caller's, which stays open here.
  Redirect(int descriptor) noexcept : kind_(Kind::descriptor), descriptor_(descriptor) {}  // NOLINT
  /// A file: read for `in`, created or emptied for `out` and `err`. It is opened here, before the program starts. A named
  /// pipe whose other end nobody has is waited for, as open(2) does, but no longer than the time limit and the stop request
  /// allow, and without holding up others that run_async() serves.
  static Redirect file(std::filesystem::path path);
  /// A file to append to.
  static Redirect append(std::filesystem::path path);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// True for the default.
  [[nodiscard]] bool is_inherit() const noexcept { return kind_ == Kind::inherit; }

 private:
  Kind kind_ = Kind::inherit;
  int descriptor_ = -1;
  std::filesystem::path path_;
};

// NOLINTBEGIN(readability-identifier-naming): Python's names
/// A pipe between here and the program. Python: subprocess.PIPE.
inline constexpr Redirect::Kind PIPE = Redirect::Kind::pipe;
/// Nothing: /dev/null. Python: subprocess.DEVNULL.
inline constexpr Redirect::Kind DEVNULL = Redirect::Kind::devnull;
/// For `err` only: wherever `out` goes. Python: subprocess.STDOUT.
inline constexpr Redirect::Kind STDOUT = Redirect::Kind::to_out;
// NOLINTEND(readability-identifier-naming)

/// A time limit of a run; made from any duration. Without one, no limit. It is a duration and not an Until, because Options
/// may serve several runs, and run_async() counts it from the start of the program.
class COHORT_EXPORT Timeout {
 public:
  constexpr Timeout() noexcept = default;
  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> time) noexcept  // NOLINT(google-explicit-constructor)
      : seconds_(std::chrono::duration<double>(time)) {}

  [[nodiscard]] constexpr bool is_set() const noexcept { return seconds_.has_value(); }
  [[nodiscard]] constexpr std::chrono::duration<double> seconds() const noexcept {
    return seconds_.value_or(std::chrono::duration<double>(0));
  }
  /// That long from now.
  [[nodiscard]] Deadline deadline() const { return seconds_ ? Deadline(*seconds_) : Deadline::never(); }

 private:
  std::optional<std::chrono::duration<double>> seconds_;
};

/// A user or a group, by number or by name.
using Account = std::variant<std::uint32_t, std::string>;

/// One resource limit, as setrlimit(2) counts it. nullopt is "no limit".
struct ResourceLimit {
  /// The limits of which programs are started with; those that the platform lacks are refused by ValueError.
  enum class Kind : unsigned char {
    cpu_seconds,
    file_size,
    data,
    stack,
    core,
    open_files,
    address_space,
    processes,
    locked_memory
  };
  Kind kind;
  std::optional<std::uint64_t> soft;
  std::optional<std::uint64_t> hard = soft;
};

/// What happens when a program writes more than `max_output`.
enum class Overflow : unsigned char {
  fail,       ///< it is killed, and OutputLimitExceeded thrown
  keep_head,  ///< the first bytes are kept, the rest is read and dropped
  keep_tail,  ///< the last bytes are kept
};

/// Takes output while it comes; called by the thread that communicates. An exception ends the program as a timeout would.
using OutputCallback = std::function<void(std::string_view)>;

/// All about one run. Every field has a default that does nothing. They stand in the order in which one says them:
/// streams, the program's world, its end; designated initialisers must keep that order.
struct COHORT_EXPORT Options {
  // --- for run() and its kin ---
  /// Bytes (or, in a text mode, text) for the program's standard input; implies `in = PIPE`. Not copied for run().
  std::optional<std::string_view> input = std::nullopt;
  /// `out = PIPE, err = PIPE`.
  bool capture_output = false;

  // --- standard streams ---
  Redirect in = {};
  Redirect out = {};
  Redirect err = {};
  /// Room of the pipes in bytes; 0: the system's, grown by itself when much flows. What the system refuses to give is a
  /// SpawnError whose operation() is "fcntl(F_SETPIPE_SZ)"; it may give more.
  std::size_t pipesize = 0;
  /// Buffer of Popen's streams: 0 none (lines are then read byte by byte), 1 by lines (text only), n bytes, -1 the
  /// default of 8 KiB.
  int bufsize = -1;
  /// Text in UTF-8, with newlines translated. Also set by `encoding` or `errors`.
  bool text = false;
  std::optional<Encoding> encoding = std::nullopt;
  std::optional<ErrorPolicy> errors = std::nullopt;

  // --- what is done with output, beside or instead of keeping it ---
  /// Reads output straight into the caller's memory instead of a string; more than fits is handled by `overflow`, of
  /// which keep_tail is refused here.
  std::span<char> out_buffer = {};
  /// The most to keep of each stream, in bytes. In a text mode whole characters are kept: of one that the limit (or the drain
  /// limit) cuts nothing is, whatever `errors` says, which is for what the program wrote and not for what was left out.
  std::optional<Bytes> max_output = std::nullopt;
  Overflow overflow = Overflow::fail;
  /// Pieces as they come, as bytes.
  OutputCallback on_out = {};
  OutputCallback on_err = {};
  /// Lines without their newline, decoded in a text mode; the last one also without a newline.
  OutputCallback on_out_line = {};
  OutputCallback on_err_line = {};
  /// Descriptors that get a copy of all output. While one takes nothing, the program waits, and its time limit runs. One
  /// whose reader has gone is an OsError with EPIPE, which ends the program as an exception of a callback does.
  int tee_out = -1;
  int tee_err = -1;
  /// False: what the callbacks and tees got is not kept.
  bool keep_output = true;

  // --- the program's world ---
  /// Executed instead of the first word.
  std::optional<std::filesystem::path> executable = std::nullopt;
  std::optional<std::filesystem::path> cwd = std::nullopt;
  /// The whole environment.
  std::optional<std::map<std::string, std::string>> env = std::nullopt;
  /// Changes to the parent's environment, or to `env`. Of several entries that the parent has of one name, programs get the
  /// first, which is the one that getenv() gives here; that holds without changes, too.
  std::map<std::string, std::string> env_set = {};
  std::vector<std::string> env_unset = {};
  /// Descriptors to keep under the same number, whatever their close-on-exec flag and `close_fds` say.
  std::vector<int> pass_fds = {};
  /// Descriptors to give under another number: child's number, ours.
  std::map<int, int> map_fds = {};
  bool close_fds = true;
  /// SIGPIPE and SIGXFSZ back to default.
  bool restore_signals = true;
  bool start_new_session = false;
  std::optional<int> process_group = std::nullopt;
  std::optional<Account> user = std::nullopt;
  std::optional<Account> group = std::nullopt;
  std::optional<std::vector<Account>> extra_groups = std::nullopt;
  /// 0 to 0777.
  std::optional<unsigned> umask = std::nullopt;
  std::vector<ResourceLimit> limits = {};
  /// Added to our niceness.
  std::optional<int> nice = std::nullopt;
  /// Processors it may run on.
  std::vector<int> cpus = {};
  /// Sent to the program when the thread that started it ends.
  int parent_death_signal = 0;
  bool no_new_privileges = false;

  // --- its end ---
  /// For run(): after that long the program and what it started are killed, and TimeoutExpired is thrown.
  Timeout timeout = {};
  /// For run(): throws CalledProcessError unless the program exits with 0.
  bool check = false;
  /// A request to stop ends the program as a timeout does, and RunCancelled is thrown. When it came before the call, nothing
  /// is started. Popen obeys it in its constructor and in wait, communicate and close_and_wait; to end such a wait alone, give
  /// the token to the call.
  std::stop_token stop = {};
  /// How long to go on reading after the program has ended, when some descendant still holds a pipe. Without one: until
  /// all have closed it, as in Python. After a kill it is a quarter of a second at most.
  Timeout drain = {};
  /// False: a timeout kills the program alone, as in Python.
  bool kill_tree = true;
  /// Runs the program under a small supervisor that ends everything it started when it ends, when it is killed, or
  /// when we die. Costs two more processes: a watcher above the supervisor, so that a program that kills one of them is
  /// ended all the same and CompletedProcess::supervisor_killed says so. Complete unless the program kills both at once.
  bool contain = false;
  /// A writable directory of control groups (version 2); the program gets a group of its own in it. Complete.
  std::optional<std::filesystem::path> cgroup = std::nullopt;

  /// True when output is text.
  [[nodiscard]] bool is_text() const noexcept { return text || encoding || errors; }
};

}  // namespace cohort::subprocess
