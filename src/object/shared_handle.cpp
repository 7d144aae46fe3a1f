// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/shared_handle.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"
#include "object/lender.hpp"
#include "object/local_objects.hpp"
#include "object/objects.hpp"
#include "os/module.hpp"
#include "os/process_identity.hpp"

namespace cohort {

namespace detail {

/// One object as this process knows it; shared by all its handles here.
class LocalObject {
 public:
  /// What is left to do for an object with static storage that was not used yet.
  struct Pending {
    object::Objects::StaticKey key;
    os::ProcessIdentity maker;  // the process that made the handle, which this one may be a copy of
    std::size_t size = 0;
    std::function<void(void*)> init;
    std::function<void(void*)> complete;
  };

  std::atomic<std::uint32_t> handles{1};
  std::atomic<std::uint32_t> flags{0};
  std::atomic<void*> body{nullptr};
  ObjectKind kind = ObjectKind::none;
  object::Objects::Entry entry{};
  std::uint64_t generation = 0;
  std::unique_ptr<Pending> pending;
  const SharedHandle* place = nullptr;  // the handle with static storage that this was made for
  std::shared_ptr<object::Lender>
      lender;                       // under ObjectsTurn; not null: `entry` is no entry of ours yet, nor `body` set
  bool listed = false;              // this process, or the one it is a copy of, made it the object of that place
  std::shared_ptr<void> companion;  // under ObjectsTurn
  LocalObject* next = nullptr;      // of the bucket
};

namespace {

constexpr std::size_t kBuckets = 1024;
LocalObject* buckets[kBuckets];  // under ObjectsTurn

LocalObject*& bucket_of(family::Offset object) noexcept { return buckets[object / 64 % kBuckets]; }

void insert(LocalObject& local) noexcept {
  LocalObject*& bucket = bucket_of(local.entry.object);
  local.next = bucket;
  bucket = &local;
}

void remove(LocalObject& local) noexcept {
  for (LocalObject** at = &bucket_of(local.entry.object); *at != nullptr; at = &(*at)->next) {
    if (*at != &local) continue;
    *at = local.next;
    return;
  }
}

void set_made(LocalObject& local, object::Objects& objects, object::Objects::Entry entry) {
  local.entry = entry;
  local.generation = objects.generation(entry.object);
  insert(local);
  // SYNC(handle): release here -> acquire in SharedHandle::body(), find_body(); carries the fields above
  local.body.store(objects.body(entry.object), std::memory_order_release);
}

// One more handle, unless the last one is just going.
bool share(LocalObject& local) noexcept {
  // relaxed: both: a count; what it guards is freed under ObjectsTurn
  std::uint32_t handles = local.handles.load(std::memory_order_relaxed);
  while (handles != 0)
    if (local.handles.compare_exchange_weak(handles, handles + 1, std::memory_order_relaxed)) return true;
  return false;
}

LocalObject* find(family::Offset object, std::uint64_t generation) noexcept {
  for (LocalObject* at = bucket_of(object); at != nullptr; at = at->next)
    if (at->entry.object == object && at->generation == generation && share(*at)) return at;
  return nullptr;
}

void drop_quietly(object::Objects::Entry entry) noexcept {
  // A copy of the process that is no member, and one that has left, own no references.
  if (entry.object == 0 || entry.index == object::kBorrowed || !family::Family::self_or_nobody()) return;
  try {
    object::Objects::instance().drop(entry);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The reference goes with this process.
  }
}

void release(LocalObject* local) noexcept {
  if (local == nullptr) return;
  // SYNC(handle count): release by the others -> acquire by the last; carries what they did with the object
  if (local->handles.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (local->entry.object != 0) {
    {
      family::ObjectsTurn turn;
      remove(*local);
    }
    local->companion.reset();
    drop_quietly(local->entry);
  }
  delete local;
}

object::Objects::Entry make(object::Objects& objects, ObjectKind kind, std::size_t size,
                            const std::function<void(void*)>& init, const std::function<void(void*)>& complete) {
  object::Objects::Entry entry = objects.create(kind, size, init);
  if (!complete) return entry;
  try {
    complete(objects.body(entry.object));
  } catch (...) {
    drop_quietly(entry);
    throw;
  }
  return entry;
}

// A reference for a handle that arrived, or what it borrows where it cannot have one in a moment: then `lender` is set.
// nullopt: the object is gone.
std::optional<object::Objects::Entry> refer_or_borrow(object::Objects& objects, const HandleName& name, ObjectKind kind,
                                                      std::shared_ptr<object::Lender>& lender) {
  object::Lending* lending = object::Lending::current();
  if (lending == nullptr || !lending->lender->holds(name.offset))
    return objects.refer(name.offset, name.generation, kind);
  if (!lending->locked_out) {
    try {
      family::LockDeadline soon(Deadline::now());
      return objects.refer(name.offset, name.generation, kind);
    } catch (const family::LockedOut&) { lending->locked_out = true; }
  }
  // What the lender holds lives.
  if (name.generation == 0 || objects.generation(name.offset) != name.generation) return std::nullopt;
  const auto* header = family::Family::instance().at<object::ObjectHeader>(name.offset);
  if (header->kind != static_cast<std::uint32_t>(kind)) return std::nullopt;
  lender = lending->lender;
  return object::Objects::Entry{name.offset, object::kBorrowed};
}

// The body of an object whose handles borrow, with a reference of their own from now on if that can be had in a moment.
// nullptr: they do not borrow.
void* settle(LocalObject& local) {
  std::shared_ptr<object::Lender> lender;  // goes without the turn
  family::Offset object = 0;
  {
    family::ObjectsTurn turn;
    lender = local.lender;
    object = local.entry.object;
  }
  // SYNC(handle): as in set_made()
  if (!lender) return local.body.load(std::memory_order_acquire);
  auto objects = object::Objects::instance();
  object::Lending* lending = object::Lending::current();
  if (lending != nullptr && lending->locked_out) return objects.body(object);
  std::optional<object::Objects::Entry> entry;
  try {
    family::LockDeadline soon(Deadline::now());
    entry = objects.refer(object, local.generation, local.kind);
  } catch (const family::LockedOut&) {
    if (lending != nullptr) lending->locked_out = true;
  }
  if (!entry) return objects.body(object);
  {
    family::ObjectsTurn turn;
    if (local.lender != nullptr) {
      local.lender.reset();
      local.entry.index = std::exchange(entry, std::nullopt)->index;
      // SYNC(handle): as in set_made()
      local.body.store(objects.body(object), std::memory_order_release);
    }
  }
  if (entry) drop_quietly(*entry);  // another thread was quicker
  return objects.body(object);
}

// How many objects this process has had at each place of static storage. Under ObjectsTurn; copied by a fork.
using Turns = std::map<std::array<std::uint64_t, 3>, std::uint64_t>;
Turns& turns() {
  static auto* turns = new Turns;  // never destroyed: handles of static storage come and go at all times
  return *turns;
}

// Set by exit(): handles with static storage go for good from then on, in this process only.
std::atomic<bool> exiting{false};
void note_exit() noexcept { exiting.store(true, std::memory_order_relaxed); }  // relaxed: read by the thread that exits

// Whether the handle at a place of static storage goes while its process goes on: its object is over then.
void end_place(const SharedHandle& handle, LocalObject& local) noexcept {
  if (local.place != &handle) return;
  local.place = nullptr;
  // relaxed: as in note_exit()
  if (local.entry.object == 0 || exiting.load(std::memory_order_relaxed) || !family::Family::self_or_nobody()) return;
  try {
    bool listed = local.listed && local.pending->maker == family::own_identity();
    object::Objects::instance().end_static(local.pending->key, local.entry.object, listed);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The next handle at this place has a later turn, and replaces the object.
  }
}

std::optional<object::Objects::StaticKey> static_key(const void* place) {
  auto module = os::module_of(place);
  auto address = reinterpret_cast<std::uintptr_t>(place);
  if (!module || (address >= module->text_begin && address < module->text_end)) return std::nullopt;
  object::Objects::StaticKey key;
  static_assert(sizeof key.module == sizeof module->build_id);
  std::memcpy(key.module, module->build_id.data(), sizeof key.module);
  key.offset = address - module->base;
  family::ObjectsTurn turn;
  key.turn = turns()[{key.module[0], key.module[1], key.offset}]++;
  return key;
}

}  // namespace

}  // namespace detail

void object::relist_local_objects() {
  auto objects = Objects::instance();
  family::ObjectsTurn turn;
  for (detail::LocalObject* bucket : detail::buckets) {
    for (detail::LocalObject* local = bucket; local != nullptr; local = local->next) {
      auto entry = objects.refer(local->entry.object, local->generation, local->kind);
      if (entry) {
        local->entry.index = entry->index;
        if (local->lender != nullptr) {
          // SYNC(handle): as in set_made()
          local->body.store(objects.body(entry->object), std::memory_order_release);
          local->lender.reset();
        }
      } else {
        local->lender.reset();
        local->body.store(nullptr, std::memory_order_relaxed);  // relaxed: gone; find_body() says so
      }
    }
  }
}

void object::settle_local_objects() {
  auto objects = Objects::instance();
  for (detail::LocalObject* bucket : detail::buckets) {
    for (detail::LocalObject* local = bucket; local != nullptr; local = local->next) {
      if (local->lender == nullptr) continue;
      auto entry = objects.refer(local->entry.object, local->generation, local->kind);
      if (!entry) continue;
      local->entry.index = entry->index;
      // SYNC(handle): as in set_made()
      local->body.store(objects.body(entry->object), std::memory_order_release);
      local->lender.reset();
    }
  }
}

using detail::LocalObject;

SharedHandle::SharedHandle(const SharedHandle& other) noexcept
    // SYNC(handle): as in body()
    : body_(other.body_.load(std::memory_order_acquire)), local_(other.local_), kind_(other.kind_) {
  // relaxed: the other handle holds it meanwhile
  if (local_ != nullptr) local_->handles.fetch_add(1, std::memory_order_relaxed);
}

SharedHandle& SharedHandle::operator=(const SharedHandle& other) noexcept {
  if (this != &other) *this = SharedHandle(other);
  return *this;
}

SharedHandle& SharedHandle::operator=(SharedHandle&& other) noexcept {
  if (this == &other) return *this;
  LocalObject* old = std::exchange(local_, std::exchange(other.local_, nullptr));
  if (old != nullptr && old->place == this) [[unlikely]]
    detail::end_place(*this, *old);
  // relaxed: both: a handle is one thread's to assign
  body_.store(other.body_.exchange(nullptr, std::memory_order_relaxed), std::memory_order_relaxed);
  kind_ = other.kind_;
  detail::release(old);
  return *this;
}

SharedHandle::~SharedHandle() {
  if (local_ != nullptr && local_->place == this) [[unlikely]]
    detail::end_place(*this, *local_);
  detail::release(local_);
}

SharedHandle::SharedHandle(detail::ObjectKind kind, std::size_t size, std::function<void(void*)> init,
                           std::function<void(void*)> complete)
    : kind_(kind) {
  auto local = std::make_unique<LocalObject>();
  local->kind = kind;
  if (auto key = detail::static_key(this)) {
    local->pending = std::make_unique<LocalObject::Pending>(
        LocalObject::Pending{*key, family::own_identity(), size, std::move(init), std::move(complete)});
    local->place = this;
    local_ = local.release();
    return;
  }
  auto objects = object::Objects::instance();
  object::Objects::Entry entry = detail::make(objects, kind, size, init, complete);
  {
    family::ObjectsTurn turn;
    detail::set_made(*local, objects, entry);
  }
  // relaxed: the handle is this thread's yet
  body_.store(local->body.load(std::memory_order_relaxed), std::memory_order_relaxed);
  local_ = local.release();
}

SharedHandle::SharedHandle(detail::ObjectKind kind, const detail::HandleName& name) : kind_(kind) {
  auto& family = family::Family::instance();
  auto id = family.id();
  if (std::memcmp(name.family, id.data(), sizeof name.family) != 0)
    throw DecodeError("SharedHandle", "", "the handle belongs to another family of processes");
  if (name.kind != static_cast<std::uint32_t>(kind))
    throw DecodeError("SharedHandle", std::to_string(name.kind), "the handle is one of another kind of object");
  {
    family::ObjectsTurn turn;
    local_ = detail::find(name.offset, name.generation);
  }
  if (local_ == nullptr) {
    auto local = std::make_unique<LocalObject>();
    object::Objects objects(family);
    std::shared_ptr<object::Lender> lender;
    auto entry = detail::refer_or_borrow(objects, name, kind, lender);
    if (!entry)
      throw DecodeError("SharedHandle", std::to_string(name.offset),
                        "the object is gone: nobody held it while the handle was under way");
    local->kind = kind;
    family::ObjectsTurn turn;
    local_ = detail::find(name.offset, name.generation);
    if (local_ != nullptr) {  // another thread was quicker
      detail::drop_quietly(*entry);
    } else if (lender) {
      local->entry = *entry;
      local->generation = name.generation;
      local->lender = std::move(lender);
      detail::insert(*local);
      local_ = local.release();
    } else {
      detail::set_made(*local, objects, *entry);
      local_ = local.release();
    }
  }
  // SYNC(handle): as in body()
  body_.store(local_->body.load(std::memory_order_acquire), std::memory_order_relaxed);
}

namespace {

const char* class_name(detail::ObjectKind kind) noexcept {
  using Kind = detail::ObjectKind;
  switch (kind) {
    case Kind::lock: return "Lock";
    case Kind::rlock: return "RLock";
    case Kind::semaphore: return "Semaphore";
    case Kind::bounded_semaphore: return "BoundedSemaphore";
    case Kind::condition: return "Condition";
    case Kind::event: return "Event";
    case Kind::barrier: return "Barrier";
    case Kind::shared_mutex: return "SharedMutex";
    case Kind::value: return "Value";
    case Kind::array: return "Array";
    case Kind::queue: return "Queue";
    case Kind::simple_queue: return "SimpleQueue";
    case Kind::joinable_queue: return "JoinableQueue";
    case Kind::connection: return "Connection";
    case Kind::shared_memory: return "SharedMemory";
    default: return "SharedHandle";
  }
}

}  // namespace

void SharedHandle::require_object() const {
  if (local_ == nullptr)
    throw ClosedError(class_name(kind_), "", "the handle is null: it was moved from, or made of null_handle");
}

void* SharedHandle::find_body() const {
  require_object();
  auto& family = family::Family::instance();
  (void)family.self();  // a copy of the process joins, and with it its handles
  LocalObject& local = *local_;
  // SYNC(handle): as in body()
  void* body = local.body.load(std::memory_order_acquire);
  if (body == nullptr && local.pending != nullptr) {
    object::Objects objects(family);
    const LocalObject::Pending& pending = *local.pending;
    object::Objects::StaticKey key = pending.key;
    key.inherited = pending.maker != family::own_identity();
    // Runs before the destructor of the handle, which is there already.
    std::atexit(detail::note_exit);
    object::Objects::Entry made;
    auto entry = objects.find_or_create_static(
        key, [&] { return made = detail::make(objects, local.kind, pending.size, pending.init, pending.complete); });
    family::ObjectsTurn turn;
    local.listed = local.listed || made.object == entry.object;
    if (local.body.load(std::memory_order_relaxed) == nullptr)  // relaxed: written under the turn
      detail::set_made(local, objects, entry);
    else
      detail::drop_quietly(entry);
    body = local.body.load(std::memory_order_relaxed);  // relaxed: as above
  }
  if (body == nullptr && local.pending == nullptr) body = detail::settle(local);
  if (body == nullptr)
    throw StateError("SharedHandle", "", "the object ended before this copy of the process used it first");
  // While it borrows, each use tries anew. relaxed: a look
  if (local.body.load(std::memory_order_relaxed) == nullptr) [[unlikely]]
    return body;
  // SYNC(handle): release -> acquire in body()
  body_.store(body, std::memory_order_release);
  return body;
}

bool SharedHandle::same_object(const SharedHandle& other) const {
  if (local_ == other.local_) return true;
  if (local_ == nullptr || other.local_ == nullptr) return false;
  return body() == other.body();
}

std::uint64_t SharedHandle::id() const {
  if (local_ == nullptr) return 0;
  (void)body();
  return local_->generation;
}

detail::HandleName SharedHandle::name() const {
  (void)body();
  detail::HandleName name;
  auto id = family::Family::instance().id();
  std::memcpy(name.family, id.data(), sizeof name.family);
  name.offset = local_->entry.object;
  name.generation = local_->generation;
  name.kind = static_cast<std::uint32_t>(local_->kind);
  return name;
}

std::shared_ptr<const void> SharedHandle::keep() const {
  (void)body();
  return std::make_shared<SharedHandle>(*this);
}

void SharedHandle::let_go() noexcept {
  if (local_ == nullptr) return;
  object::Objects::Entry entry;
  std::shared_ptr<void> companion;
  std::shared_ptr<object::Lender> lender;
  {
    family::ObjectsTurn turn;
    detail::remove(*local_);
    lender.swap(local_->lender);
    entry = std::exchange(local_->entry, {});
    companion.swap(local_->companion);
  }
  companion.reset();
  detail::drop_quietly(entry);
}

void SharedHandle::accompany(std::shared_ptr<void> companion) const {
  require_object();
  family::ObjectsTurn turn;
  companion.swap(local_->companion);  // the former one goes with the parameter, when the turn is over
}

std::shared_ptr<void> SharedHandle::companion() const {
  if (local_ == nullptr) return nullptr;
  family::ObjectsTurn turn;
  return local_->companion;
}

std::atomic<std::uint32_t>& SharedHandle::local_flags() const {
  require_object();
  return local_->flags;
}

}  // namespace cohort
