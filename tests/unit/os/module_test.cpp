// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Modules are asked for their build before any of their code runs.
#include "os/module.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/build_id.hpp"
#include "os/fd.hpp"

namespace cohort::os {
namespace {

namespace fs = std::filesystem;

class LoadModule : public ::testing::Test {
 protected:
  LoadModule() {
    char path[] = "/tmp/cohort-module-XXXXXX";
    scratch_ = ::mkdtemp(path);
    ::unsetenv("COHORT_TEST_MODULE");
  }
  ~LoadModule() override { fs::remove_all(scratch_); }

  [[nodiscard]] static BuildId build_of(const std::string& path) {
    return build_id_of_file(open_file(path.c_str(), O_RDONLY | O_CLOEXEC).get()).value();
  }
  // Its constructor says so in the environment.
  [[nodiscard]] static bool has_run() { return std::getenv("COHORT_TEST_MODULE") != nullptr; }

  std::string scratch_;
};

TEST_F(LoadModule, runs_nothing_of_a_file_that_is_another_build) {
  BuildId other = build_of(COHORT_TEST_MODULE);
  other[0] ^= std::byte{1};
  EXPECT_FALSE(load_module(COHORT_TEST_MODULE, other));
  EXPECT_FALSE(has_run());
  EXPECT_EQ(::dlopen(COHORT_TEST_MODULE, RTLD_NOW | RTLD_NOLOAD), nullptr);
  EXPECT_TRUE(load_module(COHORT_TEST_MODULE, build_of(COHORT_TEST_MODULE)));
  EXPECT_TRUE(has_run());
  // Under its own path, so that a child can be told where it is.
  const auto module = find_module(build_of(COHORT_TEST_MODULE));
  ASSERT_TRUE(module.has_value());
  EXPECT_EQ(module->path, COHORT_TEST_MODULE);
}

TEST_F(LoadModule, refuses_what_is_no_module) {
  EXPECT_THROW((void)load_module("/no/such/module.so", BuildId{}), OsError);
  const std::string file = scratch_ + "/file";
  const BuildId any{std::byte{1}};
  EXPECT_THROW((void)load_module(file, any), OsError);
  std::ofstream(file) << "INPUT(libm.so)";
  EXPECT_THROW((void)load_module(file, any), OsError);
  EXPECT_THROW((void)load_module(scratch_, any), OsError);
  const std::string fifo = scratch_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THROW((void)load_module(fifo, any), OsError);
}

TEST_F(LoadModule, gives_the_same_build_from_the_file_as_from_memory) {
  for (const char* library : {"libc.so.6", "libm.so.6"}) {
    void* handle = ::dlopen(library, RTLD_NOW);
    ASSERT_NE(handle, nullptr);
    const auto module = module_of(::dlsym(handle, std::strcmp(library, "libc.so.6") == 0 ? "abort" : "cbrt"));
    ASSERT_TRUE(module.has_value());
    EXPECT_EQ(build_of(module->path), module->build_id);
  }
}

int here_is() { return 1; }

TEST(Module, knows_the_program_and_its_libraries) {
  auto here = module_of(reinterpret_cast<const void*>(&here_is));
  ASSERT_TRUE(here);
  EXPECT_EQ(here->build_id, program_module().build_id);
  EXPECT_NE(here->build_id, BuildId{});
  EXPECT_EQ(here->path, "");
  auto libc = module_of(reinterpret_cast<const void*>(&::getpid));
  ASSERT_TRUE(libc);
  auto again = find_module(libc->build_id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->base, libc->base);
  int on_the_stack = 0;
  EXPECT_FALSE(module_of(&on_the_stack));
  EXPECT_FALSE(find_module(BuildId{}));
  EXPECT_LT(here->text_begin, here->text_end);
  EXPECT_LE(here->text_end, here->end);
}

TEST(Module, can_be_executed_again) { EXPECT_EQ(::access(executable_path().c_str(), X_OK), 0); }

}  // namespace
}  // namespace cohort::os
