// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The family memory's address space in one process: reserved as a whole, mapped a window at a time as it is reached.
//
// Only what a process has used is mapped, so that a core dump, mlockall() or a fork have little to walk through.
// Mapping needs no lock: two threads that map the same window do the same thing twice.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "family/layout.hpp"
#include "os/fd.hpp"

namespace cohort::family {

class Windows {
 public:
  /// Reserves the whole size of `memory` and maps the first window. Throws OsError that names the limit when the
  /// space is not to be had.
  explicit Windows(os::Fd memory);
  ~Windows();
  Windows(const Windows&) = delete;
  Windows& operator=(const Windows&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// What keeps the reservation from being larger, and what to do: a part of a sentence for errors.
  [[nodiscard]] std::string how_to_enlarge() const;
  /// The memory object's number, as it was when the object was taken over.
  [[nodiscard]] std::uint64_t memory_number() const noexcept { return number_; }
  /// False when the program has closed the descriptor, whatever its number names by now.
  [[nodiscard]] bool has_descriptor() const noexcept;
  /// Gives pages back to the system, as os::discard() does; does nothing without the descriptor.
  void discard(Offset offset, std::uint64_t size) const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Tells where the regions are, once the header is known to be sound.
  void set_places(const Places& places) noexcept { places_ = places; }
  [[nodiscard]] const Places& places() const noexcept { return places_; }
  /// The header; always mapped.
  [[nodiscard]] Header& header() const noexcept { return *reinterpret_cast<Header*>(base_); }
  [[nodiscard]] std::byte* base() const noexcept { return base_; }

  /// Where [offset, offset + size) lies. Throws ValueError for a range outside the two regions.
  [[nodiscard]] std::byte* address(Offset offset, std::uint64_t size) {
    if (size <= kGranule) {
      std::uint64_t last_byte = offset + size - (size != 0 ? 1 : 0);
      std::uint64_t granule = offset >> kGranuleBits;
      if (granule == last_byte >> kGranuleBits && offset >= kHeaderSpan && offset < size_ && is_mapped(granule))
        return base_ + offset;
    }
    return map_and_address(offset, size);
  }
  /// address() for a place that is known to be inside: the tables.
  [[nodiscard]] std::byte* known_address(Offset offset) {
    if (is_mapped(offset >> kGranuleBits)) return base_ + offset;
    return map_and_address(offset, 1);
  }

 private:
  [[nodiscard]] bool is_mapped(std::uint64_t granule) const noexcept {
    // SYNC(windows): release fetch_or in map_granules() -> acquire load here; carries the mapping
    return (mapped_[granule / 64].load(std::memory_order_acquire) >> (granule % 64) & 1) != 0;
  }
  std::byte* map_and_address(Offset offset, std::uint64_t size);
  void map_granules(std::uint64_t first, std::uint64_t last);

  os::Fd fd_;
  std::uint64_t number_ = 0;
  std::uint64_t size_ = 0;
  std::byte* base_ = nullptr;
  std::unique_ptr<std::atomic<std::uint64_t>[]> mapped_;  // one bit a granule
  Places places_{};
};

}  // namespace cohort::family
