// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The callables that a pool's tasks name by a number.
//
// The caller holds the pool's mutex in each call.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "cohort/wire/callable.hpp"
#include "pool/pool_block.hpp"

namespace cohort::detail {

class CallableTable {
 public:
  explicit CallableTable(const PoolBlock& pool) noexcept : pool_(pool) {}
  CallableTable(const CallableTable&) = delete;
  CallableTable& operator=(const CallableTable&) = delete;
  ~CallableTable();

  /// Its number, which it keeps; workers find it by that from now on. `operation` is the call that the user made.
  /// Throws ValueError when there are too many, and OutOfFamilyMemory.
  [[nodiscard]] std::uint32_t number_of(const CallableDescriptor& callable, const char* operation);
  /// As messages name it; empty for a number that was never given.
  [[nodiscard]] std::string name_of(std::uint32_t number) const;

 private:
  /// What PoolShared::callables says of one, as it was when the module was loaded; that may be unloaded while tasks are
  /// open.
  struct Known {
    CallableId id;
    std::string name;
    std::string module_path;
  };
  [[nodiscard]] std::uint32_t add(const CallableDescriptor& callable, const char* operation);

  const PoolBlock& pool_;
  std::vector<Known> known_;                                              // by number
  std::unordered_map<const CallableDescriptor*, std::uint32_t> numbers_;  // of those whose module has stayed loaded
  std::uint64_t removed_ = 0;                                             // removed_callables() at the last look
  const CallableDescriptor* last_ = nullptr;
  std::uint32_t last_number_ = 0;
};

}  // namespace cohort::detail
