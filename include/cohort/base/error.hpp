// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The errors that Cohort throws.
//
// Every failure that a caller cannot expect in normal running is an exception. Those that Cohort itself
// detects derive from cohort::Error; those that the operating system reports are cohort::OsError, which is a
// std::system_error, so that `e.code() == std::errc::permission_denied` works. Expected outcomes are values
// instead: `try_get()` gives an optional, `join(timeout)` a bool.
//
//   try { process.start(); }
//   catch (const cohort::SpawnError& e) { log(e.operation(), e.subject(), e.what()); }
//
// Errors are plain values: they may be copied, kept, and thrown in any thread.
// Python: the exceptions of multiprocessing (ProcessError, BufferTooShort, TimeoutError, AuthenticationError)
// and those that it borrows (Empty, Full, EOFError, BrokenBarrierError, ValueError).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "cohort/base/export.hpp"

namespace cohort {

/// The base of all errors that Cohort detects.
///
/// `what()` is one sentence that names the operation and the subject: "Process.start: worker-1: …".
/// Python: multiprocessing.ProcessError.
class COHORT_EXPORT Error : public std::runtime_error {
 public:
  /// @param operation  what was being done, as the user calls it: "Process.start"
  /// @param subject    what it was done to: a name, a path, a pid; may be empty
  /// @param sentence   what went wrong and, where it helps, what to do about it
  Error(std::string_view operation, std::string_view subject, std::string_view sentence);
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  /// What was being done.
  [[nodiscard]] const std::string& operation() const noexcept { return operation_; }
  /// What it was done to; empty where there is nothing to name.
  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

 private:
  std::string operation_;
  std::string subject_;
};

/// Defines an error type that adds nothing to Error but its name, which is what a handler selects by.
#define COHORT_DEFINE_ERROR(Name)           \
  class COHORT_EXPORT Name : public Error { \
   public:                                  \
    using Error::Error;                     \
    ~Name() override;                       \
    Name(const Name&) = default;            \
    Name& operator=(const Name&) = default; \
  }

/// A deadline passed; what was waited for may still come. Nothing was changed. Python: multiprocessing.TimeoutError.
COHORT_DEFINE_ERROR(TimeoutError);
/// A stop was requested by the std::stop_token that the call was given. Nothing was changed, unless the call says so.
COHORT_DEFINE_ERROR(Stopped);
/// The call cannot be made in the object's present state (started twice, joined before start). Python: AssertionError.
COHORT_DEFINE_ERROR(StateError);
/// An argument has a value that the call cannot accept; nothing was done. Python: ValueError.
COHORT_DEFINE_ERROR(ValueError);
/// The object was closed by this process. Python: ValueError "process object is closed", "Pool not running".
COHORT_DEFINE_ERROR(ClosedError);
/// The peer closed its end and everything it sent has been read. Python: EOFError.
COHORT_DEFINE_ERROR(EndOfFile);
/// There was no item before the deadline. Python: queue.Empty.
COHORT_DEFINE_ERROR(Empty);
/// There was no room before the deadline. Python: queue.Full.
COHORT_DEFINE_ERROR(Full);
/// A message is longer than the buffer that was to take it. Python: multiprocessing.BufferTooShort.
COHORT_DEFINE_ERROR(BufferTooShort);
/// A peer could not prove that it knows the key. Python: multiprocessing.AuthenticationError.
COHORT_DEFINE_ERROR(AuthenticationError);
/// A party left the barrier, or it was aborted. Python: threading.BrokenBarrierError.
COHORT_DEFINE_ERROR(BrokenBarrierError);
/// The holder of a lock died, and no one has said yet that the protected data is sound again.
COHORT_DEFINE_ERROR(LockOwnerDied);
/// Bytes from outside do not have the form that was expected; nothing was built from them.
COHORT_DEFINE_ERROR(DecodeError);
/// A value cannot be turned into bytes (it is too large, or null where that is not allowed).
COHORT_DEFINE_ERROR(EncodeError);
/// The family memory has no room left in its byte budget. Nothing was allocated.
COHORT_DEFINE_ERROR(OutOfFamilyMemory);
/// Two programs, or two builds of one, cannot work together (format version, build-id, architecture).
COHORT_DEFINE_ERROR(IncompatibleError);
/// The program does not hand its main() to Cohort, or calls Cohort at a time when that cannot work.
COHORT_DEFINE_ERROR(BootstrapError);

/// The operating system refused something.
///
/// `code()` is the errno as std::error_code (category: generic), `operation()` the step, `subject()` the path,
/// name or number that it was about. Python: OSError and its filename.
class COHORT_EXPORT OsError : public std::system_error {
 public:
  OsError(int error_number, std::string_view operation, std::string_view subject);
  ~OsError() override;
  OsError(const OsError&) = default;
  OsError& operator=(const OsError&) = default;

  /// The system call or step that failed, as a user would name it: "chdir", "execve", "mmap".
  [[nodiscard]] const std::string& operation() const noexcept { return operation_; }
  /// What it was about: a path, a name, a number; may be empty.
  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

 private:
  std::string operation_;
  std::string subject_;
};

/// A process could not be started. The child, if there was one, is already reaped.
///
/// `operation()` is the step that failed in the child or before it ("fork", "chdir", "execve", "setuid" …).
class COHORT_EXPORT SpawnError : public OsError {
 public:
  using OsError::OsError;
  ~SpawnError() override;
  SpawnError(const SpawnError&) = default;
  SpawnError& operator=(const SpawnError&) = default;
};

/// Throws OsError for the present errno.
[[noreturn]] COHORT_EXPORT void throw_errno(std::string_view operation, std::string_view subject = {});

}  // namespace cohort
