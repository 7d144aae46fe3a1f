// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The blocks of the family memory: two heaps (control, payload) under one lock and one byte budget.
#pragma once

#include <cstddef>
#include <cstdint>

#include "family/heap.hpp"
#include "family/layout.hpp"
#include "family/lock.hpp"
#include "family/windows.hpp"
#include "os/process_identity.hpp"

namespace cohort::family {

class Blocks {
 public:
  /// @param windows  with its places set; outlives this
  explicit Blocks(Windows& windows) noexcept;

  enum class Region { control, payload };
  /// What a block is for. Who takes things out makes room by that, and so may go beyond the budget for what that needs,
  /// and has the last part of the control heap to itself.
  enum class Purpose { any, taking };
  /// A block of at least `size` bytes; `self` is who asks, `owner` who gets it. Control blocks are zeroed.
  /// @throws OutOfFamilyMemory
  [[nodiscard]] Offset allocate(Region region, std::uint64_t size, MemberId owner, const os::ProcessIdentity& self,
                                Purpose purpose = Purpose::any);
  void free(Offset block, const os::ProcessIdentity& self);
  /// Frees all that `owner` owns; returns how many blocks. Of `secret`, if that is one of them, the first 64 KiB are
  /// wiped.
  std::size_t free_owned(MemberId owner, const os::ProcessIdentity& self, Offset secret = 0);
  /// Frees all whose owner is somebody, but nobody that is there any more.
  std::size_t free_orphans(FunctionRef<bool(MemberId)> is_gone, const os::ProcessIdentity& self);

  // Without the lock.
  [[nodiscard]] std::uint64_t size(Offset block);
  [[nodiscard]] MemberId owner(Offset block);
  void set_owner(Offset block, MemberId to);
  [[nodiscard]] bool set_owner(Offset block, MemberId from, MemberId to);

  struct Usage {
    std::uint64_t used_bytes = 0, kept_bytes = 0, blocks = 0;
  };
  [[nodiscard]] Usage usage() const noexcept;
  [[nodiscard]] const char* validate(const os::ProcessIdentity& self);
  void rebuild(const os::ProcessIdentity& self);

 private:
  struct Place {
    Heap* heap;
    std::uint64_t unit;
  };
  class Locked;

  [[nodiscard]] Place place_of(Offset block, const char* operation);
  [[nodiscard]] std::uint64_t used_word(const Place& place, Offset block, const char* operation);
  [[nodiscard]] std::uint64_t spare() const noexcept;
  [[nodiscard]] std::uint64_t heap_bytes(Region region) const noexcept;
  Heap::Allocation allocate_hard(Heap& heap, unsigned order, MemberId owner, LockGuard& guard, bool last_part);
  void repair(LockGuard& guard);
  void wipe_if_owned(Offset block, MemberId owner);

  Windows& windows_;
  Heap control_;
  Heap payload_;
};

}  // namespace cohort::family
