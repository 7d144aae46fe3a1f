// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The same random option sets through run() or run_async() and through Python's subprocess.run: the results must be
// equal.
// COHORT_TEST_CASES sets how many (10 000 otherwise, a tenth under sanitizers), COHORT_TEST_SEED the first of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

// Reads one case a line (a Python dictionary), answers one line of hexadecimal fields.
constexpr const char* kPython = R"py(
import subprocess, sys, errno
def hexed(b):
    return '-' if b is None else 'x' + (b if isinstance(b, bytes) else b.encode('utf-8', 'surrogatepass')).hex()
streams = {'PIPE': subprocess.PIPE, 'DEVNULL': subprocess.DEVNULL, 'STDOUT': subprocess.STDOUT}
for line in sys.stdin:
    case = eval(line)
    for name in ('stdin', 'stdout', 'stderr'):
        if name in case: case[name] = streams[case[name]]
    try:
        done = subprocess.run(**case)
        out = f'done {done.returncode} {hexed(done.stdout)} {hexed(done.stderr)}'
    except subprocess.CalledProcessError as e:
        out = f'called {e.returncode} {hexed(e.stdout)} {hexed(e.stderr)}'
    except subprocess.TimeoutExpired as e:
        out = f'timeout {hexed(e.stdout or b"")}'
    except UnicodeError as e:
        # Python's two ways of reading differ on wide text without a mark; ours is like the one that takes it.
        out = 'skip' if 'BOM' in str(e) else 'unicode'
    except UnboundLocalError:
        out = 'skip'  # a bug of 3.11 with empty text input
    except ValueError as e:
        out = 'value'
    except OSError as e:
        name = e.filename if e.filename is not None else ''
        out = f'os {e.errno} {hexed(name)}'
    print(out, flush=True)
)py";

std::string hex(const std::string& bytes) {
  static const char* digits = "0123456789abcdef";
  std::string text = "x";
  for (unsigned char c : bytes) {
    text += digits[c >> 4];
    text += digits[c & 15];
  }
  return text;
}

std::string python_bytes(const std::string& bytes) { return "bytes.fromhex('" + hex(bytes).substr(1) + "')"; }

// One case, in both languages.
struct Case {
  std::vector<std::string> words;
  Options options;
  std::string input;
  std::string python;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  void make(Case& out) {
    out.words = command();
    out.python = "{'args':[";
    for (const std::string& word : out.words) out.python += python_bytes(word) + ",";
    out.python += "]";
    Options& options = out.options;
    bool text = chance(3);
    if (text) encoding(out);
    switch (pick(4)) {
      case 0:
        out.input = pick(4) == 0 ? "" : random_text(text, pick(3) == 0 ? 100'000 : 40);
        options.input = out.input;
        out.python += ",'input':" + python_bytes(out.input) + (text ? ".decode('utf-8')" : "");
        break;
      case 1:
        options.in = DEVNULL;
        out.python += ",'stdin':'DEVNULL'";
        break;
      default:
        options.in = DEVNULL;
        out.python += ",'stdin':'DEVNULL'";
        break;
    }
    outputs(out);
    world(out);
    if (chance(4)) {
      options.check = true;
      out.python += ",'check':True";
    }
    out.python += "}";
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  bool chance(std::size_t one_in) { return pick(one_in) == 0; }

  std::string random_text(bool text, std::size_t most) {
    static const std::vector<std::string> pieces{"a",  "B", " ", "\n", "\r\n", "\r", "'", "\"",
                                                 "$x", "é", "€", "😀", "\\",   "%s", "\t"};
    std::string out;
    for (std::size_t n = pick(most); n-- > 0;) {
      if (!text && chance(5)) {
        out += static_cast<char>(pick(256));
      } else {
        out += pieces[pick(pieces.size())];
      }
    }
    return out;
  }
  std::string word() {
    std::string text = random_text(chance(2), 12);
    std::erase(text, '\0');
    return text;
  }

  std::vector<std::string> command() {
    switch (pick(10)) {
      case 0: return {"printf", "%s|", word(), word()};
      case 1: return {"cat"};
      case 2:
        return {"sh", "-c", "printf '%s' \"$1\"; printf 'e%s' \"$0\" >&2; exit " + std::to_string(pick(256)), word(),
                word()};
      case 3: return {"sh", "-c", "cat; cat /dev/null; kill -" + std::to_string(1 + pick(15)) + " $$; sleep 0.1"};
      case 4: return {"no-such-program-" + std::to_string(pick(9)), word()};
      case 5: return {pick(2) == 0 ? "/etc/passwd" : "/usr"};
      case 6: return {"sh", "-c", "env | sort | grep -v ^_= | grep -v ^PWD= | grep -v ^SHLVL= | grep -v ^OLDPWD= || :"};
      case 7: return {"pwd"};
      case 8: return {"sh", "-c", "printf '\\377a\\r\\nb\\rc\\n\\303'; echo; umask"};
      default:
        return {"sh", "-c", "head -c " + std::to_string(pick(200'000)) + " /dev/zero | tr '\\0' y; wc -c; exit 3"};
    }
  }

  void encoding(Case& out) {
    static const std::pair<Encoding, const char*> encodings[] = {{Encoding::utf8, "utf-8"},
                                                                 {Encoding::latin1, "latin-1"},
                                                                 {Encoding::ascii, "ascii"},
                                                                 {Encoding::utf16, "utf-16"},
                                                                 {Encoding::utf16_be, "utf-16-be"}};
    static const std::pair<ErrorPolicy, const char*> policies[] = {{ErrorPolicy::strict, "strict"},
                                                                   {ErrorPolicy::replace, "replace"},
                                                                   {ErrorPolicy::ignore, "ignore"},
                                                                   {ErrorPolicy::backslashreplace, "backslashreplace"},
                                                                   {ErrorPolicy::surrogateescape, "surrogateescape"}};
    auto [encoding, name] = encodings[pick(5)];
    auto [policy, policy_name] = policies[pick(5)];
    out.options.encoding = encoding;
    out.options.errors = policy;
    out.python += std::string(",'encoding':'") + name + "','errors':'" + policy_name + "'";
  }

  void outputs(Case& out) {
    Options& options = out.options;
    switch (pick(7)) {
      case 0:
      case 1:
        options.capture_output = true;
        out.python += ",'capture_output':True";
        if (chance(8)) {
          options.out = PIPE;
          out.python += ",'stdout':'PIPE'";
        }
        return;
      case 2:
        options.out = PIPE;
        options.err = STDOUT;
        out.python += ",'stdout':'PIPE','stderr':'STDOUT'";
        return;
      case 3:
        options.out = DEVNULL;
        options.err = PIPE;
        out.python += ",'stdout':'DEVNULL','stderr':'PIPE'";
        return;
      case 4:
        options.out = PIPE;
        options.err = DEVNULL;
        out.python += ",'stdout':'PIPE','stderr':'DEVNULL'";
        return;
      default:
        options.out = PIPE;
        options.err = PIPE;
        out.python += ",'stdout':'PIPE','stderr':'PIPE'";
    }
  }

  void world(Case& out) {
    Options& options = out.options;
    if (chance(4)) {
      static const char* places[] = {"/", "/usr/lib", "/no/such/dir", "/etc/passwd"};
      const char* place = places[pick(4)];
      options.cwd = place;
      out.python += std::string(",'cwd':'") + place + "'";
    }
    if (chance(4)) {
      options.env.emplace();
      (*options.env)["PATH"] = "/usr/bin:/bin";
      for (std::size_t n = pick(4); n-- > 0;)
        (*options.env)["V" + std::to_string(pick(9))] = "v" + std::to_string(pick(100));
      if (chance(10)) (*options.env)["A=B"] = "x";
      out.python += ",'env':{";
      for (const auto& [name, value] : *options.env) out.python += "'" + name + "':'" + value + "',";
      out.python += "}";
    }
    if (chance(6)) {
      options.start_new_session = true;
      out.python += ",'start_new_session':True";
    }
    if (chance(6)) {
      options.umask = static_cast<unsigned>(pick(0777));
      out.python += ",'umask':" + std::to_string(*options.umask);
    }
    if (chance(6)) {
      options.close_fds = false;
      out.python += ",'close_fds':False";
    }
    if (chance(6)) {
      options.restore_signals = false;
      out.python += ",'restore_signals':False";
    }
    if (chance(8)) {
      options.pipesize = 8192;
      out.python += ",'pipesize':8192";
    }
  }

  std::mt19937_64 random_;
};

std::string ours(const Case& one, bool by_poller) {
  std::stringstream out;
  auto field = [](bool captured, const std::string& bytes) { return captured ? hex(bytes) : std::string("-"); };
  try {
    CompletedProcess done = by_poller ? run_async(one.words, one.options).get(60s) : run(one.words, one.options);
    out << "done " << done.returncode() << ' ' << field(done.captured_out, done.out) << ' '
        << field(done.captured_err, done.err);
  } catch (const CalledProcessError& e) {
    out << "called " << e.returncode() << ' ' << field(e.process().captured_out, e.out()) << ' '
        << field(e.process().captured_err, e.err());
  } catch (const TimeoutExpired& e) { out << "timeout " << hex(e.out()); } catch (const DecodeError&) {
    out << "unicode";
  } catch (const EncodeError&) { out << "unicode"; } catch (const ValueError&) {
    out << "value";
  } catch (const SpawnError& e) { out << "os " << e.code().value() << ' ' << hex(e.subject()); }
  return out.str();
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kCases = 1'000;
#else
constexpr std::uint64_t kCases = 10'000;
#endif

TEST(SubprocessDifferential, gives_what_python_gives) {
  const char* interpreter = "/usr/bin/python3";
  if (!std::filesystem::exists(interpreter)) GTEST_SKIP() << "no " << interpreter;
  std::uint64_t seed = number_from("COHORT_TEST_SEED", 20'000);
  std::uint64_t count = number_from("COHORT_TEST_CASES", kCases);
  // Python ignores SIGPIPE, and its children inherit that unless restored; so must ours.
  auto* old = signal(SIGPIPE, SIG_IGN);
  auto* old_size = signal(SIGXFSZ, SIG_IGN);
  Popen python({interpreter, "-c", kPython}, {.in = PIPE, .out = PIPE});
  for (std::uint64_t i = 0; i < count; ++i) {
    Case one;
    Generator(seed + i).make(one);
    python.in().write(one.python + "\n");
    python.in().flush(60s);
    std::string mine = ours(one, i % 4 == 3);
    auto theirs = python.out().read_line(60s);
    ASSERT_TRUE(theirs) << "Python ended";
    if (*theirs == "skip") continue;
    ASSERT_EQ(mine.substr(0, 2000), theirs->substr(0, 2000))
        << "seed " << seed + i << ": " << one.python.substr(0, 1000);
    ASSERT_EQ(mine == *theirs, true) << "seed " << seed + i;
  }
  python.in().close();
  EXPECT_EQ(python.wait(60s), 0);
  signal(SIGPIPE, old);
  signal(SIGXFSZ, old_size);
}

}  // namespace
}  // namespace cohort::subprocess
