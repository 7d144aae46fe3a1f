// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "scan/checks.hpp"

namespace cohort::scan {

namespace {

constexpr std::string_view kSecretWords[] = {"password",   "passwd",       "passphrase",  "secret",     "api_key",
                                             "apikey",     "api-key",      "access_key",  "access-key", "auth_token",
                                             "auth-token", "access_token", "private_key", "credential"};
// A place where the secret is, or something about it, is no secret.
constexpr std::string_view kHarmless[] = {"file",   "path", "stdin", "fd",    "len",   "size",    "env",    "prompt",
                                          "policy", "hash", "name",  "count", "store", "manager", "helper", "min"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

bool names_secret(std::string_view word) {
  std::string text = lower(word);
  if (text.starts_with("no-") || text.starts_with("--no-")) return false;
  for (std::string_view harmless : kHarmless) {
    if (text.ends_with(harmless) && text.size() > harmless.size()) return false;
  }
  if (text == "token" || text == "--token" || text == "pwd_secret") return true;
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                     [&](std::string_view secret) { return text.find(secret) != std::string::npos; });
}

// "--password", "--token=…": the option, without what follows `=`.
bool is_secret_option(std::string_view word) {
  if (!word.starts_with("-") || word.find(' ') != std::string_view::npos) return false;
  auto equals = word.find('=');
  return names_secret(word.substr(0, equals));
}

bool mentions_secret(const Scene& scene, TokenRange range) {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    bool called = i + 1 < range.end && scene.token(i + 1).is("(");
    if (scene.token(i).kind == TokenKind::identifier && !called && names_secret(scene.token(i).text)) return true;
  }
  return false;
}

// The words of one list; at most one report for each of its lines.
void check_words(Scene& scene, const std::vector<TokenRange>& words, bool first_is_program) {
  for (std::size_t n = first_is_program ? 1 : 0; n < words.size(); ++n) {
    TokenRange word = words[n];
    if (word.empty()) continue;
    const Token& first = scene.token(word.begin);
    if (first.is("{") && first.match != kNone && first.match < scene.region.body.end) {
      check_words(scene, scene.outline.split({word.begin + 1, first.match}), true);
      continue;
    }
    if (first.is(".")) continue;  // .input = secret is how it is done
    bool option = first.kind == TokenKind::string && is_secret_option(first.text);
    bool with_value =
        option && (first.text.find('=') != std::string::npos || word.end > word.begin + 1 || n + 1 < words.size());
    bool value = mentions_secret(scene, word);
    if (with_value || value) {
      scene.report("secret-in-argv", word.begin);
      return;
    }
  }
}

bool text_has_secret(const Text& text) {
  std::string before;
  for (const Piece& piece : text.pieces) {
    if (piece.kind == Piece::Kind::constant)
      before += piece.text;
    else if (names_secret(piece.text))
      return true;
    else
      before += "?";
  }
  for (std::size_t at = before.find(" -"); at != std::string::npos; at = before.find(" -", at + 1)) {
    std::size_t end = before.find_first_of(" =", at + 1);
    if (end != std::string::npos && end + 1 < before.size() &&
        is_secret_option(std::string_view(before).substr(at + 1, end - at - 1)))
      return true;
  }
  return false;
}

// Names of arrays that a launch is given.
std::set<std::string> launched_lists(const Scene& scene) {
  std::set<std::string> names;
  for (const Call& call : scene.calls) {
    if (scene.c_launch(call) == nullptr && !scene.is_cohort_launch(call)) continue;
    for (TokenRange argument : call.arguments) names.emplace(scene.values.base(argument));
  }
  names.erase("");
  return names;
}

}  // namespace

void check_secrets(Scene& scene) {
  for (const Call& call : scene.calls) {
    const LaunchFunction* launch = scene.c_launch(call);
    if (launch != nullptr && launch->launch == Launch::shell_text) {
      if (!call.arguments.empty() && text_has_secret(scene.values.text(call.arguments[0])))
        scene.report("secret-in-argv", call.at);
    } else if (launch != nullptr && launch->launch == Launch::list) {
      check_words(scene, call.arguments, true);
    } else if (scene.is_cohort_launch(call)) {
      std::vector<TokenRange> words(
          call.arguments.begin(),
          call.arguments.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(1, call.arguments.size())));
      check_words(scene, words, false);
    } else if (call.name == "Shell") {
      if (!call.arguments.empty() && mentions_secret(scene, {call.open + 1, call.close}))
        scene.report("secret-in-argv", call.at);
    }
  }
  for (const std::string& name : launched_lists(scene)) {
    for (TokenRange value : scene.values.assignments(name)) {
      if (!value.empty() && scene.token(value.begin).is("{"))
        check_words(scene, {value}, false);
      else
        check_words(scene, scene.outline.split(value), true);
    }
    for (const Call& call : scene.calls) {
      bool pushes = call.member && (call.name == "push_back" || call.name == "emplace_back") && call.at >= 2 &&
                    scene.token(call.at - 2).text == name;
      if (pushes && mentions_secret(scene, {call.open + 1, call.close})) scene.report("secret-in-argv", call.at);
    }
  }
}

}  // namespace cohort::scan
