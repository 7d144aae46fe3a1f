// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A value whose kind is known only when the program runs: what a Python program puts into one list or dict.
//
//   Object o = Object::dict({{"name", "bob"}, {"scores", Object::list({1, 2.5, nullptr})}});
//   o["name"].as_text();          // "bob"
//   o["scores"][-1].is_none();    // true
//   o.repr();                     // {'name': 'bob', 'scores': [1, 2.5, None]}
//
// Kinds: none, boolean, integer (64 bits), number (double), text (UTF-8), bytes, list, tuple, dict (keeps the order of
// insertion), set. It is data only: there is no kind that could name a class or call anything. Asking for the wrong
// kind is a KindError that names both.
//
// Objects are values: a copy is deep, where Python's names share. Equality, hashes and text forms are Python's:
// 1 == 1.0 == True, and only hashable kinds (no list, dict, set) are keys.
//
// Threads: as the standard containers, any number of readers or one writer. Codec<Object> carries it between
// processes (docs/formats/codec.md, "Object").
// Python: None, bool, int, float, str, bytes, list, tuple, dict, set.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/export.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {

class ObjectDict;
class ObjectSet;

/// What an Object holds. The numbers are those of the wire.
enum class ObjectKind : std::uint8_t { none, boolean, integer, number, text, bytes, list, tuple, dict, set };

/// The name of a kind, as errors spell it: "dict".
[[nodiscard]] COHORT_EXPORT std::string_view name_of(ObjectKind kind) noexcept;

/// An Object was asked for a kind that it is not. Python: TypeError.
class COHORT_EXPORT KindError : public Error {
 public:
  KindError(std::string_view operation, std::string_view expected, ObjectKind found);
  ~KindError() override;
  KindError(const KindError&) = default;
  KindError& operator=(const KindError&) = default;

  /// What was asked for: "dict", "an integer index", "a hashable kind".
  [[nodiscard]] const std::string& expected() const noexcept { return expected_; }
  /// What the object is.
  [[nodiscard]] ObjectKind found() const noexcept { return found_; }

 private:
  std::string expected_;
  ObjectKind found_;
};

/// A dict has no such key; subject() is its repr. Python: KeyError.
class COHORT_EXPORT KeyError : public Error {
 public:
  using Error::Error;
  ~KeyError() override;
  KeyError(const KeyError&) = default;
  KeyError& operator=(const KeyError&) = default;
};

/// A list or tuple has no such place; subject() is the index. Python: IndexError.
class COHORT_EXPORT IndexError : public Error {
 public:
  using Error::Error;
  ~IndexError() override;
  IndexError(const IndexError&) = default;
  IndexError& operator=(const IndexError&) = default;
};

namespace detail {

/// A value on the heap that is copied with its owner, for types that are not complete yet where they are held.
template <class T>
class Boxed {
 public:
  explicit Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : value_(std::make_unique<T>(*other.value_)) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Boxed() = default;
  T& operator*() const noexcept { return *value_; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace detail

/// A value of one of ten kinds. A moved-from Object is none.
class COHORT_EXPORT Object {
 public:
  using List = std::vector<Object>;
  using Bytes = std::vector<std::byte>;

  Object() noexcept = default;
  // NOLINTBEGIN(google-explicit-constructor): a value is an Object, as it is in Python
  Object(std::nullptr_t) noexcept {}
  Object(std::same_as<bool> auto value) noexcept : value_(std::in_place_type<bool>, value) {}
  /// Any integer that fits in 64 bits with a sign; a larger one throws ValueError. Characters are no integers.
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
             !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>)
  Object(T value) : value_(std::in_place_type<std::int64_t>, static_cast<std::int64_t>(value)) {
    if (!std::in_range<std::int64_t>(value)) { throw_too_large(); }
  }
  Object(std::floating_point auto value) noexcept : value_(std::in_place_type<double>, static_cast<double>(value)) {}
  Object(const char* text) : value_(std::in_place_type<std::string>, text) {}
  Object(std::string_view text) : value_(std::in_place_type<std::string>, text) {}
  Object(std::string text) noexcept : value_(std::in_place_type<std::string>, std::move(text)) {}
  Object(Bytes bytes) noexcept : value_(std::in_place_type<Bytes>, std::move(bytes)) {}
  Object(std::span<const std::byte> bytes) : value_(std::in_place_type<Bytes>, bytes.begin(), bytes.end()) {}
  Object(List items) noexcept;
  Object(ObjectDict dict);
  Object(ObjectSet set);
  /// A list of what the vector holds.
  template <class T>
    requires(!std::same_as<T, std::byte> && !std::same_as<T, Object> && std::constructible_from<Object, const T&>)
  Object(const std::vector<T>& items) : Object(List(items.begin(), items.end())) {}
  /// None, or the value.
  template <class T>
    requires std::constructible_from<Object, const T&>
  Object(const std::optional<T>& value) : Object(value ? Object(*value) : Object()) {}
  /// A tuple of the parts.
  template <class... T>
  Object(const std::tuple<T...>& parts)
      : Object(std::apply([](const T&... part) { return tuple({Object(part)...}); }, parts)) {}
  template <class A, class B>
  Object(const std::pair<A, B>& parts) : Object(tuple({Object(parts.first), Object(parts.second)})) {}
  // NOLINTEND(google-explicit-constructor)
  /// No pointer is a value; without this line each would become a bool.
  template <class T>
    requires(!std::same_as<std::remove_cv_t<T>, char>)
  Object(T*) = delete;

  Object(const Object&);
  Object(Object&& other) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&& other) noexcept;
  ~Object();

  /// A list, a tuple, a dict, a set of these. Keys and members must be hashable (KindError); of equal keys the last
  /// value holds.
  static Object list(std::initializer_list<Object> items = {});
  static Object tuple(std::initializer_list<Object> items = {});
  static Object dict(std::initializer_list<std::pair<Object, Object>> entries = {});
  static Object set(std::initializer_list<Object> members = {});
  /// A tuple of items that were gathered at run time.
  static Object tuple_of(List items);

  [[nodiscard]] ObjectKind kind() const noexcept { return static_cast<ObjectKind>(value_.index()); }
  [[nodiscard]] bool is_none() const noexcept { return kind() == ObjectKind::none; }

  /// The value, when the kind is that one; else KindError. as_number takes an integer or a boolean too, as_integer
  /// a boolean, since Python does.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_integer() const;
  [[nodiscard]] double as_number() const;
  [[nodiscard]] const std::string& as_text() const;
  [[nodiscard]] const Bytes& as_bytes() const;
  [[nodiscard]] const List& as_list() const;
  [[nodiscard]] List& as_list();
  [[nodiscard]] const List& as_tuple() const;
  [[nodiscard]] const ObjectDict& as_dict() const;
  [[nodiscard]] ObjectDict& as_dict();
  [[nodiscard]] const ObjectSet& as_set() const;
  [[nodiscard]] ObjectSet& as_set();

  /// The item of a list or tuple (a negative index counts from the end), or the value of a dict's key.
  ///
  /// @throws KindError   neither of these, or the index is no integer, or the key is not hashable
  /// @throws IndexError  no such place
  /// @throws KeyError    no such key; unlike std::map, nothing is inserted: that is as_dict().set(key, value)
  [[nodiscard]] const Object& operator[](const Object& index) const;
  /// The same for change in place; a tuple is not changed (KindError).
  [[nodiscard]] Object& operator[](const Object& index);

  /// The items, members, entries, characters (bytes of UTF-8) or bytes in it. KindError for other kinds. Python: len().
  [[nodiscard]] std::size_t size() const;
  /// False for none, false, zero and what is empty. Python: bool().
  [[nodiscard]] bool truth() const noexcept;
  /// As Python prints it: `{'a': [1, 2.5, None], 'b': (True,)}`. Text that is not printable ASCII stays as it is, but
  /// for control characters and broken UTF-8, which are escaped.
  [[nodiscard]] std::string repr() const;
  /// Equal for equal objects, and another number in each run, so that no sender of keys can make them share a bucket.
  /// KindError for list, dict, set, also within a tuple; ValueError for a NaN, which could never be found again.
  [[nodiscard]] std::size_t hash() const;

  /// Python's equality: numbers by value whatever their kind, dicts and sets without regard to order, a list never
  /// equals a tuple.
  friend COHORT_EXPORT bool operator==(const Object& a, const Object& b) noexcept;
  /// Numbers by value; text, bytes, lists and tuples among their kind; all else is unordered (Python: TypeError).
  friend COHORT_EXPORT std::partial_ordering operator<=>(const Object& a, const Object& b) noexcept;

 private:
  friend struct Codec<Object>;
  struct Tuple {
    List items;
  };

  [[noreturn]] static void throw_too_large();

  // In the order of ObjectKind.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, List, Tuple, detail::Boxed<ObjectDict>,
               detail::Boxed<ObjectSet>>
      value_;
};

namespace detail {

struct HashOfPointee {
  std::size_t operator()(const Object* object) const { return object->hash(); }
};
struct EqualPointees {
  bool operator()(const Object* a, const Object* b) const noexcept { return *a == *b; }
};

/// Entries in order of insertion, found by the hash of their keys.
template <class Entry>
class InsertionOrdered {
 public:
  using const_iterator = typename std::list<Entry>::const_iterator;

  InsertionOrdered() = default;
  InsertionOrdered(const InsertionOrdered& other) {
    for (const Entry& entry : other) { entry_of(entry); }
  }
  InsertionOrdered(InsertionOrdered&& other) noexcept { swap(other); }
  InsertionOrdered& operator=(InsertionOrdered other) noexcept { return swap(other), *this; }
  ~InsertionOrdered() = default;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const_iterator begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return entries_.end(); }
  /// Throws what Object::hash() throws when the key is not hashable; so do the others below.
  [[nodiscard]] bool contains(const Object& key) const { return index_.contains(&key); }
  /// Whether it was there.
  bool erase(const Object& key) {
    const auto taken = index_.extract(&key);
    if (taken.empty()) { return false; }
    entries_.erase(taken.mapped());
    return true;
  }
  void clear() noexcept {
    index_.clear();
    entries_.clear();
  }

 protected:
  // A list, so that the keys to which the index points never move.
  [[nodiscard]] Entry* find_entry(const Object& key) const {
    const auto found = index_.find(&key);
    return found == index_.end() ? nullptr : &*found->second;
  }
  /// The entry that has the key, and whether it is the given one. The key is hashed once.
  std::pair<Entry*, bool> entry_of(Entry entry) {
    std::list<Entry> made;
    made.push_back(std::move(entry));
    const auto [found, is_new] = index_.emplace(&Entry::key_of(made.front()), made.begin());
    if (is_new) { entries_.splice(entries_.end(), made); }
    return {&*found->second, is_new};
  }

 private:
  void swap(InsertionOrdered& other) noexcept {
    entries_.swap(other.entries_);
    index_.swap(other.index_);
  }

  std::list<Entry> entries_;
  std::unordered_map<const Object*, typename std::list<Entry>::iterator, HashOfPointee, EqualPointees> index_;
};

struct DictEntry {
  Object key;
  Object value;
  static const Object& key_of(const DictEntry& entry) noexcept { return entry.key; }
};
struct SetEntry {
  Object key;
  static const Object& key_of(const SetEntry& entry) noexcept { return entry.key; }
};

}  // namespace detail

/// Python's dict: `for (const auto& [key, value] : dict)` goes in order of insertion.
class COHORT_EXPORT ObjectDict : public detail::InsertionOrdered<detail::DictEntry> {
 public:
  /// The value of the key, or null; valid until the key is erased.
  [[nodiscard]] const Object* find(const Object& key) const;
  [[nodiscard]] Object* find(const Object& key);
  /// Inserts the key, or replaces its value. Python: d[key] = value.
  void set(Object key, Object value);
  /// Inserts the key with the value none. The value's place, or null when the key was there. Python: setdefault.
  Object* insert(Object key);
};

/// Python's set; iteration goes in order of insertion, over entries with a `key`.
class COHORT_EXPORT ObjectSet : public detail::InsertionOrdered<detail::SetEntry> {
 public:
  /// Whether it is new. Python: s.add(member).
  bool insert(Object member);
};

/// docs/formats/codec.md, "Object".
template <>
struct COHORT_EXPORT Codec<Object> {
  static void encode(Encoder& out, const Object& value);
  static Object decode(Decoder& in);
};

}  // namespace cohort

template <>
struct std::hash<cohort::Object> {
  std::size_t operator()(const cohort::Object& object) const { return object.hash(); }
};
