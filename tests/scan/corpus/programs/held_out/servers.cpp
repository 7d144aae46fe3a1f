// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions as they stand in servers, installers and desktop programs; not looked at when the reader was changed.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace server {

struct Settings {
  std::string mail_program = "/usr/sbin/sendmail";
  std::string on_error;
  int retries = 3;
};

class Notifier {
 public:
  explicit Notifier(Settings settings) : settings_(std::move(settings)) {}

  void mail(const std::string& to, const std::string& body) const {
    const std::string line = settings_.mail_program + " " + to;
    if (FILE* pipe = popen(line.c_str(), "w")) {  // BAD[shell-command]
      std::fputs(body.c_str(), pipe);
      pclose(pipe);
    }
  }

  void on_error() const {
    if (settings_.on_error.empty()) return;
    if (std::system(settings_.on_error.c_str()) == -1) std::perror("system");  // BAD[shell-command]
  }

 private:
  Settings settings_;
};

int thumbnail(const std::filesystem::path& picture, int width) {
  char command[2048];
  std::snprintf(command, sizeof(command), "/usr/bin/convert '%s' -resize %d /tmp/out.png", picture.c_str(), width);
  return std::system(command);  // BAD[shell-command]
}

int resize_terminal(unsigned rows, unsigned columns) {
  char command[64];
  std::snprintf(command, sizeof(command), "/bin/stty rows %u cols %u", rows, columns);
  return std::system(command);
}

int vrun(const char* format, ...) {
  char command[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(command, sizeof command, format, arguments);
  va_end(arguments);
  return std::system(command);  // BAD[shell-command]
}

void handle_request(int client) {
  char request[1024];
  ssize_t count = ::read(client, request, sizeof(request) - 1);
  if (count <= 0) return;
  request[count] = '\0';
  if (std::strncmp(request, "RUN ", 4) == 0) std::system(request + 4);  // BAD[shell-command]
}

void handle_verb(int client) {
  char verb = 0;
  if (::read(client, &verb, 1) != 1) return;
  const char* command = "/bin/true";
  if (verb == 'r') command = "/sbin/reboot";
  else if (verb == 'h') command = "/sbin/halt";
  std::system(command);
}

std::string read_command(const char* configuration) {
  std::ifstream file(configuration);
  std::string line;
  std::getline(file, line);
  return line;
}

void run_configured(const char* configuration) {
  std::string line = read_command(configuration);
  std::system(line.c_str());  // BAD[shell-command]
}

pid_t start_session(const char* user, const char* command) {
  pid_t pid = fork();
  if (pid == -1) throw std::runtime_error("fork");
  if (pid != 0) return pid;
  setsid();
  setenv("USER", user, 1);
  if (command != nullptr)
    execl("/bin/bash", "-bash", "-c", command, (char*)nullptr);  // BAD[shell-exec]
  else
    execl("/bin/bash", "-bash", (char*)nullptr);
  _exit(126);
}

int unpack(const char* archive, const char* directory) {
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) {
    execl("/bin/tar", "tar", "-C", directory, "-xf", archive, (char*)nullptr);
    _exit(127);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool package_installed(const std::string& package) {
  return std::system(("/usr/bin/dpkg-query -W " + package + " >/dev/null").c_str()) == 0;  // BAD[shell-command]
}

bool have_network() { return std::system("/bin/ping -c 1 -W 1 192.0.2.1 >/dev/null 2>&1") == 0; }

template <typename... Words>
int execute(const Words&... words) {
  const char* argv[] = {words.c_str()..., nullptr};
  pid_t pid;
  return posix_spawn(&pid, argv[0], nullptr, nullptr, const_cast<char**>(argv), environ);
}

class Script {
 public:
  Script& add(const std::string& line) {
    text_ += line;
    text_ += '\n';
    return *this;
  }
  int run() const {
    const char* argv[] = {"/bin/sh", "-c", text_.c_str(), nullptr};  // BAD[shell-exec]
    pid_t pid;
    if (posix_spawn(&pid, argv[0], nullptr, nullptr, const_cast<char**>(argv), environ) != 0) return -1;
    int status;
    waitpid(pid, &status, 0);
    return status;
  }

 private:
  std::string text_;
};

static const std::map<std::string, std::string> kActions = {{"sync", "/bin/sync"}, {"trim", "/sbin/fstrim -a"}};

int act(const std::string& name) {
  auto action = kActions.find(name);
  if (action == kActions.end()) return -1;
  return std::system(action->second.c_str());
}

int rotate(int generations) {
  for (int i = generations; i > 0; --i) {
    std::string line = "/bin/mv /var/log/app." + std::to_string(i - 1) + " /var/log/app." + std::to_string(i);
    if (std::system(line.c_str()) != 0) return -1;
  }
  return 0;
}

void spawn_terminal(const std::string& terminal, const std::string& title, const std::string& command) {
  std::vector<std::string> words{terminal, "-T", title, "-e", "/bin/sh"};
  words.push_back("-c");
  words.push_back(command);  // BAD[shell-exec]
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
}

void grep_tree(const std::string& pattern) {
  std::vector<std::string> words{"/bin/grep", "-rc", "-e", pattern, "/etc"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
}

int ssh_run(const std::string& host, const std::string& directory) {
  std::string remote = "ls " + directory;
  std::string command = "/usr/bin/ssh " + host + " " + remote;
  return std::system(command.c_str());  // BAD[shell-command]
}

int with_default_shell(const std::string& line) {
  const char* shell = std::getenv("SHELL");
  if (shell == nullptr) shell = "/bin/sh";
  return execl(shell, shell, "-c", line.c_str(), nullptr);  // BAD[shell-exec]
}

int dump(bool compressed) {
  std::string line = "/usr/bin/pg_dump app";
  if (compressed) line += " | /bin/gzip";
  line += " > /srv/backup/app.sql";
  return std::system(line.c_str());
}

int dump_database(const std::string& name) {
  std::string line;
  line.append("/usr/bin/pg_dump ").append(name).append(" > /srv/backup/one.sql");
  return std::system(line.c_str());  // BAD[shell-command]
}

int exit_code_of(const char* program) {
  char* const argv[] = {const_cast<char*>(program), nullptr};
  pid_t pid;
  if (posix_spawn(&pid, program, nullptr, nullptr, argv, environ) != 0) return 127;
  int status = 0;
  waitpid(pid, &status, 0);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code;
}

}  // namespace server
