// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The rows that every variant of this scenario fills: each size in each shape, and each there and back. A variant is
//
//   struct Variant {
//     static constexpr std::uint64_t kShare;     // how many of kSmall's messages it gets, in parts of 64
//     static constexpr std::size_t kMostBytes;   // largest message that it carries
//     template <std::size_t n> struct Small {
//       Small(std::size_t depth, bool awake, int pairs);
//       void put(const Message<n>&); void get(Message<n>&); void end();
//     };
//     struct Large {
//       Large(std::size_t bytes, std::size_t depth, bool awake, int pairs);
//       void put(const Words&); void get(Words&); void end();
//     };
//   };
//
// An instance is made before the processes are forked that use it: `pairs` producers and as many consumers, which call
// end() last. `awake`: they look for a while before they sleep.
#pragma once

#include <cstring>

#include "flow.hpp"

namespace queue_bench {

using namespace std::chrono_literals;
using Words = std::vector<std::uint64_t>;

struct Shape {
  const char* name;
  int pairs;
};
inline constexpr Shape kShapes[] = {{"1 to 1", 1}, {"2 to 2", 2}, {"8 to 8", 8}};

inline std::string row(const char* size, const Shape& shape) { return std::string(size) + ", " + shape.name; }

/// Messages a second of a small size, in each shape.
template <class V, std::size_t n>
void small_rates(const char* name, std::size_t depth, std::uint64_t total) {
  total = std::max<std::uint64_t>(total / 64 * V::kShare, 6400) / 64 * 64;
  for (const Shape& shape : kShapes) {
    typename V::template Small<n> queue(depth, true, shape.pairs);
    measure::report(row(name, shape), "/s",
                    {flow(
                        shape.pairs, shape.pairs, total,
                        [&](std::uint64_t k) {
                          Message<n> message{};
                          message.words[0] = k;
                          queue.put(message);
                        },
                        [&] {
                          Message<n> message;
                          queue.get(message);
                          return message.words[0];
                        },
                        kNothing, [&] { queue.end(); })});
    if (shape.pairs == 8) measure::report(row(name, shape) + ", slowest", "of mean", {slowest_of_mean});
  }
}

/// Bytes a second of a large size, from a buffer of the producer to one of the consumer, in each shape.
template <class V>
void large_rates(const char* name, std::size_t bytes, std::uint64_t total) {
  for (const Shape& shape : kShapes) {
    typename V::Large queue(bytes, 4, true, shape.pairs);
    Words out(bytes / 8, 1), in(bytes / 8);
    double rate = flow(
        shape.pairs, shape.pairs, total,
        [&](std::uint64_t k) {
          out[0] = k;
          queue.put(out);
        },
        [&] {
          queue.get(in);
          return in[0];
        },
        // A process has its buffers for itself before the clock starts.
        [&] {
          std::fill(out.begin(), out.end(), 1);
          std::fill(in.begin(), in.end(), 1);
        },
        [&] { queue.end(); });
    measure::report(row(name, shape), "B/s", {rate * static_cast<double>(bytes)});
  }
}

/// Both ways of waiting: at once one after the other, so that both sides find each other looking; and with a pause
/// before each, so that both sleep in the kernel.
template <class Trips>
void both_trips(const char* name, int awake, int asleep, Trips&& trips) {
  report_round_trips(std::string("round trip ") + name + ", awake", trips(true, awake, 0us));
  report_round_trips(std::string("round trip ") + name + ", asleep", trips(false, asleep, 2000us));
}

template <class V, std::size_t n>
void small_trips(const char* name, int count) {
  count = std::max<int>(static_cast<int>(static_cast<std::uint64_t>(count) / 64 * V::kShare), 2000);
  both_trips(name, count, 200, [](bool awake, int times, std::chrono::microseconds pause) {
    typename V::template Small<n> there(64, awake, 1), back(64, awake, 1);
    Message<n> request{}, answer{};
    return round_trips(
        times, pause,
        [&](std::uint64_t k) {
          request.words[0] = k;
          there.put(request);
          back.get(answer);
          if (answer.words[0] != k) std::_Exit(4);
        },
        [&] {
          there.get(answer);
          back.put(answer);
        },
        [&] {
          there.end();
          back.end();
        });
  });
}

template <class V>
void large_trips(const char* name, std::size_t bytes, int awake, int asleep) {
  both_trips(name, awake, asleep, [bytes](bool is_awake, int times, std::chrono::microseconds pause) {
    typename V::Large there(bytes, 2, is_awake, 1), back(bytes, 2, is_awake, 1);
    Words request(bytes / 8, 1), answer(bytes / 8);
    return round_trips(
        times, pause,
        [&](std::uint64_t k) {
          request[0] = k;
          there.put(request);
          back.get(answer);
          if (answer[0] != k) std::_Exit(4);
        },
        [&] {
          there.get(answer);
          back.put(answer);
        },
        [&] {
          there.end();
          back.end();
        });
  });
}

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

/// All of it. `only` names a group: small, large, trips; nullptr: all.
template <class V>
void fill_rows(const char* only = nullptr) {
  auto wanted = [&](const char* group) { return only == nullptr || std::strcmp(only, group) == 0; };
  if (wanted("small")) {
    small_rates<V, 8>("8 B", 8192, 2'000'000);
    small_rates<V, 64>("64 B", 8192, 2'000'000);
    if constexpr (V::kMostBytes >= 4096) small_rates<V, 4096>("4 KiB", 512, 200'000);
  }
  if (wanted("large")) {
    if constexpr (V::kMostBytes >= kMiB) large_rates<V>("1 MiB, copied in and out", kMiB, 1024);
    if constexpr (V::kMostBytes >= 64 * kMiB) large_rates<V>("64 MiB, copied in and out", 64 * kMiB, 48);
  }
  if (wanted("trips")) {
    small_trips<V, 8>("8 B", 50'000);
    small_trips<V, 64>("64 B", 50'000);
    if constexpr (V::kMostBytes >= 4096) small_trips<V, 4096>("4 KiB", 20'000);
    if constexpr (V::kMostBytes >= kMiB) large_trips<V>("1 MiB", kMiB, 100, 60);
    if constexpr (V::kMostBytes >= 64 * kMiB) large_trips<V>("64 MiB", 64 * kMiB, 6, 6);
  }
}

}  // namespace queue_bench
