// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/build_id.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "os/linux/elf_file.hpp"

namespace cohort::os {

namespace {

// More than any linker writes; a file that says more is not read into memory for it.
constexpr std::size_t kMostNotes = std::size_t{1} << 16;
constexpr std::size_t kMostHeaders = 1024;

std::size_t padded(std::uint64_t size) noexcept { return (static_cast<std::size_t>(size) + 3) & ~std::size_t{3}; }

}  // namespace

std::optional<BuildId> build_id_of_notes(std::span<const std::byte> notes) noexcept {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, notes.data(), sizeof head);
    notes = notes.subspan(sizeof head);
    const std::size_t name = padded(head.n_namesz);
    if (name > notes.size() || head.n_descsz > notes.size() - name) return std::nullopt;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(notes.data(), "GNU", 4) == 0 &&
        head.n_descsz >= 8) {
      BuildId id{};
      std::memcpy(id.data(), notes.data() + name, std::min<std::size_t>(id.size(), head.n_descsz));
      return id;
    }
    // The last one may lack its padding.
    notes = notes.subspan(std::min(notes.size(), name + padded(head.n_descsz)));
  }
  return std::nullopt;
}

// 64-bit FNV-1a, twice with different offsets. Only for modules without a build-id, where any stable digest does.
BuildId digest_of_headers(std::span<const std::byte> headers) noexcept {
  std::uint64_t halves[2] = {0xcbf29ce484222325u, 0x9ae16a3b2f90404fu};
  for (std::byte byte : headers)
    for (auto& half : halves) half = (half ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  BuildId id;
  std::memcpy(id.data(), halves, sizeof id);
  return id;
}

std::optional<BuildId> build_id_of_file(int fd) {
  const auto elf = read_elf_header(fd);
  if (!elf || elf->e_phentsize != sizeof(ElfW(Phdr)) || elf->e_phnum == 0 || elf->e_phnum > kMostHeaders)
    return std::nullopt;
  std::vector<ElfW(Phdr)> headers(elf->e_phnum);
  if (!read_at(fd, elf->e_phoff, headers.data(), headers.size() * sizeof headers[0])) return std::nullopt;
  for (const auto& header : headers) {
    if (header.p_type != PT_NOTE || header.p_filesz > kMostNotes) continue;
    std::vector<std::byte> notes(header.p_filesz);
    if (!read_at(fd, header.p_offset, notes.data(), notes.size())) return std::nullopt;
    if (auto id = build_id_of_notes(notes)) return id;
  }
  return digest_of_headers(std::as_bytes(std::span(headers)));
}

}  // namespace cohort::os
