// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions in the style of programs, of a set that was written as one and split at random.
// Measured once, after the reader had been changed for the kinds in the other two files.
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

// CGI: what the query asks for is given to finger.
void cgi_finger() {
  const char* query = getenv("QUERY_STRING");
  if (query == nullptr) query = "";
  char command[300];
  std::snprintf(command, sizeof command, "/usr/bin/finger %.200s", query);
  std::puts("Content-Type: text/plain\n");
  std::fflush(stdout);
  std::system(command);  // BAD[shell-command]
}

int by_subprocess_shell(const std::string& text) {
  return cohort::subprocess::run({"/bin/sh", "-c", text}).returncode();  // BAD[shell-exec]
}

struct OtherRunner {
  int start(const std::string& program, const std::vector<std::string>& words);
};
int run_constant_with_tool(OtherRunner& tools) { return tools.start("/bin/bash", {"-c", "ulimit -c 0; exec /usr/bin/app"}); }

int tag_release(const std::string& version, const std::string& message) {
  std::stringstream git;
  git << "/usr/bin/git tag -a v" << version;
  git << " -m \"" << message << "\"";
  const std::string command = git.str();
  return std::system(command.c_str());  // BAD[shell-command]
}

int switch_of_constants(int signal) {
  std::string action;
  switch (signal) {
    case 1: action = "/sbin/poweroff"; break;
    case 2: action = "/sbin/reboot"; break;
    default: return -1;
  }
  return system(action.c_str());
}

int whole_file(const char* name) {
  std::ifstream in(name);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return std::system(text.c_str());  // BAD[shell-command]
}

int run_format(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return system(text);  // BAD[shell-command]
}

int pid_in_text() {
  char line[64];
  snprintf(line, sizeof line, "/usr/bin/gcore -o /var/cores/self %ld", static_cast<long>(getpid()));
  return system(line);
}

// Old C: K&R spirit, global buffers.
static char line_buffer[1024];
int print_document(const char* printer, const char* file) {
  sprintf(line_buffer, "/usr/bin/lpr -P%s %s", printer, file);  // BAD[dangerous-function]
  return system(line_buffer);  // BAD[shell-command]
}

int lambda_of_parameter(const std::string& prefix) {
  auto make = [&prefix](const char* target) {
    std::string line = "/usr/bin/make PREFIX=" + prefix + " " + target;
    return system(line.c_str());  // BAD[shell-command]
  };
  return make("all") || make("install");
}

// Methods and words of the same names that start nothing.
struct Engine {
  int system(const std::string& name);
  void popen(int depth);
};
int name_of_own(Engine& engine, const std::string& text) {
  engine.popen(3);
  return engine.system(text);
}

int shared_text(const std::shared_ptr<const std::string>& text) {
  return text ? std::system(text->c_str()) : 0;  // BAD[shell-command]
}

int thumbnail(const std::filesystem::path& image, const std::filesystem::path& folder) {
  auto target = folder / image.filename();
  std::string line = "/usr/bin/convert " + image.string() + " -resize 128x128 " + target.string();
  return std::system(line.c_str());  // BAD[shell-command]
}

int checked_number(const std::string& text) {
  int count = std::stoi(text);
  return system(("/usr/bin/seq " + std::to_string(count)).c_str());
}

int python_snippet(const std::string& expression) {
  std::string code = "import json; print(json.dumps(" + expression + "))";
  execl("/usr/bin/python3", "python3", "-c", code.c_str(), nullptr);  // BAD[interpreter-code]
  return -1;
}

// A wrapper with a callback for each line of output.
template <typename OnLine>
bool for_each_line(const std::string& command, OnLine on_line) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "re"), ::pclose};  // BAD[shell-command]
  if (!pipe) return false;
  char line[4096];
  while (fgets(line, sizeof line, pipe.get())) on_line(std::string_view(line));
  return true;
}

int optional_command(std::optional<std::string> command) {
  return std::system(command.value_or("/bin/true").c_str());  // BAD[shell-command]
}

void log_message(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::fputs(text, stderr);
}

int thumbnail_safely(const std::filesystem::path& image, const std::filesystem::path& target) {
  const std::string from = image.string();
  const std::string to = target.string();
  const char* words[] = {"/usr/bin/convert", from.c_str(), "-resize", "128x128", to.c_str(), nullptr};
  pid_t child = -1;
  int error = posix_spawn(&child, words[0], nullptr, nullptr, const_cast<char**>(words), environ);
  if (error != 0) return -1;
  int status = 0;
  if (waitpid(child, &status, 0) < 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct ToolRunner {
  int start(const std::string& program, const std::vector<std::string>& words);
};
int run_script_with_tool(ToolRunner& tools, const std::string& script) {
  return tools.start("/bin/bash", {"-c", script});  // BAD[shell-exec]
}

void cgi_mail(const char* address, const char* text) {
  std::string command = "/usr/sbin/sendmail ";
  command.append(address);
  FILE* mail = popen(command.c_str(), "w");  // BAD[shell-command]
  if (!mail) return;
  fputs(text, mail);
  pclose(mail);
}

struct Unpacker {
  const char* suffix;
  const char* command;
};
int unpack(const char* file) {
  static const Unpacker unpackers[] = {{".tgz", "/bin/tar xzf %s"}, {".zip", "/usr/bin/unzip %s"}};
  for (const Unpacker& one : unpackers) {
    if (strstr(file, one.suffix) == nullptr) continue;
    char line[1024];
    snprintf(line, sizeof line, one.command, file);
    return system(line);  // BAD[shell-command]
  }
  return -1;
}

void send_report(const std::string& text) {
  FILE* mail = popen("/usr/sbin/sendmail -t", "w");
  if (!mail) return;
  fprintf(mail, "To: root\n\n%s\n", text.c_str());
  pclose(mail);
}

int cron_job(const char* user, const char* text) {
  const char* shell = getenv("SHELL");
  if (shell == nullptr) shell = "/bin/sh";
  pid_t child = fork();
  if (child < 0) return -1;
  if (child > 0) return child;
  if (setenv("LOGNAME", user, 1) != 0) _exit(126);
  execl(shell, shell, "-c", text, static_cast<char*>(nullptr));  // BAD[shell-exec]
  _exit(127);
}

int run_entry_of_ini(const std::unordered_map<std::string, std::string>& settings) {
  auto found = settings.find("on_start");
  if (found == settings.end()) return 0;
  return system(found->second.c_str());  // BAD[shell-command]
}

std::future<int> run_later(std::string command) {
  return std::async(std::launch::async, [command] { return std::system(command.c_str()); });  // BAD[shell-command]
}

int spawn_with_actions(const char* text, int log) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  posix_spawn_file_actions_adddup2(&actions, log, 1);
  char* words[4];
  words[0] = strdup("sh");
  words[1] = strdup("-c");
  words[2] = strdup(text);  // BAD[shell-exec]
  words[3] = NULL;
  pid_t child;
  int error = posix_spawn(&child, "/bin/sh", &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? child : -1;
}

static int exec_shell(const char* text) {
  char shell[] = "/bin/sh";
  char option[] = "-c";
  char* const words[] = {shell, option, const_cast<char*>(text), nullptr};  // BAD[shell-exec]
  return execv(shell, words);
}

class Screensaver {
 public:
  void lock() { static_cast<void>(std::system(lock_command())); }
  void unlock() { static_cast<void>(std::system(kUnlock)); }

 private:
  static const char* lock_command() { return "/usr/bin/loginctl lock-session"; }
  static constexpr const char* kUnlock = "/usr/bin/loginctl unlock-session";
};

int regex_text(const std::string& file) {
  const std::string line = std::regex_replace("/usr/bin/wc -l @", std::regex("@"), file);
  return std::system(line.c_str());  // BAD[shell-command]
}

// A table of functions for the commands of a console.
struct ConsoleCommand {
  const char* name;
  int (*run)(const std::string& rest);
};
static int do_shell(const std::string& rest) { return system(rest.c_str()); }  // BAD[shell-command]
static int do_date(const std::string&) { return system("/bin/date"); }
int console(const std::string& name, const std::string& rest) {
  static const ConsoleCommand commands[] = {{"shell", do_shell}, {"date", do_date}};
  for (const auto& command : commands)
    if (name == command.name) return command.run(rest);
  return -1;
}

void cgi_uptime() {
  std::puts("Content-Type: text/plain\n");
  std::fflush(stdout);
  if (std::system("/usr/bin/uptime") != 0) std::puts("unknown");
}

int encode_in_shell(const std::string& in, const std::string& filter) {
  const auto line = "/usr/bin/ffmpeg -i '" + in + "' -vf " + filter + " -y /srv/out.mp4";
  pid_t child = fork();
  if (child == -1) return -1;
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);  // BAD[shell-exec]
    _exit(127);
  }
  return child;
}
