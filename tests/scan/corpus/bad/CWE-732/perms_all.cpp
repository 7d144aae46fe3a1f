// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

void share(const std::filesystem::path& file) {
  std::filesystem::permissions(file, std::filesystem::perms::all);  // BAD[world-writable]
}
