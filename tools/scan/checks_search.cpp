// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "scan/checks.hpp"

namespace cohort::scan {

namespace {

// Variables that decide what is run or loaded; for those that are lists of folders, a relative one is as bad.
constexpr std::string_view kFolders[] = {"PATH",      "LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB", "RUBYLIB",
                                         "NODE_PATH", "CDPATH",          "LD_PRELOAD", "LD_AUDIT"};
constexpr std::string_view kOthers[] = {"IFS",         "ENV",           "BASH_ENV",          "SHELLOPTS",
                                        "PS4",         "PYTHONSTARTUP", "PYTHONHOME",        "PERL5OPT",
                                        "GCONV_PATH",  "LOCPATH",       "NLSPATH",           "EDITOR",
                                        "PAGER",       "VISUAL",        "GIT_SSH_COMMAND",   "SHELL",
                                        "LD_BIND_NOW", "NODE_OPTIONS",  "JAVA_TOOL_OPTIONS", "GIT_SSH",
                                        "HOSTALIASES", "TZ_DIR"};

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// An empty part of the list means the working directory.
bool has_relative_part(std::string_view list) {
  while (true) {
    auto colon = list.find(':');
    std::string_view part = list.substr(0, colon);
    if (part.empty() || (part[0] != '/' && part[0] != '$')) return true;
    if (colon == std::string_view::npos) return false;
    list.remove_prefix(colon + 1);
  }
}

// What is there already, plus constants, is no input.
bool from_input(const Text& text) {
  return std::any_of(text.pieces.begin(), text.pieces.end(), [](const Piece& piece) {
    bool inherited = piece.text == "getenv" || piece.text == "secure_getenv";
    return piece.kind == Piece::Kind::quoted || (piece.kind == Piece::Kind::unknown && !inherited);
  });
}

void check_value(Scene& scene, const Call& call, std::string_view name, const Text& value) {
  bool folders = among(kFolders, name);
  if (!folders && !among(kOthers, name)) return;
  auto constant = value.constant();
  if (constant) {
    if (folders && !(constant->empty() && name.starts_with("LD_")) && has_relative_part(*constant)) {
      scene.report("environment-path", call.at, std::string(name) + " has a relative part");
    }
  } else if (from_input(value)) {
    scene.report("environment-path", call.at, std::string(name));
  } else if (folders && (value.prefix().starts_with(".") || value.prefix().starts_with(":"))) {
    scene.report("environment-path", call.at, std::string(name) + " has a relative part");
  }
}

void check_setenv(Scene& scene, const Call& call) {
  if (call.arguments.size() < 2) return;
  Text name = scene.values.text(call.arguments[0]);
  Text value = scene.values.text(call.arguments[1]);
  if (auto constant = name.constant())
    check_value(scene, call, *constant, value);
  else if (from_input(name) && from_input(value))
    scene.report_unsure("environment-path", call.at, "neither the name nor the value is constant");
}

void check_putenv(Scene& scene, const Call& call) {
  if (call.arguments.empty()) return;
  Text text = scene.values.text(call.arguments[0]);
  std::string prefix = text.prefix();
  auto equals = prefix.find('=');
  if (equals == std::string::npos) {
    if (from_input(text))
      scene.report_unsure("environment-path", call.at, "neither the name nor the value is constant");
    return;
  }
  Text value = text;
  for (Piece& piece : value.pieces) {
    std::size_t cut = std::min(piece.text.size(), equals + 1);
    piece.text.erase(0, cut);
    if (piece.kind != Piece::Kind::constant || (equals + 1 == cut)) break;
    equals -= cut;
  }
  check_value(scene, call, prefix.substr(0, prefix.find('=')), value);
}

// The program of an exec: a constant, or the first word of a constant array.
std::optional<std::string> program_of(Scene& scene, TokenRange path) {
  if (auto constant = scene.values.text(path).constant()) return constant;
  if (path.end < path.begin + 4 || !scene.token(path.begin + 1).is("[") || scene.token(path.begin + 2).text != "0")
    return std::nullopt;
  for (TokenRange value : scene.values.assignments(scene.token(path.begin).text)) {
    if (!value.empty() && scene.token(value.begin).is("{")) ++value.begin;
    std::vector<TokenRange> words = scene.outline.split(value);
    if (!words.empty()) return scene.values.text(words[0]).constant();
  }
  return std::nullopt;
}

void check_program(Scene& scene, const Call& call, const LaunchFunction& launch) {
  std::size_t at = launch.launch == Launch::spawn ? 1 : 0;
  if (launch.launch == Launch::shell_text || at >= call.arguments.size()) return;
  auto program = program_of(scene, call.arguments[at]);
  if (program && !program->empty() && !program->starts_with("/"))
    scene.report("relative-program", call.at, "'" + *program + "'");
}

}  // namespace

void check_search(Scene& scene) {
  for (const Call& call : scene.calls) {
    if (const LaunchFunction* launch = scene.c_launch(call)) check_program(scene, call, *launch);
    if ((call.name == "setenv" || call.name == "_putenv_s") && scene.is_c(call)) check_setenv(scene, call);
    if ((call.name == "putenv" || call.name == "_putenv") && scene.is_c(call)) check_putenv(scene, call);
  }
}

}  // namespace cohort::scan
