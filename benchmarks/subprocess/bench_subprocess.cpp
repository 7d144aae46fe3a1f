// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Cohort's subprocess beside its limit and its peers; README.md has the scenarios. One JSON line each.
// Argument: a factor for the number of runs (default 1).
#if defined(COHORT_BENCH_BOOST)
#include <boost/process.hpp>
#endif
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cohort/subprocess.hpp"

extern char** environ;

namespace {

using namespace cohort::subprocess;
using namespace std::chrono_literals;

constexpr std::size_t kBytes = 256U << 20;
constexpr std::size_t kPipe = 1U << 20;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

using Contest = std::vector<std::pair<std::string, std::function<double()>>>;

// Runs all in turn, forwards and backwards; "cohort" and "limit" are the first two.
void measure(const char* scenario, const char* metric, const char* unit, int rounds, const Contest& contest) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& one : contest) one.second();
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contest.size(); ++i) {
      const auto& one = contest[round % 2 == 0 ? i : contest.size() - 1 - i];
      values[one.first].push_back(one.second());
    }
  }
  std::string peers;
  for (std::size_t i = 2; i < contest.size(); ++i) {
    char text[128];
    std::snprintf(text, sizeof text, "%s\"%s\": %.4g", i > 2 ? ", " : "", contest[i].first.c_str(),
                  quantile(values[contest[i].first], 0.5));
    peers += text;
  }
  const auto& own = values["cohort"];
  std::printf(
      "{\"scenario\": \"%s\", \"metric\": \"%s\", \"cohort\": %.4g, \"limit\": %.4g, \"peers\": {%s}, \"unit\": "
      "\"%s\", \"spread\": %.3g}\n",
      scenario, metric, quantile(own, 0.5), quantile(values["limit"], 0.5), peers.c_str(), unit,
      quantile(own, 0.75) - quantile(own, 0.25));
  std::fflush(stdout);
}

template <class F>
double microseconds(F f) {
  double start = now();
  f();
  return (now() - start) * 1e6;
}

const char* const kTrue[] = {"/bin/true", nullptr};

void reap(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) < 0) {}
}

pid_t vfork_exec(const char* const* argv) {
  pid_t pid = vfork();
  if (pid == 0) {
    execve(argv[0], const_cast<char* const*>(argv), environ);
    _exit(127);
  }
  return pid;
}

void raw_spawn() {
  pid_t pid;
  posix_spawn(&pid, kTrue[0], nullptr, nullptr, const_cast<char* const*>(kTrue), environ);
  reap(pid);
}

// The limit for capturing: two pipes, read to their end.
void raw_capture() {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(out[1], 1);
    dup2(err[1], 2);
    execve(kTrue[0], const_cast<char* const*>(kTrue), environ);
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  char c;
  while (read(out[0], &c, 1) > 0) {}
  while (read(err[0], &c, 1) > 0) {}
  close(out[0]);
  close(err[0]);
  reap(pid);
}

// A Python that stays, and times what it is told to on its own clock.
class Python {
 public:
  Python() : process_({"/usr/bin/python3", "-c", kLoop}, {.in = PIPE, .out = PIPE, .bufsize = 0}) {}
  double seconds(const std::string& expression) {
    process_.in().write(expression + "\n");
    return std::strtod(process_.out().read_line().value_or("0").c_str(), nullptr);
  }

 private:
  static constexpr const char* kLoop =
      "import subprocess, sys, time\nbig = bytes(256 << 20)\n"
      "def wait_latency():\n    p = subprocess.Popen(['/bin/cat'], stdin=-1)\n    time.sleep(0.002)\n"
      "    start = time.perf_counter()\n    p.stdin.close()\n    p.wait(10)\n    return time.perf_counter() - start\n"
      "for line in sys.stdin:\n"
      "    start = time.perf_counter()\n    r = eval(line)\n    end = time.perf_counter()\n"
      "    print(r if isinstance(r, float) else end - start, flush=True)\n";
  Popen process_;
};

void launches(const char* scenario, int rounds, Python& python, bool with_python) {
  Contest contest{
      {"cohort", [] { return microseconds([] { run({"/bin/true"}); }); }},
      {"limit", [] { return microseconds([] { reap(vfork_exec(kTrue)); }); }},
      {"posix_spawn", [] { return microseconds(raw_spawn); }},
      {"std::system",
       [] {
         return microseconds([] {
           if (std::system("/bin/true") != 0) std::abort();
         });
       }},
  };
#if defined(COHORT_BENCH_BOOST)
  contest.emplace_back("Boost.Process", [] {
    return microseconds([] {
      if (boost::process::system("/bin/true") != 0) std::abort();
    });
  });
#endif
  if (with_python) {
    contest.emplace_back("python", [&] { return python.seconds("subprocess.run(['/bin/true'])") * 1e6; });
  }
  measure(scenario, "time of one", "us", rounds, contest);
}

std::size_t available_gib() {
  std::ifstream info("/proc/meminfo");
  std::size_t kib = 0;
  for (std::string name; info >> name;) {
    if (name == "MemAvailable:" && info >> kib) return kib >> 20;
  }
  return 0;
}

// The same with memory that has been written to; a launch that copies the parent's page tables pays for it.
void from_large_parent(const char* scenario, std::size_t gib, int rounds, Python& python) {
  if (available_gib() <= gib) {
    std::fprintf(stderr, "%s is left out: it needs %zu GiB, and %zu are available\n", scenario, gib + 1,
                 available_gib());
    return;
  }
  const std::size_t bytes = gib << 30;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  // Small pages, as a heap that grew bit by bit has: large ones would be kind to fork.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  bool populated = false;
#if defined(MADV_POPULATE_WRITE)
  populated = madvise(memory, bytes, MADV_POPULATE_WRITE) == 0;
#endif
  for (std::size_t at = 0; !populated && at < bytes; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  launches(scenario, rounds, python, false);
  munmap(memory, bytes);
}

// The poll loop that nobody can do without.
double raw_cat(char* source, char* target) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
  fcntl(in[1], F_SETPIPE_SZ, kPipe);
  fcntl(out[1], F_SETPIPE_SZ, kPipe);
  double start = now();
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    execl("/bin/cat", "cat", nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  std::size_t written = 0, got = 0;
  pollfd items[2] = {{out[0], POLLIN, 0}, {in[1], POLLOUT, 0}};
  while (true) {
    poll(items, items[1].fd < 0 ? 1 : 2, -1);
    if (items[1].fd >= 0 && items[1].revents != 0) {
      ssize_t n = write(in[1], source + written, std::min(kBytes - written, kPipe));
      if (n > 0) written += static_cast<std::size_t>(n);
      if (written == kBytes) {
        close(in[1]);
        items[1].fd = -1;
      }
    }
    if (items[0].revents != 0) {
      ssize_t n = read(out[0], target + got, std::max<std::size_t>(1, std::min(kBytes - got, kPipe)));
      if (n == 0) break;
      if (n > 0) got += static_cast<std::size_t>(n);
    }
  }
  close(out[0]);
  reap(pid);
  return static_cast<double>(kBytes) / (now() - start) / 1e9;
}

void throughput(int rounds, Python& python) {
  auto map = [] {
    void* memory =
        mmap(nullptr, kBytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return static_cast<char*>(memory);
  };
  char* source = map();
  char* target = map();
  std::string_view input(source, kBytes);
  auto rate = [](double seconds) { return static_cast<double>(kBytes) / seconds / 1e9; };
  measure("cat_256mib", "throughput into the caller's memory", "GB/s", rounds,
          {{"cohort",
            [&] {
              double start = now();
              CompletedProcess done =
                  run({"/bin/cat"}, {.input = input, .out = PIPE, .pipesize = kPipe, .out_buffer = {target, kBytes}});
              if (done.out_bytes != kBytes) std::abort();
              return rate(now() - start);
            }},
           {"limit", [&] { return raw_cat(source, target); }}});
  measure("cat_256mib_string", "throughput into a string", "GB/s", rounds,
          {{"cohort",
            [&] {
              double start = now();
              CompletedProcess done = run({"/bin/cat"}, {.input = input, .out = PIPE});
              if (done.out.size() != kBytes) std::abort();
              return rate(now() - start);
            }},
           {"limit",
            [&] {
              auto* fresh = static_cast<char*>(
                  mmap(nullptr, kBytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
              double value = raw_cat(source, fresh);
              munmap(fresh, kBytes + 4096);
              return value;
            }},
           {"python", [&] { return rate(python.seconds("subprocess.run(['/bin/cat'], input=big, stdout=-1)")); }}});
  munmap(source, kBytes + 4096);
  munmap(target, kBytes + 4096);
}

// From the write that lets a program end to the return of the wait for it.
void wait_latency(int rounds, Python& python) {
  auto delay = [](auto wait) {
    Popen p({"/bin/cat"}, {.in = PIPE});
    usleep(2000);
    double start = now();
    p.in().close();
    wait(p);
    return (now() - start) * 1e6;
  };
  measure("wait_timeout", "end of input to return of wait(10 s)", "us", rounds,
          {{"cohort", [&] { return delay([](Popen& p) { p.wait(10s); }); }},
           {"limit",
            [&] {
              return delay([](Popen& p) {
                pollfd item{p.sentinel(), POLLIN, 0};
                poll(&item, 1, 10'000);
                p.poll();
              });
            }},
           {"python", [&] { return python.seconds("wait_latency()") * 1e6; }}});
}

void concurrent(int rounds) {
  constexpr int kPrograms = 200;
  measure("concurrent_200", "200 programs at once", "ms", rounds,
          {{"cohort",
            [] {
              return microseconds([] {
                       std::vector<AsyncRun> runs;
                       for (int i = 0; i < kPrograms; ++i) runs.push_back(run_async({"/bin/true"}));
                       for (AsyncRun& one : runs) one.get();
                     }) /
                     1e3;
            }},
           {"limit", [] {
              return microseconds([] {
                       std::vector<pid_t> pids;
                       for (int i = 0; i < kPrograms; ++i) pids.push_back(vfork_exec(kTrue));
                       for (pid_t pid : pids) reap(pid);
                     }) /
                     1e3;
            }}});
}

}  // namespace

int main(int argc, char** argv) {
  double factor = argc > 1 ? std::atof(argv[1]) : 1;
  auto times = [&](double n) { return std::max(3, static_cast<int>(n * factor)); };
  Python python;
  launches("run_true", times(400), python, true);
  measure("capture_true", "time of one", "us", times(300),
          {{"cohort", [] { return microseconds([] { run({"/bin/true"}, {.capture_output = true}); }); }},
           {"limit", [] { return microseconds(raw_capture); }},
           {"python", [&] { return python.seconds("subprocess.run(['/bin/true'], capture_output=True)") * 1e6; }}});
  wait_latency(times(60), python);
  concurrent(times(10));
  throughput(times(9), python);
  from_large_parent("run_true_2gib", 2, times(100), python);
  from_large_parent("run_true_4gib", 4, times(100), python);
}
