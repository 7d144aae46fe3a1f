// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wire/callable.hpp"

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "cohort/base/error.hpp"
#include "os/module.hpp"
#include "wire/removed_callables.hpp"

namespace cohort {

namespace {

std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t value = 0xcbf29ce484222325u;  // 64-bit FNV-1a
  for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return value;
}

std::string hex(const std::array<std::byte, 16>& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::byte b : bytes) {
    text += kDigits[static_cast<unsigned>(b) >> 4];
    text += kDigits[static_cast<unsigned>(b) & 15];
  }
  return text;
}

}  // namespace

// The list of all descriptors of this process. It is filled by static initialisers, in any order, so it must be ready
// before the first of them: hence constinit, and a lock of one flag instead of a std::mutex that might not be.
struct CallableRegistry {
  std::mutex mutex;  // constexpr constructor, trivially destructible in effect: never destroyed, see registry()
  CallableDescriptor* head = nullptr;
  std::size_t count = 0;
  // Built from the list on first look-up, and again when the list has changed.
  std::unordered_set<const void*>* known = nullptr;
  std::size_t known_count = 0;
  std::atomic<std::uint64_t> removed{0};

  void add(CallableDescriptor* descriptor) {
    std::lock_guard guard(mutex);
    descriptor->next_ = head;
    head = descriptor;
    ++count;
  }

  void remove(CallableDescriptor* descriptor) {
    std::lock_guard guard(mutex);
    for (CallableDescriptor** link = &head; *link != nullptr; link = &(*link)->next_) {
      if (*link != descriptor) continue;
      *link = descriptor->next_;
      --count;
      known_count = SIZE_MAX;
      removed.fetch_add(
          1,
          std::memory_order_relaxed);  // relaxed: who has a new descriptor in that place learnt of it from its loader
      return;
    }
  }

  bool contains(const void* address) {
    std::lock_guard guard(mutex);
    if (known == nullptr || known_count != count) {
      if (known == nullptr) known = new std::unordered_set<const void*>;
      known->clear();
      for (CallableDescriptor* d = head; d != nullptr; d = d->next_) known->insert(d);
      known_count = count;
    }
    return known->contains(address);
  }
};

namespace {

union RegistryStorage {
  constexpr RegistryStorage() : registry{} {}
  ~RegistryStorage() {}  // descriptors of other modules may outlive any destructor of ours
  CallableRegistry registry;
};
constinit RegistryStorage storage;

CallableRegistry& registry() noexcept { return storage.registry; }

}  // namespace

CallableDescriptor::CallableDescriptor(Call function, std::string_view type, std::string_view name) noexcept
    : call_(function), name_(name), signature_(hash(type)) {
  registry().add(this);
}

CallableDescriptor::CallableDescriptor(CallRange function, std::string_view type, std::string_view name) noexcept
    : call_range_(function), name_(name), signature_(hash(type)) {
  registry().add(this);
}

CallableDescriptor::~CallableDescriptor() { registry().remove(this); }

CallableId CallableDescriptor::id() const {
  const os::Module& program = os::program_module();
  auto address = reinterpret_cast<std::uintptr_t>(this);
  if (address >= program.base && address < program.end) return {program.build_id, address - program.base, signature_};
  auto module = os::module_of(this);
  if (!module) throw ValueError("callable", name_, "its descriptor lies in no loaded module");
  return {module->build_id, address - module->base, signature_};
}

const CallableDescriptor& resolve_callable(const CallableId& id) {
  auto module = os::find_module(id.module);
  if (!module)
    throw IncompatibleError(
        "callable", hex(id.module),
        "no module with this build-id is loaded here; this program is build " + hex(os::program_module().build_id));
  const auto* descriptor = reinterpret_cast<const CallableDescriptor*>(module->base + id.offset);
  if (id.offset >= module->end - module->base || !registry().contains(descriptor))
    throw DecodeError("callable", std::to_string(id.offset), "the program made nothing callable at this place");
  if (descriptor->signature() != id.signature)
    throw DecodeError("callable", descriptor->name(), "was sent with another signature");
  return *descriptor;
}

std::string callable_module_path(const CallableId& id) {
  if (id.module == os::program_module().build_id) return {};
  auto module = os::find_module(id.module);
  return module ? module->path : std::string();
}

void load_callable_module(const CallableId& id, const std::string& path) {
  if (path.empty() || os::find_module(id.module)) return;
  if (!os::load_module(path, id.module) || !os::find_module(id.module))
    throw IncompatibleError("callable", path, "this file is not the build " + hex(id.module) + " that was named");
}

namespace detail {

std::uint64_t removed_callables() noexcept {
  return registry().removed.load(std::memory_order_relaxed);  // relaxed: as where it grows
}

void prepare_callables() {
  (void)registry().contains(nullptr);
  (void)os::program_module();
}

void encode_function(Encoder& out, AnyFunction function) {
  auto address = reinterpret_cast<std::uintptr_t>(function);
  if (function == nullptr) throw EncodeError("callable", "", "is a null function pointer");
  auto module = os::module_of(reinterpret_cast<const void*>(address));
  if (!module) throw EncodeError("callable", "", "is a function in no loaded module (made at run time?)");
  out.write_raw(module->build_id);
  out.write_raw(static_cast<std::uint64_t>(address - module->base));
}

AnyFunction decode_function(Decoder& in) {
  auto build_id = in.read_raw<os::BuildId>();
  auto offset = in.read_raw<std::uint64_t>();
  auto module = os::find_module(build_id);
  if (!module) throw IncompatibleError("callable", hex(build_id), "no module with this build-id is loaded here");
  std::uintptr_t address = module->base + offset;
  if (address < module->text_begin || address >= module->text_end)
    throw DecodeError("callable", std::to_string(offset), "does not point into the text of its module");
  return reinterpret_cast<AnyFunction>(address);
}

}  // namespace detail

}  // namespace cohort
