// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A list of fixed length in shared memory, byte for byte as Python lays it out: ShareableList.
//
//   cohort::ShareableList list{"howdy", -273.154, 100, nullptr, true};         // anonymous, for this family
//   list[2] = 101;
//   for (const cohort::Object& item : list) std::cout << item.repr() << '\n';
//
//   auto named = cohort::ShareableList::create("config", {"bob", 42});          // Python: ShareableList(name="config")
//   auto other = cohort::ShareableList::attach("config");
//
// Items are none, bool, integer of 64 bits, number (double), text or bytes, each in a slot whose size was fixed when the
// list was made; a slot may change its kind. A text's slot is its bytes in UTF-8, rounded up to the next multiple of 8
// that is greater. (Python counts characters, and cuts longer text.)
//
// There is no lock in the layout: hold one of Cohort's around changes that others read meanwhile. Whoever reads a slot
// while another process changes its kind may get DecodeError. What stands in the memory is checked before it is used.
// A ShareableList is a handle: copies share; copy() makes another list.
// Threads, fork, death: as SharedMemory; a process that dies in set() may leave that one slot with half of a value.
// Python:  multiprocessing.shared_memory.ShareableList; layout in docs/formats/shared.md.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/shared/shared_memory.hpp"
#include "cohort/wire/object.hpp"

namespace cohort {

class COHORT_EXPORT ShareableList {
 public:
  class Reference;
  class Iterator;

  /// A list of these items in anonymous memory.
  ///
  /// @throws KindError          an item is a list, tuple, dict or set
  /// @throws ValueError         a text or bytes of 10 MB or more
  /// @throws OutOfFamilyMemory  no room
  ShareableList(std::initializer_list<Object> items = {});
  explicit ShareableList(const Object::List& items);
  /// The same in named memory; `name` as for SharedMemory::create(), and the same errors. Others see the list whole.
  [[nodiscard]] static ShareableList create(std::string_view name, const Object::List& items);
  /// The list in the memory of that name. Errors of SharedMemory::attach(), and DecodeError when it is no list.
  [[nodiscard]] static ShareableList attach(std::string_view name, AttachOptions options = {});
  /// The list that lies in some memory. Throws DecodeError when it is no list.
  explicit ShareableList(SharedMemory memory);

  /// How many items. Python: len().
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }

  /// An item; a negative index counts from the end.
  ///
  /// @throws IndexError   no such item
  /// @throws DecodeError  the slot is damaged, or holds text that is not UTF-8 (Python cut it)
  [[nodiscard]] Object get(std::int64_t index) const;
  /// Replaces an item, which may change its kind.
  ///
  /// @throws IndexError  no such item
  /// @throws ValueError  the text or bytes are longer than the slot; nothing was changed
  /// @throws KindError   list, tuple, dict, set
  /// @throws StateError  the memory was attached read-only
  void set(std::int64_t index, const Object& value) const;
  /// `list[i] = value`, `Object item = list[i]`.
  [[nodiscard]] Reference operator[](std::int64_t index) const;

  /// How many items equal the value, as Python compares: 1 == 1.0 == true.
  [[nodiscard]] std::size_t count(const Object& value) const;
  /// The index of the first item that equals the value. Throws ValueError when there is none.
  [[nodiscard]] std::size_t index(const Object& value) const;
  /// The formats of all slots in the words of Python's struct: "8sdqxxxxxx?x".
  [[nodiscard]] std::string format() const;
  /// All items.
  [[nodiscard]] Object::List items() const;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

  /// Another list with the same items, and slots made for them, in anonymous memory. Python: ShareableList(list).
  [[nodiscard]] ShareableList copy() const { return ShareableList(all_items("ShareableList.copy")); }

  /// The memory that it lies in: its name, close, unlink.
  [[nodiscard]] const SharedMemory& shm() const noexcept { return memory_; }
  /// As Python prints it: ShareableList(['howdy', 100], name='psm_12345678').
  [[nodiscard]] std::string to_string() const;

 private:
  // For the call that the user made.
  [[nodiscard]] Object item(std::int64_t index, const char* call) const;
  void set_item(std::int64_t index, const Object& value, const char* call) const;
  [[nodiscard]] Object::List all_items(const char* call) const;

  SharedMemory memory_;
};

/// One place of a list.
class ShareableList::Reference {
 public:
  /// The item at that index of the list.
  Reference(const ShareableList& list, std::int64_t index) : list_(list), index_(index) {}
  Reference(const Reference&) = default;
  operator Object() const { return get(); }  // NOLINT(google-explicit-constructor): the item
  [[nodiscard]] Object get() const { return list_.item(index_, "ShareableList[]"); }
  // NOLINTNEXTLINE(misc-unconventional-assign-operator): changes what is referred to
  const Reference& operator=(const Object& value) const {
    list_.set_item(index_, value, "ShareableList[]");
    return *this;
  }
  Reference& operator=(const Reference& other) {
    list_.set_item(index_, other.get(), "ShareableList[]");
    return *this;
  }
  friend bool operator==(const Reference& a, const Object& b) { return a.get() == b; }

 private:
  ShareableList list_;
  std::int64_t index_;
};

/// Gives items by value, first to last.
class ShareableList::Iterator {
 public:
  using value_type = Object;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::forward_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using pointer = void;
  using reference = Object;

  Iterator() = default;
  /// Begins at that index; the list must outlive the iterator.
  Iterator(const ShareableList& list, std::int64_t index) : list_(&list), index_(index) {}
  Object operator*() const { return list_->get(index_); }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++index_;
    return before;
  }
  friend bool operator==(const Iterator&, const Iterator&) = default;

 private:
  const ShareableList* list_ = nullptr;
  std::int64_t index_ = 0;
};

inline ShareableList::Reference ShareableList::operator[](std::int64_t index) const { return {*this, index}; }
inline ShareableList::Iterator ShareableList::begin() const { return {*this, 0}; }
inline ShareableList::Iterator ShareableList::end() const { return {*this, static_cast<std::int64_t>(size())}; }

/// A list travels as its memory does.
template <>
struct COHORT_EXPORT Codec<ShareableList> {
  static void encode(Encoder& out, const ShareableList& list);
  static ShareableList decode(Decoder& in);
};

}  // namespace cohort
