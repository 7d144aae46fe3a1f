// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// SharedMemory and ShareableList under every start method. Python: _TestSharedMemory. Its cases about the resource
// tracker and SharedMemoryManager have no counterpart: there is neither, and nothing that is unlinked behind one's
// back.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>

#include "cohort/shared.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "unit/shared/python.hpp"

namespace cohort {

SharedMemory global_memory(Bytes(4'096));
ShareableList global_list{"howdy", 1, 2.5, nullptr};

namespace test {
namespace {

using namespace cohort::literals;

class SharedBytes : public EachMethod {};
COHORT_FOR_EACH_METHOD(SharedBytes);

void write_hello(const SharedMemory& memory) { std::memcpy(memory.buf().data(), "howdy", 5); }
std::string text_of(const SharedMemory& memory) {
  return std::string(reinterpret_cast<const char*>(memory.view().data()), 5);
}

TEST_P(SharedBytes, anonymous_is_written_by_a_child) {
  SharedMemory memory(512_B);
  EXPECT_EQ(finished(write_hello, memory).exitcode(), 0);
  EXPECT_EQ(text_of(memory), "howdy");
}

TEST_P(SharedBytes, named_is_written_by_a_child_by_object_and_by_name) {
  UniqueName name;
  auto memory = SharedMemory::create(name, 512_B);
  EXPECT_EQ(finished(write_hello, memory).exitcode(), 0);
  EXPECT_EQ(text_of(memory), "howdy");
  auto by_name = [](const std::string& text) { std::memcpy(SharedMemory::attach(text).buf().data(), "HELLO", 5); };
  EXPECT_EQ(finished(by_name, name.text()).exitcode(), 0);
  EXPECT_EQ(text_of(memory), "HELLO");
}

TEST_P(SharedBytes, is_not_unlinked_by_a_child_that_attached) {
  UniqueName name;
  auto memory = SharedMemory::create(name, 512_B);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(finished(write_hello, memory).exitcode(), 0);
  EXPECT_NO_THROW((void)SharedMemory::attach(name));
  memory.unlink();
  EXPECT_THROW((void)SharedMemory::attach(name), OsError);
}

TEST_P(SharedBytes, named_that_is_gone_fails_where_it_arrives) {
  UniqueName name;
  auto memory = SharedMemory::create(name, 512_B);
  memory.unlink();
  CapturedStream errors(2, scratch / "errors");
  Process p = finished(write_hello, memory);
  std::string text = errors.restore();
  if (shares_image()) {  // nothing was sent: the copy has it open
    EXPECT_EQ(p.exitcode(), 0) << text;
    return;
  }
  EXPECT_EQ(p.exitcode(), 1);
  EXPECT_NE(text.find(name.text()), std::string::npos) << text;
}

void make_and_stay(const std::string& name, const std::string& ready, const SharedMemory& back) {
  auto named = SharedMemory::create(name, 1_MiB);
  SharedMemory anonymous(2_MiB);
  anonymous.buf()[0] = std::byte{1};
  back.buf()[0] = std::byte{2};
  say(ready, "made");
  while (true) ::pause();
}

TEST_P(SharedBytes, of_a_killed_owner_is_gone_if_anonymous_and_stays_if_named) {
  UniqueName name;
  Line ready(scratch / "ready");
  SharedMemory back(1_B);
  auto objects = object::Objects::instance();
  auto before = objects.count(detail::ObjectKind::shared_memory);
  Process p = started(make_and_stay, name.text(), ready.path(), back);
  EXPECT_EQ(ready.next(), "made");
  EXPECT_EQ(objects.count(detail::ObjectKind::shared_memory), before + 1);
  p.kill();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_TRUE(eventually([&] {
    (void)family::Family::instance().sweep();
    return objects.count(detail::ObjectKind::shared_memory) == before;
  }));
  EXPECT_EQ(back.buf()[0], std::byte{2});
  auto left = SharedMemory::attach(name);
  EXPECT_EQ(left.size(), Bytes(1_MiB).count);
}

void enlarge(SharedMemory memory) {
  memory.resize(3_MiB);
  memory.buf()[memory.size() - 1] = std::byte{7};
}

TEST_P(SharedBytes, is_resized_by_a_child) {
  SharedMemory anonymous(100_B);
  anonymous.buf()[99] = std::byte{5};
  EXPECT_EQ(finished(enlarge, anonymous).exitcode(), 0);
  EXPECT_EQ(anonymous.size(), Bytes(3_MiB).count);
  EXPECT_EQ(anonymous.buf()[99], std::byte{5});
  EXPECT_EQ(anonymous.buf()[anonymous.size() - 1], std::byte{7});
  UniqueName name;
  auto named = SharedMemory::create(name, 100_B);
  EXPECT_EQ(finished(enlarge, named).exitcode(), 0);
  named.refresh();
  EXPECT_EQ(named.buf()[named.size() - 1], std::byte{7});
}

void use_globals() {
  global_memory.buf()[10] = std::byte{42};
  global_list[0] = "child";
}

TEST_P(SharedBytes, at_namespace_scope_are_one_in_all_processes) {
  global_memory.buf()[10] = std::byte{0};
  global_list[0] = "howdy";
  EXPECT_EQ(finished(use_globals).exitcode(), 0);
  EXPECT_EQ(global_memory.buf()[10], std::byte{42});
  EXPECT_EQ(global_list[0], "child");
}

void change_list(ShareableList list) {
  list[0] = list.size();
  list[1] = true;
  list[2] = nullptr;
  list[3] = "text";
}

TEST_P(SharedBytes, list_is_changed_by_a_child) {
  ShareableList list{"howdy", 1, 2.5, nullptr};
  EXPECT_EQ(finished(change_list, list).exitcode(), 0);
  EXPECT_EQ(list.items(), (Object::List{4, true, nullptr, "text"}));
  UniqueName name;
  auto named = ShareableList::create(name, {"howdy", 1, 2.5, nullptr});
  EXPECT_EQ(finished(change_list, named).exitcode(), 0);
  EXPECT_EQ(named.items(), (Object::List{4, true, nullptr, "text"}));
}

}  // namespace
}  // namespace test
}  // namespace cohort
