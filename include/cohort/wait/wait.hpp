// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// wait(): until one of several things is ready.
//
//   auto ready = cohort::wait({connection, queue, event, process, some_descriptor}, 1s);
//   for (std::size_t i : ready) …                        // the positions of those that are ready, in order
//
// | what | is ready when |
// |---|---|
// | Connection | a message can be received whole, or the end of file was reached; see Connection::poll() |
// | Queue, SimpleQueue, JoinableQueue | it holds an item |
// | Event | it is set |
// | Semaphore, BoundedSemaphore | a permit is free |
// | a Process, or what else has sentinel() | it has ended |
// | a descriptor, or what else has fileno() | it can be read without waiting |
//
// Nothing is taken from the next receive of this process: where several processes or threads receive from one thing, another one may
// be quicker.
//
// Threads: any. To wait for objects in the family memory and for descriptors at once, a thread is started for as long as the
//          call sleeps.
// Blocks:  until the deadline. A sleep costs nothing while nothing happens, but for a look each 100 ms.
// Python:  multiprocessing.connection.wait, which takes no queues, events and semaphores, and hangs with nothing to wait for and no
//          timeout.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/connection/connection.hpp"
#include "cohort/object/shared_handle.hpp"

namespace cohort {

/// One thing to wait for. Refers to it: it must outlive the wait.
class Waitable {
 public:
  Waitable(const Connection& connection) noexcept : connection_(&connection) {}  // NOLINT(google-explicit-constructor)
  Waitable(const SharedHandle& object) noexcept : object_(&object) {}            // NOLINT(google-explicit-constructor)
  Waitable(int descriptor) noexcept : descriptor_(descriptor) {}                 // NOLINT(google-explicit-constructor)
  template <class T>
    requires requires(const T& t) {
      { t.sentinel() } -> std::convertible_to<int>;
    }
  Waitable(const T& ends) : descriptor_(ends.sentinel()) {}  // NOLINT(google-explicit-constructor)
  template <class T>
    requires(!std::derived_from<T, Connection> && !std::derived_from<T, SharedHandle>) && requires(const T& t) {
      { t.fileno() } -> std::convertible_to<int>;
    }
  Waitable(const T& file) : descriptor_(file.fileno()) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const Connection* connection() const noexcept { return connection_; }
  [[nodiscard]] const SharedHandle* object() const noexcept { return object_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  const Connection* connection_ = nullptr;
  const SharedHandle* object_ = nullptr;
  int descriptor_ = -1;
};

/// Waits until at least one is ready. With nothing to wait for it waits until the deadline or the stop, as for things that are not ready.
///
/// @param until     when to give up; Deadline::now(): one look
/// @returns         the positions in `things` of all that are ready; empty at the deadline
/// @throws Stopped      a stop was requested before one was ready
/// @throws ClosedError  one is null, or was closed by this process
/// @throws ValueError   one is of a kind that cannot be waited for (a Lock), or no descriptor; or there is nothing to wait for, no deadline
///                      and no stop
/// @throws StateError   a connection only sends
/// @throws OsError      a descriptor is not open
[[nodiscard]] COHORT_EXPORT std::vector<std::size_t> wait(std::span<const Waitable> things,
                                                          const Until& until = Until::never());
[[nodiscard]] inline std::vector<std::size_t> wait(std::initializer_list<Waitable> things,
                                                   const Until& until = Until::never()) {
  return wait(std::span<const Waitable>(things.begin(), things.size()), until);
}
/// The same for a range of one kind: `wait(connections)`.
template <std::ranges::forward_range R>
  requires std::convertible_to<std::ranges::range_reference_t<const R>, Waitable> &&
           (!std::convertible_to<const R&, std::span<const Waitable>>) && (!std::convertible_to<const R&, Waitable>)
[[nodiscard]] std::vector<std::size_t> wait(const R& range, const Until& until = Until::never()) {
  std::vector<Waitable> things(std::ranges::begin(range), std::ranges::end(range));
  return wait(std::span<const Waitable>(things), until);
}

}  // namespace cohort
