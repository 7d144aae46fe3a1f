// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/error.hpp"

#include <cerrno>

namespace cohort {

namespace {

std::string sentence_of(std::string_view operation, std::string_view subject, std::string_view sentence) {
  std::string text(operation);
  if (!subject.empty()) {
    text += text.empty() ? "" : ": ";
    text += subject;
  }
  if (!sentence.empty()) {
    text += text.empty() ? "" : ": ";
    text += sentence;
  }
  return text;
}

}  // namespace

Error::Error(std::string_view operation, std::string_view subject, std::string_view sentence)
    : std::runtime_error(sentence_of(operation, subject, sentence)), operation_(operation), subject_(subject) {}

// Out of line, so that each type has one vtable and one type_info in the library.
Error::~Error() = default;
TimeoutError::~TimeoutError() = default;
Stopped::~Stopped() = default;
StateError::~StateError() = default;
ValueError::~ValueError() = default;
ClosedError::~ClosedError() = default;
EndOfFile::~EndOfFile() = default;
Empty::~Empty() = default;
Full::~Full() = default;
BufferTooShort::~BufferTooShort() = default;
AuthenticationError::~AuthenticationError() = default;
BrokenBarrierError::~BrokenBarrierError() = default;
LockOwnerDied::~LockOwnerDied() = default;
DecodeError::~DecodeError() = default;
EncodeError::~EncodeError() = default;
OutOfFamilyMemory::~OutOfFamilyMemory() = default;
IncompatibleError::~IncompatibleError() = default;
BootstrapError::~BootstrapError() = default;

OsError::OsError(int error_number, std::string_view operation, std::string_view subject)
    : std::system_error(error_number, std::generic_category(), sentence_of(operation, subject, {})),
      operation_(operation),
      subject_(subject) {}
OsError::~OsError() = default;
SpawnError::~SpawnError() = default;

void throw_errno(std::string_view operation, std::string_view subject) { throw OsError(errno, operation, subject); }

}  // namespace cohort
