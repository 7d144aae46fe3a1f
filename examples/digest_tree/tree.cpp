// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Walks with a list of directories to read, not by recursion, so depth costs no stack and no descriptors.
#include "tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace digest_tree {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::string reason_of(int error) { return std::generic_category().message(error); }

class Walker {
 public:
  explicit Walker(const std::optional<FileIdentity>& output) : output_(output) {}

  Tree walk(const std::string& root) {
    struct stat status{};
    if (::stat(root.c_str(), &status) != 0) {
      tree_.problems.push_back({root, reason_of(errno)});
      return std::move(tree_);
    }
    if (S_ISDIR(status.st_mode)) {
      pending_.push_back(root);
      while (!pending_.empty()) {
        std::string path = std::move(pending_.back());
        pending_.pop_back();
        read_directory(path, path == root ? 0 : O_NOFOLLOW);
      }
      std::ranges::sort(tree_.files, {}, &File::path);
    } else if (S_ISREG(status.st_mode)) {
      tree_.follow = true;
      take(root, status);
    } else {
      tree_.problems.push_back({root, "not a directory or a regular file"});
    }
    return std::move(tree_);
  }

 private:
  void read_directory(const std::string& path, int flags) {
    int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | flags);
    Directory directory(descriptor < 0 ? nullptr : ::fdopendir(descriptor));
    if (!directory) {
      tree_.problems.push_back({path, reason_of(errno)});
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    std::string prefix = path.ends_with('/') ? path : path + '/';
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): the stream is this thread's
      if (entry == nullptr) break;
      std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      take_entry(::dirfd(directory.get()), *entry, prefix);
    }
    if (errno != 0) tree_.problems.push_back({path, reason_of(errno)});
  }

  void take_entry(int directory, const dirent& entry, const std::string& prefix) {
    if (entry.d_type == DT_DIR) {
      pending_.push_back(prefix + entry.d_name);
      return;
    }
    struct stat status{};
    if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      tree_.problems.push_back({prefix + entry.d_name, reason_of(errno)});
      return;
    }
    if (S_ISDIR(status.st_mode))
      pending_.push_back(prefix + entry.d_name);
    else
      take(prefix + entry.d_name, status);
  }

  void take(std::string path, const struct stat& status) {
    if (S_ISLNK(status.st_mode)) return skip(Skipped::symbolic_links);
    if (S_ISFIFO(status.st_mode)) return skip(Skipped::fifos);
    if (S_ISSOCK(status.st_mode)) return skip(Skipped::sockets);
    if (!S_ISREG(status.st_mode)) return skip(Skipped::devices);
    if (output_ == FileIdentity{status.st_dev, status.st_ino}) return skip(Skipped::output_files);
    auto bytes = static_cast<std::uint64_t>(status.st_size);
    tree_.files.push_back({std::move(path), bytes});
    tree_.bytes += bytes;
  }

  void skip(Skipped kind) { ++tree_.skipped[static_cast<std::size_t>(kind)]; }

  std::optional<FileIdentity> output_;
  Tree tree_;
  std::vector<std::string> pending_;
};

}  // namespace

Tree walk(const std::string& root, const std::optional<FileIdentity>& output) { return Walker(output).walk(root); }

}  // namespace digest_tree
