// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What lies below a directory: the regular files to digest, and what is left out.
//
//   Tree tree = walk("/usr/include", {});
//
// Symbolic links are followed only as the root itself, so a loop cannot arise.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace digest_tree {

/// A regular file, as the walk saw it.
struct File {
  std::string path;         ///< as sha256sum would be given it; any bytes
  std::uint64_t bytes = 0;  ///< its size then
};

/// Which file a name means, whatever it is called.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// A path that could not be used, and why.
struct Problem {
  std::string path;
  std::string reason;
};

enum class Skipped : unsigned char { symbolic_links, fifos, sockets, devices, output_files };
inline constexpr std::array<std::string_view, 5> kSkippedNames{"symbolic link", "FIFO", "socket", "device",
                                                               "output file"};

struct Tree {
  std::vector<File> files;  ///< in path order, bytewise
  std::vector<Problem> problems;
  std::array<std::uint64_t, kSkippedNames.size()> skipped{};
  std::uint64_t bytes = 0;
  /// The root was a symbolic link to a file, and is to be followed.
  bool follow = false;
};

/// Collects what is below `root`; a root that is a file is the tree. `output`, if it lies in the tree, is skipped.
[[nodiscard]] Tree walk(const std::string& root, const std::optional<FileIdentity>& output);

}  // namespace digest_tree
