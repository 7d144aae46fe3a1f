// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/callable_table.hpp"

#include <cstring>

#include "cohort/base/error.hpp"
#include "wire/removed_callables.hpp"

namespace cohort::detail {

CallableTable::~CallableTable() {
  for (std::size_t number = 0; number < known_.size(); ++number)
    if (!known_[number].module_path.empty())
      free_block_of(pool_.shared().callables[number].module.block, pool_.owner());
}

std::string CallableTable::name_of(std::uint32_t number) const {
  return number < known_.size() ? known_[number].name : std::string();
}

std::uint32_t CallableTable::number_of(const CallableDescriptor& callable, const char* operation) {
  if (std::uint64_t removed = removed_callables(); removed != removed_) {
    removed_ = removed;
    numbers_.clear();
    last_ = nullptr;
  }
  if (&callable == last_) return last_number_;
  auto found = numbers_.find(&callable);
  if (found == numbers_.end()) found = numbers_.emplace(&callable, add(callable, operation)).first;
  last_ = &callable;
  last_number_ = found->second;
  return last_number_;
}

std::uint32_t CallableTable::add(const CallableDescriptor& callable, const char* operation) {
  Known known{callable.id(), std::string(callable.name()), {}};
  known.module_path = callable_module_path(known.id);
  // Of a module that was unloaded and loaded again.
  for (std::uint32_t number = 0; number < known_.size(); ++number)
    if (known_[number].id == known.id && known_[number].module_path == known.module_path) return number;
  if (known_.size() == kMostCallables)
    throw ValueError(operation, callable.name(),
                     "a pool knows at most " + std::to_string(kMostCallables) + " different callables");
  if (known_.size() == known_.capacity()) known_.reserve(2 * known_.size() + 8);
  // Ordered by the state of the first task that names it.
  PoolCallable& place = pool_.shared().callables[known_.size()];
  place = {known.id, {0, known.module_path.size()}};
  if (!known.module_path.empty()) {
    auto& family = family::Family::instance();
    place.module.block = family.allocate(known.module_path.size(), pool_.owner());
    std::memcpy(family.address(place.module.block, place.module.size), known.module_path.data(), place.module.size);
  }
  known_.push_back(std::move(known));
  return static_cast<std::uint32_t>(known_.size() - 1);
}

}  // namespace cohort::detail
