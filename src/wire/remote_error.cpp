// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/remote_error.hpp"

#include <cxxabi.h>

#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <typeinfo>

#include "os/process.hpp"
#include "os/unwind.hpp"

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
  return {typeid(E).name(), nullptr, [](Decoder&, RemoteContext&& context) {
            E exception(context.text);
            throw Remote<E>(std::move(exception), std::move(context));
          }};
}

// Types that carry no text of their own.
template <class E>
ExceptionCodec by_default() {
  return {typeid(E).name(), nullptr, [](Decoder&, RemoteContext&& context) { throw Remote<E>(E(), std::move(context)); }};
}

// One of Cohort's: operation, subject, and the sentence that is left of the text.
template <class E>
ExceptionCodec by_error() {
  return {typeid(E).name(),
          [](Encoder& out, const void* exception) {
            const auto& error = *static_cast<const E*>(exception);
            Codec<std::string>::encode(out, error.operation());
            Codec<std::string>::encode(out, error.subject());
          },
          [](Decoder& in, RemoteContext&& context) {
            std::string operation = Codec<std::string>::decode(in);
            std::string subject = Codec<std::string>::decode(in);
            std::string prefix = operation + (subject.empty() || operation.empty() ? "" : ": ") + subject;
            std::string sentence = context.text;
            if (sentence.starts_with(prefix)) sentence.erase(0, prefix.size());
            if (sentence.starts_with(": ")) sentence.erase(0, 2);
            E exception(operation, subject, sentence);
            throw Remote<E>(std::move(exception), std::move(context));
          }};
}

// A std::error_code as (number, category name); only the two standard categories come back as themselves.
void encode_code(Encoder& out, const std::error_code& code) {
  out.write_raw(static_cast<std::int32_t>(code.value()));
  out.write_raw(static_cast<std::uint8_t>(code.category() == std::system_category() ? 1 : code.category() == std::generic_category() ? 2 : 0));
}
std::error_code decode_code(Decoder& in) {
  int value = in.read_raw<std::int32_t>();
  return in.read_raw<std::uint8_t>() == 1 ? std::error_code(value, std::system_category())
                                          : std::error_code(value, std::generic_category());
}

ExceptionCodec system_error_codec() {
  return {typeid(std::system_error).name(),
          [](Encoder& out, const void* exception) { encode_code(out, static_cast<const std::system_error*>(exception)->code()); },
          [](Decoder& in, RemoteContext&& context) {
            std::error_code code = decode_code(in);
            // The constructor appends ": message"; take it off the text first.
            std::string text = context.text;
            std::string tail = ": " + code.message();
            if (text.ends_with(tail)) text.resize(text.size() - tail.size());
            throw Remote<std::system_error>(std::system_error(code, text), std::move(context));
          }};
}

template <class E>
ExceptionCodec os_error_codec() {
  return {typeid(E).name(),
          [](Encoder& out, const void* exception) {
            const auto& error = *static_cast<const E*>(exception);
            out.write_raw(static_cast<std::int32_t>(error.code().value()));
            Codec<std::string>::encode(out, error.operation());
            Codec<std::string>::encode(out, error.subject());
          },
          [](Decoder& in, RemoteContext&& context) {
            int number = in.read_raw<std::int32_t>();
            std::string operation = Codec<std::string>::decode(in);
            std::string subject = Codec<std::string>::decode(in);
            throw Remote<E>(E(number, operation, subject), std::move(context));
          }};
}

struct Registry {
  std::mutex mutex;
  std::map<std::string, ExceptionCodec, std::less<>> codecs;

  Registry() {
    for (auto& codec : {by_text<std::runtime_error>(), by_text<std::logic_error>(), by_text<std::invalid_argument>(),
                        by_text<std::domain_error>(), by_text<std::length_error>(), by_text<std::out_of_range>(),
                        by_text<std::range_error>(), by_text<std::overflow_error>(), by_text<std::underflow_error>(),
                        by_default<std::exception>(), by_default<std::bad_alloc>(), by_default<std::bad_cast>(),
                        by_default<std::bad_typeid>(), by_default<std::bad_exception>(),
                        by_default<std::bad_optional_access>(), by_default<std::bad_variant_access>(),
                        by_default<std::bad_function_call>(), system_error_codec(), os_error_codec<OsError>(),
                        os_error_codec<SpawnError>(), by_error<TimeoutError>(), by_error<StateError>(),
                        by_error<ValueError>(), by_error<ClosedError>(), by_error<EndOfFile>(), by_error<Empty>(),
                        by_error<Full>(), by_error<BufferTooShort>(), by_error<AuthenticationError>(),
                        by_error<BrokenBarrierError>(), by_error<LockOwnerDied>(), by_error<DecodeError>(),
                        by_error<EncodeError>(), by_error<OutOfFamilyMemory>(), by_error<IncompatibleError>(),
                        by_error<BootstrapError>()})
      codecs.emplace(codec.type, codec);
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

// The fields of a RemoteContext and the type's own bytes.
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

void register_exception_codec(ExceptionCodec codec) {
  std::lock_guard guard(registry().mutex);
  std::string type(codec.type);
  registry().codecs.insert_or_assign(std::move(type), std::move(codec));
}

ExceptionText describe_current_exception() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  ExceptionText result;
  result.type = type != nullptr ? os::demangle(type->name()) : "unknown exception";
  try {
    throw;
  } catch (const RemoteException& e) {
    // Hop by hop the first origin stays what is reported.
    result.type = e.context().type;
    result.text = e.context().text;
  } catch (const std::exception& e) {
    result.text = e.what();
  } catch (const std::string& text) {
    result.text = text;
  } catch (const char* text) {
    result.text = text != nullptr ? text : "";
  } catch (int value) {
    result.text = std::to_string(value);
  } catch (...) {  // a type that says nothing: its name is all there is
  }
  return result;
}

void encode_current_exception(Encoder& out, std::string_view process_name, std::string_view task) {
  RemoteContext context;
  auto described = describe_current_exception();
  context.type = std::move(described.type);
  context.text = std::move(described.text);
  context.trace = os::format_trace(os::take_trace());
  context.pid = os::process_id();
  context.process = process_name;
  context.task = task;
  const std::type_info* type = abi::__cxa_current_exception_type();
  std::string mangled = type != nullptr ? type->name() : "";
  VectorEncoder own;
  ExceptionCodec codec = registry().find(mangled);
  if (codec.rethrow && codec.encode) {
    try {
      // The thrown object starts at its most derived type, which is the type that was looked up.
      std::exception_ptr current = std::current_exception();
      void* object = *reinterpret_cast<void**>(&current);
      codec.encode(own, object);
    } catch (...) {  // a Codec that throws: the text still arrives
      mangled.clear();
    }
  }
  write_error(out, mangled, context, own.take());
}

void rethrow_remote(std::span<const std::byte> bytes) {
  RemoteContext context;
  std::string mangled;
  try {
    Decoder in(bytes);
    mangled = Codec<std::string>::decode(in);
    context.type = Codec<std::string>::decode(in);
    context.text = Codec<std::string>::decode(in);
    context.trace = Codec<std::string>::decode(in);
    context.pid = in.read_raw<std::int32_t>();
    context.process = Codec<std::string>::decode(in);
    context.task = Codec<std::string>::decode(in);
    auto size = in.read_raw<std::uint64_t>();
    auto own = in.read(size);
    ExceptionCodec codec = registry().find(mangled);
    if (codec.rethrow) {
      Decoder fields(own);
      RemoteContext copy = context;
      codec.rethrow(fields, std::move(copy));
    }
  } catch (const RemoteException&) {
    throw;
  } catch (const DecodeError& e) {
    if (context.text.empty()) context.text = e.what();
  }
  throw RemoteError(std::move(context));
}

}  // namespace detail

}  // namespace cohort
