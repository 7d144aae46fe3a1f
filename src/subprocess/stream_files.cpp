// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/stream_files.hpp"

#include <cstddef>

#include "subprocess/start_error.hpp"

namespace cohort::subprocess::detail {

StreamFiles::StreamFiles(const Options& options) {
  const std::array<const Redirect*, 3> redirects{&options.in, &options.out, &options.err};
  for (std::size_t i = 0; i < redirects.size(); ++i) {
    const Redirect::Kind kind = redirects[i]->kind();
    if (kind != Redirect::Kind::file && kind != Redirect::Kind::append_file) continue;
    auto use = i == 0                                ? os::FileUse::read
               : kind == Redirect::Kind::append_file ? os::FileUse::append
                                                     : os::FileUse::replace;
    streams_[i].opening.emplace(redirects[i]->path().native(), use);
  }
}

bool StreamFiles::try_open() {
  return as_start_of_program([this] {
    for (Stream& stream : streams_) {  // in this order, as one after the other would open
      if (!stream.opening || stream.fd) continue;
      if (!stream.opening->try_open()) return false;
      stream.fd = stream.opening->take();
    }
    return true;
  });
}

Deadline StreamFiles::next_look() {
  Deadline next;
  for (Stream& stream : streams_) {
    if (stream.opening && !stream.fd) next = Deadline::earlier(next, stream.opening->next_look());
  }
  return next;
}

void StreamFiles::put_into(Options& options) const {
  const std::array<Redirect*, 3> redirects{&options.in, &options.out, &options.err};
  for (std::size_t i = 0; i < redirects.size(); ++i) {
    if (streams_[i].fd) *redirects[i] = Redirect(streams_[i].fd.get());
  }
}

}  // namespace cohort::subprocess::detail
