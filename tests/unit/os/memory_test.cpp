// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory objects: sealed, and no programs.
#include "os/memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "os/process.hpp"

namespace cohort::os {
namespace {

constexpr unsigned kNoExec = 0x0008U;  // MFD_NOEXEC_SEAL, which older headers lack
constexpr int kSealExec = 0x0020;      // F_SEAL_EXEC

bool kernel_can_forbid_execution() {
  Fd probe(::memfd_create("probe", MFD_CLOEXEC | kNoExec));
  return static_cast<bool>(probe);
}

TEST(Memory, cannot_be_executed_as_a_program) {
  if (!kernel_can_forbid_execution()) GTEST_SKIP() << "Linux before 6.3";
  const Fd memory = make_memory("cohort-test", 8192);
  struct stat info{};
  ASSERT_EQ(::fstat(memory.get(), &info), 0);
  EXPECT_EQ(info.st_mode & 0111, 0U);
  EXPECT_NE(::fchmod(memory.get(), 0700), 0);
  EXPECT_NE(::fcntl(memory.get(), F_GET_SEALS) & kSealExec, 0);
  EXPECT_TRUE(memory_is_sealed(memory.get()));
}

// A kernel that does not know the flag says EINVAL.
void refuse_the_flag() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + sizeof(std::uint64_t)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNoExec, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{sizeof code / sizeof code[0], code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    ::_exit(90);
}

TEST(Memory, is_made_on_a_kernel_that_cannot_forbid_that) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    refuse_the_flag();
    if (kernel_can_forbid_execution()) ::_exit(91);
    const Fd memory = make_memory("cohort-test", 8192);
    ::_exit(memory_is_sealed(memory.get()) && memory_size(memory.get()) == 8192 ? 0 : 92);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST(Memory, is_told_from_what_took_its_number) {
  Fd memory = make_memory("test", page_size());
  std::uint64_t number = memory_number(memory.get());
  EXPECT_TRUE(is_memory(memory.get(), number));
  Fd other = make_memory("test", page_size());
  EXPECT_FALSE(is_memory(other.get(), number));
  EXPECT_FALSE(is_memory(-1, number));
  EXPECT_FALSE(is_memory(null_device().get(), number));
  EXPECT_FALSE(is_memory(memory.get(), 0)) << "0 is no number";
  std::byte bytes[8];
  EXPECT_TRUE(read_memory(memory.get(), 0, bytes));
  EXPECT_FALSE(read_memory(memory.get(), page_size() - 4, bytes)) << "half of it is not there";
}

}  // namespace
}  // namespace cohort::os
