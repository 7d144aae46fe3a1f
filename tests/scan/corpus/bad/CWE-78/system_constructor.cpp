// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

class Runner {
 public:
  explicit Runner(const std::string& text) : result_(std::system(text.c_str())) {}  // BAD[shell-command]
  int result() const { return result_; }

 private:
  int result_;
};
int use() { return Runner("/bin/true").result(); }
