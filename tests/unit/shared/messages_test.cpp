// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What errors say: each names the call that the user made, first.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/shared/array.hpp"
#include "cohort/shared/shareable_list.hpp"
#include "cohort/shared/shared_memory.hpp"
#include "cohort/shared/value.hpp"

namespace cohort {
namespace {

std::string complaint_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) { return error.what(); }
  return "nothing";
}

TEST(Messages, of_memory_that_may_not_be_written_name_the_call) {
  const std::string name = "cohort-messages-" + std::to_string(getpid());
  SharedMemory made = SharedMemory::create(name, Bytes{64});
  SharedMemory read = SharedMemory::attach(name, {.read_only = true});
  EXPECT_EQ(complaint_of([&] { (void)read.buf(); }).find("SharedMemory.buf: " + name + ": "), 0U);
  EXPECT_EQ(complaint_of([&] { (void)read.as<int>(); }).find("SharedMemory.as: " + name + ": "), 0U);
  SharedMemory::unlink(name);
}

struct Mistake {
  const char* begins;  // what the message begins with
  std::function<void()> call;
};

void expect_named(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    std::string said = complaint_of(mistake.call);
    EXPECT_EQ(said.find(std::string(mistake.begins) + ": "), 0U) << "not " << mistake.begins << ", but: " << said;
  }
}

// More than 8 bytes: read and written by the array's lock.
struct Large {
  std::array<int, 4> numbers;
};

TEST(Messages, of_arrays_name_the_call) {
  Array<char> letters(3);
  RawArray<char> raw(3);
  Array<Large> large(3);
  const std::vector<int> four{1, 2, 3, 4};
  const std::vector<int> beyond{1, 2, 300};
  auto guard = letters.lock();
  expect_named({
      {"Array: -1", [] { Array<int> array(-1); }},
      {"Array: -1", [] { Array<int> array(-1, RLock()); }},
      {"RawArray: -1", [] { RawArray<int> array(-1); }},
      {"Array: 1152921504606846976", [] { Array<Large> array(std::size_t{1} << 60); }},
      {"RawArray: 1152921504606846976", [] { RawArray<Large> array(std::size_t{1} << 60); }},
      {"Array: 300", [&] { Array<char> array(beyond); }},
      {"RawArray: 300", [&] { RawArray<char> array(beyond); }},
      {"Array[]: 3", [&] { (void)letters[3]; }},
      {"Array[]: -4", [&] { (void)large[-4]; }},
      {"Array.at: 3", [&] { (void)letters.at(3); }},
      {"Array.at: 3", [&] { (void)large.at(3); }},
      {"RawArray[]: 3", [&] { (void)raw[3]; }},
      {"RawArray.at: 3", [&] { (void)raw.at(3); }},
      {"ArrayGuard[]: 3", [&] { (void)guard[3]; }},
      {"Array.slice: 0", [&] { (void)letters.slice(0, 3, 0); }},
      {"RawArray.slice: 0", [&] { (void)raw.slice(0, 3, 0); }},
      {"Array.set_slice: 0", [&] { letters.set_slice(0, 3, 0, four); }},
      {"Array.set_slice: 4", [&] { letters.set_slice(0, 3, four); }},
      {"RawArray.set_slice: 4", [&] { raw.set_slice(0, 3, four); }},
      {"Array.set_slice: 300", [&] { letters.set_slice(0, 3, beyond); }},
      {"Array.assign: 4", [&] { letters.assign(four); }},
      {"RawArray.assign: 300", [&] { raw.assign(beyond); }},
      {"Array.set_raw: 4", [&] { letters.set_raw("abcd"); }},
      {"RawArray.set_raw: 4", [&] { raw.set_raw("abcd"); }},
      {"Array.set_value: 4", [&] { letters.set_value("abcd"); }},
      {"RawArray.set_value: 4", [&] { raw.set_value("abcd"); }},
      {"AtomicReference=: 300", [&] { letters[0] = 300; }},
  });
}

TEST(Messages, of_values_that_do_not_fit_name_the_call) {
  Value<char> value;
  RawValue<char> raw('a');
  auto guard = value.lock();
  expect_named({
      {"Value: 300", [] { Value<char> made(300); }},
      {"RawValue: 300", [] { RawValue<char> made(300); }},
      {"Value.store: 300", [&] { value.store(300); }},
      {"RawValue.store: 300", [&] { raw.store(300); }},
      {"AtomicReference=: 300", [&] { *guard = 300; }},
      {"AtomicReference.store: 300", [&] { (*guard).store(300); }},
  });
}

TEST(Messages, of_lists_name_the_call) {
  ShareableList list{1, "text"};
  const Object nested = Object::list({1});
  const std::string latin = "\xe9";
  expect_named({
      {"ShareableList", [&] { ShareableList made{nested}; }},
      {"ShareableList", [&] { ShareableList made{latin}; }},
      {"ShareableList.create", [&] { (void)ShareableList::create("", {nested}); }},
      {"ShareableList.create: a/b", [&] { (void)ShareableList::create("a/b", {1}); }},
      {"ShareableList.get: 2", [&] { (void)list.get(2); }},
      {"ShareableList[]: 2", [&] { (void)list[2].get(); }},
      {"ShareableList[]: -3", [&] { Object item = list[-3]; }},
      {"ShareableList.set: 2", [&] { list.set(2, 1); }},
      {"ShareableList.set: 1", [&] { list.set(1, "longer than its slot"); }},
      {"ShareableList.set", [&] { list.set(1, nested); }},
      {"ShareableList.set", [&] { list.set(1, latin); }},
      {"ShareableList[]: 2", [&] { list[2] = 1; }},
      {"ShareableList[]: 1", [&] { list[1] = "longer than its slot"; }},
      {"ShareableList.index: 7", [&] { (void)list.index(7); }},
  });
}

TEST(Messages, of_memory_that_was_given_up_name_the_call) {
  const std::string name = "cohort-messages-" + std::to_string(getpid());
  SharedMemory moved = SharedMemory::create(name, Bytes{64});
  SharedMemory owner = std::move(moved);
  SharedMemory closed(Bytes{64});
  closed.close();
  for (SharedMemory* memory : {&moved, &closed}) {  // NOLINT(bugprone-use-after-move): that is what is tested
    expect_named({
        {"SharedMemory.view", [&] { (void)memory->view(); }},
        {"SharedMemory.buf", [&] { (void)memory->buf(); }},
        {"SharedMemory.as", [&] { (void)memory->as<int>(); }},
        {"SharedMemory.size", [&] { (void)memory->size(); }},
        {"SharedMemory.resize", [&] { memory->resize(Bytes{128}); }},
        {"SharedMemory.unlink", [&] { memory->unlink(); }},
        {"ShareableList", [&] { ShareableList list(*memory); }},
    });
  }
  owner.unlink();
}

}  // namespace
}  // namespace cohort
