// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A stream of bytes that is a descriptor: a socket, a pipe, or what else can be read and written, as a terminal.
// Works with descriptors in blocking and in non-blocking mode, and changes neither.
#pragma once

#include <memory>

#include "connection/byte_stream.hpp"

namespace cohort::connection {

/// The stream over a descriptor, which it closes.
[[nodiscard]] std::unique_ptr<ByteStream> make_descriptor_stream(os::Fd descriptor);

}  // namespace cohort::connection
