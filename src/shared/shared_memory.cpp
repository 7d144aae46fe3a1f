// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/shared_memory.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/crash_point.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"
#include "object/objects.hpp"
#include "os/named_memory.hpp"
#include "shared/named_memory.hpp"
#include "shared/owned_block.hpp"

namespace cohort {

namespace detail {

namespace {

constexpr std::size_t kBlocks = 30;
constexpr unsigned kSizeBits = 56;
constexpr std::uint64_t kSizeMask = (std::uint64_t{1} << kSizeBits) - 1;

// docs/formats/shared.md, "Anonymous memory"
struct MemoryBody {
  std::atomic<std::uint64_t> current;  // index of the block << 56 | size in bytes; its store commits a resize
  std::atomic<std::uint64_t> settled;  // 1: the first block is nobody's
  std::atomic<std::uint64_t> blocks[kBlocks];
  family::LockWord lock;  // of resize()
};
static_assert(offsetof(MemoryBody, blocks) == 16 && offsetof(MemoryBody, lock) == 256 && sizeof(MemoryBody) == 320);

void repair_memory(family::Offset, void* body, family::MemberId dead) {
  for (auto& word : static_cast<MemoryBody*>(body)->blocks) repair_block(word, dead);
}

void destroy_memory(object::Destroyer& destroyer, void* body) {
  for (auto& word : static_cast<MemoryBody*>(body)->blocks) destroyer.free_block(word);
}

const bool kRegistered =
    object::register_object_kind(ObjectKind::shared_memory, {.member_died = repair_memory, .destroy = destroy_memory});

std::size_t index_of(std::uint64_t current) noexcept { return current >> kSizeBits; }
std::uint64_t size_of(std::uint64_t current) noexcept { return current & kSizeMask; }

std::byte* place_of(const MemoryBody& body, std::uint64_t current) {
  std::size_t index = index_of(current);
  if (index >= kBlocks) throw StateError("SharedMemory", "", "the control block is damaged");
  // relaxed: carried by the acquire load of `current`
  std::uint64_t block = body.blocks[index].load(std::memory_order_relaxed);
  return family::Family::instance().address(block, size_of(current));
}

}  // namespace

// The first block comes when the object is listed: whoever dies or runs out of memory before has made nothing.
AnonymousMemory::AnonymousMemory(std::uint64_t size, std::shared_ptr<const std::vector<std::byte>> contents)
    : SharedHandle(
          kKind, sizeof(MemoryBody),
          [size](void* place) {
            // relaxed: the object is published by its listing
            (new (place) MemoryBody{})->current.store(size, std::memory_order_relaxed);
          },
          [size, contents = std::move(contents)](void* place) {
            auto* body = static_cast<MemoryBody*>(place);
            object::Block block = make_block(size, contents ? std::span(*contents) : std::span<const std::byte>());
            name_block(block, body->blocks[0]);
            give_named(std::move(block));
            body->settled.store(1, std::memory_order_relaxed);  // relaxed: nobody else knows the object yet
          }) {}

AnonymousMemory::AnonymousMemory(const HandleName& name) : SharedHandle(kKind, name) {}

std::span<std::byte> AnonymousMemory::bytes() const {
  auto* memory = static_cast<MemoryBody*>(body());
  // SYNC(memory size): release in resize() -> acquire here; carries the block and its copied contents
  std::uint64_t current = memory->current.load(std::memory_order_acquire);
  return {place_of(*memory, current), size_of(current)};
}

void AnonymousMemory::resize(std::uint64_t size, Deadline deadline) const try {
  family::LockDeadline limit(deadline);
  auto* memory = static_cast<MemoryBody*>(body());
  auto& family = family::Family::instance();
  family::LockGuard guard(memory->lock, family::own_identity());
  // A resize whose caller died is done or not begun: a block it left stays named, and is freed with the object.
  guard.mark_repaired();
  std::uint64_t current = memory->current.load(std::memory_order_relaxed);  // relaxed: written under the lock
  std::byte* old = place_of(*memory, current);
  std::uint64_t before = size_of(current);
  std::size_t index = index_of(current);
  if (size > family.block_size(memory->blocks[index].load(std::memory_order_relaxed))) {  // relaxed: under the lock
    // relaxed: under the lock
    while (index < kBlocks && memory->blocks[index].load(std::memory_order_relaxed) != 0) ++index;
    if (index == kBlocks) throw OutOfFamilyMemory("SharedMemory.resize", "", "it was enlarged too often");
    object::Block block = make_block(size, {old, static_cast<std::size_t>(before)});
    name_block(block, memory->blocks[index]);
    COHORT_CRASH_POINT("shared.memory.named");
    give_named(std::move(block));
  } else if (size > before) {
    std::memset(old + before, 0, size - before);
  }
  COHORT_CRASH_POINT("shared.memory.filled");
  // SYNC(memory size): release here -> acquire in bytes()
  memory->current.store(std::uint64_t{index} << kSizeBits | size, std::memory_order_release);
} catch (const family::LockedOut&) {
  // Either the lock was not had or the new block: both come before the first change.
  throw TimeoutError("SharedMemory.resize", "",
                     "another process, which may be stopped, was in the middle of a call; nothing was changed");
}

}  // namespace detail

namespace {

std::uint64_t checked_size(std::string_view operation, Bytes size) {
  if (size.count == 0) throw ValueError(operation, "0", "the size of shared memory is at least 1 byte");
  if (size.count > (std::uint64_t{1} << 55))
    throw ValueError(operation, std::to_string(size.count), "too large a size");
  return size.count;
}

}  // namespace

SharedMemory::SharedMemory(Bytes size, SharedMemoryOptions options)
    : anonymous_(checked_size("SharedMemory", size), nullptr), huge_pages_(options.huge_pages) {}

SharedMemory::SharedMemory(const std::shared_ptr<const std::vector<std::byte>>& contents)
    : anonymous_(contents->size(), contents) {}

SharedMemory::SharedMemory(std::shared_ptr<detail::NamedMemory> named) noexcept : named_(std::move(named)) {}

SharedMemory::SharedMemory(const detail::HandleName& name) : anonymous_(name) {}

SharedMemory SharedMemory::create(std::string_view name, Bytes size, SharedMemoryOptions options) {
  SharedMemory made = create(name, checked_size("SharedMemory.create", size), {}, "SharedMemory.create");
  made.huge_pages_ = options.huge_pages;
  (void)made.huge_pages();
  return made;
}

SharedMemory SharedMemory::create(std::string_view name, std::uint64_t size, std::span<const std::byte> contents,
                                  const char* operation) {
  while (true) {
    std::string checked = name.empty() ? detail::random_memory_name() : detail::checked_memory_name(operation, name);
    try {
      os::Fd fd = os::create_named_memory(checked, size, contents);
      return SharedMemory(std::make_shared<detail::NamedMemory>(std::move(checked), std::move(fd), false));
    } catch (const OsError& error) {
      if (!name.empty() || error.code() != std::errc::file_exists) throw;
    }
  }
}

SharedMemory SharedMemory::attach(std::string_view name, AttachOptions options) {
  std::string checked = detail::checked_memory_name("SharedMemory.attach", name);
  os::Fd fd = os::open_named_memory(checked, {.read_only = options.read_only, .any_owner = options.any_owner});
  SharedMemory made(std::make_shared<detail::NamedMemory>(std::move(checked), std::move(fd), options.read_only));
  made.huge_pages_ = options.huge_pages;
  (void)made.huge_pages();
  return made;
}

void SharedMemory::unlink(std::string_view name) {
  os::unlink_named_memory(detail::checked_memory_name("SharedMemory.unlink", name));
}

std::span<std::byte> SharedMemory::buf() const { return writable("SharedMemory.buf"); }

void SharedMemory::check_not_null(const char* operation) const {
  if (is_null()) throw ClosedError(operation, "", "the handle is null: it was closed or moved from");
}

std::span<std::byte> SharedMemory::writable(const char* operation) const {
  check_not_null(operation);
  if (named_ == nullptr) return anonymous_.bytes();
  if (named_->is_read_only()) throw StateError(operation, name(), "the memory was attached read-only: use view()");
  return named_->bytes();
}

std::span<const std::byte> SharedMemory::bytes(const char* operation) const {
  check_not_null(operation);
  return named_ == nullptr ? anonymous_.bytes() : named_->bytes();
}

std::span<const std::byte> SharedMemory::view() const { return bytes("SharedMemory.view"); }
std::size_t SharedMemory::size() const { return bytes("SharedMemory.size").size(); }

const std::string& SharedMemory::name() const {
  static const std::string* const nothing = new std::string;  // for handles of static storage, whatever goes first
  return named_ == nullptr ? *nothing : named_->name();
}

bool SharedMemory::is_read_only() const noexcept { return named_ != nullptr && named_->is_read_only(); }

bool SharedMemory::huge_pages() const {
  if (!huge_pages_) return false;
  auto bytes = this->bytes("SharedMemory.huge_pages");
  return os::advise_huge_pages(const_cast<std::byte*>(bytes.data()), bytes.size());
}

void SharedMemory::resize(Bytes size, Deadline deadline) {
  std::uint64_t bytes = checked_size("SharedMemory.resize", size);
  check_not_null("SharedMemory.resize");
  if (named_ == nullptr)
    anonymous_.resize(bytes, deadline);
  else
    named_->resize(bytes);
}

void SharedMemory::refresh() {
  if (named_ != nullptr) named_->refresh();
}

void SharedMemory::unlink() const {
  check_not_null("SharedMemory.unlink");
  if (named_ == nullptr) throw StateError("SharedMemory.unlink", "", "anonymous memory has no name to take away");
  os::unlink_named_memory(named_->name());
}

bool SharedMemory::same_memory(const SharedMemory& other) const {
  if (named_ == nullptr || other.named_ == nullptr) return named_ == other.named_ && anonymous_ == other.anonymous_;
  return named_ == other.named_ || named_->same_memory(*other.named_);
}

std::string SharedMemory::to_string() const {
  if (is_null()) return "SharedMemory(null)";
  std::string shown = named_ == nullptr ? "anonymous" : "'" + name() + "'";
  return "SharedMemory(" + shown + ", size=" + std::to_string(size()) + ")";
}

void Codec<SharedMemory>::encode(Encoder& out, const SharedMemory& memory) {
  if (memory.is_null()) Encoder::fail("a null SharedMemory cannot travel: it was closed or moved from");
  out.write_raw(static_cast<std::uint8_t>(memory.is_anonymous() ? 0 : memory.is_read_only() ? 2 : 1));
  if (memory.is_anonymous()) {
    (void)memory.anonymous_.bytes();  // a static's memory is made, and its own, before others hear of it
    detail::encode_handle(out, memory.anonymous_);
  } else {
    Codec<std::string>::encode(out, memory.name());
  }
}

SharedMemory Codec<SharedMemory>::decode(Decoder& in) {
  auto form = Codec<std::uint8_t>::decode(in);
  if (form == 0) return SharedMemory(detail::decode_handle_name(in));
  if (form > 2) throw DecodeError("SharedMemory", std::to_string(form), "not a form of shared memory");
  in.expect_names_allowed();
  return SharedMemory::attach(Codec<std::string>::decode(in), {.read_only = form == 2});
}

}  // namespace cohort
