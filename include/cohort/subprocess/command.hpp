// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What is to be run: a program and its arguments.
//
//   run({"ls", "-l", directory});            // const char*, std::string, std::filesystem::path, integers
//   run({"ls"});                             // one word is a program without arguments
//   run(words);                              // std::vector<std::string>
//   run(Shell{"df -h | grep sda1"});         // a shell only on purpose, see shell.hpp
//
// The words reach the program as they are: no shell looks at them, nothing is split, and no character is special.
// A plain value. Python: the `args` of Popen, as a list or, without shell, as the string that names the program.
#pragma once

#include <concepts>
#include <filesystem>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"

namespace cohort::subprocess {

class Shell;

/// Integers that are numbers, not characters or truth values.
template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// One word of a command.
///
/// Every constructor takes one argument, so that a braced list of two pointers can only mean two words and never
/// one string made of an iterator pair.
class Arg {
 public:
  Arg(const char* text) : text_(text) {}                            // NOLINT(google-explicit-constructor)
  Arg(std::string text) noexcept : text_(std::move(text)) {}        // NOLINT(google-explicit-constructor)
  Arg(std::string_view text) : text_(text) {}                       // NOLINT(google-explicit-constructor)
  Arg(const std::filesystem::path& path) : text_(path.native()) {}  // NOLINT(google-explicit-constructor)
  template <Number T>
  Arg(T number) : text_(std::to_string(number)) {}  // NOLINT(google-explicit-constructor)
  Arg(std::nullptr_t) = delete;

  [[nodiscard]] const std::string& text() const& noexcept { return text_; }
  [[nodiscard]] std::string&& text() && noexcept { return std::move(text_); }

 private:
  std::string text_;
};

/// Ranges of words: vectors, spans and views of strings or paths.
template <class R>
concept ArgRange = std::ranges::input_range<R> && std::constructible_from<Arg, std::ranges::range_reference_t<R>> &&
                   !std::convertible_to<R, std::string_view> && !std::convertible_to<R, std::filesystem::path> &&
                   !std::is_array_v<std::remove_cvref_t<R>>;

/// A program and its arguments.
class COHORT_EXPORT Command {
 public:
  /// The first word names the program, which is looked for in PATH unless it has a slash.
  /// Two words or more. No std::initializer_list, whose array GCC 12 cannot keep in a coroutine's frame.
  template <class First, class Second, class... Rest>
    requires(std::constructible_from<Arg, First> && std::constructible_from<Arg, Second> &&
             (std::constructible_from<Arg, Rest> && ...))
  Command(First&& first, Second&& second, Rest&&... rest) {
    words_.reserve(2 + sizeof...(rest));
    add(Arg(std::forward<First>(first)));
    add(Arg(std::forward<Second>(second)));
    (add(Arg(std::forward<Rest>(rest))), ...);
  }
  /// A program without arguments: "ls -l" is a program whose name has a blank, as in Python.
  Command(const char* program) : words_{program} {}                               // NOLINT(google-explicit-constructor)
  Command(std::string program) : words_{std::move(program)} {}                    // NOLINT(google-explicit-constructor)
  Command(const std::filesystem::path& program) : words_{program.native()} {}     // NOLINT(google-explicit-constructor)
  Command(std::vector<std::string> words) noexcept : words_(std::move(words)) {}  // NOLINT(google-explicit-constructor)
  /// The words of any range of strings or paths.
  template <ArgRange R>
    requires(!std::same_as<std::remove_cvref_t<R>, Command> &&
             !std::same_as<std::remove_cvref_t<R>, std::vector<std::string>>)
  Command(R&& words) {  // NOLINT(google-explicit-constructor)
    for (auto&& word : words) words_.push_back(Arg(word).text());
  }
  /// `/bin/sh -c TEXT`.
  Command(const Shell& shell);  // NOLINT(google-explicit-constructor)

  /// Adds a word.
  Command& add(Arg word) {
    words_.push_back(std::move(word).text());
    return *this;
  }
  [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }
  /// True when the command came from a Shell.
  [[nodiscard]] bool is_shell() const noexcept { return is_shell_; }
  /// The command as one could type it into a shell.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Command&, const Command&) = default;

 private:
  std::vector<std::string> words_;
  bool is_shell_ = false;
};

}  // namespace cohort::subprocess
