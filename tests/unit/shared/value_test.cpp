// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/value.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/family/family_memory.hpp"
#include "cohort/wire/codec.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace {
struct Matrix {
  Matrix(double a, double b) : items{a, b, a, b} {}
  double items[4];
};
}  // namespace
template <>
inline constexpr bool cohort::may_be_shared<Matrix> = true;

namespace cohort {
namespace {

using namespace std::chrono_literals;

struct Account {
  double balance = 0;
  std::int64_t transfers = 0;
  std::array<char, 12> owner{};
  friend bool operator==(const Account&, const Account&) = default;
};
struct Pair {
  std::int32_t a, b;
};
enum class Color : std::uint8_t { red, green };

Value<double> at_namespace_scope(1.5);

std::uint64_t live(detail::ObjectKind kind) { return object::Objects::instance().count(kind); }

TEST(Value, does_what_the_documents_say) {
  Value<double> num(0.0);
  num += 3.14;
  {
    auto guard = num.lock();
    *guard = *guard * 2;
  }
  EXPECT_EQ(num.load(), 6.28);
  double now = num;
  EXPECT_EQ(now, 6.28);
}

TEST(Value, computes_atomically) {
  Value<int> i(5);
  EXPECT_EQ(i.fetch_add(2), 5);
  EXPECT_EQ(i += 3, 10);
  EXPECT_EQ(i -= 1, 9);
  EXPECT_EQ(++i, 10);
  EXPECT_EQ(i++, 10);
  EXPECT_EQ(i--, 11);
  EXPECT_EQ(--i, 9);
  EXPECT_EQ(i *= 4, 36);
  EXPECT_EQ(i /= 5, 7);
  EXPECT_EQ(i |= 8, 15);
  EXPECT_EQ(i &= 6, 6);
  EXPECT_EQ(i ^= 3, 5);
  EXPECT_EQ(i.exchange(20), 5);
  int expected = 3;
  EXPECT_FALSE(i.compare_exchange(expected, 9));
  EXPECT_EQ(expected, 20);
  EXPECT_TRUE(i.compare_exchange(expected, 9));
  EXPECT_EQ(i.update([](int x) { return x * x; }), 81);
  Value<double> d(0.5);
  EXPECT_EQ(d += 1, 1.5);
  EXPECT_EQ(d.update([](double x) { return x / 2; }), 0.75);
  Value<std::uint8_t> small(250);
  EXPECT_EQ(small += 10, 4);  // wraps
  Value<bool> flag;
  EXPECT_FALSE(flag.exchange(true));
  EXPECT_TRUE(flag.load());
}

TEST(Value, loses_no_update_among_threads) {
  Value<std::int64_t> sum(0);
  Value<double> real(0);
  Value<Account> account(Account{});
  constexpr int kEach = 3'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        sum += 1;
        real += 0.5;
        auto guard = account.lock();
        guard->balance += 1;
        guard->transfers += 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum.load(), 4 * kEach);
  EXPECT_EQ(real.load(), 2.0 * kEach);
  EXPECT_EQ(account.load().balance, 4.0 * kEach);
  EXPECT_EQ(account.load().transfers, 4 * kEach);
}

TEST(Value, of_a_struct_is_never_seen_in_part) {
  Value<std::array<std::int64_t, 40>> value;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::int64_t n = 1; !stop; ++n) {
      std::array<std::int64_t, 40> all;
      all.fill(n);
      value.store(all);
    }
  });
  std::int64_t last = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto seen = value.load();
    for (std::int64_t item : seen) ASSERT_EQ(item, seen[0]);
    ASSERT_GE(seen[0], last);
    last = seen[0];
  }
  stop = true;
  writer.join();
}

TEST(Value, guard_of_a_struct_stores_at_its_end) {
  Value<Account> account(Account{100, 0, {"bob"}});
  {
    auto guard = account.lock();
    guard->balance = 7;
    EXPECT_EQ(account.load().balance, 100);
    guard.commit();
    EXPECT_EQ(account.load().balance, 7);
    (*guard).transfers = 1;
  }
  EXPECT_EQ(account.load(), (Account{7, 1, {"bob"}}));
  {
    auto guard = account.lock();
    guard->balance = 8;
    guard.discard();
  }
  EXPECT_EQ(account.load().balance, 7);
  EXPECT_EQ(account
                .update([](Account a) {
                  a.balance += 1;
                  return a;
                })
                .balance,
            8);
}

TEST(Value, keeps_all_types_that_may_be_shared) {
  Value<Color> color(Color::green);
  EXPECT_EQ(color.load(), Color::green);
  Value<std::chrono::milliseconds> time(5ms);
  { *time.lock() += 1ms; }
  EXPECT_EQ(time.load(), 6ms);
  Value<Pair> pair(Pair{1, 2});
  { pair.lock()->b = 3; }
  EXPECT_EQ(pair.load().b, 3);
  Value<Matrix> matrix(Matrix(1, 2));
  { matrix.lock()->items[2] = 9; }
  EXPECT_EQ(matrix.load().items[2], 9);
  EXPECT_EQ(matrix.load().items[3], 2);
  Value<long double> wide(1.0L);
  wide.store(2.5L);
  EXPECT_EQ(wide.load(), 2.5L);
  Value<char> letter('x');
  EXPECT_EQ(letter.load(), 'x');
  EXPECT_EQ(Value<float>().load(), 0.0F);
  Value deduced(3.5);
  static_assert(std::is_same_v<decltype(deduced), Value<double>>);
}

TEST(Value, refuses_numbers_out_of_range) {
  EXPECT_THROW(Value<int>(std::int64_t{1} << 40), ValueError);
  EXPECT_THROW(Value<std::uint8_t>(-1), ValueError);
  EXPECT_THROW((void)Value<std::int64_t>{std::numeric_limits<std::uint64_t>::max()}, ValueError);
  Value<std::int16_t> value(1);
  EXPECT_THROW(value.store(40'000), ValueError);
  EXPECT_EQ(value.load(), 1);
  value.store(-32'768);
  EXPECT_EQ(value.load(), -32'768);
}

TEST(Value, shares_the_lock_that_it_is_given) {
  RLock lock;
  Value<int> a(1, lock);
  Value<int> b(2, lock);
  EXPECT_EQ(a.get_lock(), lock);
  auto guard = a.lock();
  EXPECT_TRUE(lock.owned());
  std::stop_source source;
  source.request_stop();
  std::thread([&] {
    EXPECT_FALSE(b.try_lock());
    EXPECT_FALSE(b.try_lock(1ms));
    EXPECT_FALSE(b.try_lock(source.get_token()));
    EXPECT_THROW((void)b.lock(1ms), TimeoutError);
    EXPECT_THROW((void)b.lock({source.get_token(), 1h}), Stopped);
  }).join();
  EXPECT_TRUE(b.try_lock());  // recursive
  {
    std::scoped_lock hold(lock);
    ++a;
  }
  EXPECT_EQ(*guard, 2);
}

TEST(Value, raw_form_is_the_same_bytes_without_the_lock) {
  Value<int> value(3);
  RawValue<int> raw = value.get_obj();
  raw += 4;
  EXPECT_EQ(value.load(), 7);
  RLock lock;
  Value<int> again(raw, lock);
  again += 1;
  EXPECT_EQ(raw.load(), 8);
  RawValue<Account> account(Account{1, 2, {}});
  account.store({3, 4, {"x"}});
  EXPECT_EQ(account.load(), (Account{3, 4, {"x"}}));
  RawValue<Account> copy = account.copy();
  copy.store({});
  EXPECT_EQ(account.load().balance, 3);
  EXPECT_EQ(RawValue<int>().load(), 0);
}

TEST(Value, copies_share_and_travel) {
  Value<Account> value(Account{1, 2, {}});
  Value<Account> same = value;
  auto arrived = decode<Value<Account>>(encode(value), DecodeLimits::within_family());
  arrived.store({5, 6, {}});
  EXPECT_EQ(value.load().balance, 5);
  EXPECT_TRUE(arrived.id() == same.id());
  EXPECT_EQ(arrived.get_lock(), value.get_lock());
  EXPECT_EQ(arrived.id(), value.id());
  auto copy = value.copy();
  copy.store({});
  EXPECT_FALSE(copy.id() == value.id());
  EXPECT_EQ(value.load().balance, 5);
}

TEST(Value, refuses_to_arrive_as_another_type) {
  Value<int> value(1);
  EXPECT_THROW((void)decode<Value<double>>(encode(value), DecodeLimits::within_family()), DecodeError);
  EXPECT_THROW((void)decode<Value<float>>(encode(value), DecodeLimits::within_family()), DecodeError);
  EXPECT_THROW((void)decode<Value<unsigned>>(encode(value), DecodeLimits::within_family()), DecodeError);
  EXPECT_THROW((void)decode<Value<Account>>(encode(value), DecodeLimits::within_family()), DecodeError);
}

TEST(Value, null_throws) {
  Value<int> value(1);
  Value<int> moved = std::move(value);
  EXPECT_TRUE(value.is_null());
  EXPECT_THROW((void)value.load(), ClosedError);
  EXPECT_THROW(value += 1, ClosedError);
  EXPECT_THROW((void)value.lock(), ClosedError);
  EXPECT_THROW((void)Value<Account>(null_handle).load(), ClosedError);
  EXPECT_THROW((void)encode(Value<int>(null_handle)), EncodeError);
  EXPECT_EQ(Value<int>(null_handle).id(), 0U);
  EXPECT_EQ(moved.load(), 1);
}

TEST(Value, is_freed_with_its_last_handle) {
  auto before = live(detail::ObjectKind::value);
  auto locks = live(detail::ObjectKind::rlock);
  {
    Value<Account> value;
    auto guard = value.lock();
    EXPECT_EQ(live(detail::ObjectKind::value), before + 1);
  }
  EXPECT_EQ(live(detail::ObjectKind::value), before);
  EXPECT_EQ(live(detail::ObjectKind::rlock), locks);
}

TEST(Value, at_namespace_scope_is_made_at_its_first_use) {
  EXPECT_EQ(at_namespace_scope.load(), 1.5);
  at_namespace_scope += 1;
  EXPECT_EQ(at_namespace_scope.load(), 2.5);
  Value<double> same = at_namespace_scope;
  EXPECT_TRUE(same.id() == at_namespace_scope.id());
}

TEST(Value, poisoned_lock_stops_guards) {
  RLock lock({.on_owner_death = OwnerDeath::poison});
  Value<int> value(1, lock);
  std::thread([lock]() mutable { (void)lock.acquire(); }).join();  // a thread that ends while it holds
  EXPECT_THROW((void)value.lock(), LockOwnerDied);
  ASSERT_TRUE(lock.recover());
  lock.mark_consistent();
  lock.release();
  EXPECT_EQ(*value.lock(), 1);
}

}  // namespace
}  // namespace cohort
