// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What layers of ours do with any handle of a shared object, and users do not.
//
//   auto& body = *static_cast<LockBody*>(HandleAccess::body(lock));
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "cohort/object/shared_handle.hpp"

namespace cohort::detail {

struct HandleAccess {
  /// As SharedHandle::body().
  [[nodiscard]] static void* body(const SharedHandle& handle) { return handle.body(); }
  /// As SharedHandle::local_flags().
  [[nodiscard]] static std::atomic<std::uint32_t>& local_flags(const SharedHandle& handle) {
    return handle.local_flags();
  }
  /// Keeps the object alive and in this process's ledger while the result exists.
  [[nodiscard]] static std::shared_ptr<const void> keep(const SharedHandle& handle) { return handle.keep(); }
  /// Gives this process something beside the object, in place of what it had. It goes before this process's reference
  /// does: with the last handle, or by let_go().
  static void accompany(const SharedHandle& handle, std::shared_ptr<void> companion) {
    handle.accompany(std::move(companion));
  }
  /// What accompany() was given last.
  [[nodiscard]] static std::shared_ptr<void> companion(const SharedHandle& handle) { return handle.companion(); }
};

}  // namespace cohort::detail
