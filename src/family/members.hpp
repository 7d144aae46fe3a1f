// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of members: who takes part in the family, and who has died.
//
// A slot goes free -> reserved -> live -> left | dead -> free; every step is one store to its state word, made under
// the members' lock after the other fields are written. docs/formats/family-memory.md "Members" has the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "family/layout.hpp"
#include "family/lock.hpp"
#include "family/windows.hpp"
#include "os/process_identity.hpp"

namespace cohort::family {

class Members {
 public:
  explicit Members(Windows& windows) noexcept : windows_(windows) {}

  /// Takes a free slot; nullopt when there is none.
  [[nodiscard]] std::optional<MemberId> reserve(MemberId parent, const os::ProcessIdentity& self);
  /// Takes a free slot for this process itself, live at once; it is free as soon as the process ends.
  [[nodiscard]] std::optional<MemberId> join(const os::ProcessIdentity& self);
  /// reserved -> live, by the child. False when the slot is not reserved under this id any more.
  [[nodiscard]] bool claim(MemberId id, const os::ProcessIdentity& self);
  /// reserved -> left, by who gives the child up. False when it was not reserved.
  bool give_up(MemberId id, const os::ProcessIdentity& self);
  /// live -> left (or free, for one who releases itself).
  void leave(MemberId id, const os::ProcessIdentity& self);
  /// live | left -> dead (or free). The member's blocks must have been freed.
  void bury(MemberId id, const os::ProcessIdentity& self);
  /// live | left -> live, by a process that is no member and goes on in the place of one that has ended, so as to
  /// repair what it left. The caller holds the objects' lock. False when it is not `flags` any more.
  [[nodiscard]] bool take_over(MemberId id, std::uint32_t flags, const os::ProcessIdentity& self);
  /// The end of that before the repair was complete: live -> left, without a process, for another to go on with.
  void forsake(MemberId id, const os::ProcessIdentity& self);
  /// left | dead -> free.
  bool release(MemberId id, const os::ProcessIdentity& self);

  [[nodiscard]] MemberRecord& record(std::uint32_t slot) noexcept {
    return reinterpret_cast<MemberRecord*>(windows_.base() + windows_.places().members)[slot % kMaxMembers];
  }
  /// The state of a member; free when that generation is gone.
  [[nodiscard]] MemberState state(MemberId id) noexcept;
  /// Who the member is; {} unless live, left or dead.
  [[nodiscard]] os::ProcessIdentity identity(MemberId id) noexcept;
  [[nodiscard]] MemberId parent(MemberId id) noexcept;
  [[nodiscard]] bool is_alive(MemberId id) noexcept;
  /// MemberRecord::flags. Who finds them as they were before it learnt of the member's death, under the objects' lock,
  /// knows that nobody has taken the member over since.
  [[nodiscard]] std::uint32_t flags(MemberId id) noexcept;
  [[nodiscard]] bool is_still(MemberId id, std::uint32_t flags) noexcept {
    return state(id) != MemberState::free && this->flags(id) == flags;
  }
  /// Whether the slot is free once the member is repaired: it releases itself, or no parent asks for it.
  [[nodiscard]] bool nobody_asks_for(MemberId id) noexcept;
  /// nullptr, or the first fault.
  [[nodiscard]] const char* validate(const os::ProcessIdentity& self);

  [[nodiscard]] static constexpr std::uint64_t word(std::uint32_t generation, MemberState state) noexcept {
    return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(state);
  }
  [[nodiscard]] static constexpr MemberState state_of(std::uint64_t word) noexcept {
    return static_cast<MemberState>(word & 0xffffffffU);
  }
  [[nodiscard]] static constexpr std::uint32_t generation_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> 32);
  }

 private:
  struct Free {
    std::uint32_t slot;
    std::uint32_t generation;  // the one that it will have
  };
  [[nodiscard]] std::optional<Free> find_free() noexcept;
  [[nodiscard]] bool move(MemberId id, MemberState from, MemberState to) noexcept;

  Windows& windows_;
};

}  // namespace cohort::family
