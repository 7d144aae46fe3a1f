// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the handles of all shared objects have in common: Lock, Queue, Value … are small values that share.
//
// Copying a handle shares the object, in this process or another one: handles may be passed to a Process, put on a
// queue, sent through a pipe. The object lives as long as any process holds a handle, or a message that carries one is
// under way; when the last one goes, whoever's death that is, its memory is reused.
//
// A handle with static storage (at namespace scope, or a static local) is the same object in every process of the
// family: it is made at its first use, and found again by the place of the variable in its module.
//
//   cohort::Lock lock;                    // one lock for the program and all of its workers
//
// When such a handle ends before its process does and another is made in its place, as in a static std::optional, that
// is a new object, and who makes a handle there from then on gets the new one; other processes keep what they have.
//
// A moved-from handle, and one made of null_handle, refers to nothing: its use throws ClosedError.
// Threads: like std::shared_ptr: different handles from any threads; one handle from several as long as none assigns.
// Fork:    a copy of the process has its own references. Cost: a copy within a process is an atomic increment.
// Python:  such objects can be passed to children only, by inheritance.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "cohort/base/export.hpp"
#include "cohort/base/null_handle.hpp"
#include "cohort/family/member_word.hpp"
#include "cohort/object/object_kind.hpp"

namespace cohort {

namespace detail {
class LocalObject;
struct HandleAccess;

/// What a handle is outside of a process: which object of which family.
struct HandleName {
  std::uint64_t family[2] = {0, 0};
  std::uint64_t offset = 0;
  std::uint64_t generation = 0;
  std::uint32_t kind = 0;
  friend bool operator==(const HandleName&, const HandleName&) = default;
};
}  // namespace detail

class COHORT_EXPORT SharedHandle {
 public:
  using ObjectKind = detail::ObjectKind;

  SharedHandle(const SharedHandle& other) noexcept;
  SharedHandle(SharedHandle&& other) noexcept
      : body_(other.body_.exchange(nullptr, std::memory_order_relaxed)),  // relaxed: a handle is one thread's to move
        local_(std::exchange(other.local_, nullptr)),
        kind_(other.kind_) {}
  SharedHandle& operator=(const SharedHandle& other) noexcept;
  SharedHandle& operator=(SharedHandle&& other) noexcept;
  ~SharedHandle();

  /// Whether this handle refers to nothing.
  [[nodiscard]] bool is_null() const noexcept { return local_ == nullptr; }
  /// Whether both share one object (or both are null).
  friend bool operator==(const SharedHandle& a, const SharedHandle& b) { return a.same_object(b); }
  /// A number that no other object of the family has or will have; 0 for a null handle. Makes a static's object.
  [[nodiscard]] std::uint64_t id() const;
  /// What the object is called outside of this process; for codecs.
  [[nodiscard]] detail::HandleName name() const;

 protected:
  /// Null. The kind names the class in errors.
  SharedHandle(detail::ObjectKind kind, NullHandle) noexcept : kind_(kind) {}
  /// Makes an object of `kind` with a body of `size` bytes, zeroed before `init` gets it. When this handle has static
  /// storage, that waits for the first use, and is left out when another process has done it.
  /// `complete`, if given, runs after that, when this process refers to the object and nobody else knows it: there the
  /// object is given parcels, since a death before its listing would free the body only, and leave what the body names.
  /// @throws OutOfFamilyMemory; StateError after the family was left; what init and complete throw
  SharedHandle(detail::ObjectKind kind, std::size_t size, std::function<void(void* body)> init,
               std::function<void(void* body)> complete = {});
  /// Refers to an object by its name (a handle that arrived).
  /// @throws DecodeError when it is of another family or kind, malformed, or gone
  SharedHandle(detail::ObjectKind kind, const detail::HandleName& name);

  /// The body. Throws ClosedError when null, StateError when the object cannot be used (any more) in this process.
  /// Cost: two loads
  [[nodiscard]] void* body() const {
    // SYNC(handle): release store in find_body() -> acquire here; carries the object's making
    void* known = body_.load(std::memory_order_acquire);
    return known != nullptr && is_member() ? known : find_body();
  }
  /// A word that all handles of this object in this process share; 0 at first and in a forked copy as it was. For
  /// "this process has closed it".
  [[nodiscard]] std::atomic<std::uint32_t>& local_flags() const;
  /// Drops this process's reference now, though handles of it remain: what close() of a Connection does. The caller
  /// has marked the object as closed in local_flags(), looks there first in every call, and lets no call still use the
  /// body.
  void let_go() noexcept;

 private:
  friend struct detail::HandleAccess;

  // See HandleAccess (src/object/handle_access.hpp).
  [[nodiscard]] std::shared_ptr<const void> keep() const;
  void accompany(std::shared_ptr<void> companion) const;
  [[nodiscard]] std::shared_ptr<void> companion() const;

  [[nodiscard]] void* find_body() const;
  void require_object() const;
  [[nodiscard]] static bool is_member() noexcept {
    // SYNC(member word): release store in process_page() -> acquire here; carries the page
    // relaxed: the id itself is written by this process
    return detail::member_word.load(std::memory_order_acquire)->load(std::memory_order_relaxed) != 0;
  }
  [[nodiscard]] bool same_object(const SharedHandle& other) const;

  mutable std::atomic<void*> body_{nullptr};
  detail::LocalObject* local_ = nullptr;
  detail::ObjectKind kind_;
};

}  // namespace cohort
