// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/linux/function_names.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "os/build_id.hpp"
#include "os/fd.hpp"
#include "os/linux/elf_file.hpp"
#include "os/module.hpp"

namespace cohort::os {

namespace {

using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

// A browser has about a million functions; a file that says more is read so far.
constexpr std::size_t kMostSymbols = std::size_t{1} << 24;
constexpr std::size_t kMostSections = std::size_t{1} << 16;
// Longer names are no help in a report.
constexpr std::size_t kMostName = 4096;
// 96 KiB a read.
constexpr std::size_t kSymbolsAtOnce = 4096;

struct SymbolTable {
  Section symbols{};
  Section names{};
};

std::optional<SymbolTable> find_symbol_table(int fd) {
  const auto elf = read_elf_header(fd);
  if (!elf || elf->e_shentsize != sizeof(Section) || elf->e_shnum == 0 || elf->e_shnum > kMostSections)
    return std::nullopt;
  for (std::size_t i = 0; i < elf->e_shnum; ++i) {
    SymbolTable table;
    if (!read_at(fd, elf->e_shoff + i * sizeof table.symbols, &table.symbols, sizeof table.symbols))
      return std::nullopt;
    if (table.symbols.sh_type != SHT_SYMTAB || table.symbols.sh_entsize != sizeof(Symbol)) continue;
    if (table.symbols.sh_link >= elf->e_shnum ||
        !read_at(fd, elf->e_shoff + table.symbols.sh_link * sizeof table.names, &table.names, sizeof table.names) ||
        table.names.sh_type != SHT_STRTAB)
      return std::nullopt;
    return table;
  }
  return std::nullopt;
}

std::string name_at(int fd, const Section& names, std::uint32_t at) {
  if (at >= names.sh_size) return {};
  std::array<char, kMostName> text;
  const std::size_t size =
      read_some_at(fd, names.sh_offset + at, text.data(), std::min<std::uint64_t>(text.size(), names.sh_size - at));
  const void* end = std::memchr(text.data(), '\0', size);
  return end != nullptr ? std::string(text.data()) : std::string();  // it ends within what was read
}

bool holds(const Symbol& symbol, std::uintptr_t address) noexcept {
  // The type has the same bits in both classes of file.
  const unsigned char type = symbol.st_info & 0xf;
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF && address >= symbol.st_value &&
         address - symbol.st_value < symbol.st_size;
}

// Names that were found, and that none was found, by build and address as linked: reading a large program's table takes
// milliseconds, and a task that fails fails often at the same place. Who finds it in use goes without: a lock that a
// fork copied in the locked state would hold the child for ever.
class NameCache {
 public:
  using Key = std::pair<BuildId, std::uintptr_t>;

  [[nodiscard]] std::optional<std::string> find(const Key& key) {
    Turn turn(busy_);
    if (!turn.taken) return std::nullopt;
    const auto found = names_.find(key);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(const Key& key, const std::string& name) {
    Turn turn(busy_);
    if (turn.taken && names_.size() < kMostNames) names_.emplace(key, name);
  }

 private:
  // The stacks of some hundred places that throw.
  static constexpr std::size_t kMostNames = 4096;

  struct Turn {
    explicit Turn(std::atomic<bool>& flag)
        // SYNC(name-cache): store in ~Turn() -> this exchange; carries the map
        : busy(flag), taken(!flag.exchange(true, std::memory_order_acquire)) {}
    ~Turn() {
      // SYNC(name-cache): this store -> exchange in Turn()
      if (taken) busy.store(false, std::memory_order_release);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    std::atomic<bool>& busy;
    bool taken;
  };

  std::atomic<bool> busy_{false};
  std::map<Key, std::string> names_;
};

// Leaked: finalizers and static destructors report exceptions, too.
NameCache& cache() {
  static auto* instance = new NameCache;
  return *instance;
}

// The file that the module was loaded from, if it is still that. The loader's names without a directory are no files.
Fd open_module(const Module& module) {
  const std::string path = module.path.empty() ? "/proc/self/exe" : module.path;
  if (path.find('/') == std::string::npos) return Fd();
  Fd file = open_file(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return Fd();
  return build_id_of_file(file.get()) == module.build_id ? std::move(file) : Fd();
}

}  // namespace

std::vector<std::string> function_names_in_file(int fd, std::span<const std::uintptr_t> addresses) {
  std::vector<std::string> names(addresses.size());
  const auto table = find_symbol_table(fd);
  if (!table) return names;
  std::vector<Symbol> symbols(kSymbolsAtOnce);
  const std::size_t count = std::min<std::uint64_t>(table->symbols.sh_size / sizeof symbols[0], kMostSymbols);
  for (std::size_t first = 0; first < count; first += kSymbolsAtOnce) {
    const std::size_t wanted = std::min(kSymbolsAtOnce, count - first) * sizeof symbols[0];
    const std::size_t size =
        read_some_at(fd, table->symbols.sh_offset + first * sizeof symbols[0], symbols.data(), wanted);
    for (const auto& symbol : std::span(symbols).first(size / sizeof symbols[0]))
      for (std::size_t i = 0; i < addresses.size(); ++i)
        if (names[i].empty() && holds(symbol, addresses[i])) names[i] = name_at(fd, table->names, symbol.st_name);
    if (size < wanted) break;
  }
  return names;
}

std::vector<std::string> function_names(std::span<const void* const> addresses) {
  std::vector<std::string> names(addresses.size());
  struct Wanted {
    Module module;
    std::vector<std::size_t> places;
    std::vector<std::uintptr_t> linked;
  };
  std::map<BuildId, Wanted> modules;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto module = module_of(addresses[i]);
    if (!module) continue;
    const std::uintptr_t linked = reinterpret_cast<std::uintptr_t>(addresses[i]) - module->base;
    if (auto known = cache().find({module->build_id, linked})) {
      names[i] = std::move(*known);
      continue;
    }
    Wanted& wanted = modules[module->build_id];
    wanted.module = std::move(*module);
    wanted.places.push_back(i);
    wanted.linked.push_back(linked);
  }
  for (const auto& [build, wanted] : modules) {
    const Fd file = open_module(wanted.module);
    if (!file) continue;
    const auto found = function_names_in_file(file.get(), wanted.linked);
    for (std::size_t i = 0; i < found.size(); ++i) {
      names[wanted.places[i]] = found[i];
      cache().keep({build, wanted.linked[i]}, found[i]);
    }
  }
  return names;
}

}  // namespace cohort::os
