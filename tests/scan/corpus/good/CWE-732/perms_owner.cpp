// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

void keep(const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  fs::permissions(file, fs::perms::owner_all);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
}
