// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace digest_tree {
namespace {

std::string clock_text(double seconds) {
  auto whole = static_cast<unsigned long long>(std::llround(std::min(seconds, 3.6e7)));
  std::array<char, 32> text{};
  if (whole >= 3600)
    std::snprintf(text.data(), text.size(), "%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text.data(), text.size(), "%llu:%02llu", whole / 60, whole % 60);
  return text.data();
}

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string readable_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, kUnits[unit]);
  return text.data();
}

Progress::Progress(std::uint64_t total_bytes, std::uint64_t total_files)
    : on_terminal_(::isatty(STDERR_FILENO) == 1), total_bytes_(total_bytes), total_files_(total_files) {}

void Progress::update(std::uint64_t bytes, std::uint64_t files) {
  if (!on_terminal_) return;
  Clock::time_point now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  std::string line = '\r' + text(bytes, files, std::chrono::duration<double>(now - start_).count(), terminal_columns());
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());  // a lost frame is no harm
}

void Progress::erase() {
  if (!drawn_) return;
  drawn_ = false;
  constexpr std::string_view kEraseLine = "\r\x1b[K";
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, kEraseLine.data(), kEraseLine.size());
}

std::string Progress::text(std::uint64_t bytes, std::uint64_t files, double seconds, int columns) const {
  // The bar counts bytes; a tree of empty files counts files.
  double done = total_bytes_ > 0
                    ? static_cast<double>(bytes) / static_cast<double>(total_bytes_)
                    : static_cast<double>(files) / static_cast<double>(std::max<std::uint64_t>(total_files_, 1));
  done = std::min(done, 1.0);  // files may grow
  std::array<char, 160> numbers{};
  std::snprintf(numbers.data(), numbers.size(), " %3.0f %%  %llu of %llu files  %.0f MB/s  ETA %s", done * 100,
                static_cast<unsigned long long>(files), static_cast<unsigned long long>(total_files_),
                seconds > 0 ? static_cast<double>(bytes) / seconds / 1e6 : 0.0,
                done > 0.001 ? clock_text(seconds / done * (1 - done)).c_str() : "-:--");
  std::string result(numbers.data());
  auto room = static_cast<int>(columns) - static_cast<int>(result.size()) - 3;
  if (room >= 5) {
    auto width = static_cast<std::size_t>(std::min(room, 40));
    auto filled = static_cast<std::size_t>(done * static_cast<double>(width));
    result.insert(0, '[' + std::string(filled, '#') + std::string(width - filled, '.') + ']');
  }
  if (columns > 1 && result.size() >= static_cast<std::size_t>(columns))
    result.resize(static_cast<std::size_t>(columns) - 1);
  return result + "\x1b[K";
}

}  // namespace digest_tree
