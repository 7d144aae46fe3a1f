// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// digest_tree: SHA-256 of every regular file below a directory, in worker processes that may be killed.
//
//   digest_tree /usr/include --output SUMS && sha256sum --quiet -c SUMS
//   digest_tree /usr/share --chaos 20 --output SUMS      kills 20 workers, each in the middle of a file
//
// Exit status: 0 all files digested, 1 some failed, 2 the arguments cannot be followed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cohort/process.hpp>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "chaos.hpp"
#include "listing.hpp"
#include "pass.hpp"
#include "progress.hpp"
#include "tree.hpp"

namespace digest_tree {
namespace {

struct Settings {
  std::string directory = "/usr/include";
  int processes = 0;
  std::string output;
  std::size_t chaos = 0;
  bool speed_up = true;
};

/// A mistake in the arguments.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void complain(const std::string& path, const std::string& reason) {
  std::fprintf(stderr, "digest_tree: %s: %s\n", quoted_name(path).c_str(), reason.c_str());
}

std::string error_text() { return std::generic_category().message(errno); }

/// The file of --output: opened before the work begins, emptied and written after it.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : path_(path) {
    if (path_.empty()) return;
    number_ = is_standard_output() ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (number_ < 0) throw UsageError(quoted_name(path_) + ": " + error_text());
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (number_ >= 0) ::close(number_);
  }

  /// Which file it will be, if that exists.
  [[nodiscard]] static std::optional<FileIdentity> identity(const std::string& path) {
    struct stat status{};
    if (path.empty() || (path == "-" ? ::fstat(STDOUT_FILENO, &status) : ::stat(path.c_str(), &status)) != 0) return {};
    return FileIdentity{status.st_dev, status.st_ino};
  }
  [[nodiscard]] bool wanted() const { return number_ >= 0; }
  [[nodiscard]] bool is_standard_output() const { return path_ == "-"; }
  /// False when it cannot be written; a message says so.
  bool write(const std::string& text) {
    bool good = is_standard_output() || ::ftruncate(number_, 0) == 0 || errno == EINVAL;  // EINVAL: a device or a pipe
    for (std::size_t at = 0; good && at < text.size();) {
      ssize_t count = ::write(number_, text.data() + at, text.size() - at);
      if (count >= 0)
        at += static_cast<std::size_t>(count);
      else
        good = errno == EINTR;
    }
    if (!good) complain(path_, error_text());
    return good;
  }

 private:
  std::string path_;
  int number_ = -1;
};

std::string reason_of(std::int32_t error) {
  return error == kNotRegular ? "no longer a regular file" : std::generic_category().message(error);
}

/// Which files were digested, and the list of them.
struct Ledger {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;
  std::string list;
};

Ledger settle(const Tree& tree, const Pass& pass, bool want_list) {
  Ledger ledger;
  std::vector<const Outcome*> by_file(tree.files.size(), nullptr);
  for (const Outcome& outcome : pass.outcomes) by_file[outcome.file] = &outcome;
  for (std::size_t i = 0; i < by_file.size(); ++i) {
    const Outcome* outcome = by_file[i];
    if (outcome == nullptr) continue;  // among the pass's problems
    if (outcome->error != 0) {
      complain(tree.files[i].path, reason_of(outcome->error));
      ++ledger.failed;
      continue;
    }
    ++ledger.files;
    ledger.bytes += outcome->bytes;
    if (want_list) ledger.list += list_line(outcome->digest, tree.files[i].path);
  }
  for (const auto* problems : {&tree.problems, &pass.problems}) {
    for (const Problem& problem : *problems) complain(problem.path, problem.reason);
    ledger.failed += problems->size();
  }
  return ledger;
}

void print_kills(std::FILE* out, const Tree& tree, const Settings& settings, const Pass& pass) {
  if (settings.chaos == 0) return;
  std::fprintf(out, "kills     %zu of %zu\n", pass.kills.size(), settings.chaos);
  for (const Kill& kill : pass.kills) {
    const File& file = tree.files[kill.state.file];
    std::fprintf(out, "  killed worker %d at %s (%llu of %llu bytes read)\n", kill.pid, quoted_name(file.path).c_str(),
                 static_cast<unsigned long long>(kill.state.bytes_read), static_cast<unsigned long long>(file.bytes));
  }
}

void print_speed_up(std::FILE* out, const Tree& tree, int processes, const Settings& settings) {
  if (!settings.speed_up) return std::fputs("speed-up  not measured (--no-speed-up)\n", out), void();
  if (processes == 1) return std::fputs("speed-up  1.00 (this is --processes 1)\n", out), void();
  constexpr std::uint64_t kTooLittle = 10'000'000;
  if (tree.bytes < kTooLittle) return std::fputs("speed-up  not measured: there is too little to read\n", out), void();
  SpeedUp measured = measure_speed_up(tree, processes);
  if (measured.bytes < kTooLittle)
    return std::fputs("speed-up  not measured: the files are too large to read again\n", out), void();
  std::string what = measured.whole_tree ? "the whole tree" : "a sample of " + readable_bytes(measured.bytes);
  std::fprintf(out,
               "speed-up  %.2f over --processes 1 (%.3f s against %.3f s: %s, read again from the page cache, best of "
               "several)\n",
               measured.one / measured.many, measured.one, measured.many, what.c_str());
}

void print_summary(std::FILE* out, const Tree& tree, const Pass& pass, const Ledger& ledger, double seconds,
                   int processes) {
  std::fprintf(out, "files     %llu\n", static_cast<unsigned long long>(ledger.files));
  std::fprintf(out, "bytes     %llu (%s)\n", static_cast<unsigned long long>(ledger.bytes),
               readable_bytes(ledger.bytes).c_str());
  std::fprintf(out, "seconds   %.3f (%.3f to find the files, %.3f to digest them)\n", seconds, seconds - pass.seconds,
               pass.seconds);
  std::fprintf(out, "MB/s      %.0f\n", static_cast<double>(ledger.bytes) / seconds / 1e6);
  std::fprintf(out, "workers   %d\n", processes);
  std::string skipped;
  for (std::size_t kind = 0; kind < kSkippedNames.size(); ++kind) {
    if (tree.skipped[kind] == 0) continue;
    skipped +=
        (skipped.empty() ? "" : ", ") + std::to_string(tree.skipped[kind]) + ' ' + std::string(kSkippedNames[kind]);
    if (tree.skipped[kind] > 1) skipped += 's';
  }
  if (!skipped.empty()) std::fprintf(out, "skipped   %s\n", skipped.c_str());
  if (ledger.failed > 0) std::fprintf(out, "failed    %llu\n", static_cast<unsigned long long>(ledger.failed));
}

int run(const Settings& settings) {
  using Clock = std::chrono::steady_clock;
  int processes = settings.processes > 0 ? settings.processes : cohort::cpu_count();
  Clock::time_point start = Clock::now();
  Tree tree = walk(settings.directory, OutputFile::identity(settings.output));
  std::vector<std::uint32_t> victims = choose_victims(tree.files, settings.chaos);
  if (victims.size() < settings.chaos)
    throw UsageError("--chaos " + std::to_string(settings.chaos) + ": the tree is too small: " +
                     std::to_string(victims.size()) + " of its files can be left off in the middle; nothing was done");
  OutputFile output(settings.output);
  Pass pass;
  {
    Progress progress(tree.bytes, tree.files.size());
    PassOptions options{.processes = processes, .victims = victims};
    options.on_progress = [&](std::uint64_t bytes, std::uint64_t files) { progress.update(bytes, files); };
    if (!tree.files.empty()) pass = run_pass(make_batches(tree, victims, processes), options);
  }
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  Ledger ledger = settle(tree, pass, output.wanted());
  bool written = !output.wanted() || output.write(ledger.list);
  std::FILE* out = output.is_standard_output() ? stderr : stdout;
  print_summary(out, tree, pass, ledger, seconds, processes);
  print_kills(out, tree, settings, pass);
  std::fflush(out);
  print_speed_up(out, tree, processes, settings);
  if (pass.kills.size() < settings.chaos)
    std::fprintf(stderr, "digest_tree: fewer kills than asked for: files have changed meanwhile\n");
  return ledger.failed == 0 && written && pass.kills.size() == settings.chaos ? 0 : 1;
}

}  // namespace
}  // namespace digest_tree

int main(int argc, char** argv) {
  using namespace digest_tree;
  Settings settings;
  CLI::App app("SHA-256 of every regular file below a directory, in worker processes.", "digest_tree");
  app.add_option("DIR", settings.directory, "The directory, or one file")->capture_default_str();
  app.add_option("--processes", settings.processes, "Workers (default: one a usable processor)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--output", settings.output,
                 "Write the list here, as sha256sum prints it, in path order; - for standard output");
  app.add_option("--chaos", settings.chaos, "Kill so many workers, each in the middle of a file");
  app.add_flag("!--no-speed-up", settings.speed_up, "Do not read the files again to compare with one process");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; }
  try {
    cohort::set_forkserver_preload<load_sha256>();
    return run(settings);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "digest_tree: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digest_tree: %s\n", error.what());
    return 1;
  }
}
