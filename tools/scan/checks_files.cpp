// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <set>

#include "scan/checks.hpp"
#include "scan/shell_text.hpp"

namespace cohort::scan {

namespace {

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kNameMakers[] = {"tmpnam",  "tmpnam_r", "mktemp",   "tempnam",
                                            "_mktemp", "_tempnam", "tmpnam_s", "_wmktemp"};
constexpr std::string_view kUnbounded[] = {"strcpy", "strcat", "sprintf", "vsprintf", "stpcpy", "wcscpy", "wcscat"};
constexpr std::string_view kCommandNames[] = {"argv",    "args",        "cmd",         "command",
                                              "cmdline", "commandline", "command_line"};

void check_temporary(Scene& scene, const Call& call) {
  auto argument = [&](std::size_t n) {
    return n < call.arguments.size() ? scene.values.text(call.arguments[n]).prefix() : std::string();
  };
  if (among(kNameMakers, call.name) && scene.is_c(call)) {
    scene.report("temp-name", call.at, call.name + "()");
    return;
  }
  bool opens = call.name == "open" || call.name == "open64" || call.name == "openat" || call.name == "creat" ||
               call.name == "fopen" || call.name == "fopen64" || call.name == "freopen";
  if (opens && scene.is_c(call)) {
    std::size_t at = call.name == "openat" ? 1 : 0;
    if (!is_temporary(argument(at))) return;
    bool writes = call.name == "creat";
    if (call.name.starts_with("open")) {
      TokenRange all{call.open, call.close};
      writes = scene.mentions(all, "O_CREAT") && !scene.mentions(all, "O_EXCL") && !scene.mentions(all, "O_TMPFILE");
    } else if (call.name != "creat") {
      std::string mode = argument(1);
      writes = mode.find_first_of("wa+") != std::string::npos && mode.find('x') == std::string::npos;
    }
    if (writes) scene.report("temp-path", call.at);
  }
}

// std::ofstream out("/tmp/…"), std::ofstream("/tmp/…"), out.open("/tmp/…").
void check_streams(Scene& scene) {
  TokenRange body = scene.region.body;
  bool writes = false;
  for (std::size_t i = body.begin; i + 2 < body.end; ++i) {
    const Token& word = scene.token(i);
    bool type = word.names("ofstream") || word.names("fstream") || word.names("wofstream");
    writes |= type;
    std::size_t open = kNone;
    if (type) open = scene.token(i + 1).kind == TokenKind::identifier ? i + 2 : i + 1;
    if (writes && word.names("open") && scene.token(i - 1).is(".")) open = i + 1;
    if (open == kNone || open >= body.end || (!scene.token(open).is("(") && !scene.token(open).is("{")) ||
        scene.token(open).match == kNone)
      continue;
    std::vector<TokenRange> arguments = scene.outline.split({open + 1, scene.token(open).match});
    if (arguments.empty() || scene.mentions({open, scene.token(open).match}, "noreplace")) continue;
    if (is_temporary(scene.values.text(arguments[0]).prefix())) scene.report("temp-path", i);
  }
}

// What a launch of this function is given, at first hand or as part of an array.
std::set<std::string> launched_names(const Scene& scene) {
  std::set<std::string> names;
  auto add = [&](TokenRange range) {
    for (std::size_t i = range.begin; i < range.end; ++i) {
      if (scene.token(i).kind == TokenKind::identifier) names.insert(scene.token(i).text);
    }
  };
  for (const Call& call : scene.calls) {
    if (scene.c_launch(call) != nullptr || scene.is_cohort_launch(call)) add({call.open, call.close});
  }
  std::set<std::string> direct = names;
  for (const std::string& name : direct) {
    for (TokenRange value : scene.values.assignments(name)) add(value);
  }
  return names;
}

void check_buffer(Scene& scene, const Call& call, const std::set<std::string>& launched) {
  if (call.name == "gets") {
    if (scene.is_c(call) && call.arguments.size() == 1) scene.report("dangerous-function", call.at, "gets()");
    return;
  }
  if (!among(kUnbounded, call.name) || !scene.is_c(call) || call.arguments.size() < 2) return;
  std::string target(scene.values.base(call.arguments[0]));
  if (!launched.contains(target) && !among(kCommandNames, target)) return;
  bool copies = call.name != "sprintf" && call.name != "vsprintf";
  TokenRange source{call.arguments[0].end + 1, call.close};
  if (copies && scene.values.text(source).constant()) return;
  if (call.name == "sprintf") {
    // Only %s takes in text of any length.
    auto format = scene.values.text(call.arguments[1]).constant();
    if (format && format->find("%s") == std::string::npos) return;
  }
  scene.report("dangerous-function", call.at, call.name + "()");
}

// The value of a mode: a number, or names of <sys/stat.h>, joined by |. -1 where it is something else.
long mode_of(Scene& scene, TokenRange range) {
  static constexpr std::pair<std::string_view, long> kNames[] = {
      {"S_IWOTH", 02},       {"S_IRWXO", 07},    {"ACCESSPERMS", 0777}, {"ALLPERMS", 07777},
      {"DEFFILEMODE", 0666}, {"S_ISUID", 04000}, {"S_ISGID", 02000}};
  long mode = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const Token& token = scene.token(i);
    if (token.kind == TokenKind::number) mode |= std::strtol(token.text.c_str(), nullptr, 0);
    if (token.is("~") || token.is("&") || token.is("?")) return -1;
    if (token.kind != TokenKind::identifier) continue;
    const auto* found =
        std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& name) { return name.first == token.text; });
    if (found != std::end(kNames)) {
      mode |= found->second;
      continue;
    }
    TokenRange value = scene.outline.constant(token.text);
    if (auto local = scene.values.assignments(token.text); !local.empty()) value = local[0];
    if (value.end == value.begin + 1 && scene.token(value.begin).kind == TokenKind::number)
      mode |= std::strtol(scene.token(value.begin).text.c_str(), nullptr, 0);
  }
  return mode;
}

void check_mode(Scene& scene, const Call& call) {
  static constexpr std::pair<std::string_view, std::size_t> kModes[] = {
      {"chmod", 1}, {"fchmod", 1}, {"fchmodat", 2}, {"lchmod", 1}, {"mkdir", 1},    {"mkdirat", 2},  {"creat", 1},
      {"open", 2},  {"openat", 3}, {"mkfifo", 1},   {"mknod", 1},  {"shm_open", 2}, {"sem_open", 2}, {"mq_open", 2}};
  if (call.name == "permissions" &&
      (call.qualifier == "std::filesystem" || call.qualifier == "fs" || call.qualifier == "filesystem")) {
    TokenRange all{call.open, call.close};
    bool removes = scene.mentions(all, "remove");
    bool open_to_all = scene.mentions(all, "others_write") || scene.mentions(all, "others_all") ||
                       scene.mentions(all, "all") || scene.mentions(all, "set_uid");
    if (open_to_all && !removes) scene.report("world-writable", call.at);
    return;
  }
  if (!scene.is_c(call)) return;
  if (call.name == "umask" && call.arguments.size() == 1) {
    TokenRange mask = call.arguments[0];
    if (mask.end != mask.begin + 1 || scene.token(mask.begin).kind != TokenKind::number) return;
    if ((std::strtol(scene.token(mask.begin).text.c_str(), nullptr, 0) & 02) == 0)
      scene.report("world-writable", call.at, "umask()");
    return;
  }
  const auto* found =
      std::find_if(std::begin(kModes), std::end(kModes), [&](const auto& mode) { return mode.first == call.name; });
  if (found == std::end(kModes) || found->second >= call.arguments.size()) return;
  long mode = mode_of(scene, call.arguments[found->second]);
  bool changes = call.name.find("chmod") != std::string::npos;
  // What touch and mkdir ask for, the umask being there to narrow it.
  bool usual = ((call.name == "open" || call.name == "openat" || call.name == "creat") && mode == 0666) ||
               (call.name.starts_with("mkdir") && mode == 0777);
  if (usual) return;
  if (mode > 0 && ((mode & 02) != 0 || (changes && (mode & 06000) != 0))) {
    // Where the umask still takes bits away it is not sure.
    if (changes)
      scene.report("world-writable", call.at, call.name + "()");
    else
      scene.report_unsure("world-writable", call.at, "only the umask stands before it");
  }
}

}  // namespace

void check_files(Scene& scene) {
  const std::set<std::string> launched = launched_names(scene);
  for (const Call& call : scene.calls) {
    check_temporary(scene, call);
    check_buffer(scene, call, launched);
    check_mode(scene, call);
  }
  check_streams(scene);
}

}  // namespace cohort::scan
