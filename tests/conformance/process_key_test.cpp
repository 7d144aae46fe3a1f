// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// Where the authentication key lies: in one place that no core dump holds, in every process of the family, and nowhere
// else.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "cohort/base/error.hpp"
#include "conformance/process_conformance.hpp"
#include "os/fd.hpp"
#include "process/fork_server_link.hpp"

namespace cohort::test {
namespace {

class Key : public EachMethod {};
COHORT_FOR_EACH_METHOD(Key);

constexpr std::size_t kKeySize = 24;
constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kMostOfRegion = std::size_t{256} << 20;  // a sanitizer's own regions are larger

// The bytes of key `which`. Made one by one, so that the program's image does not hold them.
unsigned char key_byte(unsigned which, std::size_t i) {
  return static_cast<unsigned char>((which * 7919 + i * 193 + 11) ^ (i << 3) ^ 0x5a);
}

std::vector<std::byte> make_key(unsigned which) {
  std::vector<std::byte> key;
  key.reserve(kKeySize);
  for (std::size_t i = 0; i < kKeySize; ++i) key.push_back(static_cast<std::byte>(key_byte(which, i)));
  return key;
}

struct Region {
  unsigned long begin = 0;
  unsigned long end = 0;
  std::string line;
  bool dumped = true;
};

std::vector<Region> readable_regions() {
  std::vector<Region> regions;
  std::ifstream maps("/proc/self/smaps");
  bool readable = false;
  for (std::string line; std::getline(maps, line);) {
    Region region;
    char access[8] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &region.begin, &region.end, access) == 3) {
      readable = access[0] == 'r' && region.end - region.begin <= kMostOfRegion && line.find("[v") == std::string::npos;
      region.line = line;
      if (readable) regions.push_back(std::move(region));
    } else if (readable && line.starts_with("VmFlags")) {
      regions.back().dumped = line.find(" dd") == std::string::npos;
    }
  }
  return regions;
}

// "IN_DUMPS OUTSIDE_DUMPS", and where the former are. What is read goes to pages of its own, which are not searched.
std::string find_key(unsigned which) {
  std::size_t found[2] = {0, 0};
  std::string places;
  auto* buffer = static_cast<unsigned char*>(
      ::mmap(nullptr, kChunk + kKeySize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ::madvise(buffer, kChunk + kKeySize, MADV_DONTFORK);  // so that the kernel joins it with no other region
  auto matches = [&](const unsigned char* at) {
    for (std::size_t i = 0; i < kKeySize; ++i)
      if (at[i] != key_byte(which, i)) return false;
    return true;
  };
  const unsigned char first = key_byte(which, 0);
  os::Fd memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  const auto own = reinterpret_cast<unsigned long>(buffer);
  for (const Region& region : readable_regions()) {
    if (region.begin == own) continue;
    for (unsigned long at = region.begin; at < region.end; at += kChunk) {
      ssize_t n = ::pread(memory.get(), buffer, std::min<std::size_t>(kChunk + kKeySize, region.end - at),
                          static_cast<off_t>(at));
      if (n < static_cast<ssize_t>(kKeySize)) continue;
      // By the C library, since a sanitizer's look at each byte would take minutes.
      const unsigned char* end = buffer + std::min<std::size_t>(kChunk, static_cast<std::size_t>(n) - kKeySize + 1);
      for (const unsigned char* next = buffer; next < end; ++next) {
        next = static_cast<const unsigned char*>(std::memchr(next, first, static_cast<std::size_t>(end - next)));
        if (next == nullptr) break;
        if (!matches(next)) continue;
        ++found[region.dumped ? 0 : 1];
        if (region.dumped) places += " " + region.line;
      }
    }
  }
  ::munmap(buffer, kChunk + kKeySize);
  return std::to_string(found[0]) + " " + std::to_string(found[1]) + places;
}

void say_where(unsigned which, const std::string& to) { say(to, find_key(which)); }

TEST_P(Key, lies_in_one_place_outside_core_dumps) {
  const std::vector<std::byte> before = current_authkey();
  set_current_authkey(make_key(1));
  EXPECT_EQ(find_key(1), "0 1");
  Line said(scratch / "said");
  for (int i = 0; i < 3; ++i) {
    (void)finished(say_where, 1U, said.path());
    EXPECT_EQ(said.next(), "0 1");
  }
  EXPECT_EQ(find_key(1), "0 1") << "after the children";
  set_current_authkey(before);
  EXPECT_EQ(find_key(1), "0 0") << "after it was replaced";
}

TEST_P(Key, of_one_process_object_lies_in_one_place_and_goes_with_it) {
  Line said(scratch / "said");
  {
    Process p = process(say_where, 2U, said.path());
    p.set_authkey(make_key(2));
    EXPECT_EQ(find_key(2), "0 1");
    p.start();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(said.next(), "0 1");
  }
  EXPECT_EQ(find_key(2), "0 0");
}

TEST_P(Key, is_not_in_the_memory_of_a_sibling) {
  Line said(scratch / "said");
  Process other = process(say_where, 3U, said.path());
  {
    Process p = process(say_where, 3U, said.path());
    p.set_authkey(make_key(3));
    p.start();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(said.next(), "0 1");
  }
  other.start();
  EXPECT_TRUE(other.join(patience()));
  EXPECT_EQ(said.next(), "0 0");
}

// What is asked of a server that does not answer stays with it until it goes on.
TEST(KeyOfAForkServer, is_wiped_when_the_server_does_not_answer) {
  set_start_method(StartMethod::forkserver, true);
  Process first(say_where, 6U, std::string("/dev/null"));
  first.start();
  ASSERT_TRUE(first.join(patience()));
  auto link = detail::inherited_fork_server();
  ASSERT_TRUE(link);
  int former = link->pid();
  link.reset();
  ASSERT_EQ(::kill(former, SIGSTOP), 0);
  ScratchDirectory scratch;
  Line said(scratch / "said");
  {
    Process p(say_where, 6U, said.path());
    p.set_authkey(make_key(6));
    p.start();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(said.next(), "0 1");
    EXPECT_EQ(find_key(6), "0 1");
  }
  EXPECT_EQ(find_key(6), "0 0");
  ::kill(former, SIGCONT);
}

// A key that no child took must not stay behind in the family memory.
TEST(KeyOfASpawn, is_wiped_when_no_child_takes_it) {
  set_executable("/bin/true");
  {
    Process p = get_context(StartMethod::spawn).process(say_where, 4U, std::string());
    p.set_authkey(make_key(4));
    EXPECT_THROW(p.start(), BootstrapError);
    EXPECT_EQ(find_key(4), "0 1");
  }
  set_executable("");
  EXPECT_EQ(find_key(4), "0 0");
}

TEST(KeyOfASpawn, is_wiped_when_large_arguments_go_with_it) {
  set_executable("/bin/true");
  {
    Process p = get_context(StartMethod::spawn).process(say_where, 5U, std::string(std::size_t{1} << 20, 'x'));
    p.set_authkey(make_key(5));
    EXPECT_THROW(p.start(), BootstrapError);
    EXPECT_EQ(find_key(5), "0 1");
  }
  set_executable("");
}

}  // namespace
}  // namespace cohort::test
