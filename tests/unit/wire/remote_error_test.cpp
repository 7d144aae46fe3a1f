// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/remote_error.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <any>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <regex>
#include <variant>

#include "os/unwind.hpp"

namespace cohort {
namespace {

// What catching, encoding and rethrowing `exception` gives, as one process would do it for another.
template <class E>
std::vector<std::byte> encoded(const E& exception) {
  VectorEncoder out;
  try {
    throw exception;
  } catch (...) { detail::encode_current_exception(out, "worker-1", "task 7"); }
  return out.take();
}

template <class E>
void expect_same(const E& original) {
  try {
    detail::rethrow_remote(encoded(original));
  } catch (const std::exception& e) {
    EXPECT_NE(dynamic_cast<const Remote<E>*>(&e), nullptr) << typeid(E).name() << " came as " << typeid(e).name();
    EXPECT_STREQ(e.what(), original.what());
    const auto* remote = dynamic_cast<const RemoteException*>(&e);
    ASSERT_NE(remote, nullptr);
    EXPECT_EQ(remote->context().type, os::demangle(typeid(E).name()));
    EXPECT_EQ(remote->context().text, original.what());
    EXPECT_EQ(remote->context().pid, ::getpid());
    EXPECT_EQ(remote->context().process, "worker-1");
    EXPECT_EQ(remote->context().task, "task 7");
  }
}

TEST(RemoteError, carries_each_standard_type_as_itself) {
  expect_same(std::exception());
  expect_same(std::runtime_error("r"));
  expect_same(std::logic_error("l"));
  expect_same(std::invalid_argument("i"));
  expect_same(std::domain_error("d"));
  expect_same(std::length_error("n"));
  expect_same(std::out_of_range("o"));
  expect_same(std::range_error("a"));
  expect_same(std::overflow_error("v"));
  expect_same(std::underflow_error("u"));
  expect_same(std::bad_alloc());
  expect_same(std::bad_array_new_length());
  expect_same(std::bad_cast());
  expect_same(std::bad_typeid());
  expect_same(std::bad_exception());
  expect_same(std::bad_optional_access());
  expect_same(std::bad_variant_access());
  expect_same(std::bad_function_call());
  expect_same(std::bad_weak_ptr());
  expect_same(std::bad_any_cast());
  expect_same(std::future_error(std::future_errc::broken_promise));
  expect_same(std::regex_error(std::regex_constants::error_brack));
  expect_same(std::system_error(ENOENT, std::generic_category(), "opening"));
  expect_same(std::system_error(EACCES, std::system_category(), "reading"));
  expect_same(std::ios_base::failure("stream", std::io_errc::stream));
  expect_same(std::filesystem::filesystem_error("words", "/a", "/b", std::make_error_code(std::errc::file_exists)));
  expect_same(std::filesystem::filesystem_error("words", "/a", std::make_error_code(std::errc::file_exists)));
}

// Bytes of anybody: an error of `type` with these bytes of its own.
std::vector<std::byte> forged(const char* mangled, const std::vector<std::byte>& own) {
  VectorEncoder out;
  for (const char* text : {mangled, "type", "text", "trace"}) Codec<std::string>::encode(out, text);
  out.write_raw(std::int32_t{1});
  for (const char* text : {"process", "task"}) Codec<std::string>::encode(out, text);
  out.write_raw(static_cast<std::uint64_t>(own.size()));
  out.write(own);
  out.write_raw(std::uint8_t{0});
  return out.take();
}

TEST(RemoteError, makes_no_code_of_a_number_that_is_none) {
  for (std::int32_t number : {-1, 16, 1000, INT32_MIN, INT32_MAX}) {
    const auto bytes = forged(typeid(std::regex_error).name(), encode(number));
    try {
      detail::rethrow_remote(bytes);
    } catch (const std::regex_error&) { ADD_FAILURE() << number; } catch (const RemoteError& e) {
      EXPECT_EQ(e.context().text, "text");
    }
  }
  EXPECT_THROW(detail::rethrow_remote(forged(typeid(std::regex_error).name(), encode(std::int32_t{4}))),
               std::regex_error);
  // These have a fixed type or are plain numbers: whatever comes is a value.
  for (std::int32_t number : {-1, 0, 5, INT32_MAX}) {
    EXPECT_THROW(detail::rethrow_remote(forged(typeid(std::future_error).name(), encode(number))), std::future_error);
    EXPECT_THROW(detail::rethrow_remote(forged(typeid(std::system_error).name(), encode(number, std::uint8_t{200}))),
                 std::system_error);
  }
}

TEST(RemoteError, carries_the_errors_of_cohort_as_themselves) {
  expect_same(TimeoutError("Queue.get", "q", "nothing came"));
  expect_same(StateError("op", "", "sentence"));
  expect_same(ValueError("", "", "bare"));
  expect_same(DecodeError("a", "b", "c: d"));
  expect_same(OsError(ENOENT, "open", "/no/file"));
  expect_same(SpawnError(EACCES, "execve", "/bin/x"));
}

TEST(RemoteError, keeps_codes_and_fields) {
  try {
    detail::rethrow_remote(encoded(OsError(ENOENT, "open", "/no/file")));
  } catch (const OsError& e) {
    EXPECT_TRUE(e.code() == std::errc::no_such_file_or_directory);
    EXPECT_EQ(e.operation(), "open");
    EXPECT_EQ(e.subject(), "/no/file");
  }
  try {
    detail::rethrow_remote(
        encoded(std::filesystem::filesystem_error("w", "/a", "/b", std::make_error_code(std::errc::file_exists))));
  } catch (const std::filesystem::filesystem_error& e) {
    EXPECT_EQ(e.path1(), "/a");
    EXPECT_EQ(e.path2(), "/b");
  }
}

class OddCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "odd"; }
  std::string message(int) const override { return "odd"; }
};
TEST(RemoteError, takes_no_foreign_code_for_one_of_its_own) {
  static const OddCategory odd;
  try {
    detail::rethrow_remote(encoded(std::system_error(ENOENT, odd, "x")));
  } catch (const std::system_error& e) {
    EXPECT_FALSE(e.code() == std::errc::no_such_file_or_directory);
    EXPECT_EQ(e.code().value(), ENOENT);
    EXPECT_STREQ(e.code().category().name(), "remote");
  }
}

struct Unknown : std::runtime_error {
  using std::runtime_error::runtime_error;
};
TEST(RemoteError, brings_an_unknown_type_as_text) {
  try {
    detail::rethrow_remote(encoded(Unknown("mine")));
    ADD_FAILURE();
  } catch (const std::exception& e) {
    const auto* error = dynamic_cast<const RemoteError*>(&e);
    ASSERT_NE(error, nullptr);
    EXPECT_NE(error->context().type.find("Unknown"), std::string::npos);
    EXPECT_EQ(error->context().text, "mine");
    EXPECT_NE(std::string(error->what()).find("mine"), std::string::npos);
  }
}

TEST(RemoteError, brings_what_is_no_exception_class) {
  for (int kind = 0; kind < 3; ++kind) {
    VectorEncoder out;
    try {
      if (kind == 0) throw 42;
      if (kind == 1) throw "words";
      throw std::string("words");
    } catch (...) { detail::encode_current_exception(out, "", ""); }
    try {
      detail::rethrow_remote(out.take());
    } catch (const RemoteError& e) { EXPECT_EQ(e.context().text, kind == 0 ? "42" : "words"); }
  }
}

struct ByText : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ByFields {
  int code;
  std::string where;
};
struct Picky : std::runtime_error {
  explicit Picky(const std::string& text) : std::runtime_error(text) {
    if (text == "refuse") throw std::invalid_argument("no");
  }
};
TEST(RemoteError, carries_registered_types) {
  register_exception<ByText>();
  register_exception<ByFields>();
  expect_same(ByText("text"));
  try {
    detail::rethrow_remote(encoded(ByFields{7, "here"}));
  } catch (const ByFields& e) {
    EXPECT_EQ(e.code, 7);
    EXPECT_EQ(e.where, "here");
  }
}

TEST(RemoteError, stays_a_remote_error_when_the_types_constructor_refuses) {
  register_exception<Picky>();
  VectorEncoder out;
  try {
    throw Picky("accept");
  } catch (...) { detail::encode_current_exception(out, "p", ""); }
  auto bytes = out.take();
  EXPECT_THROW(detail::rethrow_remote(bytes), Picky);
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto at = text.find("accept");
  ASSERT_NE(at, std::string::npos);
  std::memcpy(bytes.data() + at, "refuse", 6);
  EXPECT_THROW(detail::rethrow_remote(bytes), RemoteError);
}

// Neither has a virtual function, so that in a Remote the pointer of the other base comes first.
struct Plain {
  long code;
  std::string where;
};
struct PlainText {
  std::string text;
  explicit PlainText(std::string words) : text(std::move(words)) {}
};

// What is thrown by `raise` and then handed on by so many processes.
std::vector<std::byte> handed_on(void (*raise)(), int hops) {
  VectorEncoder out;
  try {
    raise();
  } catch (...) { detail::encode_current_exception(out, "worker-1", "task 7"); }
  auto bytes = out.take();
  for (int hop = 0; hop < hops; ++hop) {
    VectorEncoder next;
    try {
      detail::rethrow_remote(bytes);
    } catch (...) { detail::encode_current_exception(next, "relay", ""); }
    bytes = next.take();
  }
  return bytes;
}

TEST(RemoteError, carries_a_type_without_virtual_functions_over_several_hops) {
  register_exception<Plain>();
  register_exception<PlainText>();
  for (int hops = 0; hops < 3; ++hops) {
    try {
      detail::rethrow_remote(handed_on([] { throw Plain{7, "a place whose name is long"}; }, hops));
      ADD_FAILURE();
    } catch (const Plain& e) {
      EXPECT_EQ(e.code, 7) << hops;
      EXPECT_EQ(e.where, "a place whose name is long") << hops;
    }
  }
}

// The types and texts of an exception and of those within it, outermost first, as a program takes them apart.
void take_apart(const RemoteException& e, std::vector<std::string>& levels) {
  levels.push_back(e.context().type + ": " + e.context().text);
  try {
    std::rethrow_if_nested(e);
  } catch (const RemoteException& inner) { take_apart(inner, levels); }
}
std::vector<std::string> levels_of(const std::vector<std::byte>& bytes) {
  std::vector<std::string> levels;
  try {
    detail::rethrow_remote(bytes);
  } catch (const RemoteException& e) { take_apart(e, levels); }
  return levels;
}

template <class Outer>
void nest(const Outer& outer, void (*inner)()) {
  try {
    inner();
  } catch (...) { std::throw_with_nested(outer); }
}
struct OwnNesting : std::runtime_error, std::nested_exception {
  using std::runtime_error::runtime_error;
};

TEST(RemoteError, carries_what_is_nested_in_it) {
  register_exception<ByText>();
  register_exception<Plain>();
  const auto three = [] {
    nest(ByText("outer"), [] { nest(Plain{7, "middle"}, [] { throw std::out_of_range("in"); }); });
  };
  for (int hops = 0; hops < 3; ++hops) {
    auto bytes = handed_on(three, hops);
    auto levels = levels_of(bytes);
    ASSERT_EQ(levels.size(), 3u) << hops;
    EXPECT_TRUE(levels[0].ends_with("::ByText: outer")) << levels[0];
    EXPECT_TRUE(levels[1].ends_with("::Plain: ")) << levels[1];
    EXPECT_EQ(levels[2], "std::out_of_range: in");
    // Each by its own type, and with its own fields.
    try {
      detail::rethrow_remote(bytes);
    } catch (const ByText& outer) {
      EXPECT_STREQ(outer.what(), "outer");
      EXPECT_EQ(dynamic_cast<const RemoteException&>(outer).context().process, "worker-1");
      try {
        std::rethrow_if_nested(outer);
        ADD_FAILURE();
      } catch (const Plain& middle) {
        EXPECT_EQ(middle.code, 7);
        EXPECT_EQ(middle.where, "middle");
      }
    }
  }
}

TEST(RemoteError, carries_what_is_nested_whatever_its_type) {
  EXPECT_EQ(
      levels_of(handed_on([] { nest(std::system_error(ENOENT, std::generic_category(), "s"), [] { throw 42; }); }, 2)),
      (std::vector<std::string>{"std::system_error: s: No such file or directory", "int: 42"}));
  EXPECT_EQ(levels_of(handed_on([] { nest(StateError("op", "it", "no"), [] { throw "words"; }); }, 1)),
            (std::vector<std::string>{"cohort::StateError: op: it: no", "char const*: words"}));
  auto unknown = levels_of(handed_on([] { nest(Unknown("u"), [] { throw std::bad_alloc(); }); }, 1));
  ASSERT_EQ(unknown.size(), 2u);
  EXPECT_TRUE(unknown[0].ends_with("::Unknown: u")) << unknown[0];
  EXPECT_TRUE(unknown[1].starts_with("std::bad_alloc: ")) << unknown[1];
  // A class of the user's that nests, which throw_with_nested() throws as it is.
  auto own = levels_of(handed_on(
      [] {
        try {
          throw std::range_error("r");
        } catch (...) { throw OwnNesting("own"); }
      },
      1));
  ASSERT_EQ(own.size(), 2u);
  EXPECT_TRUE(own[0].ends_with("::OwnNesting: own")) << own[0];
  EXPECT_EQ(own[1], "std::range_error: r");
}

TEST(RemoteError, nests_nothing_where_nothing_was_nested) {
  // Also while another exception is being handled here: that one has nothing to do with it.
  auto bytes = handed_on([] { throw std::runtime_error("alone"); }, 1);
  try {
    throw std::logic_error("ours");
  } catch (const std::logic_error&) { EXPECT_EQ(levels_of(bytes).size(), 1u); }
  // throw_with_nested() where nothing is being handled keeps a null pointer, which has no level.
  auto empty = handed_on([] { std::throw_with_nested(std::runtime_error("empty")); }, 1);
  EXPECT_EQ(levels_of(empty), std::vector<std::string>{"std::runtime_error: empty"});
}

void nest_deeper(int levels) {
  if (levels == 1) throw std::runtime_error("1");
  try {
    nest_deeper(levels - 1);
  } catch (...) { std::throw_with_nested(std::runtime_error(std::to_string(levels))); }
}
TEST(RemoteError, carries_sixteen_levels_and_leaves_deeper_ones) {
  auto bytes = handed_on([] { nest_deeper(40); }, 1);
  auto levels = levels_of(bytes);
  ASSERT_EQ(levels.size(), 16u);
  EXPECT_EQ(levels.front(), "std::runtime_error: 40");
  EXPECT_EQ(levels.back(), "std::runtime_error: 25");
  // Bytes of anybody that say that there are more.
  std::vector<std::byte> forged;
  auto one = handed_on([] { throw std::runtime_error("1"); }, 0);
  one.back() = std::byte{1};
  for (int level = 0; level < 5000; ++level) forged.insert(forged.end(), one.begin(), one.end());
  EXPECT_EQ(levels_of(forged).size(), 16u);
}

TEST(RemoteError, survives_any_cut_and_any_flipped_byte_of_what_is_nested) {
  const auto bytes =
      handed_on([] { nest(std::runtime_error("outer"), [] { throw OsError(ENOENT, "open", "/f"); }); }, 0);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_FALSE(levels_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at)}).empty()) << at;
    auto flipped = bytes;
    flipped[at] ^= std::byte{0x81};
    EXPECT_FALSE(levels_of(flipped).empty()) << at;
  }
}

struct Endless : std::exception {
  std::string text = std::string((64u << 10) + 1, 'x');
  [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
};
TEST(RemoteError, cuts_a_text_that_is_longer_than_64_kibibytes) {
  void (*const raises[])() = {
      [] { throw std::runtime_error(std::string(64u << 10, 'x')); },
      [] { throw std::runtime_error(std::string((64u << 10) + 1, 'x')); },
      [] { throw std::string(5u << 20, 'x'); },
      [] { throw Endless(); },
      [] {
        static const std::string words(std::size_t{1} << 20, 'x');
        throw words.c_str();
      },
  };
  for (std::size_t which = 0; which < std::size(raises); ++which) {
    for (int hops = 0; hops < 2; ++hops) {
      try {
        detail::rethrow_remote(handed_on(raises[which], hops));
        ADD_FAILURE();
      } catch (const RemoteException& e) {
        std::string expected(64u << 10, 'x');
        if (which != 0) expected += " [cut]";
        EXPECT_TRUE(e.context().text == expected) << which << ": " << e.context().text.size() << " bytes";
      }
    }
  }
}

struct NullText : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};
template <class Refusal>
struct Refuses : std::runtime_error {
  explicit Refuses(const std::string& text) : std::runtime_error(text) {
    if (text == "refuse" || text.empty()) throw Refusal();
  }
};
TEST(RemoteError, stays_a_remote_error_whatever_a_constructor_refuses_with) {
  register_exception<Refuses<NullText>>();
  register_exception<Refuses<int>>();
  for (const char* text : {"refuse", ""}) {
    for (const char* type : {typeid(Refuses<NullText>).name(), typeid(Refuses<int>).name()}) {
      VectorEncoder out;
      for (const char* field : {type, "type", text, "trace"}) Codec<std::string>::encode(out, field);
      out.write_raw(std::int32_t{1});
      for (const char* field : {"process", "task"}) Codec<std::string>::encode(out, field);
      out.write_raw(std::uint64_t{0});
      out.write_raw(std::uint8_t{0});
      EXPECT_THROW(detail::rethrow_remote(out.take()), RemoteError);
    }
  }
}

TEST(RemoteError, keeps_type_and_origin_over_several_hops) {
  auto bytes = encoded(std::out_of_range("far"));
  for (int hop = 0; hop < 3; ++hop) {
    VectorEncoder out;
    try {
      detail::rethrow_remote(bytes);
    } catch (...) { detail::encode_current_exception(out, "relay", "other task"); }
    bytes = out.take();
  }
  try {
    detail::rethrow_remote(bytes);
    ADD_FAILURE();
  } catch (const std::out_of_range& e) {
    EXPECT_STREQ(e.what(), "far");
    const auto& context = dynamic_cast<const RemoteException&>(e).context();
    EXPECT_EQ(context.type, "std::out_of_range");
    EXPECT_EQ(context.process, "worker-1");
    EXPECT_EQ(context.task, "task 7");
  } catch (const std::exception& e) { ADD_FAILURE() << e.what(); }
}

TEST(RemoteError, survives_any_cut_and_any_flipped_byte) {
  auto bytes = encoded(OsError(ENOENT, "open", "/no/file"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(detail::rethrow_remote(cut), RemoteException) << size;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto flipped = bytes;
    flipped[at] ^= std::byte{0x81};
    EXPECT_THROW(detail::rethrow_remote(flipped), RemoteException) << at;
  }
}

}  // namespace

// Named, visible and not inlined, so that the trace can name it.
[[gnu::noinline]] void throw_for_the_trace() { throw std::out_of_range("far"); }

namespace {

TEST(RemoteError, has_the_stack_of_the_throw) {
  VectorEncoder out;
  try {
    os::call_with_trace([](void*) { throw_for_the_trace(); }, nullptr);
  } catch (...) { detail::encode_current_exception(out, "p", ""); }
  try {
    detail::rethrow_remote(out.take());
  } catch (const RemoteException& e) {
    EXPECT_EQ(e.context().trace.rfind("  #0 ", 0), 0u) << e.context().trace;
    EXPECT_NE(e.context().trace.find("+0x"), std::string::npos);
  }
}

TEST(RemoteError, has_no_trace_of_an_exception_that_was_caught_inside) {
  os::call_with_trace(
      [](void*) {
        try {
          throw_for_the_trace();
        } catch (const std::exception&) {}
      },
      nullptr);
  EXPECT_TRUE(os::take_trace().frames.empty());
}

}  // namespace
}  // namespace cohort
