// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/ring/received_message.hpp"

#include "object/lender.hpp"

namespace cohort::detail {

void Unpacking::begin(ReceivedMessage& message) {
  auto lender = std::make_shared<object::Lender>(std::move(message.parcel_));
  message.lender_ = lender;
  lending_ = std::make_shared<object::Lending>(std::move(lender));
}

}  // namespace cohort::detail
