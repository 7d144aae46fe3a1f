// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The start method spawn: the program is executed anew.

#include "cohort/base/error.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/process_core.hpp"
#include "process/reexecution.hpp"
#include "process/standard_streams.hpp"
#include "shm/family.hpp"

namespace cohort::detail {

namespace {

// Another executable than ours may never look for its work. Ours does, as this process runs the same main().
void wait_until_claimed(shm::MemberRecord& record, os::Child& child, const std::string& name) {
  Deadline patience = std::chrono::seconds(10);
  // relaxed: a flag that orders nothing
  while (record.words[word_claimed].load(std::memory_order_relaxed) == 0) {
    auto ended = child.wait(Deadline::earlier(patience, std::chrono::milliseconds(1)));
    // relaxed: as above
    if (record.words[word_claimed].load(std::memory_order_relaxed) != 0) return;
    if (!ended && !patience.expired()) continue;
    if (!ended) child.send_signal(9);
    child.wait(Deadline::never());
    throw BootstrapError(
        "Process.start", name,
        ended ? "the executable that was set " + ended->to_string() +
                    " before it took up its work: it is another build, or does not hand its main() to cohort"
              : std::string("the executable that was set did not take up its work within 10 s"));
  }
}

}  // namespace

std::shared_ptr<RunningChild> start_by_spawn(ProcessCore& core, const std::string& name, bool daemon,
                                             const std::vector<std::byte>& authkey) {
  auto& family = shm::Family::instance();
  shm::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::spawn, parent);
  Attached attached = describe_target(launch, core, name);
  shm::MemberId member = family.reserve_member(parent);
  try {
    store_launch(launch, attached.objects, member);
    Reexecution reexecution;
    reexecution.member = member;
    os::Fd life = os::own_life();
    reexecution.parent_life = life.get();
    for (const auto& descriptor : attached.descriptors) reexecution.descriptors.push_back(descriptor.number);
    auto server = inherited_fork_server();
    if (server) {
      reexecution.client_end = server->requests();
      reexecution.server_life = server->life();
      reexecution.server = server->member();
    }
    flush_standard_streams();
    os::Child child = reexecute(reexecution);
    if (has_other_executable()) wait_until_claimed(family.member(member), child, name);
    return std::make_shared<DirectChild>(std::move(child), member, StartMethod::spawn);
  } catch (...) {
    family.abandon_member(member);  // with its launch block
    throw;
  }
}

}  // namespace cohort::detail
