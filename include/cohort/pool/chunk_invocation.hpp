// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a worker applies a callable to many items: in place, or decoded and encoded one by one.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "cohort/base/one_process.hpp"
#include "cohort/wire/call_refusals.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort::detail {

/// The parameter that a map's callable takes for items of type Item.
template <class F, class Item>
struct MapParameter {
  template <class Parameters>
  struct Only {
    static_assert(!std::is_same_v<Parameters, Parameters>,
                  "cohort: map calls its function with one argument; for several use starmap");
  };
  template <class P>
  struct Only<ParameterList<P>> {
    using Type = P;
  };
  using Type = typename Only<typename CallParameters<F, Item>::Type>::Type;
};

/// What a range hands out, as the argument of a call.
template <class Range>
using ItemOf = std::conditional_t<std::is_reference_v<std::ranges::range_reference_t<Range>>,
                                  std::ranges::range_reference_t<Range>, std::ranges::range_value_t<Range>>;

/// Parameters of a callable that map can use: one, or those of a generic one.
template <class Parameters>
inline constexpr bool takes_one = std::is_void_v<Parameters>;
template <class P>
inline constexpr bool takes_one<ParameterList<P>> = true;

/// Refuses at compile time a map that cannot be made; `value` is then false.
template <class F, class Range>
struct RequireMap {
  static constexpr bool kIsRange = std::ranges::input_range<Range>;
  static constexpr bool check() {
    if constexpr (!kIsRange) {
      static_assert(kIsRange, "cohort: map takes the function first, then a range of the arguments");
      return false;
    } else if constexpr (!takes_one<typename ParametersOf<F>::Type>) {
      static_assert(takes_one<typename ParametersOf<F>::Type>,
                    "cohort: map calls its function with one argument; for several use starmap");
      return false;
    } else {
      return RequireAnswer<F, ItemOf<Range>>::value;
    }
  }
  static constexpr bool value = check();
};

template <class F, class Tuple>
struct RequireApplied;
template <class F, template <class...> class Tuple, class... Items>
  requires requires { std::tuple_size<Tuple<Items...>>::value; }
struct RequireApplied<F, Tuple<Items...>> {
  static constexpr bool check() {
    if constexpr (!all_travel<Tuple<Items...>>())
      return false;
    else
      return RequireAnswer<F, Items...>::value;
  }
  static constexpr bool value = check();
};
template <class F, class Item, std::size_t n>
struct RequireApplied<F, std::array<Item, n>> {
  template <std::size_t... i>
  static constexpr bool check(std::index_sequence<i...>) {
    return RequireAnswer<F, std::tuple_element_t<i, std::array<Item, n>>...>::value;
  }
  static constexpr bool value = check(std::make_index_sequence<n>{});
};

template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; };

/// RequireMap for starmap, whose items are tuples of arguments.
template <class F, class Range>
struct RequireStarmap {
  static constexpr bool kIsRange = std::ranges::input_range<Range>;
  static constexpr bool check() {
    if constexpr (!kIsRange) {
      static_assert(kIsRange, "cohort: starmap takes the function first, then a range of tuples of arguments");
      return false;
    } else if constexpr (!TupleLike<std::decay_t<std::ranges::range_value_t<Range>>>) {
      static_assert(TupleLike<std::decay_t<std::ranges::range_value_t<Range>>>,
                    "cohort: starmap takes a range of tuples of arguments; for one argument an item use map");
      return false;
    } else {
      return RequireApplied<F, std::decay_t<std::ranges::range_value_t<Range>>>::value;
    }
  }
  static constexpr bool value = check();
};

/// What calling F with a P gives; references and const taken off.
template <class F, class P>
using MapResult = std::remove_cvref_t<std::invoke_result_t<F&, P>>;

/// Values and results are plain bytes, so nothing needs to be encoded. (Not bool: std::vector<bool> is not a range of
/// bools in memory.)
template <class P, class R>
concept InPlace = is_bitwise_encodable<StoredType<P>> && (std::is_void_v<R> || is_bitwise_encodable<R>) &&
                  !std::same_as<R, bool> && !std::same_as<StoredType<P>, bool>;

/// The items lie in memory one after the other already.
template <class Range, class Item>
concept ItemsInMemory = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
                        std::same_as<std::ranges::range_value_t<Range>, Item>;

/// R, or char for void, which may not be pointed to as an array's item.
template <class R>
using OrChar = std::conditional_t<std::is_void_v<R>, char, R>;

/// A result as it is kept: void ones are counted.
template <class R>
using ResultOf = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

/// Calls f with an argument in the process that `here` was made in; a copy that the call makes of it ends here.
template <class P, class F, class Item>
decltype(auto) call_in(const OneProcess& here, F& f, Item& item) {
  decltype(auto) result = std::invoke(f, pass_argument<P>(item));
  here.go_on();
  return result;
}
template <class P, class F, class Item>
  requires std::is_void_v<std::invoke_result_t<F&, P>>
void call_in(const OneProcess& here, F& f, Item& item) {
  std::invoke(f, pass_argument<P>(item));
  here.go_on();
}

template <class F, class P, class R>
struct RangeInvocation {
  using Item = StoredType<P>;

  static void call(Decoder& state, const std::byte* input, std::byte* output, std::size_t count) {
    F f = decode_state<F>(state);
    state.expect_end();
    call_each(f, reinterpret_cast<const Item*>(input), reinterpret_cast<OrChar<R>*>(output), count);
  }

  static void call_each(F& f, const Item* __restrict in, [[maybe_unused]] OrChar<R>* __restrict out,
                        std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const OneProcess here;
      Item item = in[i];
      if constexpr (std::is_void_v<R>)
        call_in<P>(here, f, item);
      else
        out[i] = call_in<P>(here, f, item);
    }
  }

  static inline CallableDescriptor descriptor{static_cast<CallableDescriptor::CallRange>(&call),
                                              type_name<RangeInvocation>(), callable_name<F>()};
};

/// The number of results that a worker says it wrote. Void ones have no bytes that would bound it.
/// @throws DecodeError  none, or more than a chunk has items
inline std::size_t read_result_count(Decoder& in, std::size_t most) {
  auto count = in.read_raw<std::uint64_t>();
  if (count == 0 || count > most) in.fail("a chunk came back with another number of results");
  return static_cast<std::size_t>(count);
}

/// Appends the results of one chunk.
template <class R>
void decode_results(Decoder& in, std::size_t count, std::vector<ResultOf<R>>& results) {
  if constexpr (std::is_void_v<R>)
    results.resize(results.size() + count);
  else
    for (std::size_t i = 0; i < count; ++i) results.push_back(Codec<R>::decode(in));
}

template <class F, class P, class R>
struct ChunkInvocation {
  using Item = StoredType<P>;

  /// in: state, number of items, items. out: number of results, and unless they are void the results.
  static void call(Decoder& in, Encoder& out) {
    F f = decode_state<F>(in);
    auto count = in.read_raw<std::uint64_t>();
    out.write_raw(count);
    for (std::uint64_t i = 0; i < count; ++i) call_with_next(f, in, out);
    in.expect_end();
  }

  static void call_with_next(F& f, Decoder& in, Encoder& out) {
    const OneProcess here;
    Item item = Codec<Item>::decode(in);
    here.go_on();
    answer(here, f, item, out);
  }
  static void answer(const OneProcess& here, F& f, Item& item, Encoder& out) {
    if constexpr (std::is_void_v<R>) {
      call_in<P>(here, f, item);
    } else {
      Codec<R>::encode(out, call_in<P>(here, f, item));
      here.go_on();
    }
  }

  static inline CallableDescriptor descriptor{static_cast<CallableDescriptor::Call>(&call),
                                              type_name<ChunkInvocation>(), callable_name<F>()};
};

/// The results of a map, in order.
template <class R>
struct MapResults {
  static constexpr std::size_t kBytes = sizeof(R);
  std::vector<R> values;

  void operator()(const std::byte* place, std::size_t count) {
    const R* first = reinterpret_cast<const R*>(place);
    values.assign(first, first + count);
  }
  void operator()(Decoder& in, std::size_t count) { decode_results<R>(in, count, values); }
  [[nodiscard]] std::vector<R> take() { return std::move(values); }
};
template <>
struct MapResults<void> {
  static constexpr std::size_t kBytes = 0;

  void operator()(const std::byte*, std::size_t) {}
  void operator()(Decoder&, std::size_t) {}
  void take() {}
};

/// Writes the state of a callable.
template <class F>
struct StateOf {
  const F& f;
  void operator()(Encoder& out) const { encode_state(out, f); }
};

/// The items of a range one after the other in memory: the range itself where they lie so, else a vector.
template <class Item, class Range>
decltype(auto) contiguous_items(Range& range) {
  if constexpr (ItemsInMemory<Range, Item>) {
    return std::span<const Item>(std::ranges::data(range), std::ranges::size(range));
  } else {
    std::vector<Item> items;
    if constexpr (std::ranges::sized_range<Range>) items.reserve(std::ranges::size(range));
    for (auto&& item : range) items.push_back(static_cast<Item>(std::forward<decltype(item)>(item)));
    return items;
  }
}

/// The items of a range in something that can be indexed: the range itself where it can, else a vector.
template <class Item, class Range>
decltype(auto) materialize(Range& range) {
  if constexpr (std::ranges::random_access_range<Range> && std::ranges::sized_range<Range> &&
                std::is_same_v<std::ranges::range_value_t<Range>, Item> && requires {
                  std::as_const(range)[0];
                  std::as_const(range).size();
                }) {
    return std::as_const(range);
  } else {
    std::vector<Item> items;
    if constexpr (std::ranges::sized_range<Range>) items.reserve(std::ranges::size(range));
    for (auto&& item : range) items.push_back(Item(std::forward<decltype(item)>(item)));
    return items;
  }
}

/// Calls F with the elements of a tuple: starmap.
template <class F, class Tuple>
struct Applied {
  [[no_unique_address]] F f;
  decltype(auto) operator()(Tuple arguments) { return std::apply(f, std::move(arguments)); }
};

}  // namespace cohort::detail

/// The state of a starmap's callable is that of the callable that it applies.
template <class F, class Tuple>
struct cohort::Codec<cohort::detail::Applied<F, Tuple>> {
  static void encode(Encoder& out, const detail::Applied<F, Tuple>& value) { detail::encode_state(out, value.f); }
  static detail::Applied<F, Tuple> decode(Decoder& in) { return {detail::decode_state<F>(in)}; }
};
