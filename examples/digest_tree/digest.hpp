// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The part that runs in the workers: SHA-256 of a batch of files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "listing.hpp"

namespace digest_tree {

/// One file of a batch.
struct Item {
  std::uint32_t file = 0;   ///< its number in the tree
  std::uint64_t bytes = 0;  ///< its size when the tree was walked
  bool condemned = false;   ///< offer the own process to be killed when the file is half read, see chaos.hpp
  std::string path = {};
};

/// One task: a few small files, or one large one.
struct Batch {
  std::vector<Item> items = {};
  bool follow = false;           ///< open symbolic links as well
  std::string executioner = {};  ///< where condemned workers offer themselves
};

/// What became of one file.
struct Outcome {
  std::uint32_t file = 0;
  std::int32_t error = 0;   ///< errno, 0 when `digest` holds, kNotRegular
  std::uint64_t bytes = 0;  ///< read
  Digest digest{};
};
/// The name now means something else than a regular file.
inline constexpr std::int32_t kNotRegular = -1;

/// Digests the files of a batch. A file that fails has its error in its outcome; the others go on.
std::vector<Outcome> digest_batch(const Batch& batch);

/// Looks SHA-256 up in the crypto library. Done once in the fork server, so that its children have it.
void load_sha256();

}  // namespace digest_tree
