// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a child is told at its start. It lies in a block of the family memory that belongs to the child's member slot,
// so that it is freed whatever happens to either side. docs/formats/launch.md describes the block and the words of the
// slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cohort/process/process.hpp"
#include "cohort/wire/callable.hpp"
#include "family/family.hpp"
#include "os/module.hpp"
#include "process/authentication_key.hpp"

namespace cohort::detail {

class ProcessCore;

struct Launch {
  std::uint32_t version = 2;
  os::BuildId program{};  ///< must equal the child's own
  std::string name;
  std::vector<unsigned> identity;
  bool daemon = false;
  AuthenticationKey authkey;  ///< not encoded: it stands beside the rest in the block
  std::int32_t log_level = 100;
  bool log_to_stderr = false;
  StartMethod method = StartMethod::forkserver;
  StartMethod default_method = StartMethod::forkserver;
  std::string executable;
  std::string parent_name;
  std::int32_t parent_pid = 0;
  std::uint64_t parent = 0;  ///< MemberId, packed
  CallableId target{};
  std::string target_module;          ///< file of the plug-in that holds the target; empty for the program
  std::vector<std::byte> body;        ///< state and arguments
  std::vector<std::byte> attributes;  ///< os::ProcessAttributes, for children of a fork server
  std::uint64_t environment_digest = 0;
  std::optional<std::vector<std::byte>> environment;  ///< nullopt when the fork server's is equal
  std::vector<CallableId> preload;                    ///< for a fork server
};

/// What a child gets beside the launch. Kept by this process until the child has it.
struct Attached {
  std::vector<Encoder::Attachment> objects;
  std::vector<Encoder::Descriptor> descriptors;
};

/// The most descriptors among the arguments: what one packet to a fork server holds beside a directory and two streams.
inline constexpr std::size_t kMostDescriptors = 250;

/// What the child of a fork must have done before its parent's start() returns.
enum class StartStep : std::uint64_t {
  none = 0,
  take_over = 1,  ///< make the copy of the library's state its own
  bond = 2,       ///< start the thread that ends it with its parent
};

/// family::MemberRecord::launch_state.
enum class LaunchState : std::uint32_t {
  prepared = 0,  ///< written by the parent
  forked = 1,    ///< written by the fork server, or by the child if that is sooner: launch_pid is valid
  failed = 2,    ///< written by the fork server: launch_error is valid
  refused = 3,   ///< written by a fork server that cannot work (threads after start-up)
  withdrawn =
      4,  ///< written by the parent when the server died or does not answer: a child that still comes must end at once
  dropped = 5,  ///< written by the fork server over `withdrawn`: it will not touch the record any more
  denied = 6,   ///< written by a fork server whose requester may have less than the server has
};

/// Fills in what does not depend on the start method.
[[nodiscard]] Launch describe_launch(const std::string& name, std::vector<unsigned> identity, bool daemon,
                                     const AuthenticationKey& authkey, StartMethod method, family::MemberId parent);
/// Adds the target and its arguments. Throws StateError when only a forked copy can run the body, EncodeError.
[[nodiscard]] Attached describe_target(Launch& launch, ProcessCore& core, const std::string& name);
/// Puts the launch into a block that `member` owns and writes its place into the member's record.
void store_launch(const Launch& launch, std::span<const Encoder::Attachment> attachments, family::MemberId member);
/// Wipes the key of a launch that nobody will take any more, though the block stays.
void forget_launch(family::MemberId member) noexcept;
/// Takes the launch of `member` out of its block, wipes the key there and gives the block up. Throws DecodeError,
/// IncompatibleError.
[[nodiscard]] Launch take_launch(family::MemberId member);
/// Makes this process what the launch says it is (name, parent, log, start method …).
void apply_launch(const Launch& launch);
/// Runs the target, after apply_launch(), with the descriptors that came for its arguments, and gives the exit code.
[[nodiscard]] int run_launch(const Launch& launch, family::MemberId self, CarriedDescriptors descriptors);
/// The end of a copy that the function has made of this process by a fork of its own, and in which it came to that
/// code. Runs nothing that the process has for its end.
[[noreturn]] void end_launched_copy(int code) noexcept;
/// Leaves the reason why a re-executed process does not take up its work in its member's record, in a block that its
/// starter owns: nobody may be at its standard error.
void note_failure(family::MemberId self, const std::string& text) noexcept;
/// That reason, once; empty when there is none.
[[nodiscard]] std::string take_failure(family::MemberId member);
/// Logs the end of this process's work.
void log_exit(int code);
/// Notes in the member's record that this process is about to end with `code`.
void note_exit_code(family::MemberId self, int code) noexcept;

}  // namespace cohort::detail
