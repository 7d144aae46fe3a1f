// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/process_page.hpp"

#include <cerrno>

#include "cohort/base/error.hpp"
#include "cohort/family/member_word.hpp"
#include "os/futex.hpp"
#include "os/memory.hpp"

namespace cohort::family {

namespace {

std::atomic<ProcessPage*> page{nullptr};
constinit const std::atomic<std::uint64_t> kNoMember{0};

}  // namespace

// SYNC(page): release compare-exchange in process_page() -> acquire here; carries the page's mapping
ProcessPage* process_page_or_null() noexcept { return page.load(std::memory_order_acquire); }

ProcessPage& process_page() {
  if (ProcessPage* known = process_page_or_null()) return *known;
  auto* fresh = static_cast<ProcessPage*>(os::map_wiped_on_fork_page());
  if (fresh == nullptr) throw OsError(errno, "madvise(MADV_WIPEONFORK)", "the page that tells a process from its copy");
  ProcessPage* expected = nullptr;
  // SYNC(page): as above. A thread that loses the race leaves one page behind, once.
  if (!page.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel, std::memory_order_acquire))
    return *expected;
  // SYNC(member word): release here -> acquire in SharedHandle::is_member(); carries the page
  detail::member_word.store(&fresh->member, std::memory_order_release);
  return *fresh;
}

os::ProcessIdentity own_identity() {
  ProcessPage& own = process_page();
  // SYNC(identity): release store of pid below -> acquire here; carries start_time
  std::int32_t pid = own.pid.load(std::memory_order_acquire);
  if (pid != 0) return {pid, own.start_time.load(std::memory_order_relaxed)};  // relaxed: see SYNC(identity)
  os::ProcessIdentity self = os::process_identity_self();
  own.start_time.store(self.start_time, std::memory_order_relaxed);  // relaxed: see SYNC(identity)
  own.pid.store(self.pid, std::memory_order_release);                // SYNC(identity): release -> acquire above
  return self;
}

PageTurn::PageTurn(std::atomic<std::uint32_t>& word) : word_(word) {
  std::uint32_t free = 0;
  // SYNC(turn): acquire here <- release exchange in ~PageTurn; carries what the other thread changed
  if (word_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
  // 2: somebody may sleep. Not by a park::WaitWord: the page is this process's own and is wiped on fork, so nobody whom
  // we wait for can die alone. SYNC(turn): as above
  while (word_.exchange(2, std::memory_order_acquire) != 0) os::futex_wait(word_, 2, Deadline::never());
}

PageTurn::~PageTurn() {
  // SYNC(turn): release here -> acquire in PageTurn()
  if (word_.exchange(0, std::memory_order_release) == 2) os::futex_wake_all(word_);
}

}  // namespace cohort::family

namespace cohort::detail {

constinit std::atomic<const std::atomic<std::uint64_t>*> member_word{&family::kNoMember};

}  // namespace cohort::detail
