// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions as they stand in daemons and command line tools: half of them are right as they are.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern char** environ;

namespace {

// Runs the hook that an administrator wrote into the configuration, with the shell, as cron does.
int run_hook(const std::string& hook, int* status) {
  pid_t pid = ::fork();
  if (pid < 0) return -errno;
  if (pid == 0) {
    const char* shell = "/bin/sh";
    ::execl(shell, shell, "-c", hook.c_str(), nullptr);  // BAD[shell-exec]
    ::_exit(127);
  }
  while (::waitpid(pid, status, 0) < 0 && errno == EINTR) {
  }
  return 0;
}

// The same by posix_spawn, with an array that is filled here.
int spawn_hook(std::string& hook, pid_t* child) {
  char sh[] = "sh", flag[] = "-c";
  char* argv[] = {sh, flag, hook.data(), nullptr};  // BAD[shell-exec]
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  int error = posix_spawn(child, "/bin/sh", nullptr, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  return error;
}

// Every argument pushed by itself, as code that builds an argv from options does.
[[noreturn]] void become_shell(const std::string& command, bool login) {
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>("/bin/bash"));
  if (login) argv.push_back(const_cast<char*>("-l"));
  argv.push_back(const_cast<char*>("-c"));
  argv.push_back(const_cast<char*>(command.c_str()));  // BAD[shell-exec]
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  std::perror("execv");
  ::_exit(127);
}

void become_shell_by_emplace(const char* user_command) {
  std::vector<const char*> words;
  words.emplace_back("sh");
  words.emplace_back("-c");
  words.emplace_back(user_command);  // BAD[shell-exec]
  words.emplace_back(nullptr);
  ::execv("/bin/sh", const_cast<char**>(words.data()));
}

const std::string kShell = "/bin/sh";

void run_editor(const std::string& editor, const std::string& file) {
  std::string line = editor + " " + file;
  if (::fork() == -1) return;
  ::execl(kShell.c_str(), "sh", "-c", line.c_str(), static_cast<char*>(nullptr));  // BAD[shell-exec]
}

// The service manager's verbs: a table of constants, nothing of the caller's.
int service_verb(unsigned verb) {
  static const char* const kVerbs[] = {"/sbin/service app start", "/sbin/service app stop", "/sbin/service app reload"};
  if (verb >= sizeof(kVerbs) / sizeof(kVerbs[0])) return -1;
  return std::system(kVerbs[verb]);
}

struct Tool {
  const char* name;
  const char* command;
};
const Tool kTools[] = {{"disk", "/bin/df -h"}, {"memory", "/usr/bin/free -m"}};

int run_tool(const char* name) {
  for (const Tool& tool : kTools)
    if (std::strcmp(tool.name, name) == 0) return std::system(tool.command);
  return -1;
}

// One buffer for everything, as C code that became C++ has it.
void stop_worker(const char* name, int pid) {
  char line[256];
  std::snprintf(line, sizeof line, "stopping %s (%d)\n", name, pid);
  std::fputs(line, stderr);
  std::snprintf(line, sizeof line, "/bin/kill -TERM %d", pid);
  if (std::system(line) != 0) std::fputs("kill failed\n", stderr);
}

void announce_then_run(const char* name) {
  char line[256];
  std::snprintf(line, sizeof line, "/bin/echo start");
  std::system(line);
  std::snprintf(line, sizeof line, "/usr/bin/logger %s", name);
  std::system(line);  // BAD[shell-command]
}

int flush_rules(int family) {
  const char* tool = family == 6 ? "/sbin/ip6tables" : "/sbin/iptables";
  static const char* const kTables[] = {"filter", "nat", "mangle"};
  for (const char* table : kTables) {
    char* line = nullptr;
    if (asprintf(&line, "%s -t %s -F", tool, table) < 0) return -1;
    int status = std::system(line);
    std::free(line);
    if (status != 0) return -1;
  }
  return 0;
}

int set_priority(long pid, long nice) {
  std::string line = "/usr/bin/renice -n " + std::to_string(nice) + " -p " + std::to_string(pid);
  return std::system(line.c_str());
}

// The child's status becomes ours, taken apart first.
[[noreturn]] void exit_as(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) < 0) std::exit(1);
  status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::exit(status);
}

[[noreturn]] void exit_wrongly(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) < 0) std::exit(1);
  std::exit(status);  // BAD[wait-status]
}

std::string first_line_of(const std::string& package) {
  std::string command = "/usr/bin/dpkg -s ";
  command += package;
  command.append(" 2>/dev/null");
  FILE* pipe = ::popen(command.c_str(), "r");  // BAD[shell-command]
  if (pipe == nullptr) return {};
  char line[200] = "";
  if (std::fgets(line, sizeof line, pipe) == nullptr) line[0] = '\0';
  ::pclose(pipe);
  return line;
}

std::string kernel_release() {
  FILE* pipe = ::popen("/usr/bin/uname -r", "r");
  if (pipe == nullptr) return {};
  char line[200] = "";
  if (std::fgets(line, sizeof line, pipe) == nullptr) line[0] = '\0';
  ::pclose(pipe);
  return line;
}

void archive(const char* from, const char* to) {
  const char* argv[] = {"/bin/tar", "-cf", to, from, nullptr};
  ::execv(argv[0], const_cast<char* const*>(argv));
}

void remote_copy(const std::string& file, const std::string& host) {
  std::vector<std::string> words = {"/usr/bin/scp", "-q", "--", file, host + ":/var/tmp/"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
}

void python_snippet(const std::string& expression) {
  std::vector<const char*> words{"/usr/bin/python3"};
  words.push_back("-c");
  words.push_back(expression.c_str());  // BAD[interpreter-code]
  words.push_back(nullptr);
  ::execv(words[0], const_cast<char**>(words.data()));
}

void exec_with_environment(const char* line, char** environment) {
  const char* shell = std::getenv("SHELL") != nullptr ? "/bin/bash" : "/bin/sh";
  const char* argv[4] = {shell, "-c", line, nullptr};  // BAD[shell-exec]
  ::execve(shell, const_cast<char**>(argv), environment);
}

}  // namespace
