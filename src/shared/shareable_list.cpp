// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/shareable_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <span>

namespace cohort {

namespace {

// docs/formats/shared.md, "ShareableList"
constexpr std::string_view kInteger = "q";
constexpr std::string_view kNumber = "d";
constexpr std::string_view kBool = "xxxxxxx?";
constexpr std::string_view kNone = "xxxxxx?x";
constexpr std::size_t kWord = 8;
constexpr std::size_t kFormatSize = 8;
constexpr std::size_t kLargestSlot = 9'999'992;  // its format, "9999992s", has 8 characters

// What becomes of a slot's bytes.
enum class Transform : std::uint8_t { as_is = 0, text = 1, bytes = 2, none = 3 };

[[noreturn]] void damaged(std::string_view what) {
  throw DecodeError("ShareableList", "", "the memory holds no sound list: " + std::string(what));
}

std::uint64_t load_word(const std::byte* place) {
  std::uint64_t word;
  // One load, so that what was checked is what is used.
  if (reinterpret_cast<std::uintptr_t>(place) % alignof(std::uint64_t) == 0)
    word = __atomic_load_n(reinterpret_cast<const std::uint64_t*>(place), __ATOMIC_RELAXED);  // relaxed: no order
  else
    std::memcpy(&word, place, sizeof word);
  return word;
}

void store_word(std::byte* place, std::uint64_t word) {
  if (reinterpret_cast<std::uintptr_t>(place) % alignof(std::uint64_t) == 0)
    __atomic_store_n(reinterpret_cast<std::uint64_t*>(place), word, __ATOMIC_RELAXED);  // relaxed: no order is promised
  else
    std::memcpy(place, &word, sizeof word);
}

std::string_view bytes_of(const Object& value) {
  if (value.kind() == ObjectKind::text) return value.as_text();
  const auto& bytes = value.as_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_string(const Object& value) { return value.kind() == ObjectKind::text || value.kind() == ObjectKind::bytes; }

// Whether it is UTF-8 as Python takes it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto at = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    unsigned first = at(0);
    std::size_t length = first < 0x80   ? 1
                         : first < 0xC2 ? 0
                         : first < 0xE0 ? 2
                         : first < 0xF0 ? 3
                         : first < 0xF5 ? 4
                                        : 0;
    if (length == 0) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((at(k) & 0xC0) != 0x80) return false;
    if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) || (first == 0xF0 && at(1) < 0x90) ||
        (first == 0xF4 && at(1) > 0x8F))
      return false;
    i += length;
  }
  return true;
}

void check_value(const Object& value, const char* call) {
  switch (value.kind()) {
    case ObjectKind::none:
    case ObjectKind::boolean:
    case ObjectKind::integer:
    case ObjectKind::number:
    case ObjectKind::bytes: return;
    case ObjectKind::text:
      if (is_utf8(value.as_text())) return;
      throw ValueError(call, "", "the text is not UTF-8: store it as bytes");
    default: throw KindError(call, "none, bool, integer, number, text or bytes", value.kind());
  }
}

std::size_t slot_size_for(const Object& value, const char* call) {
  check_value(value, call);
  if (!is_string(value)) return kWord;
  std::size_t size = kWord * (bytes_of(value).size() / kWord + 1);
  if (size > kLargestSlot) throw ValueError(call, std::to_string(size), "an item has less than 10 MB");
  return size;
}

// The format for a value in a slot of `room` bytes. Readers take trailing NULs for padding; a value that ends with some
// says its own length instead.
std::string format_for(const Object& value, std::size_t room) {
  switch (value.kind()) {
    case ObjectKind::none: return std::string(kNone);
    case ObjectKind::boolean: return std::string(kBool);
    case ObjectKind::integer: return std::string(kInteger);
    case ObjectKind::number: return std::string(kNumber);
    default: break;
  }
  std::string_view bytes = bytes_of(value);
  bool own_length = bytes.ends_with('\0');
  return std::to_string(own_length ? bytes.size() : room) + 's';
}

Transform transform_for(const Object& value) {
  switch (value.kind()) {
    case ObjectKind::text: return Transform::text;
    case ObjectKind::bytes: return Transform::bytes;
    case ObjectKind::none: return Transform::none;
    default: return Transform::as_is;
  }
}

std::uint64_t word_for(const Object& value) {
  std::uint64_t word = 0;
  if (value.kind() == ObjectKind::integer) {
    word = static_cast<std::uint64_t>(value.as_integer());
  } else if (value.kind() == ObjectKind::number) {
    double number = value.as_number();
    std::memcpy(&word, &number, sizeof word);
  } else if (value.kind() == ObjectKind::boolean) {
    word = std::uint64_t{value.as_bool()} << 56;  // the last of 8 bytes
  }
  return word;
}

// One slot as it is found: everything loaded once, and checked against the size of the memory.
struct Slot {
  std::size_t offset = 0;  // from the start of the memory
  std::size_t size = 0;
  std::size_t format = 0;
  std::size_t code = 0;
};

class Layout {
 public:
  explicit Layout(std::span<const std::byte> bytes) : bytes_(bytes) {
    if (bytes.size() < 2 * kWord) damaged("it has less than 16 bytes");
    count_ = load_word(bytes.data());
    if (count_ > (bytes.size() - 2 * kWord) / (kWord + kFormatSize + 1)) damaged("its length exceeds the memory");
    data_ = kWord * (count_ + 2);
    end_ = load_word(bytes.data() + kWord * (count_ + 1));
    if (end_ > bytes.size() - data_ || bytes.size() - data_ - end_ < count_ * (kFormatSize + 1))
      damaged("its data exceed the memory");
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  [[nodiscard]] std::size_t checked(std::string_view operation, std::int64_t index) const {
    std::int64_t found = index < 0 ? index + static_cast<std::int64_t>(count_) : index;
    if (found < 0 || static_cast<std::uint64_t>(found) >= count_)
      throw IndexError(operation, std::to_string(index), "the list has " + std::to_string(count_) + " items");
    return static_cast<std::size_t>(found);
  }

  [[nodiscard]] Slot slot(std::size_t index) const {
    std::uint64_t begin = load_word(bytes_.data() + kWord * (index + 1));
    std::uint64_t end = load_word(bytes_.data() + kWord * (index + 2));
    if (begin > end || end > end_ || end - begin < kWord) damaged("the offsets of item " + std::to_string(index));
    std::size_t formats = data_ + end_;
    return {data_ + begin, end - begin, formats + kFormatSize * index, formats + kFormatSize * count_ + index};
  }

  [[nodiscard]] std::string format(const Slot& slot) const {
    std::uint64_t word = load_word(bytes_.data() + slot.format);
    char text[kFormatSize];
    std::memcpy(text, &word, sizeof text);
    std::string_view all(text, sizeof text);
    return std::string(all.substr(0, all.find_last_not_of('\0') + 1));
  }

  [[nodiscard]] Object get(std::size_t index) const {
    Slot slot = this->slot(index);
    std::string format = this->format(slot);
    auto transform = static_cast<Transform>(bytes_[slot.code]);
    if (transform == Transform::none) return nullptr;
    if (format.ends_with('s')) return string(slot, format, transform, index);
    if (transform != Transform::as_is) damaged("the code of item " + std::to_string(index));
    std::uint64_t word = load_word(bytes_.data() + slot.offset);
    if (format == kInteger) return static_cast<std::int64_t>(word);
    if (format == kBool) return (word >> 56) != 0;
    if (format == kNone) return ((word >> 48) & 0xFF) != 0;  // as Python reads it
    if (format != kNumber) damaged("the format '" + format + "' of item " + std::to_string(index));
    double number;
    std::memcpy(&number, &word, sizeof number);
    return number;
  }

 private:
  [[nodiscard]] Object string(const Slot& slot, const std::string& format, Transform transform,
                              std::size_t index) const {
    std::size_t length = 0;
    auto [end, error] = std::from_chars(format.data(), format.data() + format.size() - 1, length);
    if (error != std::errc() || end != format.data() + format.size() - 1 || length > slot.size)
      damaged("the format '" + format + "' of item " + std::to_string(index));
    std::string text(reinterpret_cast<const char*>(bytes_.data() + slot.offset), length);
    if (length == slot.size) text.erase(text.find_last_not_of('\0') + 1);
    if (transform == Transform::text) {
      if (is_utf8(text)) return text;
      throw DecodeError("ShareableList", std::to_string(index),
                        "the text is not UTF-8: Python cuts text with characters of several bytes to its slot");
    }
    if (transform != Transform::bytes && transform != Transform::as_is)
      damaged("the code of item " + std::to_string(index));
    return std::as_bytes(std::span(text));
  }

  std::span<const std::byte> bytes_;
  std::uint64_t count_ = 0;
  std::uint64_t data_ = 0;
  std::uint64_t end_ = 0;  // of the slots, from data_
};

// Stores a value that fits into its slot.
void put(std::byte* memory, const Slot& slot, const Object& value) {
  if (is_string(value)) {
    std::string_view bytes = bytes_of(value);
    if (!bytes.empty()) std::memcpy(memory + slot.offset, bytes.data(), bytes.size());
    std::memset(memory + slot.offset + bytes.size(), 0, slot.size - bytes.size());
  } else {
    store_word(memory + slot.offset, word_for(value));
  }
  std::string format = format_for(value, slot.size);
  format.resize(kFormatSize, '\0');
  std::uint64_t word;
  std::memcpy(&word, format.data(), sizeof word);
  store_word(memory + slot.format, word);
  memory[slot.code] = static_cast<std::byte>(transform_for(value));
}

std::shared_ptr<const std::vector<std::byte>> image_of(std::span<const Object> items, const char* call) {
  std::size_t count = items.size();
  std::size_t data = kWord * (count + 2);
  std::size_t end = 0;
  for (const Object& item : items) end += slot_size_for(item, call);
  auto image = std::make_shared<std::vector<std::byte>>(data + end + count * (kFormatSize + 1));
  std::byte* place = image->data();
  store_word(place, count);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t size = slot_size_for(items[i], call);
    put(place, {data + offset, size, data + end + kFormatSize * i, data + end + kFormatSize * count + i}, items[i]);
    offset += size;
    store_word(place + kWord * (i + 2), offset);
  }
  return image;
}

}  // namespace

ShareableList::ShareableList(std::initializer_list<Object> items)
    : memory_(image_of({items.begin(), items.size()}, "ShareableList")) {}

ShareableList::ShareableList(const Object::List& items) : memory_(image_of(items, "ShareableList")) {}

ShareableList ShareableList::create(std::string_view name, const Object::List& items) {
  auto image = image_of(items, "ShareableList.create");
  return ShareableList(SharedMemory::create(name, image->size(), *image, "ShareableList.create"));
}

ShareableList ShareableList::attach(std::string_view name, AttachOptions options) {
  return ShareableList(SharedMemory::attach(name, options));
}

ShareableList::ShareableList(SharedMemory memory) : memory_(std::move(memory)) {
  Layout layout(memory_.bytes("ShareableList"));
  for (std::size_t i = 0; i < layout.count(); ++i) (void)layout.slot(i);
}

std::size_t ShareableList::size() const { return Layout(memory_.bytes("ShareableList.size")).count(); }

Object ShareableList::get(std::int64_t index) const { return item(index, "ShareableList.get"); }

Object ShareableList::item(std::int64_t index, const char* call) const {
  Layout layout(memory_.bytes(call));
  return layout.get(layout.checked(call, index));
}

void ShareableList::set(std::int64_t index, const Object& value) const { set_item(index, value, "ShareableList.set"); }

void ShareableList::set_item(std::int64_t index, const Object& value, const char* call) const {
  std::span<std::byte> bytes = memory_.writable(call);
  Layout layout(bytes);
  Slot slot = layout.slot(layout.checked(call, index));
  check_value(value, call);
  if (is_string(value)) {
    std::string_view text = bytes_of(value);
    if (text.size() > slot.size || (text.size() == slot.size && text.ends_with('\0')))
      throw ValueError(
          call, std::to_string(index),
          "the value has " + std::to_string(text.size()) + " bytes, its slot " + std::to_string(slot.size));
  }
  put(bytes.data(), slot, value);
}

std::size_t ShareableList::count(const Object& value) const {
  return static_cast<std::size_t>(std::ranges::count(all_items("ShareableList.count"), value));
}

std::size_t ShareableList::index(const Object& value) const {
  Layout layout(memory_.bytes("ShareableList.index"));
  for (std::size_t i = 0; i < layout.count(); ++i)
    if (layout.get(i) == value) return i;
  throw ValueError("ShareableList.index", value.repr(), "not in the list");
}

std::string ShareableList::format() const {
  Layout layout(memory_.bytes("ShareableList.format"));
  std::string formats;
  for (std::size_t i = 0; i < layout.count(); ++i) formats += layout.format(layout.slot(i));
  return formats;
}

Object::List ShareableList::items() const { return all_items("ShareableList.items"); }

Object::List ShareableList::all_items(const char* call) const {
  Layout layout(memory_.bytes(call));
  Object::List items;
  items.reserve(layout.count());
  for (std::size_t i = 0; i < layout.count(); ++i) items.push_back(layout.get(i));
  return items;
}

std::string ShareableList::to_string() const {
  std::string name = memory_.is_anonymous() ? "anonymous" : "'" + memory_.name() + "'";
  return "ShareableList(" + Object(all_items("ShareableList.to_string")).repr() + ", name=" + name + ")";
}

void Codec<ShareableList>::encode(Encoder& out, const ShareableList& list) {
  Codec<SharedMemory>::encode(out, list.shm());
}

ShareableList Codec<ShareableList>::decode(Decoder& in) { return ShareableList(Codec<SharedMemory>::decode(in)); }

}  // namespace cohort
