// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/launch.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "object/objects.hpp"
#include "os/process.hpp"
#include "os/secret_memory.hpp"
#include "process/process_core.hpp"
#include "process/process_state.hpp"
#include "process/standard_streams.hpp"
#include "process/uncaught.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint64_t kSmallLaunch = 4096;

// What the block begins with; the key follows, then the launch.
struct LaunchSizes {
  std::uint64_t launch = 0;
  std::uint64_t key = 0;
};

std::string hex(const os::BuildId& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::byte b : id) {
    text += kDigits[static_cast<unsigned>(b) >> 4];
    text += kDigits[static_cast<unsigned>(b) & 15];
  }
  return text;
}

}  // namespace

Launch describe_launch(const std::string& name, std::vector<unsigned> identity, bool daemon,
                       const AuthenticationKey& authkey, StartMethod method, family::MemberId parent) {
  Launch launch;
  launch.program = os::program_module().build_id;
  launch.name = name;
  launch.identity = std::move(identity);
  launch.daemon = daemon;
  launch.authkey = authkey;
  launch.log_level = static_cast<std::int32_t>(get_logger().level());
  launch.log_to_stderr = log::to_stderr();
  launch.method = method;
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  launch.default_method = state.default_method.value_or(StartMethod::forkserver);
  launch.executable = state.executable;
  launch.parent_name = state.name;
  launch.parent_pid = os::process_id();
  launch.parent = parent.pack();
  return launch;
}

Attached describe_target(Launch& launch, ProcessCore& core, const std::string& name) {
  const CallableDescriptor* target = core.body().descriptor();
  if (target == nullptr)
    throw StateError("Process.start", name, "a ForkProcess inherits its memory and can only be started by fork");
  launch.target = target->id();
  launch.target_module = callable_module_path(launch.target);
  VectorEncoder body;
  body.carry_descriptors(kMostDescriptors);
  try {
    core.body().encode(body);
  } catch (const OsError&) { throw ArgumentsFailure{std::current_exception()}; }
  launch.body = body.take();
  return {body.take_attachments(), body.take_descriptors()};
}

void store_launch(const Launch& launch, std::span<const Encoder::Attachment> attachments, family::MemberId member) {
  auto& family = family::Family::instance();
  if (!attachments.empty()) {
    std::vector<family::Offset> objects;
    for (const auto& attachment : attachments) objects.push_back(attachment.object);
    object::Objects(family).grant(member, objects);
  }
  std::vector<std::byte> bytes = encode(launch);
  std::span<const std::byte> key = launch.authkey.bytes();
  const LaunchSizes sizes{bytes.size(), key.size()};
  const std::uint64_t all = sizeof sizes + key.size() + bytes.size();
  family::Offset block = family.allocate(all, member);
  std::byte* place = family.address(block, all);
  std::memcpy(place, &sizes, sizeof sizes);
  std::ranges::copy(key, place + sizeof sizes);
  std::ranges::copy(bytes, place + sizeof sizes + key.size());
  // SYNC(launch): this release store -> take_launch() acquire load; carries the block's bytes
  family.member(member).launch.store(block, std::memory_order_release);
}

void forget_launch(family::MemberId member) noexcept try {
  auto& family = family::Family::instance();
  family::Offset block =
      family.member(member).launch.load(std::memory_order_relaxed);  // relaxed: this thread stored it
  LaunchSizes sizes;
  std::memcpy(&sizes, family.address(block, sizeof sizes), sizeof sizes);
  os::wipe({family.address(block, sizeof sizes + sizes.key) + sizeof sizes, sizes.key});
} catch (const Error&) {  // the family was left; it is wiped when the block is freed
}

Launch take_launch(family::MemberId member) {
  auto& family = family::Family::instance();
  // SYNC(launch): store_launch() release store -> this load; carries the block's bytes
  family::Offset block = family.member(member).launch.load(std::memory_order_acquire);
  LaunchSizes sizes;
  std::memcpy(&sizes, family.address(block, sizeof sizes), sizeof sizes);
  const std::uint64_t room = family.block_size(block) - sizeof sizes;
  if (sizes.key > room || sizes.launch > room - sizes.key)
    throw DecodeError("launch", std::to_string(sizes.launch), "is more than the block holds");
  std::byte* key_place = family.address(block, sizeof sizes + sizes.key + sizes.launch) + sizeof sizes;
  std::span<std::byte> key(key_place, sizes.key);
  AuthenticationKey authkey{std::span<const std::byte>(key)};
  // Here and not at the end of the child, when it is freed: until then every dump of the family memory would have it.
  os::wipe(key);
  // A private copy: what is decoded must not change under the decoder.
  std::vector<std::byte> bytes(key.data() + key.size(), key.data() + key.size() + sizes.launch);
  // SYNC(launch_taken): this release store -> acquire load in Family::free_blocks_of(); the block need not be wiped any
  // more
  family.member(member).launch.store(0, std::memory_order_release);
  // A small one is left to the end of the child, whose parent then frees it with what else it owned: freeing touches
  // pages that are mapped there and not here.
  if (sizes.launch > kSmallLaunch) family.free(block);
  auto launch = decode<Launch>(bytes, DecodeLimits::within_family());
  if (launch.version != 2) throw IncompatibleError("launch", std::to_string(launch.version), "is not version 2");
  launch.authkey = std::move(authkey);
  for (StartMethod method : {launch.method, launch.default_method})
    if (method > StartMethod::fork)
      throw DecodeError("launch", std::to_string(static_cast<unsigned>(method)), "is not a start method");
  if (launch.program != os::program_module().build_id)
    throw IncompatibleError("launch", hex(os::program_module().build_id),
                            "this program is another build than its parent, which is " + hex(launch.program));
  return launch;
}

void apply_launch(const Launch& launch) {
  set_current_process_name(launch.name);
  if (launch.log_to_stderr) log_to_stderr(static_cast<LogLevel>(launch.log_level));
  get_logger().set_level(static_cast<LogLevel>(launch.log_level));
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  state.identity = launch.identity;
  state.daemon = launch.daemon;
  state.authkey = launch.authkey;
  state.started_by = launch.method;
  state.next_child = 1;
  state.parent_name = launch.parent_name;
  state.parent_pid = launch.parent_pid;
  state.parent = family::MemberId::unpack(launch.parent);
  state.default_method = launch.default_method;
  state.executable = launch.executable;
  state.preload.clear();
}

int run_launch(const Launch& launch, family::MemberId self, CarriedDescriptors descriptors) {
  if (get_logger().enabled(LogLevel::info)) get_logger().info("child process calling its function");
  int code = run_reporting(launch.name, [&] {
    load_callable_module(launch.target, launch.target_module);
    const CallableDescriptor& target = resolve_callable(launch.target);
    if (target.call() == nullptr) throw DecodeError("launch", target.name(), "is not a callable for a process");
    Decoder in(launch.body, DecodeLimits::within_family());
    in.bring(descriptors);
    VectorEncoder nothing;
    target.call()(in, nothing);
  });
  if (!(family::Family::self_or_nobody() == self)) end_launched_copy(code);
  log_exit(code);
  flush_standard_streams();
  note_exit_code(self, code);
  return code;
}

void end_launched_copy(int code) noexcept {
  flush_standard_streams();
  os::end_process(code);
}

void note_failure(family::MemberId self, const std::string& text) noexcept try {
  auto& family = family::Family::instance();
  auto& record = family.member(self);
  // relaxed: written before this process was started
  family::MemberId starter = family::MemberId::unpack(record.parent.load(std::memory_order_relaxed));
  family::Offset block = family.allocate(text.size() + 1, starter);
  std::memcpy(family.address(block, text.size() + 1), text.c_str(), text.size() + 1);
  // SYNC(failure): this release exchange -> take_failure() acquire exchange; carries the block's bytes
  record.launch_failure.exchange(block, std::memory_order_acq_rel);
} catch (...) {  // no memory, or nobody left to tell
}

std::string take_failure(family::MemberId member) try {
  auto& family = family::Family::instance();
  // SYNC(failure): release exchange in note_failure() -> acquire here; carries the block's bytes
  family::Offset block = family.member(member).launch_failure.exchange(0, std::memory_order_acq_rel);
  if (block == 0) return {};
  const std::byte* place = family.address(block, 1);
  std::size_t size = family.block_size(block);
  std::string text(reinterpret_cast<const char*>(place), ::strnlen(reinterpret_cast<const char*>(place), size));
  family.free(block);
  return text;
} catch (const Error&) {  // swept up meanwhile
  return {};
}

void log_exit(int code) {
  if (get_logger().enabled(LogLevel::info)) get_logger().info("process exiting with exit code " + std::to_string(code));
}

void note_exit_code(family::MemberId self, int code) noexcept try {
  // A copy that the user's function made of this process by fork(2) ends with a code of its own.
  if (!(family::Family::self_or_nobody() == self)) return;
  std::uint64_t word = std::uint64_t{1} << 32 | static_cast<std::uint32_t>(code & 0xff);
  // relaxed: read only after this process has ended
  family::Family::instance().member(self).exit_code.store(word, std::memory_order_relaxed);
} catch (...) {  // the family is being torn down: the status comes from the kernel then
}

}  // namespace cohort::detail
