// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads bytes that another process wrote, and believes nothing that they say.
//
// Every length is compared with the bytes that are left before anything is allocated for it, every level of nesting is
// counted, and whatever does not fit is a DecodeError that says at which byte. A Codec reads only through this class,
// so random bytes can at worst make it throw.
//
//   Decoder in(bytes);
//   auto name = Codec<std::string>::decode(in);
//   in.expect_end();
//
// Threads: a decoder belongs to one thread. It does not own the bytes; they must outlive it.
// Python: the Unpickler, which runs what the bytes ask for; this one cannot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/wire/encoder.hpp"

namespace cohort {

/// What decoding may cost. The defaults are for bytes of anybody: `decode(bytes)`, and what comes over a descriptor.
struct DecodeLimits {
  /// Bytes that the decoded value may take, counted as what its containers hold, with what each node costs beside its
  /// item, and what its pointers own. A value may be larger in memory than in the input (a disengaged optional, a list
  /// of empty lists), and this bounds that. Not set: 256 MiB, or four times the input where that is more.
  std::optional<std::size_t> memory = std::nullopt;
  /// How deeply values may lie within each other.
  std::size_t depth = kDefaultMaxDepth;
  /// Items of containers that are decoded one by one. Ranges that are copied as a whole (text, numbers) do not count.
  std::size_t items = std::size_t{1} << 26;
  /// Distinct keys that may share a bucket of a std::unordered_map or one of its kin. Keys that were chosen to share
  /// one make each insertion as slow as the container is large; the hash is the program's, so only the result can be
  /// judged. 64: with a sound hash, a million keys share a bucket by tens at most.
  std::size_t chain = 64;
  /// Whether the bytes may name what this process can open: objects of the family by their handles, memory by its name.
  /// Only for bytes of a peer that may have all of that: a stranger would choose what this process opens and writes to.
  bool names = false;

  /// For bytes that another member of the family wrote: bounded by the depth and by the size of the input only.
  static constexpr DecodeLimits within_family() noexcept {
    constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
    return {.memory = kAny, .depth = kDefaultMaxDepth, .items = kAny, .chain = kAny, .names = true};
  }
};

namespace detail {
/// What an item in a node of its own (list, set, map, what a pointer owns) costs beside itself: the node's links, a
/// cached hash and a bucket, and what malloc keeps for each block.
inline constexpr std::size_t kNodeBytes = 40;
}  // namespace detail

/// Descriptors that came with a message. Owns them: those that nobody took are closed with it.
class COHORT_EXPORT CarriedDescriptors {
 public:
  CarriedDescriptors() noexcept = default;
  /// Takes them over. They should be close-on-exec.
  explicit CarriedDescriptors(std::vector<int> descriptors) noexcept : descriptors_(std::move(descriptors)) {}
  CarriedDescriptors(CarriedDescriptors&& other) noexcept : descriptors_(std::exchange(other.descriptors_, {})) {}
  CarriedDescriptors& operator=(CarriedDescriptors&& other) noexcept;
  CarriedDescriptors(const CarriedDescriptors&) = delete;
  CarriedDescriptors& operator=(const CarriedDescriptors&) = delete;
  ~CarriedDescriptors() { close(); }

  /// The descriptor, which is the caller's from now on; -1 when there is none of that index, or it was taken.
  [[nodiscard]] int take(std::size_t index) noexcept;
  /// Closes what nobody took.
  void close() noexcept;

 private:
  std::vector<int> descriptors_;  // -1: taken
};

/// The source of Codec<T>::decode.
class COHORT_EXPORT Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes, DecodeLimits limits = {}) noexcept
      : begin_(bytes.data()),
        cursor_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        depth_left_(limits.depth),
        memory_left_(limits.memory ? *limits.memory : default_memory(bytes.size())),
        items_left_(limits.items),
        longest_chain_(limits.chain),
        names_(limits.names) {}
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// The next `size` bytes, which lie where the input lies; no alignment is promised.
  ///
  /// @throws DecodeError  fewer are left; none was consumed
  std::span<const std::byte> read(std::size_t size) {
    if (remaining() < size) [[unlikely]] { fail("it ends in the middle of a value"); }
    const std::byte* from = cursor_;
    cursor_ += size;
    return {from, size};
  }

  /// A value by its object representation. The bytes are not judged: a type for which some are not a value (bool)
  /// goes through its Codec.
  ///
  /// @throws DecodeError  too few bytes are left; none was consumed
  template <class T>
    requires std::is_trivially_copyable_v<T> && (!std::is_same_v<T, bool>)
  T read_raw() {
    T value;
    std::memcpy(static_cast<void*>(&value), read(sizeof(T)).data(), sizeof(T));
    return value;
  }

  /// A number of items that follow, checked against the bytes that are left, so that it is safe to make room for them.
  ///
  /// @param least_bytes_per_item  what each item takes at least; 0 counts as 1
  /// @throws DecodeError          there cannot be that many
  std::size_t read_count(std::size_t least_bytes_per_item) {
    const std::size_t count = read_number();
    if (count > remaining() / (least_bytes_per_item == 0 ? 1 : least_bytes_per_item)) [[unlikely]] {
      fail("it announces more items than it has bytes for");
    }
    return count;
  }

  /// Bits, eight to a byte, the lowest first; they lie where the input lies.
  struct Bits {
    const std::byte* bytes;
    std::size_t count;
    bool operator[](std::size_t i) const noexcept {
      return (static_cast<std::uint8_t>(bytes[i / 8]) >> (i % 8) & 1U) != 0;
    }
  };
  /// A number of bits, and they themselves. What a vector of them takes is charged.
  ///
  /// @throws DecodeError  there are not that many, or more bits are set behind the last one
  Bits read_bits();

  /// Takes `items` times `size_of_item` from DecodeLimits::memory.
  ///
  /// @throws DecodeError  that is more than is left of it
  void charge(std::size_t items, std::size_t size_of_item) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(items, size_of_item, &bytes) || bytes > memory_left_) [[unlikely]] {
      fail("it would take more memory than DecodeLimits::memory allows");
    }
    memory_left_ -= bytes;
  }

  /// The same for items that are decoded one by one: they are taken from DecodeLimits::items too.
  ///
  /// @throws DecodeError  that is more than is left of either
  void charge_each(std::size_t items, std::size_t size_of_item) {
    if (items > items_left_) [[unlikely]] { fail("it has more items than DecodeLimits::items allows"); }
    items_left_ -= items;
    charge(items, size_of_item);
  }

  /// DecodeLimits::chain, for the codec of a container with buckets.
  [[nodiscard]] std::size_t longest_chain() const noexcept { return longest_chain_; }

  /// For carriers: what came with the message. It must outlive the decoding.
  void bring(CarriedDescriptors& carried) noexcept { carried_ = &carried; }
  /// A descriptor that came with the message, by the index that attach_descriptor() gave. The caller owns it from now
  /// on.
  ///
  /// @throws DecodeError  none came, or it was taken
  [[nodiscard]] int take_descriptor(std::size_t index);

  /// Bytes not read yet.
  [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }
  /// Bytes read.
  [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(cursor_ - begin_); }

  /// Throws DecodeError when bytes are left. Descriptors that nobody took are closed.
  void expect_end() const {
    if (cursor_ != end_) [[unlikely]] { fail("bytes follow after its end"); }
    if (carried_ != nullptr) [[unlikely]] { carried_->close(); }
  }

  /// One level of values within values, for as long as it lives. A Codec of a type that can contain itself makes one.
  class [[nodiscard]] Nested {
   public:
    /// @throws DecodeError  beyond DecodeLimits::depth levels
    explicit Nested(Decoder& decoder) : decoder_(decoder) {
      if (decoder.depth_left_ == 0) [[unlikely]] { decoder.fail("its values lie too deeply within each other"); }
      --decoder.depth_left_;
    }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    ~Nested() { ++decoder_.depth_left_; }

   private:
    Decoder& decoder_;
  };

  /// For a Codec of what is opened by a name that the bytes give. Call it before anything is opened.
  ///
  /// @throws DecodeError  DecodeLimits::names is false
  void expect_names_allowed() const {
    if (!names_) [[unlikely]] {
      fail("it names a shared object or memory, and its sender may be anybody: DecodeLimits::names allows it");
    }
  }

  /// Throws DecodeError: "decode: byte POSITION of SIZE: SENTENCE". For a Codec that dislikes what it read.
  [[noreturn]] void fail(const char* sentence) const;

 private:
  static constexpr std::size_t default_memory(std::size_t input) noexcept {
    constexpr std::size_t kLeast = std::size_t{256} << 20;
    return input > kLeast / 4 ? 4 * input : kLeast;
  }
  std::size_t read_number() {
    if (cursor_ != end_ && static_cast<std::uint8_t>(*cursor_) < 0x80) [[likely]] {
      return static_cast<std::size_t>(*cursor_++);
    }
    return read_long_number();
  }
  std::size_t read_long_number();

  const std::byte* begin_;
  const std::byte* cursor_;
  const std::byte* end_;
  std::size_t depth_left_;
  std::size_t memory_left_;
  std::size_t items_left_;
  std::size_t longest_chain_;
  bool names_;
  CarriedDescriptors* carried_ = nullptr;
};

}  // namespace cohort
