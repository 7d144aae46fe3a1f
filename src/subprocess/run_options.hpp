// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What run() and the asynchronous calls make of the options that they have beyond Popen's.
#pragma once

#include <string_view>

#include "cohort/subprocess/options.hpp"
#include "subprocess/exchange.hpp"

namespace cohort::subprocess::detail {

/// `input` and `capture_output` turned into pipes. Throws ValueError where they contradict in, out or err.
/// @param operation  the call that the user made, for the error
[[nodiscard]] Options with_pipes(std::string_view operation, const Options& given);
/// Throws ValueError for wishes about output that contradict each other.
void check_output_options(std::string_view operation, const Options& options);
/// Gives the exchange its input, encoded in a text mode.
void set_input(Exchange& exchange, const Options& options);

}  // namespace cohort::subprocess::detail
