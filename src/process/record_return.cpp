// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/record_return.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/exception_text.hpp"
#include "base/per_process.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

namespace {

constexpr std::chrono::milliseconds kPause{50};

struct PutOff {
  std::mutex mutex;
  std::shared_ptr<RunningChild> first;  // a list through the children, for which no memory is needed
  std::vector<family::MemberId> members;
  bool tended = false;  // the service thread will come
};

PerProcess<PutOff> put_off;

PutOff& instance() { return put_off.get(); }

// False when others wait, or it would have to.
template <class Release>
bool released_now(Release&& release) {
  PutOff& all = instance();
  if (std::lock_guard guard(all.mutex); all.first || !all.members.empty()) return false;
  try {
    family::LockDeadline soon(Deadline::now());
    release();
    return true;
  } catch (const family::LockedOut&) { return false; }
}

void put_back(std::shared_ptr<RunningChild> child) {
  PutOff& all = instance();
  std::lock_guard guard(all.mutex);
  child->next_put_off = std::move(all.first);
  all.first = std::move(child);
}

// One of those that wait. False when there are none, and then the next to be put off has to call for the service
// thread.
bool take_one(std::shared_ptr<RunningChild>& child, family::MemberId& member) {
  PutOff& all = instance();
  std::lock_guard guard(all.mutex);
  if (all.first) {
    child = std::move(all.first);
    all.first = std::move(child->next_put_off);
    return true;
  }
  all.tended = !all.members.empty();
  if (!all.tended) return false;
  member = all.members.back();
  all.members.pop_back();  // keeps its room, for put_back below
  return true;
}

// On the service thread.
void give_back_what_waits() {
  PutOff& all = instance();
  ScopeExit untended([&] {
    std::lock_guard guard(all.mutex);
    all.tended = false;
  });
  std::shared_ptr<RunningChild> child;
  for (family::MemberId member = family::kNobody; take_one(child, member); child.reset()) {
    try {
      family::LockDeadline soon(Deadline::now());
      child ? child->release_record() : family::Family::instance().give_back(member);
    } catch (const family::LockedOut&) {
      if (child) {
        put_back(std::move(child));
      } else {
        std::lock_guard guard(all.mutex);
        all.members.push_back(member);
      }
      (void)call_at(kPause, give_back_what_waits);
      untended.dismiss();
      return;
    } catch (const std::exception& e) {  // the record stays taken as long as this process runs
      get_logger().error(std::string("the record of an ended child could not be given back: ") + text_or_none(e));
    }
  }
  untended.dismiss();  // take_one() has said so, and another may be called for by now
}

// Without a descriptor or memory for that the next record that comes calls again.
void call_service_thread() noexcept {
  PutOff& all = instance();
  std::lock_guard guard(all.mutex);
  if (all.tended) return;
  try {
    (void)call_at(Deadline::now(), give_back_what_waits);
    all.tended = true;
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as above
  }
}

}  // namespace

void give_record_back(std::shared_ptr<RunningChild> child) {
  if (released_now([&] { child->release_record(); })) return;
  put_back(std::move(child));
  call_service_thread();
}

void give_record_back(family::MemberId member) noexcept try {
  if (released_now([&] { family::Family::instance().give_back(member); })) return;
  {
    PutOff& all = instance();
    std::lock_guard guard(all.mutex);
    all.members.push_back(member);
  }
  call_service_thread();
} catch (const std::exception&) {  // as the header says
}

void forget_records() noexcept { put_off.renew(); }

}  // namespace cohort::detail
