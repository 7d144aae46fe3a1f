// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Where encoded bytes go.
//
// An Encoder appends to a piece of memory between cursor_ and end_. As long as bytes fit, writing is a copy and
// nothing else; when they do not, one virtual call, write_slow(), finds room. So the same codec fills a vector, or a
// record that lies in shared memory already, and only the second one falls back to the heap when a value is too big.
//
//   VectorEncoder out;
//   Codec<std::string>::encode(out, "bob");
//   std::vector<std::byte> bytes = out.take();
//
// Threads: an encoder belongs to one thread. Fork: an encoder is plain memory.
// Python: the Pickler over a BytesIO.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"

namespace cohort {

/// How deeply values may lie within each other, unless DecodeLimits says something else: a list of nodes linked by
/// std::unique_ptr has one level a node. Each level takes some hundred bytes of stack, so 512 fits in small stacks.
inline constexpr std::size_t kDefaultMaxDepth = 512;

/// The sink of Codec<T>::encode.
class COHORT_EXPORT Encoder {
 public:
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder();

  /// Appends bytes as they are.
  ///
  /// @throws std::bad_alloc  when the sink cannot grow; what was written before stays
  /// Cost: one memcpy while there is room
  void write(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }

  /// Appends the object representation of `value`, padding included: give it types without padding.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void write_raw(const T& value) {
    if (static_cast<std::size_t>(end_ - cursor_) >= sizeof(T)) [[likely]] {
      std::memcpy(cursor_, &value, sizeof(T));
      cursor_ += sizeof(T);
    } else {
      write_slow(reinterpret_cast<const std::byte*>(&value), sizeof(T));
    }
  }

  /// The next `size` bytes of the sink, for the caller to fill at once; null when there is not room for them in one
  /// piece, and then nothing was taken and write() is the way.
  [[nodiscard]] std::byte* try_claim(std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - cursor_) < size) [[unlikely]] { return nullptr; }
    std::byte* claimed = cursor_;
    cursor_ += size;
    return claimed;
  }

  /// Appends a number of items in 1 to 10 bytes (docs/formats/codec.md, "Counts"). Decoder::read_count reads it.
  void write_count(std::size_t count) {
    if (count < 0x80) [[likely]] {
      write_raw(static_cast<std::uint8_t>(count));
    } else {
      write_long_count(count);
    }
  }

  /// Bytes written so far.
  [[nodiscard]] std::size_t size() const noexcept { return flushed_ + static_cast<std::size_t>(cursor_ - begin_); }

  /// A shared object whose handle is part of the message: it must live until the handle has arrived.
  struct Attachment {
    std::uint64_t object = 0;          ///< its offset in the family memory
    std::shared_ptr<const void> keep;  ///< a handle in this process
  };
  /// Says that the message names a shared object. Whoever carries the message sees to it that the object lives so long.
  void attach(Attachment attachment);
  [[nodiscard]] bool has_attachments() const noexcept { return attachments_ != nullptr; }
  /// What was attached since the beginning, or the last call.
  [[nodiscard]] std::vector<Attachment> take_attachments();

  /// A descriptor of which the receiver gets a copy.
  struct Descriptor {
    int number = -1;
    std::shared_ptr<const void> keep;  ///< keeps it open until the message is on its way
  };
  /// Says that a descriptor is part of the message. Returns its index, to be written: Decoder::take_descriptor() wants
  /// it.
  ///
  /// @throws EncodeError  the carrier takes no descriptors (only the arguments of a Process have one that does), or no
  ///                      more
  std::size_t attach_descriptor(Descriptor descriptor);
  /// For carriers: as many as `most` may be attached.
  void carry_descriptors(std::size_t most);
  /// What was attached; none can be attached any more.
  [[nodiscard]] std::vector<Descriptor> take_descriptors();

  /// One level of values within values, for as long as it lives. A Codec of a type that can contain itself makes one.
  class [[nodiscard]] Nested {
   public:
    /// @throws EncodeError  beyond kDefaultMaxDepth levels
    explicit Nested(Encoder& encoder) : encoder_(encoder) {
      if (encoder.depth_ == kDefaultMaxDepth) [[unlikely]] {
        fail(
            "values lie too deeply within each other (a list linked by pointers, a deep tree?): send a flat container");
      }
      ++encoder.depth_;
    }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    ~Nested() { --encoder_.depth_; }

   private:
    Encoder& encoder_;
  };

  /// Throws EncodeError.
  [[noreturn]] static void fail(const char* sentence);

 protected:
  /// Writes to [begin, end) first.
  Encoder(std::byte* begin, std::byte* end) noexcept : begin_(begin), cursor_(begin), end_(end) {}

  /// Takes `size` bytes for which there is no room in [cursor_, end_). It may move what [begin_, cursor_) holds
  /// elsewhere, adding to flushed_, and set the three pointers anew.
  virtual void write_slow(const std::byte* data, std::size_t size) = 0;

  std::byte* begin_;
  std::byte* cursor_;
  std::byte* end_;
  std::size_t flushed_ = 0;  ///< bytes written that no longer lie in [begin_, cursor_)

 private:
  void append(const std::byte* data, std::size_t size) {
    if (size == 0) { return; }
    if (static_cast<std::size_t>(end_ - cursor_) >= size) [[likely]] {
      std::memcpy(cursor_, data, size);
      cursor_ += size;
    } else {
      write_slow(data, size);
    }
  }
  void write_long_count(std::size_t count);

  struct Descriptors {
    std::size_t most = 0;
    std::vector<Descriptor> attached;
  };

  std::size_t depth_ = 0;
  std::unique_ptr<std::vector<Attachment>> attachments_;
  std::unique_ptr<Descriptors> descriptors_;  // null: the carrier takes none
};

namespace detail {

/// Items that are written one by one, after their number. A decoder takes from the number that so many bytes are there.
class [[nodiscard]] EncodedItems {
 public:
  /// Writes the number. Throws EncodeError where values lie too deeply.
  EncodedItems(Encoder& out, std::size_t count) : out_(out), nested_(out), count_(count) {
    out.write_count(count);
    before_ = out.size();
  }
  /// Once they are written. Throws EncodeError when a Codec has written nothing for one.
  void expect_a_byte_each() const {
    if (out_.size() - before_ < count_) [[unlikely]] {
      Encoder::fail("a Codec wrote nothing for an item; each value must take at least one byte");
    }
  }

 private:
  Encoder& out_;
  Encoder::Nested nested_;
  std::size_t count_;
  std::size_t before_ = 0;
};

}  // namespace detail

/// Fills a fixed piece of memory, and goes over to a vector of its own when that is too small.
///
/// As long as spilled() is false, the whole message is the first size() bytes of the given memory. Once it is true, the
/// whole message is in take_spill(), and the given memory holds nothing of worth.
class COHORT_EXPORT SpanEncoder final : public Encoder {
 public:
  /// @param memory  where to write; it must outlive the encoder; may be empty
  explicit SpanEncoder(std::span<std::byte> memory) noexcept : Encoder(memory.data(), memory.data() + memory.size()) {}
  ~SpanEncoder() override;

  /// Whether the message did not fit in the given memory.
  [[nodiscard]] bool spilled() const noexcept { return spilled_; }
  /// The whole message, when spilled() is true; else nothing. The encoder is empty afterwards.
  [[nodiscard]] std::vector<std::byte> take_spill();

 private:
  void write_slow(const std::byte* data, std::size_t size) override;

  std::vector<std::byte> spill_;
  bool spilled_ = false;
};

/// Fills a vector.
///
/// Small writes gather in a buffer inside the encoder, so that a vector of the exact size is allocated once for a small
/// message, and none of its bytes is set to zero before it is written.
class COHORT_EXPORT VectorEncoder final : public Encoder {
 public:
  VectorEncoder() noexcept : Encoder(nullptr, nullptr) {
    begin_ = cursor_ = gathered_.data();
    end_ = begin_ + gathered_.size();
  }
  ~VectorEncoder() override;

  /// The bytes written. The encoder is empty afterwards and may be used again.
  [[nodiscard]] std::vector<std::byte> take();
  /// The bytes written, until the next write, take or clear.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return flushed_ == 0 ? std::span<const std::byte>(begin_, cursor_) : flushed_bytes();
  }
  /// Forgets the bytes written and keeps the memory.
  void clear() noexcept {
    cursor_ = begin_;
    flushed_ = 0;
    buffer_.clear();
  }

 private:
  static constexpr std::size_t kGathered = 512;  // a typical task with its arguments; it lies on the caller's stack

  void write_slow(const std::byte* data, std::size_t size) override;
  void flush() const;
  std::span<const std::byte> flushed_bytes() const;

  // mutable: bytes() brings the last of the gathered bytes home, which changes nothing that can be seen.
  mutable std::vector<std::byte> buffer_;
  std::array<std::byte, kGathered> gathered_;
};

}  // namespace cohort
