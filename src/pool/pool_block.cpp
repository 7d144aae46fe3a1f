// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/pool_block.hpp"

#include <exception>

namespace cohort::detail {

void free_block_of(family::Offset block, family::MemberId owner) noexcept {
  if (block == 0 || !(family::Family::self_or_nobody() == owner) || !family::Family::exists()) return;
  try {
    family::Family::instance().free(block);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): spoilt, or another thread leaves the family
  }
}

PoolBlock::PoolBlock(std::uint32_t workers)
    : owner_(family::Family::instance().self()),
      block_(family::Family::instance().allocate_control(pool_size(workers), owner_)),
      shared_(reinterpret_cast<PoolShared*>(family::Family::instance().address(block_, pool_size(workers)))) {
  shared_->magic = kPoolMagic;
  shared_->version = kPoolVersion;
  shared_->worker_capacity = workers;
  shared_->size = pool_size(workers);
  shared_->owner = owner_.pack();
}

}  // namespace cohort::detail
