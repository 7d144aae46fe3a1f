// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Exceptions that cross from one process to another.
//
// An exception of a standard type, of one of Cohort's, or of a registered type arrives as the same type: it can be
// caught as `std::out_of_range`, and it is also a RemoteException that tells where it came from. Any other arrives as
// RemoteError.
//
//   try { pool.map<parse>(files); }
//   catch (const std::out_of_range& e) {
//     if (auto* remote = dynamic_cast<const cohort::RemoteException*>(&e)) std::cerr << remote->context().trace;
//   }
//
// What std::throw_with_nested() keeps within an exception arrives within it, up to 16 levels: std::rethrow_if_nested()
// gives it, which is a RemoteException, too.
//
// The stack trace is taken where the exception is thrown. Nothing that arrives is ever executed: type names only select
// among the types that this program registered. Python: RemoteTraceback as `__cause__`, and pickled exceptions.
#pragma once

#include <exception>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/export.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {

/// Where an exception came from.
struct RemoteContext {
  std::string type;     ///< as people write it: "std::out_of_range"
  std::string text;     ///< what()
  std::string trace;    ///< the stack at the throw, one line a frame; may be empty
  int pid = 0;          ///< the process that threw
  std::string process;  ///< its name
  std::string task;     ///< what it was working on; may be empty
};

/// The part that all exceptions from another process have in common.
class COHORT_EXPORT RemoteException {
 public:
  explicit RemoteException(RemoteContext context) : context_(std::move(context)) {}
  virtual ~RemoteException();
  RemoteException(const RemoteException&) = default;
  RemoteException& operator=(const RemoteException&) = default;
  [[nodiscard]] const RemoteContext& context() const noexcept { return context_; }

 private:
  RemoteContext context_;
};

/// An exception of type E that another process threw.
template <class E>
class Remote : public E, public RemoteException {
 public:
  Remote(const E& original, RemoteContext context) : E(original), RemoteException(std::move(context)) {}
};

/// An exception that another process threw and whose type is not known here.
class COHORT_EXPORT RemoteError : public Error, public RemoteException {
 public:
  explicit RemoteError(RemoteContext context);
  ~RemoteError() override;
  RemoteError(const RemoteError&) = default;
  RemoteError& operator=(const RemoteError&) = default;
};

namespace detail {

/// An exception that came, about to be thrown here.
class Arrival {
 public:
  /// @param nests  another one came within it, and is being handled now
  Arrival(RemoteContext context, bool nests) : context_(std::move(context)), nests_(nests) {}
  [[nodiscard]] const std::string& text() const noexcept { return context_.text; }
  /// Throws Remote<E>, with the one that is being handled nested in it where one came. Called once.
  template <class E>
  [[noreturn]] void raise(const E& original) {
    Remote<E> exception(original, std::move(context_));
    // Without one, a class that nests would end the program in std::rethrow_if_nested().
    if (nests_) std::throw_with_nested(std::move(exception));
    throw exception;
  }

 private:
  RemoteContext context_;
  bool nests_;
};

/// How one type of exception travels.
struct ExceptionCodec {
  std::string_view type;         ///< typeid(E).name(); storage must be static
  std::string_view remote_type;  ///< typeid(Remote<E>).name(), so that one that came from elsewhere can go on
  /// Writes what the text alone does not hold. May be empty. `exception` is an E, also where a Remote<E> goes on.
  std::function<void(Encoder&, const void* exception)> encode;
  /// Throws Remote<E>, by Arrival::raise().
  std::function<void(Decoder&, Arrival&&)> rethrow;
};
COHORT_EXPORT void register_exception_codec(const ExceptionCodec& codec);

/// Encodes the exception that is being handled and those nested in it. To be called in a catch clause; never throws but
/// bad_alloc.
COHORT_EXPORT void encode_current_exception(Encoder& out, std::string_view process_name, std::string_view task);
/// Throws what encode_current_exception() wrote. Undecodable bytes become a RemoteError with the text that could be
/// read.
/// @param limits  DecodeLimits::within_family() where a member wrote it: its type may carry handles then
[[noreturn]] COHORT_EXPORT void rethrow_remote(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
/// Type and text of the exception that is being handled.
struct ExceptionText {
  std::string type;
  std::string text;
};
[[nodiscard]] COHORT_EXPORT ExceptionText describe_current_exception();
/// The same of the exception that is being handled and of those nested in it, outermost first.
[[nodiscard]] COHORT_EXPORT std::vector<ExceptionText> describe_current_chain();

}  // namespace detail

/// Makes exceptions of type E arrive as Remote<E>. Call it in a static initialiser or before the first process starts,
/// in a place that runs in parent and child.
///
/// E is either encodable (Codec<E>), or constructible from a std::string, which is then its what().
template <class E>
void register_exception() {
  static_assert(std::is_class_v<E> && !std::is_final_v<E>,
                "cohort: an exception type must be a class that is not final");
  if constexpr (Encodable<E>) {
    detail::register_exception_codec(
        {typeid(E).name(), typeid(Remote<E>).name(),
         [](Encoder& out, const void* exception) { Codec<E>::encode(out, *static_cast<const E*>(exception)); },
         [](Decoder& in, detail::Arrival&& arrival) { arrival.raise(Codec<E>::decode(in)); }});
  } else {
    static_assert(
        std::is_constructible_v<E, std::string>,
        "cohort: an exception type travels by its Codec or by a constructor from std::string; it has neither");
    detail::register_exception_codec({typeid(E).name(), typeid(Remote<E>).name(), nullptr,
                                      [](Decoder&, detail::Arrival&& arrival) { arrival.raise(E(arrival.text())); }});
  }
}

}  // namespace cohort
