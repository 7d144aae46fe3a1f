// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/callable.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cohort/base/error.hpp"
#include "os/module.hpp"

namespace cohort {
namespace {

int square(int x) { return x * x; }
int add(int a, int b) noexcept { return a + b; }
std::string join(std::string_view a, const std::string& b, const char* c) { return std::string(a) + b + c; }
int sum(std::span<const int> values) {
  int total = 0;
  for (int v : values) total += v;
  return total;
}
struct Scale {
  double factor;
  double operator()(double x) const { return factor * x; }
};
struct Counter {
  int n;
  int plus(int m) const { return n + m; }
};
struct Generic {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};

// What a worker does with an id and bytes.
template <class R, class F, class... Args>
R call_elsewhere(F f, Args... arguments) {
  using Parameters = typename detail::CallParameters<F, Args...>::Type;
  return []<class... P>(detail::ParameterList<P...>, F& callable, auto&&... given) -> R {
    using Call = detail::Invocation<F, true, detail::ParameterList<P...>>;
    CallableId id = Call::descriptor.id();
    typename Call::Stored stored(std::forward<decltype(given)>(given)...);
    VectorEncoder request;
    detail::encode_state(request, callable);
    Call::encode_arguments(request, stored);
    auto bytes = request.take();
    Decoder in(bytes);
    VectorEncoder reply;
    resolve_callable(id).call()(in, reply);
    if constexpr (!std::is_void_v<R>) return decode<R>(reply.take());
  }(Parameters{}, f, arguments...);
}

TEST(Callable, works_as_a_compile_time_function) {
  EXPECT_EQ(call_elsewhere<int>(fn<square>, 7), 49);
  EXPECT_EQ(call_elsewhere<int>(fn<add>, 1, 2), 3);
  EXPECT_EQ(call_elsewhere<int>(fn<&Counter::plus>, Counter{4}, 5), 9);
}
TEST(Callable, works_as_a_lambda_without_captures) {
  EXPECT_EQ(call_elsewhere<int>([](int x) { return x + 1; }, 7), 8);
}
TEST(Callable, works_as_an_object_with_state) { EXPECT_EQ(call_elsewhere<double>(Scale{2.5}, 4.0), 10.0); }
TEST(Callable, works_as_a_plain_function_pointer) { EXPECT_EQ(call_elsewhere<int>(&square, 6), 36); }
TEST(Callable, works_as_a_generic_object) {
  EXPECT_EQ(call_elsewhere<std::string>(Generic{}, std::string("a"), std::string("b")), "ab");
}
TEST(Callable, gives_views_owners_on_the_way) {
  EXPECT_EQ(call_elsewhere<std::string>(fn<join>, "a", "b", "c"), "abc");
  EXPECT_EQ(call_elsewhere<int>(fn<sum>, std::vector<int>{1, 2, 3}), 6);
}
TEST(Callable, converts_arguments_to_the_parameters_types) { EXPECT_EQ(call_elsewhere<double>(Scale{2}, 3), 6.0); }

using Square = detail::Invocation<Function<square>, true, detail::ParameterList<int>>;
using Other = detail::Invocation<Function<add>, true, detail::ParameterList<int, int>>;

TEST(CallableId, names_the_same_descriptor_again) {
  CallableId id = Square::descriptor.id();
  EXPECT_EQ(&resolve_callable(id), &Square::descriptor);
  EXPECT_EQ(id.module, os::program_module().build_id);
  EXPECT_EQ(callable_module_path(id), "");
  EXPECT_NE(id, Other::descriptor.id());
}

TEST(CallableId, of_another_build_is_refused) {
  CallableId id = Square::descriptor.id();
  id.module[0] ^= std::byte{1};
  EXPECT_THROW((void)resolve_callable(id), IncompatibleError);
}

TEST(CallableId, of_another_signature_is_refused) {
  CallableId id = Square::descriptor.id();
  id.signature = Other::descriptor.signature();
  EXPECT_THROW((void)resolve_callable(id), DecodeError);
}

TEST(CallableId, that_names_no_descriptor_is_refused) {
  CallableId id = Square::descriptor.id();
  for (std::uint64_t wild : {std::uint64_t{0}, id.offset + 1, id.offset - 8, std::uint64_t{1} << 40, ~std::uint64_t{0},
                             ~std::uint64_t{0} - 4096}) {
    CallableId bad = id;
    bad.offset = wild;
    EXPECT_THROW((void)resolve_callable(bad), DecodeError) << wild;
  }
}

TEST(CallableId, of_all_zeroes_is_refused) { EXPECT_THROW((void)resolve_callable(CallableId{}), Error); }

TEST(FunctionPointer, outside_the_text_is_refused) {
  VectorEncoder out;
  detail::encode_function(out, reinterpret_cast<detail::AnyFunction>(&square));
  auto bytes = out.take();
  Decoder good(bytes);
  EXPECT_EQ(reinterpret_cast<int (*)(int)>(detail::decode_function(good))(3), 9);
  static int data = 7;
  auto place = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&data) - os::program_module().base);
  for (std::uint64_t wild : {place, std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 50}) {
    std::memcpy(bytes.data() + 16, &wild, sizeof wild);
    Decoder in(bytes);
    EXPECT_THROW((void)detail::decode_function(in), DecodeError) << wild;
  }
  bytes[0] ^= std::byte{1};
  Decoder in(bytes);
  EXPECT_THROW((void)detail::decode_function(in), IncompatibleError);
}

TEST(FunctionPointer, that_is_null_or_made_at_run_time_is_refused) {
  VectorEncoder out;
  EXPECT_THROW(detail::encode_function(out, nullptr), EncodeError);
  std::vector<char> heap(16);
  EXPECT_THROW(detail::encode_function(out, reinterpret_cast<detail::AnyFunction>(heap.data())), EncodeError);
}

TEST(FunctionPointer, into_a_shared_library_travels) {
  double (*cosine)(double) = std::cos;
  EXPECT_EQ(call_elsewhere<double>(cosine, 0.0), 1.0);
}

TEST(Callable, refuses_bytes_that_are_too_few_or_too_many) {
  VectorEncoder out;
  Codec<int>::encode(out, 7);
  Codec<int>::encode(out, 8);
  auto bytes = out.take();
  VectorEncoder reply;
  Decoder many(bytes);
  EXPECT_THROW(Square::descriptor.call()(many, reply), DecodeError);
  Decoder none(std::span<const std::byte>{});
  EXPECT_THROW(Square::descriptor.call()(none, reply), DecodeError);
}

}  // namespace
}  // namespace cohort
