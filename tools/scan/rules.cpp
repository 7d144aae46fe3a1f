// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/rules.hpp"

#include <algorithm>
#include <array>

namespace cohort::scan {

namespace {

constexpr auto kHigh = Severity::high;
constexpr auto kMedium = Severity::medium;
constexpr auto kLow = Severity::low;
constexpr auto kSure = Confidence::high;
constexpr auto kLikely = Confidence::medium;

constexpr Rule kRules[] = {
    {"shell-command", 78, kHigh, kSure,
     "text that is not constant reaches a shell, which reads ; | $() in it as commands",
     "cohort::subprocess::run({\"program\", argument}), or run(Shell{\"program {}\", argument}) where a shell is "
     "needed"},
    {"shell-exec", 78, kHigh, kSure, "a shell is started with -c and a command that is not constant",
     "start the program itself, run({\"program\", argument}); or give the shell the value as a word: "
     "run({\"sh\", \"-c\", \"program \\\"$1\\\"\", \"sh\", argument})"},
    {"shell-misuse", 78, kHigh, kLikely, "a quoted word of a Shell reaches a second shell, which reads it again",
     "start the program without the second shell; for a remote one quote twice: Shell{\"ssh host {}\", "
     "shlex::join(words)}"},
    {"shell-wrapper", 78, kHigh, kLikely, "a launcher is told to use a shell for text that is not constant",
     "cohort::subprocess::run({\"program\", argument}), which uses no shell"},
    {"interpreter-code", 94, kHigh, kLikely, "program text for an interpreter is built at run time",
     "keep the program text constant and give the values as arguments after it"},
    {"secret-in-argv", 214, kMedium, kLikely, "a secret in the arguments can be read by every user, in ps and /proc",
     "give it on standard input, run(words, {.input = secret}), or in a file that only its owner reads"},
    {"unchecked-result", 252, kMedium, kSure, "the result is dropped, so the program goes on as if it had worked",
     "compare it with -1; or cohort::Process and subprocess::run({...}, {.cwd = directory}), which throw"},
    {"fork-failure", 252, kMedium, kLikely, "fork() may give -1, which is taken here for a child's number",
     "handle -1 before 0; or cohort::Process and subprocess::run, which throw"},
    {"wait-status", 253, kMedium, kLikely, "a wait status is used as if it were an exit code",
     "WIFEXITED and WEXITSTATUS; or run(...).returncode, which is the exit code or the negative signal"},
    {"unchecked-privilege", 273, kHigh, kSure, "a failed change of privileges goes unnoticed and the old ones stay",
     "end the program unless it gives 0; or subprocess::run({...}, {.user = ..., .group = ..., .extra_groups = {}})"},
    {"privilege-order", 696, kHigh, kLikely, "groups are changed after the user: this fails, or the old groups stay",
     "setgroups, then setgid, then setuid; or the options user, group and extra_groups, which keep the order"},
    {"chroot-escape", 243, kHigh, kLikely, "after chroot() the working directory is still outside",
     "chdir(\"/\") right after it, with both results checked"},
    {"temp-name", 377, kHigh, kSure, "another process can take the name before the file is made",
     "mkstemp() or mkdtemp(), which make it at once; for a child's input or output run(words, {.input = text})"},
    {"temp-path", 377, kMedium, kLikely, "a predictable name in a directory for all: others can put a link there first",
     "mkstemp() or mkdtemp(); with a fixed name O_CREAT | O_EXCL | O_NOFOLLOW in a directory of one's own"},
    {"relative-program", 426, kLow, kLikely, "which program is started depends on PATH or on the working directory",
     "the full path, run({\"/usr/bin/program\"}), or set PATH to a constant before"},
    {"environment-path", 427, kHigh, kLikely,
     "a variable that decides which code is loaded is set from input or to a relative place",
     "a constant list of full paths; for a child subprocess::run({...}, {.env = ...}) with names that you chose"},
    {"dangerous-function", 676, kHigh, kSure, "nothing bounds what is written into the buffer",
     "std::string, and run({\"program\", argument}) with its words in place of a command in a buffer"},
    {"world-writable", 732, kMedium, kSure, "every user may write, or the file takes on its owner's rights when run",
     "the mode that is needed and no more: 0600, 0640, 0700, 0755"},
    {"vfork-child", 758, kMedium, kLikely, "a child of vfork() does more than exec or _exit, in its parent's memory",
     "posix_spawn(), or cohort::subprocess::run, which is as fast"},
    {"bad-suppression", 0, kLow, kSure, "an `ignore` needs the name of a rule and a reason after it",
     "// cohort-scan: ignore[rule] why it is right here"},
};

constexpr LaunchFunction kLaunches[] = {
    {"system", Launch::shell_text, true},    {"popen", Launch::shell_text, true},
    {"_popen", Launch::shell_text, true},    {"_wpopen", Launch::shell_text, true},
    {"_wsystem", Launch::shell_text, true},  {"wordexp", Launch::shell_text, false},
    {"execl", Launch::list, false},          {"execle", Launch::list, false},
    {"execlp", Launch::list, true},          {"execv", Launch::vector, false},
    {"execve", Launch::vector, false},       {"execvp", Launch::vector, true},
    {"execvpe", Launch::vector, true},       {"posix_spawn", Launch::spawn, false},
    {"posix_spawnp", Launch::spawn, true},   {"run", Launch::cohort, false},
    {"call", Launch::cohort, false},         {"check_call", Launch::cohort, false},
    {"check_output", Launch::cohort, false}, {"run_async", Launch::cohort, false},
    {"Popen", Launch::cohort, false},        {"pipeline", Launch::cohort, false},
    {"getoutput", Launch::cohort, false},    {"getstatusoutput", Launch::cohort, false},
};

constexpr std::string_view kShells[] = {"sh",  "bash", "dash", "zsh",   "ksh", "mksh",   "ash",
                                        "csh", "tcsh", "fish", "rbash", "su",  "runuser"};
constexpr std::string_view kInterpreters[] = {"python", "python2", "python3", "perl", "ruby",
                                              "node",   "php",     "lua",     "awk"};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"low", "medium", "high"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string_view to_string(Confidence confidence) { return to_string(static_cast<Severity>(confidence)); }

std::span<const Rule> rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
  const auto* found = std::ranges::find(kRules, id, &Rule::id);
  return found == std::end(kRules) ? nullptr : found;
}

const LaunchFunction* find_launch(std::string_view name) {
  const auto* found = std::ranges::find(kLaunches, name, &LaunchFunction::name);
  return found == std::end(kLaunches) ? nullptr : found;
}

bool is_shell(std::string_view path) { return std::ranges::find(kShells, last_part(path)) != std::end(kShells); }

bool is_interpreter(std::string_view path) {
  return std::ranges::find(kInterpreters, last_part(path)) != std::end(kInterpreters);
}

}  // namespace cohort::scan
