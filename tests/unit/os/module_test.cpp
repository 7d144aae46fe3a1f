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

TEST(BuildId, is_read_from_notes_whatever_they_say) {
  const auto note = [](std::uint32_t name, std::uint32_t value, std::uint32_t type) {
    std::vector<std::byte> bytes(sizeof(Elf64_Nhdr) + 4 + 16, std::byte{7});
    const Elf64_Nhdr head{name, value, type};
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, "GNU", 4);
    return bytes;
  };
  const auto good = note(4, 16, NT_GNU_BUILD_ID);
  ASSERT_TRUE(build_id_of_notes(good).has_value());
  EXPECT_EQ((*build_id_of_notes(good))[3], std::byte{7});
  for (std::size_t size = 0; size < good.size(); ++size) {
    // Exactly so large, so that a sanitizer sees a byte too far.
    const std::vector<std::byte> part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(build_id_of_notes(part).has_value()) << size;
  }
  EXPECT_FALSE(build_id_of_notes(note(4, 17, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(4, UINT32_MAX, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(UINT32_MAX, 16, NT_GNU_BUILD_ID)).has_value());
  EXPECT_FALSE(build_id_of_notes(note(4, 16, 99)).has_value());
}

}  // namespace
}  // namespace cohort::os
