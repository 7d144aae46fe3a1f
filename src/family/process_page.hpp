// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What this process knows about itself, in a page that is zero in every forked child.
//
// A copy of the process made by code that is not Cohort's finds no member id here, so it cannot take itself for the
// member it was copied from: its destructors touch nothing shared, and its first use of the library joins anew.
#pragma once

#include <atomic>
#include <cstdint>

#include "family/layout.hpp"
#include "os/process_identity.hpp"

namespace cohort::family {

struct ProcessPage {
  std::atomic<std::uint64_t> member;      ///< MemberId, packed; 0: not a member
  std::atomic<std::uint64_t> start_time;  ///< valid when pid is set
  std::atomic<std::int32_t> pid;          ///< 0: not looked up yet
  std::atomic<std::uint32_t> busy;        ///< 1 while a thread creates, adopts or joins
  std::atomic<std::uint32_t> left;        ///< 1 after Family::leave()
  std::atomic<std::uint32_t> objects;     ///< 1 while a thread changes the table of local objects
  std::atomic<std::uint32_t> polled;      ///< 1 while a thread changes or looks at the objects with descriptors
  std::atomic<std::uint32_t> deferred;    ///< 1 while a thread changes what is to be done when a lock can be had
  std::uint64_t called;                   ///< what detail::called_word points to after Family::become()
};

/// The page; mapped at first use. Throws OsError when the system cannot wipe a page on fork.
[[nodiscard]] ProcessPage& process_page();
/// The page if it exists.
[[nodiscard]] ProcessPage* process_page_or_null() noexcept;
/// pid and start time of this process; 7 µs once, then two loads.
[[nodiscard]] os::ProcessIdentity own_identity();

/// Holds a word of the page: one thread at a time, and never held in a forked child.
class PageTurn {
 public:
  explicit PageTurn(std::atomic<std::uint32_t>& word);
  ~PageTurn();
  PageTurn(const PageTurn&) = delete;
  PageTurn& operator=(const PageTurn&) = delete;

 private:
  std::atomic<std::uint32_t>& word_;
};

/// Holds ProcessPage::busy.
class ProcessTurn : PageTurn {
 public:
  ProcessTurn() : PageTurn(process_page().busy) {}
};

/// Holds ProcessPage::objects.
class ObjectsTurn : PageTurn {
 public:
  ObjectsTurn() : PageTurn(process_page().objects) {}
};

/// Holds ProcessPage::deferred.
class DeferredTurn : PageTurn {
 public:
  DeferredTurn() : PageTurn(process_page().deferred) {}
};

/// Holds ProcessPage::polled.
class PolledTurn : PageTurn {
 public:
  PolledTurn() : PageTurn(process_page().polled) {}
};

}  // namespace cohort::family
