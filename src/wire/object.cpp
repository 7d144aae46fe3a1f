// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/object.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "wire/keyed_hash.hpp"

namespace cohort {

namespace {

[[noreturn]] void refuse(std::string_view operation, std::string_view expected, const Object& found) {
  throw KindError(operation, expected, found.kind());
}

bool is_numeric(ObjectKind kind) noexcept {
  return kind == ObjectKind::boolean || kind == ObjectKind::integer || kind == ObjectKind::number;
}

/// An integer against a double without rounding either: 2^53 + 1 is not 2^53.
std::partial_ordering compare(std::int64_t a, double b) noexcept {
  if (std::isnan(b)) { return std::partial_ordering::unordered; }
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (b >= kLimit) { return std::partial_ordering::less; }
  if (b < -kLimit) { return std::partial_ordering::greater; }
  const double whole = std::trunc(b);
  const auto integer = static_cast<std::int64_t>(whole);
  if (a != integer) { return a <=> integer; }
  return 0.0 <=> (b - whole);
}

std::partial_ordering compare_numbers(const Object& a, const Object& b) noexcept {
  const bool a_real = a.kind() == ObjectKind::number;
  const bool b_real = b.kind() == ObjectKind::number;
  if (a_real && b_real) { return a.as_number() <=> b.as_number(); }
  if (a_real) { return 0 <=> compare(b.as_integer(), a.as_number()); }
  if (b_real) { return compare(a.as_integer(), b.as_number()); }
  return a.as_integer() <=> b.as_integer();
}

std::partial_ordering compare_items(const Object::List& a, const Object::List& b) noexcept {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    // Python looks for the first pair that is not equal, and orders by that one.
    if (!(a[i] == b[i])) { return a[i] <=> b[i]; }
  }
  return a.size() <=> b.size();
}

[[noreturn]] void refuse_nan() {
  throw ValueError("Object.hash", "nan", "is not a key: it equals nothing, not even itself, so that it is never found");
}

// One pass over everything that counts for equality, each value after its kind, so that no two keys are the same bytes.
void add_to(detail::KeyedHash& hash, const Object& value) {
  const auto add_kind = [&](ObjectKind kind) { hash.add(static_cast<std::uint64_t>(kind)); };
  switch (value.kind()) {
    case ObjectKind::none: add_kind(ObjectKind::none); return;
    case ObjectKind::boolean:
    case ObjectKind::integer:
      add_kind(ObjectKind::integer);
      hash.add(static_cast<std::uint64_t>(value.as_integer()));
      return;
    case ObjectKind::number: {
      const double number = value.as_number();
      if (std::isnan(number)) { refuse_nan(); }
      // A double that is an integer is the same key as that integer.
      if (number >= -9223372036854775808.0 && number < 9223372036854775808.0 && number == std::trunc(number)) {
        add_kind(ObjectKind::integer);
        hash.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
      } else {
        add_kind(ObjectKind::number);
        hash.add(std::bit_cast<std::uint64_t>(number));
      }
      return;
    }
    case ObjectKind::text:
      add_kind(ObjectKind::text);
      hash.add(value.as_text().size());
      hash.add(std::as_bytes(std::span(value.as_text())));
      return;
    case ObjectKind::bytes:
      add_kind(ObjectKind::bytes);
      hash.add(value.as_bytes().size());
      hash.add(value.as_bytes());
      return;
    case ObjectKind::tuple:
      add_kind(ObjectKind::tuple);
      hash.add(value.as_tuple().size());
      for (const Object& item : value.as_tuple()) { add_to(hash, item); }
      return;
    default: refuse("Object.hash", "a hashable kind", value);
  }
}

/// The place that a Python index means. Throws IndexError.
std::size_t place_of(const Object& index, std::size_t size) {
  if (index.kind() != ObjectKind::integer && index.kind() != ObjectKind::boolean) {
    refuse("Object[]", "an integer index", index);
  }
  const std::int64_t given = index.as_integer();
  const std::int64_t at = given < 0 ? given + static_cast<std::int64_t>(size) : given;
  if (at < 0 || static_cast<std::uint64_t>(at) >= size) {
    throw IndexError("Object[]", std::to_string(given), "no such place, there are " + std::to_string(size) + " items");
  }
  return static_cast<std::size_t>(at);
}

}  // namespace

std::string_view name_of(ObjectKind kind) noexcept {
  switch (kind) {
    case ObjectKind::none: return "none";
    case ObjectKind::boolean: return "bool";
    case ObjectKind::integer: return "integer";
    case ObjectKind::number: return "number";
    case ObjectKind::text: return "text";
    case ObjectKind::bytes: return "bytes";
    case ObjectKind::list: return "list";
    case ObjectKind::tuple: return "tuple";
    case ObjectKind::dict: return "dict";
    case ObjectKind::set: return "set";
  }
  return "nothing known";
}

KindError::KindError(std::string_view operation, std::string_view expected, ObjectKind found)
    : Error(operation, "", "expected " + std::string(expected) + ", found " + std::string(name_of(found))),
      expected_(expected),
      found_(found) {}
KindError::~KindError() = default;
KeyError::~KeyError() = default;
IndexError::~IndexError() = default;

Object::Object(List items) noexcept : value_(std::in_place_type<List>, std::move(items)) {}
Object::Object(ObjectDict dict) : value_(detail::Boxed<ObjectDict>(std::move(dict))) {}
Object::Object(ObjectSet set) : value_(detail::Boxed<ObjectSet>(std::move(set))) {}
Object::Object(const Object&) = default;
Object::Object(Object&& other) noexcept : value_(std::move(other.value_)) { other.value_ = std::monostate{}; }
Object& Object::operator=(const Object& other) {
  // By way of a copy: `other` may lie within this object.
  return *this = Object(other);
}
Object& Object::operator=(Object&& other) noexcept {
  // By way of a third: what is assigned may lie within what is destroyed by it (o = std::move(o[0])).
  auto taken = std::move(other.value_);
  other.value_ = std::monostate{};
  value_ = std::move(taken);
  return *this;
}
Object::~Object() = default;

void Object::throw_too_large() { throw ValueError("Object", "", "the integer does not fit in 64 bits with a sign"); }

Object Object::list(std::initializer_list<Object> items) { return Object(List(items)); }
Object Object::tuple(std::initializer_list<Object> items) { return tuple_of(List(items)); }
Object Object::tuple_of(List items) {
  Object object;
  object.value_.emplace<Tuple>(Tuple{std::move(items)});
  return object;
}
Object Object::dict(std::initializer_list<std::pair<Object, Object>> entries) {
  ObjectDict dict;
  for (const auto& [key, value] : entries) { dict.set(key, value); }
  return Object(std::move(dict));
}
Object Object::set(std::initializer_list<Object> members) {
  ObjectSet set;
  for (const Object& member : members) { set.insert(member); }
  return Object(std::move(set));
}

bool Object::as_bool() const {
  const bool* value = std::get_if<bool>(&value_);
  return value != nullptr ? *value : (refuse("Object.as_bool", "bool", *this), false);
}
std::int64_t Object::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) { return *value; }
  if (const bool* value = std::get_if<bool>(&value_)) { return *value ? 1 : 0; }
  refuse("Object.as_integer", "integer", *this);
}
double Object::as_number() const {
  if (const auto* value = std::get_if<double>(&value_)) { return *value; }
  if (!is_numeric(kind())) { refuse("Object.as_number", "number", *this); }
  return static_cast<double>(as_integer());
}
const std::string& Object::as_text() const {
  const auto* value = std::get_if<std::string>(&value_);
  return value != nullptr ? *value : (refuse("Object.as_text", "text", *this), *value);
}
const Object::Bytes& Object::as_bytes() const {
  const auto* value = std::get_if<Bytes>(&value_);
  return value != nullptr ? *value : (refuse("Object.as_bytes", "bytes", *this), *value);
}
const Object::List& Object::as_list() const {
  const auto* value = std::get_if<List>(&value_);
  return value != nullptr ? *value : (refuse("Object.as_list", "list", *this), *value);
}
const Object::List& Object::as_tuple() const {
  const auto* value = std::get_if<Tuple>(&value_);
  return value != nullptr ? value->items : (refuse("Object.as_tuple", "tuple", *this), value->items);
}
const ObjectDict& Object::as_dict() const {
  const auto* value = std::get_if<detail::Boxed<ObjectDict>>(&value_);
  return value != nullptr ? **value : (refuse("Object.as_dict", "dict", *this), **value);
}
const ObjectSet& Object::as_set() const {
  const auto* value = std::get_if<detail::Boxed<ObjectSet>>(&value_);
  return value != nullptr ? **value : (refuse("Object.as_set", "set", *this), **value);
}
Object::List& Object::as_list() { return const_cast<List&>(std::as_const(*this).as_list()); }
ObjectDict& Object::as_dict() { return const_cast<ObjectDict&>(std::as_const(*this).as_dict()); }
ObjectSet& Object::as_set() { return const_cast<ObjectSet&>(std::as_const(*this).as_set()); }

const Object& Object::operator[](const Object& index) const {
  switch (kind()) {
    case ObjectKind::list: return as_list()[place_of(index, size())];
    case ObjectKind::tuple: return as_tuple()[place_of(index, size())];
    case ObjectKind::dict:
      if (const Object* value = as_dict().find(index)) { return *value; }
      throw KeyError("Object[]", index.repr(), "the dict has no such key");
    default: refuse("Object[]", "list, tuple or dict", *this);
  }
}
Object& Object::operator[](const Object& index) {
  if (kind() == ObjectKind::tuple) { refuse("Object[]", "list or dict, whose items can be changed", *this); }
  return const_cast<Object&>(std::as_const(*this)[index]);
}

std::size_t Object::size() const {
  switch (kind()) {
    case ObjectKind::text: return as_text().size();
    case ObjectKind::bytes: return as_bytes().size();
    case ObjectKind::list: return as_list().size();
    case ObjectKind::tuple: return as_tuple().size();
    case ObjectKind::dict: return as_dict().size();
    case ObjectKind::set: return as_set().size();
    default: refuse("Object.size", "something with items", *this);
  }
}

bool Object::truth() const noexcept {
  switch (kind()) {
    case ObjectKind::none: return false;
    case ObjectKind::boolean:
    case ObjectKind::integer: return as_integer() != 0;
    case ObjectKind::number: return as_number() != 0;
    default: return size() != 0;
  }
}

std::size_t Object::hash() const {
  // Keyed, or whoever sends the keys of a dict could choose them so that all share one bucket.
  detail::KeyedHash hash(detail::key_of_process());
  add_to(hash, *this);
  return hash.finish();
}

bool operator==(const Object& a, const Object& b) noexcept {
  if (is_numeric(a.kind()) && is_numeric(b.kind())) { return compare_numbers(a, b) == 0; }
  if (a.kind() != b.kind()) { return false; }
  switch (a.kind()) {
    case ObjectKind::text: return a.as_text() == b.as_text();
    case ObjectKind::bytes: return a.as_bytes() == b.as_bytes();
    case ObjectKind::list: return a.as_list() == b.as_list();
    case ObjectKind::tuple: return a.as_tuple() == b.as_tuple();
    case ObjectKind::dict:
      return a.size() == b.size() && std::ranges::all_of(a.as_dict(), [&](const detail::DictEntry& entry) {
               const Object* other = b.as_dict().find(entry.key);
               return other != nullptr && *other == entry.value;
             });
    case ObjectKind::set:
      return a.size() == b.size() && std::ranges::all_of(a.as_set(), [&](const detail::SetEntry& entry) {
               return b.as_set().contains(entry.key);
             });
    default: return true;  // none
  }
}

std::partial_ordering operator<=>(const Object& a, const Object& b) noexcept {
  if (is_numeric(a.kind()) && is_numeric(b.kind())) { return compare_numbers(a, b); }
  if (a.kind() != b.kind()) { return std::partial_ordering::unordered; }
  switch (a.kind()) {
    case ObjectKind::text: return a.as_text() <=> b.as_text();
    case ObjectKind::bytes: return a.as_bytes() <=> b.as_bytes();
    case ObjectKind::list: return compare_items(a.as_list(), b.as_list());
    case ObjectKind::tuple: return compare_items(a.as_tuple(), b.as_tuple());
    default: return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  }
}

const Object* ObjectDict::find(const Object& key) const {
  const detail::DictEntry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}
Object* ObjectDict::find(const Object& key) { return const_cast<Object*>(std::as_const(*this).find(key)); }
void ObjectDict::set(Object key, Object value) { entry_of({std::move(key), Object()}).first->value = std::move(value); }
Object* ObjectDict::insert(Object key) {
  const auto [entry, is_new] = entry_of({std::move(key), Object()});
  return is_new ? &entry->value : nullptr;
}

bool ObjectSet::insert(Object member) { return entry_of({std::move(member)}).second; }

namespace {

void encode_list(Encoder& out, const Object::List& items) {
  out.write_count(items.size());
  for (const Object& item : items) { Codec<Object>::encode(out, item); }
}

Object::List decode_list(Decoder& in) {
  const std::size_t count = in.read_count(1);
  in.charge_each(count, sizeof(Object));
  Object::List items;
  // An Object of one byte in the input takes forty in memory: room is made as they come.
  items.reserve(std::min<std::size_t>(count, 1024));
  for (std::size_t i = 0; i < count; ++i) { items.push_back(Codec<Object>::decode(in)); }
  return items;
}

// What an entry takes beside the Objects that are charged as they are decoded: its two nodes.
template <class Entry>
constexpr std::size_t kEntryBytes = sizeof(Entry) + 2 * detail::kNodeBytes;

template <class Insert>
auto insert_decoded(Decoder& in, Insert&& insert) {
  try {
    return insert();
  } catch (const KindError&) { in.fail("a key of a dict or set is not hashable"); } catch (const ValueError&) {
    in.fail("a key of a dict or set is not a number (NaN)");
  }
}

Object decode_dict(Decoder& in) {
  const std::size_t count = in.read_count(2);
  in.charge_each(count, kEntryBytes<detail::DictEntry>);
  in.charge(1, sizeof(ObjectDict) + detail::kNodeBytes);
  ObjectDict dict;
  for (std::size_t i = 0; i < count; ++i) {
    Object key = Codec<Object>::decode(in);
    Object* value = insert_decoded(in, [&] { return dict.insert(std::move(key)); });
    if (value == nullptr) { in.fail("a key stands twice in a dict"); }
    *value = Codec<Object>::decode(in);
  }
  return Object(std::move(dict));
}

Object decode_set(Decoder& in) {
  const std::size_t count = in.read_count(1);
  in.charge_each(count, kEntryBytes<detail::SetEntry>);
  in.charge(1, sizeof(ObjectSet) + detail::kNodeBytes);
  ObjectSet set;
  for (std::size_t i = 0; i < count; ++i) {
    Object member = Codec<Object>::decode(in);
    if (!insert_decoded(in, [&] { return set.insert(std::move(member)); })) {
      in.fail("a member stands twice in a set");
    }
  }
  return Object(std::move(set));
}

}  // namespace

void Codec<Object>::encode(Encoder& out, const Object& value) {
  const Encoder::Nested nested(out);
  out.write_raw(static_cast<std::uint8_t>(value.kind()));
  switch (value.kind()) {
    case ObjectKind::none: break;
    case ObjectKind::boolean: Codec<bool>::encode(out, value.as_bool()); break;
    case ObjectKind::integer: out.write_raw(value.as_integer()); break;
    case ObjectKind::number: out.write_raw(value.as_number()); break;
    case ObjectKind::text: Codec<std::string>::encode(out, value.as_text()); break;
    case ObjectKind::bytes: Codec<Object::Bytes>::encode(out, value.as_bytes()); break;
    case ObjectKind::list: encode_list(out, value.as_list()); break;
    case ObjectKind::tuple: encode_list(out, value.as_tuple()); break;
    case ObjectKind::dict:
      out.write_count(value.size());
      for (const auto& entry : value.as_dict()) {
        encode(out, entry.key);
        encode(out, entry.value);
      }
      break;
    case ObjectKind::set:
      out.write_count(value.size());
      for (const auto& entry : value.as_set()) { encode(out, entry.key); }
      break;
  }
}

Object Codec<Object>::decode(Decoder& in) {
  const Decoder::Nested nested(in);
  switch (static_cast<ObjectKind>(in.read_raw<std::uint8_t>())) {
    case ObjectKind::none: return {};
    case ObjectKind::boolean: return Codec<bool>::decode(in);
    case ObjectKind::integer: return in.read_raw<std::int64_t>();
    case ObjectKind::number: return in.read_raw<double>();
    case ObjectKind::text: return Codec<std::string>::decode(in);
    case ObjectKind::bytes: return Codec<Object::Bytes>::decode(in);
    case ObjectKind::list: return decode_list(in);
    case ObjectKind::tuple: return Object::tuple_of(decode_list(in));
    case ObjectKind::dict: return decode_dict(in);
    case ObjectKind::set: return decode_set(in);
  }
  in.fail("an Object has no kind of that number");
}

}  // namespace cohort
