// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
#include "digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>

#include "chaos.hpp"

namespace digest_tree {
namespace {

// 256 KiB: fits the second-level cache, and the cost of a read() is 1 % of hashing so much.
constexpr std::size_t kBufferBytes = 256 << 10;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// One SHA-256 computation, used again for each file. The look-up of the algorithm costs more than a small file.
class Sha256 {
 public:
  Sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_) throw std::runtime_error("the crypto library has no SHA-256");
  }
  void start() { check(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr)); }
  void add(const unsigned char* bytes, std::size_t count) { check(EVP_DigestUpdate(context_.get(), bytes, count)); }
  Digest finish() {
    Digest digest;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    return digest;
  }

 private:
  static void check(int status) {
    if (status != 1) throw std::runtime_error("the crypto library failed at SHA-256");
  }
  struct Free {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD, Free> algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

Sha256& sha256() {
  static Sha256 instance;
  return instance;
}

/// Opens a regular file without ever waiting for one that is not: a FIFO may have taken its place.
int open_regular(const Item& item, bool follow, std::int32_t& error) {
  int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
  int number = ::open(item.path.c_str(), flags);
  if (number < 0) {
    error = errno == ELOOP || errno == ENXIO ? kNotRegular : errno;
    return -1;
  }
  struct stat status{};
  if (::fstat(number, &status) != 0)
    error = errno;
  else if (!S_ISREG(status.st_mode))
    error = kNotRegular;
  else
    return number;
  ::close(number);
  return -1;
}

Outcome digest_file(const Item& item, const Batch& batch) {
  alignas(64) static unsigned char buffer[kBufferBytes];
  Outcome outcome{.file = item.file};
  Descriptor descriptor(open_regular(item, batch.follow, outcome.error));
  if (descriptor.number() < 0) return outcome;
  Sha256& hash = sha256();
  hash.start();
  bool condemned = item.condemned;
  for (;;) {
    // A condemned file is left off in its middle, also when it is small.
    std::size_t wanted = condemned ? std::clamp<std::size_t>(item.bytes / 2, 1, kBufferBytes) : kBufferBytes;
    ssize_t count = ::read(descriptor.number(), buffer, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      outcome.error = errno;
      return outcome;
    }
    if (count == 0) break;
    hash.add(buffer, static_cast<std::size_t>(count));
    outcome.bytes += static_cast<std::uint64_t>(count);
    if (condemned) offer_life(batch.executioner, {item.file, outcome.bytes});
    // A short read that ends at the known size is the end; sizes of 0 tell nothing (/proc).
    else if (static_cast<std::size_t>(count) < wanted && outcome.bytes == item.bytes)
      break;
    condemned = false;
  }
  outcome.digest = hash.finish();
  return outcome;
}

}  // namespace

std::vector<Outcome> digest_batch(const Batch& batch) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(batch.items.size());
  for (const Item& item : batch.items) outcomes.push_back(digest_file(item, batch));
  return outcomes;
}

void load_sha256() { sha256(); }

}  // namespace digest_tree
