// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills at crash points once, or again and again until each has had so many kills, and counts them.
//
//   for_each_kill(points, {1, 2, 5}, [&](const std::string& point, int hit, int round) {
//     pid_t victim = fork_child([&] { arm_crash_point(point, hit); … });
//     … what must hold after the death
//   });
//
// By itself that is one round: each point with each of the hits. COHORT_CRASH_HITS=N with COHORT_CRASH_LOG=FILE goes on
// until each point has had N kills in this test, or the test does not get there any more. From the second round on the
// hits vary within what the point was found to reach, so that the kills are not the same one N times.
//
// Who dies at a point adds a line to the file just before: the point and which pass it was. So every death is counted,
// also that of a child's child or of a program that was started, and only where the process did end itself.
// tests/torture/points.py runs all suites like that and adds the files up.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"

namespace cohort::testing {

namespace kill_log {

inline char path[512] = {};

// In a process that is about to die: raw calls only.
inline void note(const char* name, int pass) noexcept {
  char line[160];
  std::size_t size = std::min(std::strlen(name), sizeof line - 16);
  std::memcpy(line, name, size);
  line[size++] = ' ';
  char digits[12];
  std::size_t count = 0;
  do digits[count++] = static_cast<char>('0' + pass % 10);
  while ((pass /= 10) != 0);
  while (count != 0) line[size++] = digits[--count];
  line[size++] = '\n';
  int fd = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;  // not counted, which the sum will show
  (void)!::write(fd, line, size);
  ::close(fd);
}

inline const bool kept = [] {
  const char* wanted = std::getenv("COHORT_CRASH_LOG");
  if (wanted == nullptr || *wanted == '\0' || std::strlen(wanted) >= sizeof path) return false;
  std::strcpy(path, wanted);
  watch_crashes(&note);
  return true;
}();

/// Kills at a point, and the latest pass at which one was.
struct Record {
  int kills = 0;
  int furthest = 0;
};

/// What was noted so far. Reads on from where it was.
inline std::map<std::string, Record>& records() {
  static std::map<std::string, Record> all;
  static off_t at = 0;
  static std::string rest;
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return all;
  char buffer[4096];
  for (ssize_t n; (n = ::pread(fd, buffer, sizeof buffer, at)) > 0; at += n)
    rest.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  std::size_t begin = 0;
  for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::size_t space = rest.find(' ', begin);
    Record& record = all[rest.substr(begin, space - begin)];
    ++record.kills;
    record.furthest = std::max(record.furthest, std::atoi(rest.c_str() + space + 1));
  }
  rest.erase(0, begin);
  return all;
}

}  // namespace kill_log

/// How many kills each point is to have; 0: one round.
inline int kills_wanted() {
  const char* text = std::getenv("COHORT_CRASH_HITS");
  return text == nullptr || !kill_log::kept ? 0 : std::atoi(text);
}

/// The rounds of one test.
class KillRounds {
 public:
  KillRounds(std::vector<std::string> points, std::vector<int> hits, int least)
      : points_(std::move(points)), hits_(std::move(hits)), least_(least) {
    for (const auto& point : points_) seen_[point].before = kill_log::records()[point].kills;
  }

  [[nodiscard]] const std::vector<std::string>& points() const { return points_; }
  [[nodiscard]] int round() const { return round_; }

  /// Goes on to the next round. False when there is none.
  bool next() {
    if (round_++ == -1) return true;
    std::erase_if(points_, [this](const std::string& point) { return !is_wanted(point); });
    return !points_.empty() && round_ < kMostRounds;
  }

  /// The hits of this round.
  [[nodiscard]] std::vector<int> hits(const std::string& point) const {
    if (round_ == 0) return hits_;
    int furthest = std::max(kill_log::records()[point].furthest, 1);
    // Every fourth round looks whether it goes further; 0 is a hit with a meaning of its own.
    int range = round_ % 4 == 0 ? 2 * furthest : furthest;
    std::vector<int> varied;
    for (std::size_t i = 0; i < hits_.size(); ++i) {
      // Spread by a multiplication (Knuth), the same in every run.
      auto spread = (static_cast<unsigned>(round_) * 32 + static_cast<unsigned>(i)) * 2654435761u >> 8;
      int hit = 1 + static_cast<int>(spread % static_cast<unsigned>(range));
      varied.push_back(hits_[i] == 0 ? 0 : std::max(hit, least_));
    }
    return varied;
  }

 private:
  static constexpr int kMostRounds = 1000;
  // One that others must come between to be passed may be missed now and then.
  static constexpr int kMostVain = 8;
  struct Seen {
    int before = 0, last = 0, vain = 0;
  };

  bool is_wanted(const std::string& point) {
    Seen& seen = seen_[point];
    int kills = kill_log::records()[point].kills - seen.before;
    seen.vain = kills == seen.last ? seen.vain + 1 : 0;
    seen.last = kills;
    // One that was never reached is another test's.
    return kills < kills_wanted() && seen.vain < (kills == 0 ? 2 : kMostVain);
  }

  std::vector<std::string> points_;
  std::vector<int> hits_;
  int least_;
  int round_ = -1;
  std::map<std::string, Seen> seen_;
};

/// Calls body(point, hit, round) as said at the top, until a test has failed. No hit is less than `least`.
template <class Body>
void for_each_kill(std::vector<std::string> points, std::vector<int> hits, Body&& body, int least = 1) {
  for (KillRounds rounds(std::move(points), std::move(hits), least); rounds.next();) {
    for (const auto& point : rounds.points()) {
      for (int hit : rounds.hits(point)) {
        SCOPED_TRACE(point + " hit " + std::to_string(hit) + ", round " + std::to_string(rounds.round()));
        body(point, hit, rounds.round());
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace cohort::testing
