// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: what build a module is, read from the bytes of its file, before any of its code can run.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "os/module.hpp"

namespace cohort::os {

/// The GNU build-id among the notes of one segment; nullopt when there is none, or the notes are unsound.
[[nodiscard]] std::optional<BuildId> build_id_of_notes(std::span<const std::byte> notes) noexcept;
/// What a module is known by that was linked without a build-id: a digest of its program headers.
[[nodiscard]] BuildId digest_of_headers(std::span<const std::byte> headers) noexcept;
/// The build of the program or module in the file; nullopt when it is neither, for machines like this one. Reads, and
/// maps nothing.
[[nodiscard]] std::optional<BuildId> build_id_of_file(int fd);

}  // namespace cohort::os
