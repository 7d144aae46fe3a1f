// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Opening files without waiting for whoever is to open them too.
#include "os/file_opening.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "cohort/base/error.hpp"
#include "support/scratch.hpp"

namespace cohort::os {
namespace {

class Opening : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string pipe(const std::string& name) const {
    EXPECT_EQ(::mkfifo(file(name).c_str(), 0600), 0);
    return file(name);
  }

 private:
  test::ScratchDirectory directory_;
};

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(Opening, of_an_ordinary_file_is_done_at_once) {
  for (FileUse use : {FileUse::replace, FileUse::append, FileUse::append, FileUse::replace, FileUse::append}) {
    FileOpening opening(file("log"), use);
    ASSERT_TRUE(opening.try_open());
    EXPECT_TRUE(opening.try_open()) << "it stays open";
    Fd fd = opening.take();
    EXPECT_GE(fd.get(), 3);
    EXPECT_EQ(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
    write_full(fd.get(), std::as_bytes(std::span("x", 1)));
  }
  EXPECT_EQ(contents(file("log")), "xx");
}

TEST_F(Opening, of_a_pipe_for_writing_is_done_once_somebody_reads_it) {
  const std::string path = pipe("feed");
  FileOpening opening(path, FileUse::replace);
  EXPECT_FALSE(opening.try_open());
  Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(opening.try_open());
  write_full(opening.take().get(), std::as_bytes(std::span("abc", 3)));
  char bytes[8];
  EXPECT_EQ(::read(reader.get(), bytes, 8), 3);
}

TEST_F(Opening, of_a_pipe_for_reading_is_done_once_somebody_writes_it) {
  const std::string path = pipe("feed");
  FileOpening opening(path, FileUse::read);
  EXPECT_FALSE(opening.try_open());
  EXPECT_FALSE(opening.try_open()) << "the first look has not become the writer";
  Fd writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(writer);
  ASSERT_TRUE(opening.try_open());
  Fd fd = opening.take();
  write_full(writer.get(), std::as_bytes(std::span("abc", 3)));
  writer.reset();
  char bytes[8];
  EXPECT_EQ(::read(fd.get(), bytes, 8), 3);
  EXPECT_EQ(::read(fd.get(), bytes, 8), 0) << "no writer is left of ours";
}

TEST_F(Opening, is_tried_again_soon_and_later_at_longer_intervals) {
  FileOpening opening(pipe("feed"), FileUse::append);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(opening.try_open());
    EXPECT_LE(opening.next_look().remaining(), std::chrono::milliseconds(20));
  }
}

TEST_F(Opening, that_cannot_succeed_names_the_path) {
  FileOpening opening(file("none"), FileUse::read);
  try {
    (void)opening.try_open();
    FAIL() << "it was opened";
  } catch (const OsError& error) {
    EXPECT_EQ(error.subject(), file("none"));
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

}  // namespace
}  // namespace cohort::os
