// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes that processes share: SharedMemory, anonymous by default, with a name for other programs on request.
//
//   cohort::SharedMemory frame(64_MiB);                        // anonymous: nothing to unlink, nothing left behind
//   cohort::Process p(render, frame);                          // the child sees the same bytes
//   std::span<float> pixels = frame.as<float>();
//
//   auto named = cohort::SharedMemory::create("frames", 64_MiB);   // Python: SharedMemory("frames") opens it
//   auto other = cohort::SharedMemory::attach("frames");           // any program of this user
//   named.unlink();                                                // once, by whoever decides; never by itself
//
// Anonymous memory is a block of the family memory: it may be passed to children, put on queues and sent through pipes,
// counts for the family's budget, and is freed with its last handle, whoever dies. With static storage it is the same
// memory in every process of the family. Named memory is a file that lives until unlink(), also when all who
// used it are gone; it travels by its name.
//
// A SharedMemory is a handle: copies share the memory. Stores of one process are seen by the others as they are made;
// order them by a lock, a queue or an event of Cohort's.
// Threads: handles like std::shared_ptr. Fork: a forked child sees the same bytes.
// Death:   of a process that writes leaves what it had written.
// Python:  multiprocessing.shared_memory.SharedMemory. There every memory has a name; and a program of Python before
//          3.13 that only attaches unlinks the name when it ends (docs/reference/shared.md, "Python's resource tracker").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/base/bytes.hpp"
#include "cohort/base/deadline.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/shared/shareable.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {

/// How SharedMemory is made.
struct SharedMemoryOptions {
  /// Ask the system for huge pages; huge_pages() tells whether it agreed.
  bool huge_pages = false;
};

/// How named memory is opened.
struct AttachOptions {
  /// Map it without the right to write: buf() throws, view() works.
  bool read_only = false;
  /// As in SharedMemoryOptions.
  bool huge_pages = false;
  /// Also memory that belongs to a user other than this process's and root. Its owner can cut it off at any time, and a process that
  /// touches it then is killed by SIGBUS. Its pages are not taken beforehand.
  bool any_owner = false;
};

namespace detail {

class NamedMemory;

/// The handle of anonymous memory; its body is specified in docs/formats/shared.md.
class COHORT_EXPORT AnonymousMemory : public SharedHandle {
 public:
  static constexpr ObjectKind kKind = ObjectKind::shared_memory;
  AnonymousMemory() noexcept : SharedHandle(kKind, null_handle) {}
  AnonymousMemory(std::uint64_t size, std::shared_ptr<const std::vector<std::byte>> contents);
  explicit AnonymousMemory(const HandleName& name);

  /// The bytes as they are now.
  [[nodiscard]] std::span<std::byte> bytes() const;
  void resize(std::uint64_t size, Deadline deadline) const;
};

}  // namespace detail

class COHORT_EXPORT SharedMemory {
 public:
  /// Anonymous memory of `size` zero bytes.
  ///
  /// @throws ValueError         size 0
  /// @throws OutOfFamilyMemory  above the family's budget
  /// Python: SharedMemory(create=True, size=size), which takes a random name; see create().
  explicit SharedMemory(Bytes size, SharedMemoryOptions options = {});

  /// Named memory of `size` zero bytes; the name must be new. Only this user's processes can open it (mode 0600).
  ///
  /// The name appears when the memory is whole, and all pages are there: no SIGBUS for want of space comes later.
  /// @param name  1 to 254 bytes without '/' and NUL (one leading '/' is taken off); empty: "psm_" and 8 random
  ///              hexadecimal digits, as Python chooses
  /// @throws ValueError  size 0, or not a name
  /// @throws OsError     file_exists, no_space_on_device, permission_denied …: nothing was made
  /// Python: SharedMemory(name, create=True, size=size)
  [[nodiscard]] static SharedMemory create(std::string_view name, Bytes size, SharedMemoryOptions options = {});
  /// The memory that has this name, in the size that it has; made by any program.
  ///
  /// Nothing is opened but a regular file, which is checked before any of its pages is taken: not a FIFO, a device, a directory, or what a
  /// symbolic link leads to.
  /// @throws ValueError  not a name, or the memory has no bytes yet (its maker is between two calls)
  /// @throws OsError     no_such_file_or_directory; permission_denied, also when it is another user's (AttachOptions::any_owner);
  ///                     invalid_argument: the name is not one of memory; no_space_on_device when its holes cannot be filled
  /// Python: SharedMemory(name); never implies that it is unlinked
  [[nodiscard]] static SharedMemory attach(std::string_view name, AttachOptions options = {});
  /// Takes a name away; who has the memory keeps it. Throws OsError(no_such_file_or_directory) when there is none.
  static void unlink(std::string_view name);
  /// A handle of nothing.
  explicit SharedMemory(NullHandle) noexcept : SharedMemory() {}

  /// The bytes. The span is valid until close() or the end of the last handle of this process that shares with this
  /// one; after a resize() it goes on to show the memory as it was until then, take a new one.
  ///
  /// @throws ClosedError  closed, moved from
  /// @throws StateError   attached read-only: use view()
  /// Cost: some ns; the first call in a process maps the memory
  [[nodiscard]] std::span<std::byte> buf() const;
  [[nodiscard]] std::span<const std::byte> view() const;
  /// The bytes as items of a type that may be shared (docs/reference/shared.md, "Types"); a rest that is no whole item is
  /// left out. Nothing is constructed: what lies there is taken as it is.
  template <Shareable T>
  [[nodiscard]] std::span<T> as() const {
    std::span<std::byte> bytes = writable("SharedMemory.as");
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// Size in bytes.
  [[nodiscard]] std::size_t size() const;
  /// The name, without a slash; empty for anonymous memory.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] bool is_anonymous() const noexcept { return named_ == nullptr; }
  [[nodiscard]] bool is_read_only() const noexcept;
  /// Whether huge pages were asked for and the system has agreed to give them where they fit.
  /// Cost: some µs, when they were asked for
  [[nodiscard]] bool huge_pages() const;

  /// Changes the size; new bytes are zero, old ones stay. Stores that others make meanwhile may be lost: agree first.
  ///
  /// Anonymous memory may shrink; other handles see the new size at their next buf(). Named memory only grows (a process
  /// that touches what was cut off would be killed), and other processes see it after refresh().
  /// @throws ValueError                   0; smaller, for named memory
  /// @throws OutOfFamilyMemory, OsError   no room; nothing was changed
  /// @throws TimeoutError                 anonymous memory: another process, which may be stopped, was in the middle of a call until
  ///                                      `deadline`; nothing was changed
  /// Blocks: while another process changes the size, as a rule for the time of a copy; never for named memory
  void resize(Bytes size, Deadline deadline = Deadline::never());
  /// Maps named memory again in the size that it has now. Does nothing for anonymous memory.
  void refresh();

  /// Gives this handle up; it is null then. The memory stays for others. Python: close(), where live views are an error.
  void close() noexcept { *this = SharedMemory(); }
  [[nodiscard]] bool is_null() const noexcept { return named_ == nullptr && anonymous_.is_null(); }
  /// Takes the name of named memory away. Call once, in one process.
  /// @throws StateError  anonymous: it needs no unlink
  /// @throws OsError     no_such_file_or_directory: somebody did it before
  void unlink() const;

  /// Whether both handles show the same memory (for named memory: were opened by one call, or have the same name).
  friend bool operator==(const SharedMemory& a, const SharedMemory& b) { return a.same_memory(b); }
  /// As Python prints it: SharedMemory('psm_12345678', size=4096).
  [[nodiscard]] std::string to_string() const;

 private:
  // The bytes, for the call that the user made.
  [[nodiscard]] std::span<std::byte> writable(const char* operation) const;
  [[nodiscard]] std::span<const std::byte> bytes(const char* operation) const;
  void check_not_null(const char* operation) const;
  friend struct Codec<SharedMemory>;
  friend class ShareableList;
  SharedMemory() noexcept = default;
  explicit SharedMemory(std::shared_ptr<detail::NamedMemory> named) noexcept;
  explicit SharedMemory(const detail::HandleName& name);
  /// Anonymous, with these contents at first.
  explicit SharedMemory(const std::shared_ptr<const std::vector<std::byte>>& contents);
  static SharedMemory create(std::string_view name, std::uint64_t size, std::span<const std::byte> contents,
                             const char* operation);
  [[nodiscard]] bool same_memory(const SharedMemory& other) const;

  detail::AnonymousMemory anonymous_;
  std::shared_ptr<detail::NamedMemory> named_;
  bool huge_pages_ = false;
};

/// Anonymous memory travels as a handle; named memory by its name, and the receiver attaches (OsError when it is gone). Neither is
/// decoded from bytes of strangers: DecodeLimits::names, which is false for connections over descriptors and for decode().
template <>
struct COHORT_EXPORT Codec<SharedMemory> {
  static void encode(Encoder& out, const SharedMemory& memory);
  static SharedMemory decode(Decoder& in);
};

}  // namespace cohort
