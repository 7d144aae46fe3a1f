// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/files.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

namespace cohort::scan {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 19> kSuffixes = {".c",    ".cc",  ".cpp", ".cxx", ".c++", ".h",   ".hh",
                                                        ".hpp",  ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".txx",
                                                        ".cppm", ".ixx", ".C",   ".H",   ".cu"};

bool is_cpp(const fs::path& path) {
  return std::find(kSuffixes.begin(), kSuffixes.end(), path.extension().native()) != kSuffixes.end();
}

// `*` and `?`, in time linear in text times pattern at worst.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

class Walk {
 public:
  explicit Walk(const std::vector<std::string>& excluded) : excluded_(&excluded) {}

  void named(const fs::path& path) {
    std::error_code error;
    fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status)) {
      trouble(path, error ? error.message() : "no such file or folder");
    } else if (fs::is_directory(status)) {
      folder(path);
    } else if (fs::is_regular_file(status)) {
      if (!is_excluded(path)) list_.files.push_back(path);
    } else {
      trouble(path, "neither a file nor a folder");
    }
  }

  FileList result() {
    std::sort(list_.files.begin(), list_.files.end());
    list_.files.erase(std::unique(list_.files.begin(), list_.files.end()), list_.files.end());
    return std::move(list_);
  }

 private:
  // Own stack: a tree as deep as the file system allows is no recursion.
  void folder(const fs::path& top) {
    std::vector<fs::path> left = {top};
    while (!left.empty()) {
      fs::path here = std::move(left.back());
      left.pop_back();
      std::error_code error;
      fs::directory_iterator entries(here, error);
      for (; !error && entries != fs::directory_iterator(); entries.increment(error)) entry(*entries, left);
      if (error) trouble(here, error.message());
    }
  }

  void entry(const fs::directory_entry& entry, std::vector<fs::path>& left) {
    const fs::path& path = entry.path();
    if (is_excluded(path)) return;
    std::error_code error;
    fs::file_status status = entry.symlink_status(error);
    if (error) {
      trouble(path, error.message());
    } else if (fs::is_directory(status)) {
      if (!path.filename().native().starts_with('.')) left.push_back(path);
    } else if (is_cpp(path) && fs::is_symlink(status)) {
      // A link to a file is read once, under its own name; to a folder it is not followed.
      fs::file_status target = fs::status(path, error);
      if (!error && fs::is_regular_file(target))
        list_.files.push_back(path);
      else if (error)
        trouble(path, "a link that leads nowhere: " + error.message(), false);
    } else if (is_cpp(path) && fs::is_regular_file(status)) {
      list_.files.push_back(path);
    }
  }

  [[nodiscard]] bool is_excluded(const fs::path& path) const {
    return std::any_of(excluded_->begin(), excluded_->end(),
                       [&](const std::string& pattern) { return matches(pattern, path.native()); });
  }
  void trouble(const fs::path& path, std::string message, bool fatal = true) {
    list_.troubles.push_back({path.string(), std::move(message), fatal});
  }

  const std::vector<std::string>* excluded_;
  FileList list_;
};

}  // namespace

FileList find_files(const std::vector<fs::path>& paths, const std::vector<std::string>& excluded) {
  Walk walk(excluded);
  for (const fs::path& path : paths) walk.named(path);
  return walk.result();
}

std::size_t utf8_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    unsigned lead = byte(i);
    std::size_t length = lead < 0x80                   ? 1
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                         : (lead & 0xF0U) == 0xE0      ? 3
                         : lead >= 0xF0 && lead < 0xF5 ? 4
                                                       : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80) return i;
    }
    bool overlong = (lead == 0xE0 && byte(i + 1) < 0xA0) || (lead == 0xF0 && byte(i + 1) < 0x90);
    bool beyond = (lead == 0xED && byte(i + 1) > 0x9F) || (lead == 0xF4 && byte(i + 1) > 0x8F);
    if (overlong || beyond) return i;
    i += length;
  }
  return text.size();
}

FileText read_file(const fs::path& path, std::size_t most_bytes) {
  FileText file;
  auto refuse = [&](std::string message) {
    file.troubles.push_back({path.string(), std::move(message), true});
    return file;
  };
  std::error_code error;
  std::uintmax_t size = fs::file_size(path, error);
  if (error) return refuse(error.message());
  if (size > most_bytes)
    return refuse("has " + std::to_string(size) + " bytes, the limit is " + std::to_string(most_bytes) +
                  " (--max-bytes)");
  std::ifstream in(path, std::ios::binary);
  if (!in) return refuse("cannot be opened: " + std::generic_category().message(errno));
  // A file may grow while it is read: no more than the limit is taken.
  file.text.resize(static_cast<std::size_t>(size));
  in.read(file.text.data(), static_cast<std::streamsize>(file.text.size()));
  if (in.bad()) return refuse("cannot be read");
  file.text.resize(static_cast<std::size_t>(in.gcount()));
  if (file.text.find('\0') != std::string::npos)
    return refuse("is binary: it has a zero byte at offset " + std::to_string(file.text.find('\0')));
  if (std::size_t end = utf8_end(file.text); end != file.text.size()) {
    file.troubles.push_back(
        {path.string(), "is not UTF-8 from offset " + std::to_string(end) + " on; scanned as bytes", false});
  }
  file.readable = true;
  return file;
}

}  // namespace cohort::scan
