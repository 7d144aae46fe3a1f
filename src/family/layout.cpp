// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/layout.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::family {

namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

constexpr std::uint64_t kSmallestControl = std::uint64_t{16} << 20;

}  // namespace

Places Places::of(std::uint64_t size) noexcept {
  // Half of the space for payload, 1/32 for control blocks: both powers of two, as the reservations are. A table
  // takes a quarter of its heap; the rest stays unused, which costs nothing in a sparse object. The smallest
  // reservation has a quarter for control blocks: the largest of them, a pool's, is 2 MiB and more, and must fit there
  // too.
  Places places;
  places.size = size;
  places.members = kHeaderSpan;
  std::uint64_t at = round_up(places.members + std::uint64_t{kMaxMembers} * sizeof(MemberRecord), kHeaderSpan);
  places.control.units = std::max(size / 32, kSmallestControl) / kUnitSize;
  places.payload.units = size / 2 / kUnitSize;
  places.control.table = at;
  at += places.control.units * sizeof(Unit);
  places.payload.table = round_up(at, kHeaderSpan);
  at = places.payload.table + places.payload.units * sizeof(Unit);
  places.control.base = round_up(at, kGranule);
  places.control_end = places.control.base + places.control.units * kUnitSize;
  places.payload_begin = places.control_end + kGranule;
  places.payload.base = places.payload_begin;
  return places;
}

HeaderConstants make_header(std::uint64_t size, std::uint64_t budget, std::uint64_t keep) {
  HeaderConstants header;
  header.magic = kMagic;
  header.version = kLayoutVersion;
  header.header_size = sizeof(Header);
  std::random_device random;
  for (std::size_t i = 0; i < header.id.size(); i += sizeof(std::uint32_t)) {
    auto word = static_cast<std::uint32_t>(random());
    std::memcpy(header.id.data() + i, &word, sizeof word);
  }
  header.size = size;
  header.budget = budget;
  // A few messages of 64 MiB on their way must stay warm: with 256 MiB each one was paid for anew, at a third of the
  // rate. An eighth of the budget is little enough to be a good neighbour.
  header.high_water =
      keep != 0 ? keep : std::clamp<std::uint64_t>(budget / 8, std::uint64_t{64} << 20, std::uint64_t{2} << 30);
  header.pid_namespace = os::process_namespace();
  header.page_size = static_cast<std::uint32_t>(os::page_size());
  header.member_slots = kMaxMembers;
  header.places = Places::of(size);
  return header;
}

void check_header(const HeaderConstants& header, std::uint64_t size) {
  const char* operation = "Family.adopt";
  auto differs = [&](const char* what, std::uint64_t here, std::uint64_t there) {
    throw IncompatibleError(
        operation, what, "the family memory has " + std::to_string(there) + ", this program " + std::to_string(here));
  };
  if (header.magic != kMagic) throw IncompatibleError(operation, "", "the memory is not a family memory");
  if (header.version != kLayoutVersion) differs("layout version", kLayoutVersion, header.version);
  if (header.header_size != sizeof(Header)) differs("header size", sizeof(Header), header.header_size);
  if (header.member_slots != kMaxMembers) differs("member slots", kMaxMembers, header.member_slots);
  if (header.page_size != os::page_size()) differs("page size", os::page_size(), header.page_size);
  if (header.size != size) differs("size", size, header.size);
  bool known = false;
  for (std::uint64_t reservation : kReservations) known = known || reservation == size;
  if (!known)
    throw IncompatibleError(operation, "size", std::to_string(size) + " bytes is no reservation of this version");
  if (header.places != Places::of(size)) throw IncompatibleError(operation, "", "the places of the regions differ");
  if (header.budget == 0) throw IncompatibleError(operation, "budget", "is 0");
  std::uint64_t here = os::process_namespace();
  if (header.pid_namespace != 0 && here != 0 && here != header.pid_namespace)
    throw IncompatibleError(operation, "pid namespace",
                            "this process cannot name the other members by pid, so it could not notice their death");
}

}  // namespace cohort::family
