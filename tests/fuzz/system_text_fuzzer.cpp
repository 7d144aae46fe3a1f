// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the system, and files, say of processes and modules: /proc/PID/stat, build-id notes, the headers and symbols of
// a module's file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "os/build_id.hpp"
#include "os/fd.hpp"
#include "os/linux/function_names.hpp"
#include "os/linux/process_stat.hpp"

namespace {

void require(bool holds) {
  if (!holds) { std::abort(); }
}

void check_file(std::span<const std::byte> bytes) {
  static const cohort::os::Fd file(::memfd_create("fuzz", MFD_CLOEXEC));
  require(::ftruncate(file.get(), 0) == 0);
  require(::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  const auto once = cohort::os::build_id_of_file(file.get());
  require(cohort::os::build_id_of_file(file.get()) == once);
  const std::uintptr_t addresses[] = {0, 0x1008, UINTPTR_MAX};
  require(cohort::os::function_names_in_file(file.get(), addresses).size() == 3);
}

void check_stat(std::span<const std::byte> bytes) {
  const char* text = reinterpret_cast<const char*>(bytes.data());
  const auto stat = cohort::os::parse_process_stat(text, text + bytes.size());
  // Field 22 is behind a name in parentheses and 19 others.
  if (stat.found) { require(bytes.size() >= 41); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 3) {
    case 0: check_stat(bytes); break;
    case 1: static_cast<void>(cohort::os::build_id_of_notes(bytes)); break;
    default: check_file(bytes);
  }
  return 0;
}
