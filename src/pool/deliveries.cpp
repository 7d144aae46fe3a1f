// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/deliveries.hpp"

#include <new>
#include <utility>

#include "pool/inbox.hpp"

namespace cohort::detail {

void Deliveries::add(std::shared_ptr<TaskSink>&& sink, TaskResult&& result) noexcept {
  if (sink.get() != own_ || sink->is_prompt()) tell_others();
  ::new (static_cast<void*>(at(count_))) Delivery{std::move(sink), std::move(result)};
  ++count_;
}

void Deliveries::tell_others() noexcept {
  if (told_) return;
  told_ = true;
  inbox_.delivery_begins();
}

void Deliveries::deliver() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    Delivery& delivery = *at(i);
    const bool prompt = delivery.sink->is_prompt();
    delivery.sink->deliver(std::move(delivery.result));
    if (prompt) inbox_.prompt_result_delivered();
    delivery.~Delivery();
  }
  if (told_) inbox_.delivery_ends(own_waiters_);
}

}  // namespace cohort::detail
