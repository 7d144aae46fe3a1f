// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/remote_error.hpp"

#include <cxxabi.h>

#include <any>
#include <bit>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <system_error>
#include <typeinfo>
#include <variant>

#include "base/exception_text.hpp"
#include "os/process.hpp"
#include "os/unwind.hpp"
#include "wire/thrown_object.hpp"

namespace cohort {

RemoteException::~RemoteException() = default;

RemoteError::RemoteError(RemoteContext context)
    : Error("remote", context.process, context.type + (context.text.empty() ? "" : ": " + context.text)),
      RemoteException(std::move(context)) {}
RemoteError::~RemoteError() = default;

namespace detail {

namespace {

template <class E>
ExceptionCodec by_text() {
  return {typeid(E).name(), typeid(Remote<E>).name(), nullptr,
          [](Decoder&, Arrival&& arrival) { arrival.raise(E(arrival.text())); }};
}

// Types that carry no text of their own.
template <class E>
ExceptionCodec by_default() {
  return {typeid(E).name(), typeid(Remote<E>).name(), nullptr, [](Decoder&, Arrival&& arrival) { arrival.raise(E()); }};
}

// One of Cohort's: operation, subject, and the sentence that is left of the text.
template <class E>
ExceptionCodec by_error() {
  return {typeid(E).name(), typeid(Remote<E>).name(),
          [](Encoder& out, const void* exception) {
            const auto& error = *static_cast<const E*>(exception);
            Codec<std::string>::encode(out, error.operation());
            Codec<std::string>::encode(out, error.subject());
          },
          [](Decoder& in, Arrival&& arrival) {
            std::string operation = Codec<std::string>::decode(in);
            std::string subject = Codec<std::string>::decode(in);
            std::string prefix = operation + (subject.empty() || operation.empty() ? "" : ": ") + subject;
            std::string sentence = arrival.text();
            if (sentence.starts_with(prefix)) sentence.erase(0, prefix.size());
            if (sentence.starts_with(": ")) sentence.erase(0, 2);
            arrival.raise(E(operation, subject, sentence));
          }};
}

// A category that this program does not know: its codes equal no condition, so that no handler takes them for something
// else.
class ForeignCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "remote"; }
  [[nodiscard]] std::string message(int value) const override { return "remote error " + std::to_string(value); }
  [[nodiscard]] bool equivalent(int, const std::error_condition&) const noexcept override { return false; }
};

const std::error_category* const kCategories[] = {&std::generic_category(), &std::system_category(),
                                                  &std::iostream_category(), &std::future_category()};

// A std::error_code as (number, category); only those of the standard library come back as themselves.
void encode_code(Encoder& out, const std::error_code& code) {
  out.write_raw(static_cast<std::int32_t>(code.value()));
  std::uint8_t index = 0;
  while (index < std::size(kCategories) && *kCategories[index] != code.category()) ++index;
  out.write_raw(index);
}
std::error_code decode_code(Decoder& in) {
  static const auto* foreign = new ForeignCategory;
  int value = in.read_raw<std::int32_t>();
  auto index = in.read_raw<std::uint8_t>();
  return {value, index < std::size(kCategories) ? *kCategories[index] : *foreign};
}

// What was given to a constructor that appends ": message".
std::string without_message(const std::string& text, const std::error_code& code) {
  std::string tail = ": " + code.message();
  return text.ends_with(tail) ? text.substr(0, text.size() - tail.size()) : text;
}

ExceptionCodec system_error_codec() {
  return {typeid(std::system_error).name(), typeid(Remote<std::system_error>).name(),
          [](Encoder& out, const void* exception) {
            encode_code(out, static_cast<const std::system_error*>(exception)->code());
          },
          [](Decoder& in, Arrival&& arrival) {
            std::error_code code = decode_code(in);
            arrival.raise(std::system_error(code, without_message(arrival.text(), code)));
          }};
}

ExceptionCodec stream_failure_codec() {
  using Failure = std::ios_base::failure;
  return {typeid(Failure).name(), typeid(Remote<Failure>).name(),
          [](Encoder& out, const void* exception) { encode_code(out, static_cast<const Failure*>(exception)->code()); },
          [](Decoder& in, Arrival&& arrival) {
            std::error_code code = decode_code(in);
            arrival.raise(Failure(without_message(arrival.text(), code), code));
          }};
}

// Its what() is made of its parts in the library's own way, so the parts travel.
ExceptionCodec filesystem_error_codec() {
  using Failure = std::filesystem::filesystem_error;
  return {typeid(Failure).name(), typeid(Remote<Failure>).name(),
          [](Encoder& out, const void* exception) {
            const auto& error = *static_cast<const Failure*>(exception);
            encode_code(out, error.code());
            Codec<std::string>::encode(out, error.path1().string());
            Codec<std::string>::encode(out, error.path2().string());
            Codec<std::string>::encode(out, without_message(error.std::system_error::what(), error.code()));
          },
          [](Decoder& in, Arrival&& arrival) {
            std::error_code code = decode_code(in);
            std::string first = Codec<std::string>::decode(in);
            std::string second = Codec<std::string>::decode(in);
            std::string words = Codec<std::string>::decode(in);
            Failure failure = second.empty() ? first.empty() ? Failure(words, code) : Failure(words, first, code)
                                             : Failure(words, first, second, code);
            arrival.raise(failure);
          }};
}

ExceptionCodec future_error_codec() {
  return {typeid(std::future_error).name(), typeid(Remote<std::future_error>).name(),
          [](Encoder& out, const void* exception) {
            out.write_raw(static_cast<std::int32_t>(static_cast<const std::future_error*>(exception)->code().value()));
          },
          [](Decoder& in, Arrival&& arrival) {
            auto code = static_cast<std::future_errc>(in.read_raw<std::int32_t>());
            arrival.raise(std::future_error(code));
          }};
}

// The type of this enum is not fixed (that of std::future_errc is), so that it has only the values that the bits of its
// enumerators can form: any other is undefined behaviour. The library throws some of these that have no public name.
std::regex_constants::error_type regex_code(const Decoder& in, std::int32_t number) {
  using namespace std::regex_constants;
  const error_type named[] = {error_collate,   error_ctype,      error_escape,   error_backref, error_brack,
                              error_paren,     error_brace,      error_badbrace, error_range,   error_space,
                              error_badrepeat, error_complexity, error_stack};
  unsigned bits = 0;
  for (error_type code : named) bits |= static_cast<unsigned>(code);
  if (number < 0 || std::bit_width(static_cast<unsigned>(number)) > std::bit_width(bits))
    in.fail("a regex_error has no code of that number");
  return static_cast<error_type>(number);
}

ExceptionCodec regex_error_codec() {
  return {typeid(std::regex_error).name(), typeid(Remote<std::regex_error>).name(),
          [](Encoder& out, const void* exception) {
            out.write_raw(static_cast<std::int32_t>(static_cast<const std::regex_error*>(exception)->code()));
          },
          [](Decoder& in, Arrival&& arrival) {
            auto code = regex_code(in, in.read_raw<std::int32_t>());
            arrival.raise(std::regex_error(code));
          }};
}

template <class E>
ExceptionCodec os_error_codec() {
  return {typeid(E).name(), typeid(Remote<E>).name(),
          [](Encoder& out, const void* exception) {
            const auto& error = *static_cast<const E*>(exception);
            out.write_raw(static_cast<std::int32_t>(error.code().value()));
            Codec<std::string>::encode(out, error.operation());
            Codec<std::string>::encode(out, error.subject());
          },
          [](Decoder& in, Arrival&& arrival) {
            int number = in.read_raw<std::int32_t>();
            std::string operation = Codec<std::string>::decode(in);
            std::string subject = Codec<std::string>::decode(in);
            arrival.raise(E(number, operation, subject));
          }};
}

struct Registry {
  std::mutex mutex;
  std::map<std::string, ExceptionCodec, std::less<>> codecs;

  Registry() {
    for (auto& codec : {by_text<std::runtime_error>(),
                        by_text<std::logic_error>(),
                        by_text<std::invalid_argument>(),
                        by_text<std::domain_error>(),
                        by_text<std::length_error>(),
                        by_text<std::out_of_range>(),
                        by_text<std::range_error>(),
                        by_text<std::overflow_error>(),
                        by_text<std::underflow_error>(),
                        by_default<std::exception>(),
                        by_default<std::bad_alloc>(),
                        by_default<std::bad_cast>(),
                        by_default<std::bad_typeid>(),
                        by_default<std::bad_exception>(),
                        by_default<std::bad_optional_access>(),
                        by_default<std::bad_variant_access>(),
                        by_default<std::bad_function_call>(),
                        by_default<std::bad_weak_ptr>(),
                        by_default<std::bad_array_new_length>(),
                        by_default<std::bad_any_cast>(),
                        system_error_codec(),
                        stream_failure_codec(),
                        filesystem_error_codec(),
                        future_error_codec(),
                        regex_error_codec(),
                        os_error_codec<OsError>(),
                        os_error_codec<SpawnError>(),
                        by_error<TimeoutError>(),
                        by_error<Stopped>(),
                        by_error<StateError>(),
                        by_error<ValueError>(),
                        by_error<ClosedError>(),
                        by_error<EndOfFile>(),
                        by_error<Empty>(),
                        by_error<Full>(),
                        by_error<BufferTooShort>(),
                        by_error<AuthenticationError>(),
                        by_error<BrokenBarrierError>(),
                        by_error<LockOwnerDied>(),
                        by_error<DecodeError>(),
                        by_error<EncodeError>(),
                        by_error<OutOfFamilyMemory>(),
                        by_error<IncompatibleError>(),
                        by_error<BootstrapError>()})
      add(codec);
  }

  // One that arrived here from elsewhere goes on as what it was.
  void add(const ExceptionCodec& codec) {
    codecs.insert_or_assign(std::string(codec.type), codec);
    if (!codec.remote_type.empty()) codecs.insert_or_assign(std::string(codec.remote_type), codec);
  }

  ExceptionCodec find(std::string_view type) {
    std::lock_guard guard(mutex);
    auto found = codecs.find(type);
    return found == codecs.end() ? ExceptionCodec{} : found->second;
  }
};

// Leaked: exceptions may be sent by static destructors.
Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

// The fields of a RemoteContext and the type's own bytes: one level of docs/formats/codec.md#exceptions.
void write_error(Encoder& out, std::string_view mangled, const RemoteContext& context, std::span<const std::byte> own) {
  Codec<std::string>::encode(out, std::string(mangled));
  Codec<std::string>::encode(out, context.type);
  Codec<std::string>::encode(out, context.text);
  Codec<std::string>::encode(out, context.trace);
  out.write_raw(static_cast<std::int32_t>(context.pid));
  Codec<std::string>::encode(out, context.process);
  Codec<std::string>::encode(out, context.task);
  out.write_raw(static_cast<std::uint64_t>(own.size()));
  out.write(own);
}

}  // namespace

void register_exception_codec(const ExceptionCodec& codec) {
  std::lock_guard guard(registry().mutex);
  registry().add(codec);
}

namespace {

// More than anybody reads; a text without an end, or made of a whole message, must not fill the memory of two
// processes.
constexpr std::size_t kMostText = std::size_t{64} << 10;

// What an exception says of itself: nothing, where the pointer is null.
std::string text_of(const char* text) {
  if (text == nullptr) return {};
  std::size_t size = ::strnlen(text, kMostText + 1);
  return size <= kMostText ? std::string(text, size) : std::string(text, kMostText) + " [cut]";
}

}  // namespace

ExceptionText describe_current_exception() {
  const std::exception_ptr current = std::current_exception();
  const std::type_info* type = thrown_object(current).type;
  ExceptionText result;
  result.type = type != nullptr ? os::demangle(type->name()) : "unknown exception";
  try {
    throw;
  } catch (const RemoteException& e) {
    // Hop by hop the first origin stays what is reported.
    result.type = e.context().type;
    result.text = e.context().text;
  } catch (const std::exception& e) { result.text = text_of(e.what()); } catch (const std::string& text) {
    result.text = text.size() <= kMostText ? text : text.substr(0, kMostText) + " [cut]";
  } catch (const char* text) { result.text = text_of(text); } catch (int value) {
    result.text = std::to_string(value);
  } catch (...) {  // a type that says nothing: its name is all there is
  }
  return result;
}

namespace {

// More than any program means to nest, and few enough for the stacks of both sides, which go down one call a level.
constexpr std::size_t kMostLevels = 16;

// What the exception that is being handled holds of the one that was handled when it was thrown; null when it holds
// none.
std::exception_ptr nested_in_current() {
  try {
    throw;
  } catch (const std::nested_exception& e) { return e.nested_ptr(); } catch (...) {
    return nullptr;
  }
}

void describe_levels(std::vector<ExceptionText>& levels) {
  levels.push_back(describe_current_exception());
  std::exception_ptr inner = levels.size() < kMostLevels ? nested_in_current() : nullptr;
  if (!inner) return;
  try {
    std::rethrow_exception(inner);
  } catch (...) { describe_levels(levels); }
}

// Hop by hop the first origin stays what is reported.
RemoteContext current_context(std::string_view process_name, std::string_view task) {
  os::StackTrace trace = os::take_trace();
  try {
    throw;
  } catch (const RemoteException& e) { return e.context(); } catch (...) {  // born here
  }
  RemoteContext context;
  auto described = describe_current_exception();
  context.type = std::move(described.type);
  context.text = std::move(described.text);
  context.trace = os::format_trace(trace);
  context.pid = os::process_id();
  context.process = process_name;
  context.task = task;
  return context;
}

void encode_levels(Encoder& out, std::string_view process_name, std::string_view task, std::size_t depth) {
  RemoteContext context = current_context(process_name, task);
  const std::exception_ptr current = std::current_exception();
  const ThrownObject thrown = thrown_object(current);
  std::string mangled = thrown.type != nullptr ? thrown.type->name() : "";
  VectorEncoder own;
  ExceptionCodec codec = registry().find(mangled);
  if (codec.rethrow && codec.encode) {
    try {
      codec.encode(own, first_base(thrown, codec.type));  // of a Remote<E> the E
      for (auto& attachment : own.take_attachments()) out.attach(std::move(attachment));
    } catch (...) {  // a Codec that throws: the text still arrives
      mangled.clear();
    }
  }
  write_error(out, mangled, context, own.take());
  std::exception_ptr inner = depth < kMostLevels ? nested_in_current() : nullptr;
  out.write_raw(static_cast<std::uint8_t>(inner != nullptr));
  if (!inner) return;
  try {
    std::rethrow_exception(inner);
  } catch (...) { encode_levels(out, process_name, task, depth + 1); }
}

// One exception as it came.
struct Level {
  std::string mangled;
  RemoteContext context;
  std::span<const std::byte> own;
};

// Reads into `level` what can be read. Returns whether another one follows, which was nested in this one.
bool read_level(Decoder& in, Level& level) {
  std::string mangled = Codec<std::string>::decode(in);
  RemoteContext& context = level.context;
  context.type = Codec<std::string>::decode(in);
  context.text = Codec<std::string>::decode(in);
  context.trace = Codec<std::string>::decode(in);
  context.pid = in.read_raw<std::int32_t>();
  context.process = Codec<std::string>::decode(in);
  context.task = Codec<std::string>::decode(in);
  level.own = in.read(in.read_raw<std::uint64_t>());
  const bool more = in.read_raw<std::uint8_t>() != 0;
  level.mangled = std::move(mangled);  // last: of a level that was cut the text only is taken
  return more;
}

// All levels share one decoder and so its limits. A level that cannot be decoded is the last, and has what could be
// read.
std::vector<Level> read_levels(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  std::vector<Level> levels;
  try {
    Decoder in(bytes, limits);
    bool more = true;
    while (more && levels.size() < kMostLevels) more = read_level(in, levels.emplace_back());
  } catch (const DecodeError& e) {
    if (levels.back().context.text.empty()) levels.back().context.text = e.what();
  }
  return levels;
}

[[noreturn]] void raise_level(Level& level, bool nests, const DecodeLimits& limits) {
  try {
    if (ExceptionCodec codec = registry().find(level.mangled); codec.rethrow) {
      Decoder fields(level.own, limits);
      codec.rethrow(fields, Arrival(level.context, nests));
    }
  } catch (const RemoteException&) { throw; } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::exception& e) {  // bytes that cannot be decoded, or a type whose constructor refuses them
    if (level.context.text.empty()) level.context.text = text_or_none(e);
  } catch (...) {  // a constructor that refuses in its own way: the text that came is what there is to say
  }
  RemoteError error(std::move(level.context));
  if (nests) std::throw_with_nested(std::move(error));
  throw error;
}

// The innermost first, so that each is thrown while the one within it is being handled.
[[noreturn]] void raise_levels(std::span<Level> levels, const DecodeLimits& limits) {
  if (levels.size() > 1) {
    try {
      raise_levels(levels.subspan(1), limits);
    } catch (const RemoteException&) { raise_level(levels.front(), true, limits); }
  }
  raise_level(levels.front(), false, limits);
}

}  // namespace

std::vector<ExceptionText> describe_current_chain() {
  std::vector<ExceptionText> levels;
  describe_levels(levels);
  return levels;
}

void encode_current_exception(Encoder& out, std::string_view process_name, std::string_view task) {
  encode_levels(out, process_name, task, 1);
}

void rethrow_remote(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  std::vector<Level> levels = read_levels(bytes, limits);
  raise_levels(levels, limits);
}

}  // namespace detail

}  // namespace cohort
