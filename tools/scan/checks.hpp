// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One function of the file that is scanned, with all that the checks ask about it, and the checks themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scan/callees.hpp"
#include "scan/outline.hpp"
#include "scan/rules.hpp"
#include "scan/text_value.hpp"

namespace cohort::scan {

/// Where a rule was broken.
struct Offence {
  const Rule* rule = nullptr;
  std::size_t token = 0;
  Confidence confidence = Confidence::high;
  /// Said after the rule's message; may be empty.
  std::string detail;
};

class Scene {
 public:
  Scene(const Outline& file, const Region& place, Callees& functions, std::vector<Offence>& found)
      : outline(file), region(place), calls(file.calls(place)), values(file, place, functions), offences_(&found) {}

  void report(std::string_view rule, std::size_t token, std::string detail = "");
  void report_unsure(std::string_view rule, std::size_t token, std::string detail);

  /// Whether a call means the C library's function, not one of the file's own, a member or another namespace's.
  [[nodiscard]] bool is_c(const Call& call) const;
  /// is_c, and starts a program, or a call through a variable that points to such a function; nullptr otherwise.
  [[nodiscard]] const LaunchFunction* c_launch(const Call& call) const;
  [[nodiscard]] bool is_cohort_launch(const Call& call) const;
  /// Whether the call is a statement of its own, its result used by nobody; a cast to void counts as none.
  [[nodiscard]] bool is_dropped(const Call& call) const;
  [[nodiscard]] bool is_cast_to_void(const Call& call) const;
  /// The first token of a call's name with its qualifiers.
  [[nodiscard]] std::size_t first_token(const Call& call) const;
  [[nodiscard]] bool mentions(TokenRange range, std::string_view name) const;
  [[nodiscard]] const Token& token(std::size_t i) const { return outline.token(i); }

  const Outline& outline;
  const Region& region;
  const std::vector<Call> calls;
  Evaluator values;

 private:
  std::vector<Offence>* offences_;
};

/// CWE-78, CWE-94: text that reaches a shell or another interpreter.
void check_shells(Scene& scene);
/// CWE-426, CWE-427: which program and which libraries are found.
void check_search(Scene& scene);
/// CWE-214: secrets among a program's arguments.
void check_secrets(Scene& scene);
/// CWE-377, CWE-676, CWE-732: temporary files, buffers, modes.
void check_files(Scene& scene);
/// CWE-252, CWE-273, CWE-696, CWE-243: results, privileges.
void check_privileges(Scene& scene);
/// CWE-253, CWE-758, CWE-252: wait statuses, vfork, fork.
void check_children(Scene& scene);

}  // namespace cohort::scan
