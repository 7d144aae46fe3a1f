// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target over inputs that are kept, without libFuzzer: corpus_main DIRECTORY... Each file is given as it
// is, and each beginning of it, so that it must also survive being cut off anywhere.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Cuts everywhere in small inputs, and at so many places in large ones.
constexpr std::size_t kMostCuts = 256;

void run(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  const std::size_t step = 1 + bytes.size() / kMostCuts;
  for (std::size_t size = 0; size < bytes.size() + step; size += step) {
    // A copy of exactly that size, so that a sanitizer sees a byte too far.
    const std::vector<std::uint8_t> part(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(std::min(size, bytes.size())));
    LLVMFuzzerTestOneInput(part.data(), part.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) { continue; }
      try {
        run(entry.path());
      } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", entry.path().c_str(), e.what());
        return 1;
      }
      ++files;
    }
  }
  std::printf("%zu inputs\n", files);
  return files == 0 ? 2 : 0;
}
