// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What this process is within its family tree: the state behind current_process() and its children's names.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cohort/process/process.hpp"
#include "cohort/process/start_method.hpp"
#include "family/layout.hpp"
#include "process/authentication_key.hpp"

namespace cohort::detail {

/// Guarded by `mutex`, but for `hooked`.
struct ProcessState {
  std::mutex mutex;
  std::string name = "MainProcess";
  std::vector<unsigned> identity;
  bool daemon = false;
  AuthenticationKey authkey;
  std::optional<StartMethod> started_by;
  unsigned next_child = 1;

  std::string parent_name;
  int parent_pid = 0;
  family::MemberId parent{};

  std::optional<StartMethod> default_method;
  std::string executable;  ///< empty: this program
  std::vector<const CallableDescriptor*> preload;

  bool hooked = false;  ///< main() was handed over
};

/// The state of this process. Never destroyed.
[[nodiscard]] ProcessState& process_state();

/// The authkey, made when there is none. The caller holds the mutex.
[[nodiscard]] const AuthenticationKey& authkey_of(ProcessState& state);

}  // namespace cohort::detail
