// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Process: a function running in another process.
//
//   void greet(std::string name) { std::cout << "hello, " << name << "\n"; }
//
//   cohort::Process p(greet, "bob");                                // describe
//   p.start();                                                      // a child runs it
//   p.join();                                                       // p.exitcode() == 0
//
//   cohort::Process q({.name = "reader", .daemon = true}, cohort::fn<greet>, "eve");
//   struct Job { int n; void run() const; };                        // the second way to define one
//   cohort::Process r(Job{7});
//
// What runs is a function, a lambda without captures, a function object, or an object with run(), with arguments that the codec
// can carry. Arguments are converted to the function's parameter types here and copied; what it returns is dropped.
//
// The child: standard input is /dev/null; standard output and error are the parent's, line by line, so that lines of several
// processes do not interleave. It ends with exit code 0 when the function returns, 1 after an exception that it did not catch (which is
// reported on standard error as "Process NAME:", type, text and stack trace), and with n after `throw SystemExit(n)` or exit(n).
//
// Death: a child never outlives the process that started it, however that ends. The end of a child is noticed by the kernel's own means, so a
// grandchild or a reused pid cannot fool join().
// Destroying a Process that runs neither waits nor kills: the child moves to active_children(), and at the normal exit of this
// process it is joined, or terminated if it is a daemon.
//
// When the child is killed, what it held is repaired as it ends, and those that wait for it are told within a millisecond or two.
//
// Starts the service thread, with the first start(): it watches the ends of children. (It is not counted as a thread where
// fork asks for a process without any.)
// Threads: any thread may use a Process, also several at once. Processes: only the one that started it; in others every call
// but name() throws StateError. Fork: a forked copy is another process.
// Python: multiprocessing.Process; differences stand in docs/from-python.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/exit_status.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/optional_int.hpp"
#include "cohort/base/until.hpp"
#include "cohort/process/process_body.hpp"
#include "cohort/process/start_method.hpp"

namespace cohort {

/// How a process is to be made. Every field has a default.
struct ProcessOptions {
  /// Free text for people. Empty: "Process-1", "Process-1:2" for the second child of the first, and so on.
  std::string name = {};
  /// A daemon is terminated at the normal exit of its parent, and may have no children. nullopt: as the creating process.
  std::optional<bool> daemon = {};
  /// nullopt: the program's method, see start_method.hpp.
  std::optional<StartMethod> start_method = {};
  /// With fork: start it although this process has threads. Only calls that are safe in a forked copy of a threaded process are
  /// then safe in the child, until it executes another program.
  bool force_fork = false;
};

/// As an optional.
template <>
struct Codec<OptionalInt> {
  static void encode(Encoder& out, const OptionalInt& value) { Codec<std::optional<int>>::encode(out, value); }
  static OptionalInt decode(Decoder& in) { return OptionalInt(Codec<std::optional<int>>::decode(in)); }
};

/// Thrown inside a process to end it with an exit code. Python: SystemExit.
class COHORT_EXPORT SystemExit {
 public:
  explicit SystemExit(int code = 0) : code_(code) {}
  /// Written to standard error; the exit code is then 1.
  explicit SystemExit(std::string message) : code_(1), message_(std::move(message)) {}
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  int code_;
  std::string message_;
};

namespace detail {
class ProcessCore;
struct ProcessAccess;
}  // namespace detail

/// Refers to a process that was described or started; copies refer to the same one.
class COHORT_EXPORT ProcessHandle {
 public:
  /// Waits for the end. Joining again, or with a negative timeout, is allowed.
  ///
  /// @returns  true when the process has ended, false at the deadline
  /// @throws Stopped      a stop was requested; the process goes on
  /// @throws StateError   not started, or started by another process
  /// @throws ClosedError  after close()
  bool join(const Until& until = Until::never()) const;
  /// True while the child runs; false before start() and after the end.
  [[nodiscard]] bool is_alive() const;
  /// Sends SIGTERM, SIGKILL, SIGINT, or any signal. No effect when the child has already ended; never hits another process.
  /// @throws StateError  not started
  void terminate() const;
  void kill() const;
  void interrupt() const;
  void send_signal(int signal) const;

  /// The name for people; it may be changed at any time.
  [[nodiscard]] std::string name() const;
  void set_name(std::string name) const;
  [[nodiscard]] bool daemon() const;
  /// @throws StateError  after start()
  void set_daemon(bool daemon) const;
  /// nullopt before start().
  [[nodiscard]] OptionalInt pid() const;
  /// Python's number: the exit code, or minus the signal that killed it. nullopt while it has not ended, and for a child whose
  /// status nobody can know any more (exit_status() then says unknown).
  [[nodiscard]] OptionalInt exitcode() const;
  /// nullopt while it has not ended.
  [[nodiscard]] std::optional<ExitStatus> exit_status() const;
  /// The key that the child's network connections prove themselves with; its creator's unless set before start().
  [[nodiscard]] std::vector<std::byte> authkey() const;
  /// Wipes `key`: move it in to leave no copy behind.
  void set_authkey(std::vector<std::byte> key) const;
  /// A descriptor that is readable once the child has ended; for poll(2) and cohort::wait. It belongs to this object.
  /// @throws StateError  before start()
  [[nodiscard]] int sentinel() const;
  /// The method that really started it. @throws StateError before start()
  [[nodiscard]] StartMethod start_method() const;
  /// Gives up what the object holds; later calls throw ClosedError. Idempotent.
  /// @throws StateError  while the child runs
  void close() const;
  /// `<Process name='worker' pid=12 parent=11 stopped exitcode=-SIGKILL daemon>`
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const ProcessHandle&, const ProcessHandle&) = default;

 protected:
  friend class detail::ProcessCore;
  friend struct detail::ProcessAccess;
  ProcessHandle() = default;
  explicit ProcessHandle(std::shared_ptr<detail::ProcessCore> core) : core_(std::move(core)) {}
  [[nodiscard]] detail::ProcessCore& core() const;
  friend COHORT_EXPORT std::vector<ProcessHandle> active_children();

  std::shared_ptr<detail::ProcessCore> core_;
};

class ForkProcess;

/// One child process. Move-only. Destroying it neither waits nor kills, see the top of this file.
/// Final: a class derived from it would not travel to the child. To define one with run(), give it an object that has one: Process(Job{7}).
class COHORT_EXPORT Process final
    : public ProcessHandle {  // not to derive from: pass an object with run(), as in Process(Job{7})
 public:
  /// Describes a process that calls `f(arguments...)`. Nothing starts yet.
  template <class F, class... Args>
    requires(!std::is_base_of_v<ProcessHandle, std::decay_t<F>> && !std::is_same_v<std::decay_t<F>, ProcessOptions>)
  explicit Process(F&& f, Args&&... arguments)
      : Process(ProcessOptions{}, std::forward<F>(f), std::forward<Args>(arguments)...) {}

  template <class F, class... Args>
    requires(!std::is_base_of_v<ProcessHandle, std::decay_t<F>>)
  Process(ProcessOptions options, F&& f, Args&&... arguments)
      : Process(detail::make_travelling_body(std::forward<F>(f), std::forward<Args>(arguments)...),
                std::move(options)) {}

  Process(ForkProcess&& forked) noexcept;  // NOLINT(google-explicit-constructor): it is one, to be kept with others
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() = default;

  /// Starts the child. Returns when it exists; its function runs on its own.
  ///
  /// @throws StateError      started before; in a daemon; with fork, when there are threads
  /// @throws BootstrapError  main() was not handed to Cohort (init.hpp), or a re-executed child could not work here (raised privileges,
  ///                         a closed descriptor): nothing was started; or it ended before it took up its work, and why
  /// @throws EncodeError     an argument cannot be encoded; nothing was started
  /// @throws SpawnError      what the system refused (an OsError: a descriptor, a process, memory …), to this process or to the
  ///                         child before it began; no child is left
  /// @throws OutOfFamilyMemory   nothing is left running
  /// @throws                 what the codec of an argument throws, as it is; nothing was started
  /// Cost: start and join 0.4 ms by forkserver, 1.4 ms by spawn, whatever the parent's size; fork grows with the parent (40 ms a GiB).
  ///       The first child by spawn is waited for until it has taken up its work (1 ms), to see that one can.
  void start();

 private:
  Process(std::unique_ptr<detail::ProcessBody> body, ProcessOptions options);
};

/// A process made by fork: memory is inherited, so the callable may capture anything. It works on copies: what it changes, its parent
/// does not see. Python: context.ForkProcess.
class COHORT_EXPORT ForkProcess final : public ProcessHandle {  // not to derive from, see Process
 public:
  template <class F, class... Args>
    requires(!std::is_base_of_v<ProcessHandle, std::decay_t<F>> && !std::is_same_v<std::decay_t<F>, ProcessOptions>)
  explicit ForkProcess(F&& f, Args&&... arguments)
      : ForkProcess(ProcessOptions{}, std::forward<F>(f), std::forward<Args>(arguments)...) {}

  template <class F, class... Args>
    requires(!std::is_base_of_v<ProcessHandle, std::decay_t<F>>)
  ForkProcess(ProcessOptions options, F&& f, Args&&... arguments)
      : ForkProcess(detail::make_inherited_body(std::forward<F>(f), std::forward<Args>(arguments)...),
                    std::move(options)) {}

  ForkProcess(ForkProcess&&) noexcept = default;
  ForkProcess& operator=(ForkProcess&&) noexcept = default;
  ForkProcess(const ForkProcess&) = delete;
  ForkProcess& operator=(const ForkProcess&) = delete;
  ~ForkProcess() = default;

  /// As Process::start().
  void start();

 private:
  ForkProcess(std::unique_ptr<detail::ProcessBody> body, ProcessOptions options);
};

inline Process::Process(ForkProcess&& forked) noexcept : ProcessHandle(std::move(forked)) {}

/// What a process knows about itself, or about the one that started it.
struct ProcessInfo {
  std::string name;
  int pid = 0;
  bool daemon = false;
  /// Numbers of the children on the way from the main process to this one; empty for the main process.
  std::vector<unsigned> identity;
  /// How it was started; nullopt for a main process.
  std::optional<StartMethod> start_method;
};

/// This process. The main process is called "MainProcess".
[[nodiscard]] COHORT_EXPORT ProcessInfo current_process();
/// Renames this process; its children's default names do not depend on it.
COHORT_EXPORT void set_current_process_name(std::string name);
/// The key of this process, which new children get. 32 random bytes in a main process, made on first use. The one that is kept is left out
/// of core dumps; the copy that is returned is the caller's, and lies where the caller puts it.
[[nodiscard]] COHORT_EXPORT std::vector<std::byte> current_authkey();
/// Wipes the key of before, and `key`: move it in to leave no copy behind.
COHORT_EXPORT void set_current_authkey(std::vector<std::byte> key);

/// The process that started this one.
class COHORT_EXPORT ParentProcess {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int pid() const noexcept { return pid_; }
  /// Asks the kernel; a reused pid does not fool it.
  [[nodiscard]] bool is_alive() const;
  /// Waits until it has ended; false at the deadline, Stopped at a stop. A child rarely sees the end: it is killed with it.
  bool join(const Until& until = Until::never()) const;

 private:
  friend COHORT_EXPORT std::optional<ParentProcess> parent_process();
  ParentProcess(std::string name, int pid, std::uint64_t member) : name_(std::move(name)), pid_(pid), member_(member) {}
  std::string name_;
  int pid_;
  std::uint64_t member_;
};
/// nullopt in a main process.
[[nodiscard]] COHORT_EXPORT std::optional<ParentProcess> parent_process();

/// The children of this process that run, also those whose Process is destroyed. Reaps those that have ended.
[[nodiscard]] COHORT_EXPORT std::vector<ProcessHandle> active_children();

/// Processors that this process may use (affinity and cgroup), at least 1. Python's cpu_count() counts those of the machine.
[[nodiscard]] COHORT_EXPORT int cpu_count() noexcept;

}  // namespace cohort
