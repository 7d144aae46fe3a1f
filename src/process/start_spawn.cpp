// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The start method spawn: the program is executed anew.

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "os/process.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/process_core.hpp"
#include "process/record_return.hpp"
#include "process/reexecution.hpp"
#include "process/standard_streams.hpp"

namespace cohort::detail {

std::shared_ptr<RunningChild> start_by_spawn(ProcessCore& core, const std::string& name, bool daemon,
                                             const AuthenticationKey& authkey) {
  auto& family = family::Family::instance();
  family::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::spawn, parent);
  Attached attached = describe_target(launch, core, name);
  family::MemberId member = family.reserve_member(parent);
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
    wait_until_claimed(member, child, name);
    return std::make_shared<DirectChild>(std::move(child), member, StartMethod::spawn);
  } catch (...) {
    give_record_back(member);  // with its launch block; also of a child that came so far and ended
    throw;
  }
}

}  // namespace cohort::detail
