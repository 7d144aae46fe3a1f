// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions in the style of programs, of a set that was written as one and split at random.
// Used while the reader was changed.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cohort/shlex.hpp"
#include "cohort/subprocess.hpp"

int view_of_text(std::string_view text) {
  std::string copy{text};
  return std::system(copy.data());  // BAD[shell-command]
}

int copy_quoted(const std::string& from, const std::string& to) {
  std::string line = "/bin/cp --";
  for (const std::string& word : {from, to}) line += " " + cohort::shlex::quote(word);
  return system(line.c_str());
}

static const char* action_for(int button) {
  if (button == 1) return "/usr/bin/playerctl play";
  if (button == 2) return "/usr/bin/playerctl next";
  return "/bin/true";
}
int press(int button) { return system(action_for(button)); }

int python_constant(const std::string& file) {
  execl("/usr/bin/python3", "python3", "-c", "import sys; print(open(sys.argv[1]).read())", file.c_str(), nullptr);
  return -1;
}

void restrict_badly(const struct passwd* account) {
  setgid(account->pw_gid);  // BAD[unchecked-privilege]
  setuid(account->pw_uid);  // BAD[unchecked-privilege]
}

static void build_line(char* out, size_t size, const char* name) { snprintf(out, size, "/usr/bin/id %s", name); }
int show_id(const char* name) {
  char line[200];
  build_line(line, sizeof line, name);
  return system(line);  // BAD[shell-command]
}

#define RUN(text) system(text)
int run_by_macro(const char* text) {
  return RUN(text);  // BAD[shell-command]
}

int hexadecimal(std::uint32_t address) {
  std::ostringstream line;
  line << "/usr/bin/addr2line -e /usr/bin/app 0x" << std::hex << std::setw(8) << std::setfill('0') << address;
  return system(line.str().c_str());
}

int calls_through_pointer(const char* text) {
  int (*run)(const char*) = system;
  return run(text);  // BAD[shell-command]
}

int replace_text(const std::string& pattern, const std::string& file) {
  std::string line = pattern;
  if (auto at = line.find("%f"); at != std::string::npos) line.replace(at, 2, file);
  return std::system(line.c_str());  // BAD[shell-command]
}

// The hook's program comes from a list that is fixed; its argument is a word of its own.
int call_hook(const std::string& event) {
  static const char* const hooks[] = {"/etc/demo/on-start", "/etc/demo/on-stop", nullptr};
  for (int i = 0; hooks[i] != nullptr; ++i) {
    pid_t child = fork();
    if (child == -1) return -1;
    if (child == 0) {
      execl(hooks[i], hooks[i], event.c_str(), nullptr);
      _exit(127);
    }
    if (waitpid(child, nullptr, 0) == -1) return -1;
  }
  return 0;
}

struct Job {
  std::string text;
  int tries = 0;
};
int run_queue(std::deque<Job>& queue) {
  int done = 0;
  while (!queue.empty()) {
    Job job = std::move(queue.front());
    queue.pop_front();
    if (std::system(job.text.c_str()) == 0) ++done;  // BAD[shell-command]
  }
  return done;
}

int jail(const char* folder) {
  if (chroot(folder) != 0) return -1;
  if (chdir("/") != 0) return -1;
  return 0;
}

int calls_through_function(const std::string& text) {
  std::function<int(const char*)> run = ::system;
  return run(text.c_str());  // BAD[shell-command]
}

int encode_video(const std::string& in, const std::string& out, int quality) {
  std::vector<std::string> words = {"/usr/bin/ffmpeg", "-i", in, "-crf", std::to_string(quality), out};
  std::vector<char*> raw;
  std::transform(words.begin(), words.end(), std::back_inserter(raw), [](std::string& w) { return w.data(); });
  raw.push_back(nullptr);
  pid_t child = fork();
  if (child == -1) return -1;
  if (child == 0) {
    execv(raw[0], raw.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int set_brightness(int percent) {
  if (percent < 0 || percent > 100) return -1;
  return system(std::format("/usr/bin/brightnessctl set {}%", percent).c_str());
}

// The member is a constant of the class, and nothing else ever gets into it.
class LogRotator {
 public:
  int rotate() const { return system(command_); }

 private:
  const char* const command_ = "/usr/sbin/logrotate -f /etc/logrotate.conf";
};

void cgi_man_page(const std::map<std::string, std::string>& fields) {
  auto page = fields.find("page");
  if (page == fields.end()) return;
  pid_t child = fork();
  if (child < 0) return;
  if (child == 0) {
    execl("/usr/bin/man", "man", "--", page->second.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int dialog(const std::string& title) {
  const std::string text = "/usr/bin/zenity --info --text=" + cohort::shlex::quote(title);
  return system(text.c_str());
}

int reload_firewall(bool quick) {
  constexpr std::string_view kFull = "/usr/sbin/nft -f /etc/nftables.conf";
  constexpr std::string_view kQuick = "/usr/sbin/nft list ruleset";
  return system(std::string(quick ? kQuick : kFull).c_str());
}

int wordexp_of_constant(wordexp_t& words) { return wordexp("~/.config/demo/*.conf", &words, WRDE_NOCMD); }

int by_subprocess(const std::string& file) { return cohort::subprocess::run({"/usr/bin/sort", "-u", file}).returncode(); }

int lambda_of_constant() {
  auto run = [] { return system("/sbin/ldconfig"); };
  return run() || run();
}

int run_all_checks() {
  const std::vector<std::string> checks = {"/usr/bin/make -s lint", "/usr/bin/make -s test"};
  int failed = 0;
  for (const auto& check : checks) failed += system(check.c_str()) == 0 ? 0 : 1;
  return failed;
}

int generic_exec(int count, char** words) {
  if (count < 2) return 2;
  execvp(words[1], words + 1);
  std::perror(words[1]);
  return 127;
}

std::string resolve_with_dig(const std::string& host) {
  std::string answer;
  FILE* pipe = popen(std::format("/usr/bin/dig +short {}", host).c_str(), "r");  // BAD[shell-command]
  if (pipe == nullptr) return answer;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) answer += static_cast<char>(c);
  pclose(pipe);
  return answer;
}

int joined(const std::vector<std::string>& words) {
  const std::string line = cohort::shlex::join(words) + " >/dev/null 2>&1";
  return std::system(line.c_str());
}

int joined_badly(const std::vector<std::string>& words) {
  std::string line;
  for (auto it = words.begin(); it != words.end(); ++it) {
    if (it != words.begin()) line += ' ';
    line += '"' + *it + '"';
  }
  return std::system(line.c_str());  // BAD[shell-command]
}

int by_shell_tag(const std::string& file) {
  return cohort::subprocess::run(cohort::subprocess::Shell{"sort -u {} | wc -l", file}).returncode();
}

// Two words for each kind of archive, as they come from a table of constants.
struct Archiver {
  const char* suffix;
  const char* test;
};
int test_archiver(std::size_t kind) {
  static constexpr Archiver kArchivers[] = {{".gz", "/bin/gzip --version"}, {".xz", "/usr/bin/xz --version"}};
  return system(kArchivers[kind % 2].test);
}

int ternary_of_environment() {
  const char* pager = getenv("PAGER");
  std::string command = pager ? pager : "/usr/bin/less";
  return system(command.c_str());  // BAD[shell-command]
}

FILE* scratch_file_badly() {
  char name[L_tmpnam];
  return fopen(tmpnam(name), "w");  // BAD[temp-name]
}

#define TRY(call)                   \
  do {                              \
    if ((call) != 0) return -1;     \
  } while (0)
int try_all(const std::string& device) {
  TRY(system("/bin/sync"));
  TRY(system(("/sbin/blockdev --flushbufs " + device).c_str()));  // BAD[shell-command]
  return 0;
}

int old_concatenation(const char* user) {
  char* command = (char*)malloc(strlen(user) + 32);
  if (!command) return -1;
  strcpy(command, "/usr/sbin/userdel ");
  strcat(command, user);  // BAD[dangerous-function]
  int status = system(command);  // BAD[shell-command]
  free(command);
  return status;
}
