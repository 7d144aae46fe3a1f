// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// No cause makes a re-executed child run the program's main(): it works, or the start is refused with a sentence.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "cohort/subprocess.hpp"
#include "support/scratch.hpp"

namespace cohort::test {
namespace {

struct Case {
  const char* method;
  const char* helper;
};

class Bootstrap : public testing::TestWithParam<Case> {
 protected:
  // The helper under a name that tells its constructors what to do.
  std::string helper(const std::string& name) {
    std::string file = scratch / name;
    if (!std::filesystem::exists(file)) std::filesystem::copy_file(GetParam().helper, file);
    return file;
  }
  std::string script(const std::string& text) {
    std::string file = scratch / "launcher";
    std::ofstream(file) << "#!/bin/bash\n" << text << "\n";
    ::chmod(file.c_str(), 0755);
    return file;
  }
  // What the program says, and how often its main() ran.
  std::string said(std::vector<std::string> words, const std::string& launcher = {}, bool as_nobody = false) {
    for (std::string& word : words)
      if (word == "METHOD") word = GetParam().method;
    std::ofstream(scratch / "precious") << std::string(1 << 20, 'p');
    std::filesystem::permissions(scratch / "precious", std::filesystem::perms::all);
    subprocess::Options options{.capture_output = true, .cwd = scratch.path(), .timeout = std::chrono::seconds(60)};
    if (!launcher.empty()) options.env_set = {{"COHORT_LAUNCHER", launcher}};
    if (as_nobody) {
      options.user = subprocess::Account(std::uint32_t{65534});
      options.group = subprocess::Account(std::uint32_t{65534});
      options.extra_groups = std::vector<subprocess::Account>{};
    }
    subprocess::CompletedProcess result = subprocess::run(words, options);
    EXPECT_EQ(file_text(scratch / "mains"), "x") << result.out << result.err;
    EXPECT_EQ(file_text(scratch / "precious"), std::string(1 << 20, 'p')) << "somebody else's file was written to";
    std::filesystem::remove(scratch / "mains");
    return result.out + "(" + result.err + ")";
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  ScratchDirectory scratch;
};
INSTANTIATE_TEST_SUITE_P(By, Bootstrap,
                         testing::Values(Case{"forkserver", COHORT_TEST_HELPER}, Case{"spawn", COHORT_TEST_HELPER},
                                         Case{"forkserver", COHORT_TEST_INIT_HELPER},
                                         Case{"spawn", COHORT_TEST_INIT_HELPER}),
                         [](const auto& each) {
                           return std::string(each.param.method) +
                                  (std::string(each.param.helper) == COHORT_TEST_HELPER ? "_main" : "_init");
                         });

TEST_P(Bootstrap, works_without_an_environment) {
  EXPECT_EQ(said({helper("clearenv"), "METHOD", "METHOD"}), "exit 7\nexit 7\n()");
  EXPECT_EQ(said({helper("plain"), "METHOD"}, "env -i"), "exit 7\n()");
}

TEST_P(Bootstrap, works_without_arguments) {
  EXPECT_EQ(said({helper("plain"), "METHOD"}, script("exec \"$1\"")), "exit 7\n()");
}

TEST_P(Bootstrap, says_that_neither_environment_nor_arguments_came) {
  std::string text = said({helper("plain"), "METHOD"}, script("exec env -i \"$1\""));
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "took both the argument and the environment")) << text;
}

TEST_P(Bootstrap, says_that_the_descriptors_did_not_come) {
  for (const char* name : {"closing", "replacing"}) {
    std::string text = said({helper(name), "METHOD"});
    EXPECT_TRUE(has(text, "threw Process.start") && has(text, "closed, or something else")) << name << text;
  }
  std::string text = said({helper("plain"), "METHOD"}, script("exec 3>&- 4>&- 5>&- 6>&- env -i \"$@\""));
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "closed, or something else")) << text;
}

TEST_P(Bootstrap, says_that_constructors_used_the_family_before_or_ended_the_process) {
  std::string text = said({helper("early"), "METHOD"});
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "a constructor of the program")) << text;
  text = said({helper("leaving"), "METHOD"});
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "exited with 33")) << text;
}

TEST_P(Bootstrap, refuses_when_the_effective_user_is_not_the_real_one) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can change its user";
  std::string text = said({helper("plain"), "seteuid", "METHOD", "fork"});
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "raised privileges") && has(text, "start method fork"))
      << text;
  EXPECT_TRUE(has(text, "exit 7\n")) << "fork works: " << text;
  text = said({helper("plain"), "METHOD", "seteuid", "METHOD"});  // with a server from before
  EXPECT_TRUE(has(text, "exit 7\nthrew Process.start") && has(text, "raised privileges")) << text;
}

TEST_P(Bootstrap, refuses_when_the_file_raises_privileges) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make such files";
  std::string file = helper("plain");
  auto refused = [&](const char* why) {
    std::string text = said({file, "METHOD", "fork"}, {}, true);
    EXPECT_TRUE(has(text, "threw Process.start") && has(text, "raised privileges") && has(text, "exit 7\n"))
        << why << text;
  };
  ASSERT_EQ(::chmod(file.c_str(), 04755), 0);
  refused("set-user-ID ");
  ASSERT_EQ(::chmod(file.c_str(), 02755), 0);
  refused("set-group-ID ");
  ASSERT_EQ(::chmod(file.c_str(), 0755), 0);
  // Version 2, effective, CAP_NET_BIND_SERVICE permitted.
  const std::array<std::uint32_t, 5> capability{0x02000001, 1u << 10, 0, 0, 0};
  if (::setxattr(file.c_str(), "security.capability", capability.data(), sizeof capability, 0) == 0)
    refused("capability ");
}

TEST_P(Bootstrap, refuses_orders_that_come_with_raised_privileges) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can change its user";
  std::string text = said({helper("plain"), "METHOD"}, "setpriv --euid 65534");
  EXPECT_TRUE(has(text, "threw Process.start") && has(text, "started with raised privileges")) << text;
}

TEST_P(Bootstrap, goes_through_the_loader_when_the_program_did) {
#ifdef __x86_64__
  const std::string loader = "/lib64/ld-linux-x86-64.so.2";
#else
  const std::string loader = "/lib/ld-linux-aarch64.so.1";
#endif
  if (!std::filesystem::exists(loader)) GTEST_SKIP() << "no loader at its usual place";
  EXPECT_EQ(said({loader, helper("plain"), "METHOD", "METHOD"}), "exit 7\nexit 7\n()");
  EXPECT_EQ(said({loader, "--library-path", "/nowhere", helper("plain"), "METHOD"}), "exit 7\n()");
  EXPECT_EQ(said({loader, helper("plain"), "METHOD"}, "env -i"), "exit 7\n()");
}

TEST_P(Bootstrap, says_that_the_program_closed_the_descriptors_of_the_library) {
  for (const char* word : {"close", "replace"}) {
    std::string text = said({helper("plain"), "METHOD", word, "METHOD"});
    EXPECT_TRUE(has(text, "exit 7\nthrew Process.start") && has(text, "closed the descriptor")) << word << text;
  }
}

TEST_P(Bootstrap, maps_no_file_that_took_the_number_of_the_family_memory) {
  std::string text = said({helper("plain"), "METHOD", "replace", "fill"});
  EXPECT_TRUE(has(text, "exit 7\nthrew ") && has(text, "closed its descriptor")) << text;
}

}  // namespace
}  // namespace cohort::test
