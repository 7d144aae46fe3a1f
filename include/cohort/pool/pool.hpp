// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pool: many workers that run tasks.
//
//   cohort::Pool pool({.processes = 4});
//   std::vector<int> squares = pool.map<square>(std::vector{1, 2, 3});
//   auto later = pool.apply_async<square>(20);
//   int n = later.get(1s);                                       // TimeoutError after 1 s; the task goes on
//   for (int y : pool.imap_unordered<square>(std::views::iota(0, 1'000'000))) use(y);
//
// The callable is given as a template argument (`map<square>`, which inlines), or as the first argument: a lambda
// without captures, a function object that the codec can carry, or a function. Arguments are converted to its parameter
// types and copied; values that are plain bytes in contiguous ranges are placed in shared memory and worked on there.
//
// Death: a worker that dies fails only its own task, as WorkerDied, or has it run again when retries are left, and is
// replaced. A task is resolved exactly once, and runs at least once; with retries perhaps more often. Exceptions of
// tasks come back with their type. Workers ignore SIGINT and are daemons; they end with the process that owns the pool,
// however that ends. Destroying a Pool terminates it: running tasks are killed, open results throw PoolBroken, and so
// do calls that other threads are in. It does not wait for tasks.
//
// Threads: any number may use one pool; waiting calls do not hold each other up. Starts the service thread.
// Processes: only the one that made it; in others every call throws StateError. Fork: the copy is not usable.
// Cost: a call and its result 0.5 µs while a worker is awake, 45 µs when it sleeps; a chunk of map 30 ns.
// Python: multiprocessing.Pool; differences stand in docs/from-python.md.
#pragma once

#include <concepts>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/pool/async_result.hpp"
#include "cohort/pool/chunk_invocation.hpp"
#include "cohort/pool/imap.hpp"
#include "cohort/pool/pool_backend.hpp"
#include "cohort/pool/pool_options.hpp"

namespace cohort {

class Pool {
 public:
  /// Starts the workers; does not wait until they are ready.
  /// @throws ValueError  a bad number of processes; and what Process::start throws, with nothing left running
  explicit Pool(PoolOptions options = {}) : core_(detail::make_process_pool(std::move(options))) {}
  /// Pool(4).
  explicit Pool(int processes) : Pool(PoolOptions{.processes = processes}) {}
  Pool(Pool&&) noexcept = default;
  Pool& operator=(Pool&& other) noexcept {
    if (this != &other) {
      if (core_) core_->terminate();
      core_ = std::move(other.core_);
    }
    return *this;
  }
  ~Pool() {
    if (core_) core_->terminate();
  }

  // The templates below constrain nothing: RequireMap and its kin refuse with a sentence, where a constraint would list
  // candidates.

  /// Calls the function once for each item, in the workers, and gives the results in the order of the items.
  ///
  /// Waits for all chunks, also after a failure, then throws the error of the lowest failed chunk.
  /// @throws what a task threw (Remote<E>, RemoteError), WorkerDied, PoolBroken, ClosedError, OutOfFamilyMemory
  template <auto F, class Range>
  auto map(Range&& range, const MapOptions& options = {}) {
    return map(fn<F>, std::forward<Range>(range), options);
  }
  template <class F, class Range>
  auto map(F&& f, Range&& range, const MapOptions& options = {}) {
    if constexpr (detail::RequireMap<std::decay_t<F>, Range>::value)
      return run_map("Pool.map", std::forward<F>(f), std::forward<Range>(range), options);
    else
      return detail::RefusedResult{};
  }

  /// map, but each item is a tuple of arguments.
  template <auto F, class Range>
  auto starmap(Range&& range, const MapOptions& options = {}) {
    return starmap(fn<F>, std::forward<Range>(range), options);
  }
  template <class F, class Range>
  auto starmap(F&& f, Range&& range, const MapOptions& options = {});

  /// A lazy map whose results come as they are ready. Takes the range over when it is an rvalue, else refers to it.
  template <auto F, class Range>
  auto imap_unordered(Range&& range, const ImapOptions& options = {}) {
    return imap_unordered(fn<F>, std::forward<Range>(range), options);
  }
  template <class F, class Range>
  auto imap_unordered(F&& f, Range&& range, const ImapOptions& options = {});

  /// Calls the function in a worker and waits for the result.
  template <auto F, class... Args>
  auto apply(Args&&... arguments) {
    return hand_in({"Pool.apply", "Pool.apply"}, TaskOptions{}, fn<F>, std::forward<Args>(arguments)...).get();
  }
  template <class F, class... Args>
  auto apply(F&& f, Args&&... arguments) {
    return hand_in({"Pool.apply", "Pool.apply"}, TaskOptions{}, std::forward<F>(f), std::forward<Args>(arguments)...)
        .get();
  }
  /// Calls the function in a worker; the result is fetched later.
  template <auto F, class... Args>
  auto apply_async(Args&&... arguments) {
    return hand_in({"Pool.apply_async"}, TaskOptions{}, fn<F>, std::forward<Args>(arguments)...);
  }
  template <class F, class... Args>
  auto apply_async(F&& f, Args&&... arguments) {
    return hand_in({"Pool.apply_async"}, TaskOptions{}, std::forward<F>(f), std::forward<Args>(arguments)...);
  }
  /// apply_async with options: `pool.submit<render>({.retries = 2}, page)`.
  template <auto F, class... Args>
  auto submit(const TaskOptions& options, Args&&... arguments) {
    return submit(options, fn<F>, std::forward<Args>(arguments)...);
  }
  template <class F, class... Args>
  auto submit(const TaskOptions& options, F&& f, Args&&... arguments) {
    return hand_in({"Pool.submit"}, options, std::forward<F>(f), std::forward<Args>(arguments)...);
  }
  template <class F, class... Args>
    requires(!std::is_convertible_v<F, TaskOptions>)
  auto submit(F&&, Args&&...) {
    static_assert(
        std::is_convertible_v<F, TaskOptions>,
        "cohort: submit takes TaskOptions first, as in submit({.retries = 2}, f, arguments); apply_async takes none");
    return detail::RefusedResult{};
  }

  /// No more tasks; those handed in are finished, then the workers end. Does not wait.
  void close() { core("Pool.close")->close(); }
  /// Kills the workers; open results throw PoolBroken. Does not wait for tasks.
  void terminate() noexcept {
    if (detail::PoolRef core = core_) core->terminate();
  }
  /// Waits until all workers have ended. True when they have, false when the deadline passed.
  /// @throws StateError  neither close() nor terminate() was called
  bool join(Deadline deadline = Deadline::never()) { return core("Pool.join")->join(deadline); }

  /// The number of workers that the pool keeps.
  [[nodiscard]] int processes() const { return core("Pool.processes")->processes(); }
  /// Process ids of the workers that run now.
  [[nodiscard]] std::vector<int> worker_pids() const { return core("Pool.worker_pids")->worker_pids(); }

 private:
  template <class F, class Range>
  auto run_map(const char* operation, F&& f, Range&& range, const MapOptions& options);
  template <class F, class... Args>
  auto hand_in(const detail::TaskCalls& calls, const TaskOptions& options, F&& f, Args&&... arguments);

  // A reference of the call's own: another thread may destroy this object meanwhile, which ends the call and not what
  // it works with.
  [[nodiscard]] detail::PoolRef core(const char* operation) const {
    if (!core_) detail::throw_moved_from(operation);
    return core_;
  }

  detail::PoolRef core_;
};

// ---------------------------------------------------------------------------------------------------------------------

template <class F, class... Args>
auto Pool::hand_in(const detail::TaskCalls& calls, const TaskOptions& options, F&& f, Args&&... arguments) {
  using Callable = std::decay_t<F>;
  if constexpr (!detail::RequireAnswer<Callable, Args...>::value) {
    return detail::RefusedResult{};
  } else {
    using Call = detail::Invocation<Callable, true, typename detail::CallParameters<Callable, Args...>::Type>;
    using Result = std::decay_t<typename Call::Result>;
    auto encode = [&](Encoder& out) {
      detail::encode_state(out, static_cast<const Callable&>(f));
      Call::encode_arguments(out, typename Call::Stored(std::forward<Args>(arguments)...));
    };
    return AsyncResult<Result>(core(calls.handing_in)->call(Call::descriptor, encode, options, calls));
  }
}

namespace detail {

/// A map whose items and results are plain bytes: both lie in the family memory as they are.
template <class P, class R, class F, class Range>
auto map_in_place(PoolBackend& pool, const char* operation, const F& f, Range& range, const MapOptions& options) {
  auto items = contiguous_items<StoredType<P>>(range);
  MapResults<R> results;
  pool.map(
      RangedMap{&RangeInvocation<F, P, R>::descriptor, StateOf<F>{f}, reinterpret_cast<const std::byte*>(items.data()),
                sizeof(StoredType<P>), MapResults<R>::kBytes, items.size(), results, operation},
      options);
  return results.take();
}

/// A map whose items are encoded one by one. A range of unknown length is drawn once before it is divided.
template <class P, class R, class F, class Range>
auto map_encoded(PoolBackend& pool, const char* operation, const F& f, Range& range, const MapOptions& options) {
  decltype(auto) items = materialize<StoredType<P>>(range);
  auto encode = [&](std::size_t index, Encoder& out) { Codec<StoredType<P>>::encode(out, items[index]); };
  MapResults<R> results;
  pool.map(EncodedMap{&ChunkInvocation<F, P, R>::descriptor, StateOf<F>{f}, items.size(), encode, results, operation},
           options);
  return results.take();
}

}  // namespace detail

template <class F, class Range>
auto Pool::run_map(const char* operation, F&& f, Range&& range, const MapOptions& options) {
  using Callable = std::decay_t<F>;
  using P = typename detail::MapParameter<Callable, std::ranges::range_value_t<Range>>::Type;
  using R = detail::MapResult<Callable, P>;
  const Callable& callable = f;
  if constexpr (detail::InPlace<P, R>)
    return detail::map_in_place<P, R>(*core(operation), operation, callable, range, options);
  else
    return detail::map_encoded<P, R>(*core(operation), operation, callable, range, options);
}

template <class F, class Range>
auto Pool::starmap(F&& f, Range&& range, const MapOptions& options) {
  if constexpr (!detail::RequireStarmap<std::decay_t<F>, Range>::value) {
    return detail::RefusedResult{};
  } else {
    using Applied = detail::Applied<std::decay_t<F>, std::decay_t<std::ranges::range_value_t<Range>>>;
    return run_map("Pool.starmap", Applied{std::forward<F>(f)}, std::forward<Range>(range), options);
  }
}

template <class F, class Range>
auto Pool::imap_unordered(F&& f, Range&& range, const ImapOptions& options) {
  using Callable = std::decay_t<F>;
  if constexpr (!detail::RequireMap<Callable, Range>::value) {
    return detail::RefusedResult{};
  } else {
    using View = std::views::all_t<Range>;
    using P = typename detail::MapParameter<Callable, std::ranges::range_value_t<View>>::Type;
    using R = detail::MapResult<Callable, P>;
    return Imap<View, Callable, P, R>(core("Pool.imap_unordered"), std::views::all(std::forward<Range>(range)),
                                      std::forward<F>(f), options);
  }
}

}  // namespace cohort
