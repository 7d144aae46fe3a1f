// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "scan/checks.hpp"

namespace cohort::scan {

namespace {

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kMustLook[] = {"fork",  "vfork",     "chdir",         "fchdir",  "chroot", "pipe",
                                          "pipe2", "setrlimit", "prctl_seccomp", "unshare", "setns",  "pivot_root"};
constexpr std::string_view kPrivileges[] = {"setuid",    "setgid",     "seteuid",   "setegid",
                                            "setreuid",  "setregid",   "setresuid", "setresgid",
                                            "setgroups", "initgroups", "capset",    "cap_set_proc"};
constexpr std::string_view kUsers[] = {"setuid", "setreuid", "setresuid"};
constexpr std::string_view kGroups[] = {"setgid", "setregid", "setresgid", "setgroups", "initgroups", "setegid"};

// How far, in tokens, a use of the result is looked for; a bound on the work.
constexpr std::size_t kReach = 20000;

// `int r = call(…);` and r never looked at.
bool is_forgotten(const Scene& scene, const Call& call) {
  std::size_t first = scene.first_token(call);
  if (first < scene.region.body.begin + 2 || !scene.token(first - 1).is("=") || !scene.token(call.close + 1).is(";"))
    return false;
  const Token& name = scene.token(first - 2);
  if (name.kind != TokenKind::identifier || !scene.values.is_local(name.text)) return false;
  return !scene.mentions({call.close + 1, std::min(scene.region.body.end, call.close + kReach)}, name.text);
}

void check_results(Scene& scene) {
  for (const Call& call : scene.calls) {
    bool privilege = among(kPrivileges, call.name);
    if ((!privilege && !among(kMustLook, call.name)) || !scene.is_c(call)) continue;
    bool dropped = scene.is_dropped(call);
    // (void) says "on purpose", which for privileges is no excuse.
    if (dropped && !privilege && scene.is_cast_to_void(call)) continue;
    if (dropped || is_forgotten(scene, call)) {
      scene.report(privilege ? "unchecked-privilege" : "unchecked-result", call.at, call.name + "()");
    }
  }
}

// seteuid(0) and the like take rights back, so that the groups can be changed after it.
bool gives_up_root(const Scene& scene, const Call& call) {
  if (call.arguments.empty()) return false;
  TokenRange last = call.arguments.back();
  return !(last.end == last.begin + 1 && scene.token(last.begin).text == "0");
}

void check_order(Scene& scene) {
  bool user_changed = false;
  for (const Call& call : scene.calls) {
    if (!scene.is_c(call)) continue;
    if (among(kUsers, call.name) && gives_up_root(scene, call)) user_changed = true;
    if (among(kUsers, call.name) && !gives_up_root(scene, call)) user_changed = false;
    if (among(kGroups, call.name) && user_changed) {
      scene.report("privilege-order", call.at, call.name + "()");
      return;
    }
  }
}

void check_chroot(Scene& scene) {
  int left = 100;  // more in one function are there to make this slow
  for (const Call& call : scene.calls) {
    if (call.name == "chroot" && --left < 0) return;
    if (call.name != "chroot" || !scene.is_c(call) || call.arguments.size() != 1) continue;
    bool of_here = scene.values.text(call.arguments[0]).constant() == ".";
    bool entered = std::any_of(scene.calls.begin(), scene.calls.end(), [&](const Call& other) {
      bool enters = other.name == "chdir" || other.name == "fchdir";
      return enters && (of_here ? other.at < call.at : other.at > call.at);
    });
    if (!entered) scene.report("chroot-escape", call.at);
  }
}

}  // namespace

void check_privileges(Scene& scene) {
  check_results(scene);
  check_order(scene);
  check_chroot(scene);
}

}  // namespace cohort::scan
