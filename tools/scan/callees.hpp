// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the functions of the file do with text: what they return, and what they write through their parameters.
//
// A function is known by its name alone; where the file has several of that name, all of them count. What a function
// does with the text of its parameters is not followed: that text is unknown.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scan/text_value.hpp"

namespace cohort::scan {

class Callees {
 public:
  explicit Callees(const Outline& outline);

  /// The text that a function returns; of several returns the one that is least known. Nothing where the file has no
  /// such function.
  [[nodiscard]] std::optional<Text> returned(const std::string& function);
  /// The text that a function appends to, or puts into, its parameter of this number; nothing where it writes nothing
  /// there.
  [[nodiscard]] std::optional<Text> written(const std::string& function, std::size_t parameter);
  /// Whether the file has the body of a function of this name.
  [[nodiscard]] bool has(const std::string& function) const { return functions_.contains(function); }

 private:
  struct Summary {
    Text returned;
    std::map<std::size_t, Text> written;
    bool busy = false;
    bool done = false;
  };
  struct Function {
    std::vector<const Region*> regions;
    Summary summary;
  };

  const Summary& summary_of(Function& function);
  void add(Summary& summary, const Region& region);

  const Outline* outline_;
  std::map<std::string, Function, std::less<>> functions_;
  int depth_ = 0;
};

}  // namespace cohort::scan
