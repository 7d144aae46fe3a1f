// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <set>

#include "scan/checks.hpp"

namespace cohort::scan {

namespace {

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kStatusGivers[] = {"system", "pclose", "_pclose"};
constexpr std::string_view kExits[] = {"exit", "_exit", "_Exit", "quick_exit"};
constexpr std::string_view kAllowedInVfork[] = {"_exit",       "_Exit",  "dup2",    "close", "sigaction",
                                                "sigprocmask", "setsid", "setpgid", "abort"};

// How far, in tokens, what becomes of a child is followed: far more than anyone writes between, and a bound on the
// work.
constexpr std::size_t kReach = 2000;

bool is_status_call(const Scene& scene, const Call& call) {
  return among(kStatusGivers, call.name) && scene.is_c(call);
}

// The variables that hold a wait status.
std::set<std::string> status_names(const Scene& scene) {
  std::set<std::string> names;
  for (const Call& call : scene.calls) {
    bool waits = call.name == "wait" || call.name == "waitpid" || call.name == "wait3" || call.name == "wait4";
    if (waits && scene.is_c(call)) {
      std::size_t at = call.name == "wait" || call.name == "wait3" ? 0 : 1;
      if (at < call.arguments.size()) names.emplace(scene.values.base(call.arguments[at]));
    }
    std::size_t first = scene.first_token(call);
    bool assigned =
        first >= scene.region.body.begin + 2 && scene.token(first - 1).is("=") && scene.token(call.close + 1).is(";");
    if (assigned && is_status_call(scene, call)) names.insert(scene.token(first - 2).text);
  }
  names.erase("");
  names.erase("nullptr");
  names.erase("NULL");
  return names;
}

// Whether a number other than 0 and -1, which a status of that value does mean, follows `==` or `!=` at `i`.
bool compared_with_code(const Scene& scene, std::size_t i) {
  if (i + 1 >= scene.region.body.end || (!scene.token(i).is("==") && !scene.token(i).is("!="))) return false;
  const Token& number = scene.token(i + 1);
  return number.kind == TokenKind::number && number.text != "0";
}

// `status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;` between the wait and token `at`.
bool is_decoded_before(const Scene& scene, std::size_t at) {
  std::size_t least = std::max(scene.region.body.begin, at - std::min(at, kReach));
  for (std::size_t i = at; i > least; --i) {
    const Token& token = scene.token(i);
    if (token.names("waitpid") || token.names("wait") || token.names("wait3") || token.names("wait4")) return false;
    if (!token.names(scene.token(at).text) || !scene.token(i + 1).is("=")) continue;
    std::size_t end = i;
    while (end < at && !scene.token(end).is(";")) ++end;
    if (scene.mentions({i, end}, "WEXITSTATUS") || scene.mentions({i, end}, "WTERMSIG")) return true;
  }
  return false;
}

void check_status(Scene& scene) {
  const std::set<std::string> names = status_names(scene);
  bool in_main = scene.region.name == "main";
  auto exits = [&](std::size_t before) {
    if (scene.token(before).names("return")) return in_main;
    return scene.token(before).is("(") && before > 0 && among(kExits, scene.token(before - 1).text);
  };
  for (std::size_t i = scene.region.body.begin + 1; i + 1 < scene.region.body.end; ++i) {
    if (scene.token(i).kind != TokenKind::identifier || !names.contains(scene.token(i).text)) continue;
    const Token& next = scene.token(i + 1);
    bool whole = next.is(";") || next.is(")");
    bool as_code = (whole && exits(i - 1)) || compared_with_code(scene, i + 1);
    if (as_code && !is_decoded_before(scene, i)) scene.report("wait-status", i);
  }
  for (const Call& call : scene.calls) {
    if (!is_status_call(scene, call)) continue;
    std::size_t first = scene.first_token(call);
    if (first <= scene.region.body.begin) continue;
    std::size_t before = first - 1;
    bool named = scene.token(before).is("=") && (scene.token(before - 1).text.find("exit") != std::string::npos ||
                                                 scene.token(before - 1).text.find("return_code") != std::string::npos);
    if (exits(before) || compared_with_code(scene, call.close + 1) || named)
      scene.report("wait-status", call.at, call.name + "()");
  }
}

// The statement or block that begins at `i`.
TokenRange block_at(const Scene& scene, std::size_t i) {
  if (i >= scene.region.body.end) return {};
  if (scene.token(i).is("{") && scene.token(i).match != kNone) return {i + 1, scene.token(i).match};
  std::size_t end = i;
  std::size_t stop = std::min(scene.region.body.end, i + kReach);
  while (end < stop && !scene.token(end).is(";")) end = scene.outline.after(end);
  return {i, std::min(end + 1, scene.region.body.end)};
}

// What runs in the child: after `if (pid == 0)`, `if (!pid)`, `case 0:`.
TokenRange child_block(const Scene& scene, std::size_t from, std::string_view pid) {
  std::size_t stop = std::min(scene.region.body.end, from + kReach);
  for (std::size_t i = from; i + 1 < stop; ++i) {
    if (scene.token(i).names("case") && scene.token(i + 1).text == "0") {
      std::size_t end = i + 3;
      while (end < scene.region.body.end && !scene.token(end).names("break") && !scene.token(end).names("case") &&
             !scene.token(end).names("default") && !scene.token(end).is("}")) {
        end = scene.outline.after(end);
      }
      return {i + 3, std::min(end, scene.region.body.end)};
    }
    if (!scene.token(i).names("if") || !scene.token(i + 1).is("(") || scene.token(i + 1).match == kNone) continue;
    std::size_t close = scene.token(i + 1).match;
    bool about = pid.empty() ? scene.mentions({i, close}, "vfork") : scene.mentions({i, close}, pid);
    bool zero = false;
    for (std::size_t k = i + 2; k < close; ++k) {
      zero |= (scene.token(k).is("==") && scene.token(k + 1).text == "0") ||
              (scene.token(k).is("!") && scene.token(k + 1).text != "=");
    }
    if (about && zero) return block_at(scene, close + 1);
  }
  return {};
}

std::string_view result_name(const Scene& scene, const Call& call) {
  std::size_t first = scene.first_token(call);
  if (first < scene.region.body.begin + 2 || !scene.token(first - 1).is("=")) return "";
  return scene.token(first - 2).text;
}

void check_vfork(Scene& scene, const Call& call) {
  std::size_t begin = scene.first_token(call);
  std::size_t least = std::max(scene.region.body.begin, begin - std::min<std::size_t>(begin, 20));
  while (begin > least && !scene.token(begin).names("if") && !scene.token(begin).is(";") && !scene.token(begin).is("{"))
    --begin;
  TokenRange child = child_block(scene, begin, result_name(scene, call));
  if (child.empty()) {
    scene.report_unsure("vfork-child", call.at, "what the child does was not found");
    return;
  }
  for (std::size_t i = child.begin; i < child.end; ++i) {
    const Token& token = scene.token(i);
    bool writes = token.is("=") || token.is("+=") || token.is("++") || token.is("--");
    if (token.names("return") || token.names("throw") || writes) {
      scene.report("vfork-child", call.at,
                   "it " + std::string(writes ? "writes to a variable" : "leaves the function"));
      return;
    }
    bool calls =
        token.kind == TokenKind::identifier && i + 1 < child.end && scene.token(i + 1).is("(") && !token.names("if");
    if (calls && !token.text.starts_with("exec") && !among(kAllowedInVfork, token.text)) {
      scene.report("vfork-child", call.at, "it calls " + token.text + "()");
      return;
    }
  }
}

// Whether anything in the function tells -1 from a child's number.
bool failure_is_seen(const Scene& scene, std::size_t from, std::string_view pid) {
  std::size_t end = std::min(scene.region.body.end, from + kReach);
  for (std::size_t i = from; i + 1 < end; ++i) {
    const Token& token = scene.token(i);
    if (token.names("default") || (token.names("case") && scene.token(i + 1).is("-"))) return true;
    if (!token.names(pid)) continue;
    const Token& next = scene.token(i + 1);
    const Token& before = scene.token(i - 1);
    bool minus = scene.token(i + 2).is("-");
    if (next.is("<") || next.is(">") || next.is(">=") || next.is("<=") || ((next.is("==") || next.is("!=")) && minus))
      return true;
    if (before.names("return") || before.is("<") || before.is(">") || before.is("<=") || before.is(">=") ||
        before.is("="))
      return true;
    if (i >= 3 && (before.is("==") || before.is("!=")) && scene.token(i - 3).is("-")) return true;
    // Given to another function, it may be looked at there.
    bool passed =
        before.is("(") && i >= 2 && scene.token(i - 2).kind == TokenKind::identifier && (next.is(")") || next.is(","));
    static constexpr std::string_view kNoCheck[] = {"waitpid", "kill", "if", "while", "switch", "wait4", "printf"};
    if (passed && !among(kNoCheck, scene.token(i - 2).text)) return true;
  }
  return false;
}

void check_fork(Scene& scene, const Call& call) {
  std::size_t first = scene.first_token(call);
  if (first <= scene.region.body.begin) return;
  bool compared = scene.token(call.close + 1).is("==") && scene.token(call.close + 2).text == "0";
  bool as_truth =
      scene.token(first - 1).is("!") || (scene.token(first - 1).is("(") && first >= 2 &&
                                         scene.token(first - 2).names("if") && scene.token(call.close + 1).is(")"));
  std::string_view pid = result_name(scene, call);
  if (compared || as_truth) {
    scene.report("fork-failure", call.at);
  } else if (!pid.empty() && scene.values.is_local(pid) &&
             scene.mentions({call.close + 1, std::min(scene.region.body.end, call.close + kReach)}, pid) &&
             !failure_is_seen(scene, call.close + 1, pid)) {
    scene.report("fork-failure", call.at);
  }
}

}  // namespace

void check_children(Scene& scene) {
  check_status(scene);
  for (const Call& call : scene.calls) {
    if (call.name == "vfork" && scene.is_c(call)) check_vfork(scene, call);
    if ((call.name == "fork" || call.name == "vfork") && call.arguments.empty() && scene.is_c(call))
      check_fork(scene, call);
  }
}

}  // namespace cohort::scan
