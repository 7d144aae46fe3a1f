// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which files are scanned, and their bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace cohort::scan {

/// Something that kept a file from being read, or that its reader should know.
struct Trouble {
  std::string path;
  std::string message;
  /// The file was not scanned: the result is not whole.
  bool fatal = true;
};

struct FileList {
  std::vector<std::filesystem::path> files;
  std::vector<Trouble> troubles;
};

/// The C++ files below the paths, sorted. Folders that begin with a dot are left out, links are followed only where
/// they are named, so that no loop of links matters; what is no regular file is never opened.
///
/// @param excluded  shell patterns over whole paths, `*` matching `/` too
FileList find_files(const std::vector<std::filesystem::path>& paths, const std::vector<std::string>& excluded);

struct FileText {
  std::string text;
  std::vector<Trouble> troubles;
  bool readable = false;
};

/// Reads one file. Too large, unreadable, or binary ones come back unreadable, with the reason.
FileText read_file(const std::filesystem::path& path, std::size_t most_bytes);

/// Where the first byte is that is not UTF-8; the size where all are.
std::size_t utf8_end(std::string_view text);

}  // namespace cohort::scan
