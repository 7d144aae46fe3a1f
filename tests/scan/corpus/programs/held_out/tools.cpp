// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions as they stand in build tools, viewers and test drivers; written before the reader was changed for such, and not looked at for it.
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

class CommandRunner {
 public:
  explicit CommandRunner(std::string shell) : shell_(std::move(shell)) {}

  // Runs a rule of a build file.
  int run(const std::string& rule) const {
    std::vector<std::string> words;
    words.push_back("/bin/sh");
    words.push_back("-e");
    words.push_back("-c");
    words.push_back(rule);  // BAD[shell-exec]
    return spawn(words);
  }

  int run_quietly(const std::string& rule) const {
    std::ostringstream line;
    line << rule << " >/dev/null 2>&1";
    return std::system(line.str().c_str());  // BAD[shell-command]
  }

 private:
  static int spawn(std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid;
    if (posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string shell_;
};

constexpr const char* kPager = "/usr/bin/less";
constexpr std::string_view kBourne = "/bin/sh";

void show(const std::string& text_file) {
  const char* argv[] = {kPager, "-R", text_file.c_str(), nullptr};
  execv(kPager, const_cast<char* const*>(argv));
}

void show_through_filter(const char* filter) {
  execl(kBourne.data(), "sh", "-c", filter, nullptr);  // BAD[shell-exec]
}

static int compile(const char* source, const char* object) {
  char* argv[] = {const_cast<char*>("/usr/bin/cc"), const_cast<char*>("-c"), const_cast<char*>(source),
                  const_cast<char*>("-o"), const_cast<char*>(object), nullptr};
  pid_t pid;
  return posix_spawn(&pid, argv[0], nullptr, nullptr, argv, environ);
}

static int compile_in_shell(const char* flags) {
  char command[1024];
  strcpy(command, "/usr/bin/cc ");
  strncat(command, flags, sizeof command - strlen(command) - 1);
  return system(command);  // BAD[shell-command]
}

std::string output_of(const char* command) {
  std::array<char, 128> buffer;
  std::string result;
  std::unique_ptr<FILE, decltype(&pclose)> pipe(popen(command, "r"), pclose);  // BAD[shell-command]
  if (!pipe) throw std::runtime_error("popen() failed");
  while (fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) result += buffer.data();
  return result;
}

std::string commit_of_tree() {
  std::array<char, 128> buffer;
  std::string result;
  std::unique_ptr<FILE, decltype(&pclose)> pipe(popen("/usr/bin/git rev-parse HEAD", "r"), pclose);
  if (!pipe) throw std::runtime_error("popen() failed");
  while (fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) result += buffer.data();
  return result;
}

bool open_url(const std::string& url) {
#ifdef __APPLE__
  std::string command = "/usr/bin/open ";
#else
  std::string command = "/usr/bin/xdg-open ";
#endif
  command += "'" + url + "'";
  return system(command.c_str()) == 0;  // BAD[shell-command]
}

void clear_screen() { system("/usr/bin/clear"); }

int play(int volume, double speed) {
  char buffer[200];
  sprintf(buffer, "/usr/bin/mplayer -volume %d -speed %.2f /usr/share/sounds/bell.ogg", volume, speed);
  return system(buffer);
}

enum class Level { low, high };
int set_level(Level level) {
  const char* word = nullptr;
  switch (level) {
    case Level::low: word = "low"; break;
    case Level::high: word = "high"; break;
  }
  std::string command = std::string("/usr/sbin/fan --level ") + word;
  return system(command.c_str());
}

int mount_image(const std::vector<std::string>& options, std::string image) {
  std::string command = "/bin/mount -o ";
  for (std::size_t i = 0; i < options.size(); ++i) command += (i == 0 ? "" : ",") + options[i];
  command += " " + image + " /mnt";
  return system(command.c_str());  // BAD[shell-command]
}

int log_and_run(const char* who) {
  char buffer[128];
  snprintf(buffer, sizeof(buffer), "[%s] rotating logs", who);
  puts(buffer);
  snprintf(buffer, sizeof(buffer), "%s", "/usr/sbin/logrotate /etc/logrotate.conf");
  return system(buffer);
}

int choose(int kind) {
  const char* commands[2];
  commands[0] = "/bin/sync";
  commands[1] = "/sbin/fstrim -a";
  return system(commands[kind & 1]);
}

int choose_of_map(bool wide) {
  static const std::string narrow = "/usr/bin/stty cols 80", broad = "/usr/bin/stty cols 132";
  return system((wide ? broad : narrow).c_str());
}

int evaluate(const std::string& program) {
  const char* args[] = {"/usr/bin/perl", "-e", program.c_str(), NULL};  // BAD[interpreter-code]
  pid_t pid;
  return posix_spawnp(&pid, args[0], NULL, NULL, (char* const*)args, environ);
}

int run_in_container(const std::string& container, const std::string& command) {
  std::vector<std::string> argv{"/usr/bin/docker", "exec", container, "sh", "-c", command};  // BAD[shell-exec]
  std::vector<char*> raw;
  for (auto& a : argv) raw.push_back(&a[0]);
  raw.push_back(nullptr);
  return execv(raw[0], raw.data());
}

int run_with_argument(const std::string& name) {
  const char* args[] = {"/bin/sh", "-c", "exec /usr/bin/app --name \"$1\"", "sh", name.c_str(), nullptr};
  return execv(args[0], const_cast<char* const*>(args));
}

int wait_for(pid_t pid) {
  int status;
  if (waitpid(pid, &status, 0) == -1) return -1;
  if (WIFSIGNALED(status)) status = 128 + WTERMSIG(status);
  else status = WEXITSTATUS(status);
  exit(status);
}

int assembled(const char* input) {
  const char* argv[4];
  argv[0] = "sh";
  argv[1] = "-c";
  argv[2] = input;  // BAD[shell-exec]
  argv[3] = nullptr;
  return execv("/bin/sh", const_cast<char**>(argv));
}

int indexed_format(int device) {
  static const char* const names[] = {"sda", "sdb"};
  char line[64];
  snprintf(line, sizeof line, "/sbin/hdparm -y /dev/%s", names[device]);
  return system(line);
}

int appended_list(std::string text) {
  std::vector<std::string> words{"bash"};
  words.insert(words.end(), {"-c", text});  // BAD[shell-exec]
  std::vector<char*> raw;
  for (auto& w : words) raw.push_back(w.data());
  raw.push_back(nullptr);
  return execv("/bin/bash", raw.data());
}

int from_stdin() {
  char line[400];
  if (fgets(line, sizeof line, stdin) == nullptr) return 1;
  line[strcspn(line, "\n")] = 0;
  return system(line);  // BAD[shell-command]
}
