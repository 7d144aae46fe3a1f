// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/windows.hpp"

#include <cerrno>
#include <iterator>
#include <string>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::family {

namespace {

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string why_no_space(std::uint64_t size) {
  std::string text = megabytes(size) + " of address space for the family memory";
  std::uint64_t limit = os::address_space_limit();
  if (limit != UINT64_MAX) text += "; RLIMIT_AS (ulimit -v) allows " + megabytes(limit);
  return text;
}

}  // namespace

Windows::Windows(os::Fd memory)
    : fd_(std::move(memory)), number_(os::memory_number(fd_.get())), size_(os::memory_size(fd_.get())) {
  if (size_ < kSmallestReservation || size_ % kGranule != 0)
    throw IncompatibleError("Family.adopt", "", "the memory is not a family memory");
  mapped_ = std::make_unique<std::atomic<std::uint64_t>[]>(size_ / kGranule / 64 + 1);
  base_ = os::reserve_address_space(size_);
  if (base_ == nullptr) throw_errno("mmap", why_no_space(size_));
  try {
    // The header and the table of members: who asks about a member in a destructor must not have to map.
    map_granules(0, (kHeaderSpan + kMaxMembers * sizeof(MemberRecord) - 1) >> kGranuleBits);
  } catch (...) {
    os::release_address_space(base_, size_);
    throw;
  }
}

std::string Windows::how_to_enlarge() const {
  std::uint64_t space = os::address_space_limit();
  std::uint64_t file = os::file_size_limit();
  // The limits of this process: where it is not the root, the root's may have been others.
  for (auto larger = std::rbegin(kReservations); larger != std::rend(kReservations); ++larger) {
    if (*larger <= size_) continue;
    if (space / 4 < *larger)
      return "RLIMIT_AS (ulimit -v) of " + megabytes(space) + " allows no larger one: it takes " +
             megabytes(*larger * 4);
    if (file < *larger)
      return "RLIMIT_FSIZE (ulimit -f) of " + megabytes(file) + " allows no larger one: it takes " + megabytes(*larger);
    return "configure_family_memory({.reservation = ...}) or the limits of the first process made it so small";
  }
  return "that is the largest one";
}

Windows::~Windows() {
  if (!has_descriptor()) (void)fd_.release();  // another's by now
  os::release_address_space(base_, size_);
}

bool Windows::has_descriptor() const noexcept { return os::is_memory(fd_.get(), number_); }

void Windows::discard(Offset offset, std::uint64_t size) const noexcept {
  if (has_descriptor()) os::discard(fd_.get(), offset, size);
}

void Windows::map_granules(std::uint64_t first, std::uint64_t last) {
  // What has come to have the number would be mapped, and written to, as if it were the family's.
  if (!has_descriptor())
    throw OsError(EBADF, "mmap",
                  "the family memory: this program closed its descriptor, " + std::to_string(fd_.get()) +
                      " (closefrom(), close() of numbers that are not its own)");
  for (std::uint64_t at = first; at <= last;) {
    if (is_mapped(at)) {
      ++at;
      continue;
    }
    std::uint64_t end = at + 1;
    while (end <= last && !is_mapped(end)) ++end;
    os::map_shared(base_ + at * kGranule, fd_.get(), at * kGranule, (end - at) * kGranule);
    for (; at < end; ++at) {
      // SYNC(windows): release here -> acquire load in is_mapped(); carries the mapping
      mapped_[at / 64].fetch_or(std::uint64_t{1} << (at % 64), std::memory_order_release);
    }
  }
}

std::byte* Windows::map_and_address(Offset offset, std::uint64_t size) {
  auto inside = [&](std::uint64_t begin, std::uint64_t end) {
    return offset >= begin && offset <= end && size <= end - offset;
  };
  if (!inside(kHeaderSpan, places_.control_end) &&
      !inside(places_.payload_begin, places_.payload_begin + places_.payload.units * kUnitSize))
    throw ValueError("Family.address", std::to_string(offset) + " + " + std::to_string(size),
                     "lies outside the family memory");
  if (size != 0) map_granules(offset >> kGranuleBits, (offset + size - 1) >> kGranuleBits);
  return base_ + offset;
}

}  // namespace cohort::family
