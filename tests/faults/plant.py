#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Plants known faults in a copy of the sources, one at a time, and checks that a test catches each.

    plant.py [--build DIR] [NAME...]      all faults, or those named

A fault is a replacement in one file, and the test that must fail with it. Each test must also pass without. Exits with
1 when a fault goes unseen, when its text is no longer in the source, or when a test fails without a fault.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    old: str
    new: str
    target: str  # what to build
    test: str  # what to run, below the build's tests directory


FAMILY_POINTS = "crash/family_points_test --gtest_brief=1 --gtest_filter="
MODEL = "model/sync_model_test --gtest_brief=1 --gtest_filter=LockModel.*"
RING = "model/ring_model_test --gtest_brief=1 --gtest_filter=RingModel.gives*:RingModel.goes*"
STEP = "crash/queue_step_test --gtest_brief=1 --gtest_filter=QueueStep.put:QueueStep.put_many*"
POINTS = "crash/queue_points_test --gtest_brief=1"
PIECES = "crash/pipe_points_test --gtest_brief=1 --gtest_filter=PipePieces.*"
TORTURE = "torture/torture --seconds 8 --seed 7"
SURROUNDINGS = "torture/surroundings --seconds 150 --seed 1 "

FAULTS = [
    Fault("journal_not_replayed", "src/object/journal.cpp", "if (count <= family::kMostJournalWrites) apply(count);",
          "if (count == 99) apply(count);", "family_points_test", FAMILY_POINTS + "ObjectCrash.survives*"),
    Fault("leaked_reference", "src/object/references.cpp", "write(offset_of(header->references), references - 1);",
          "write(offset_of(header->references), references);", "family_points_test", FAMILY_POINTS + "ObjectCrash.a_full*"),
    Fault("blocks_freed_before_repair", "src/family/family.cpp", "  if (!joining && !repair_ledger(id, flags)) {\n    state",
          "  blocks_.free_owned(id, identity);\n  if (!joining && !repair_ledger(id, flags)) {\n    state",
          "family_points_test",
          FAMILY_POINTS + "ObjectCrash.tells*"),
    Fault("object_never_destroyed", "src/object/references.cpp", "write(offset_of(state_.dying), object);", "",
          "family_points_test", FAMILY_POINTS + "ObjectCrash.a_full*"),
    Fault("dead_holder_not_reported", "src/family/lock.cpp", "    mark_damaged();\n", "", "family_points_test",
          FAMILY_POINTS + "*"),
    Fault("lock_weak_release", "src/sync/lock_core.hpp", "body.owner.store(kFree, std::memory_order_release);",
          "body.owner.store(kFree, std::memory_order_relaxed);", "sync_model_test", MODEL),
    Fault("word_sends_no_wake", "src/park/wait_word.cpp", "  if (!claim()) return;\n  at(Place::claimed);\n  os::futex_wake(word_, count);\n",
          "  (void)claim();\n",
          "sync_model_test", MODEL),
    Fault("word_without_a_fence", "src/park/wait_word.cpp", "  if (mark_.exists()) fences_ == Fences::both_full ? full_fence() : heavy_fence();\n", "", "sync_model_test", MODEL),
    Fault("lock_death_not_told", "src/sync/lock_core.cpp",
          "  body.died.store(1, std::memory_order_relaxed);        // relaxed: read under the lock, else a hint\n", "",
          "sync_model_test", MODEL),
    Fault("side_no_fence", "src/park/wait_word.cpp", "  if (mark_.exists()) fences_ == Fences::both_full ? full_fence() : heavy_fence();\n", "", "ring_model_test", RING),
    Fault("side_no_wake", "src/ring/side_lock.cpp",
          "if ((was & kLockWaiters) != 0) lock_word_of(side_).wake_sleepers(1);", "", "ring_model_test", RING),
    Fault("side_weak_release", "src/ring/side_lock.hpp", "side_.lock.store(left_by_, std::memory_order_release);",
          "side_.lock.store(left_by_, std::memory_order_relaxed);", "ring_model_test", RING),
    Fault("ring_early_commit", "src/ring/ring.cpp",
          "    copy_bytes(to, values + done * size, size);\n",
          "    writer.commit();\n    copy_bytes(to, values + done * size, size);\n", "queue_step_test", STEP),
    Fault("ring_skipped_repair", "src/ring/writer.cpp",
          'void repair_in(RingBody& ring) {\n', 'void repair_in(RingBody& ring) {\n  if (ring.max_items != 12345) return;\n',
          "queue_points_test", POINTS),
    Fault("begun_message_not_kept", "src/connection/partial_message.cpp",
          "  lane.receiving().begun.store(block.offset(), std::memory_order_release);\n", "",
          "pipe_points_test", PIECES),
    Fault("begun_message_left_to_the_dead", "src/connection/partial_message.cpp",
          "  if (block != 0) (void)Family::instance().set_owner(block, dead, kNobody);\n", "  static_cast<void>(block);\n",
          "pipe_points_test", PIECES),
    Fault("ring_block_lost_to_a_dead_consumer", "src/ring/reader.cpp",
          "    if (!taken) family.set_owner(block, kNobody);\n", "", "torture", TORTURE),
    Fault("lease_not_returned", "src/object/member_died.cpp",
          "    operations_of(kind).member_died(pinned.object, body(pinned.object), dead);\n", "", "torture", TORTURE),
    Fault("exception_leaves_the_service_thread", "src/os/linux/thread.cpp",
          "catch (const std::exception& e) { log_failure(name, text_or_none(e)); }",
          "catch (const std::exception& e) { log_failure(name, text_or_none(e)); throw; }", "surroundings",
          SURROUNDINGS + "--only run_async --only address_space --rounds 8"),
    Fault("poll_over_the_limit_of_descriptors", "src/os/linux/poll.cpp", "if (errno == EINVAL && !refused) {",
          "if (errno == EINVAL && refused) {", "surroundings",
          SURROUNDINGS + "--only popen --only descriptors --rounds 4"),
    Fault("tee_gets_sigpipe", "src/os/linux/stream_io.cpp", "  SigpipeBlocked no_signal;\n", "", "surroundings",
          SURROUNDINGS + "--only run --rounds 2"),
    Fault("item_lost_in_a_full_memory", "src/object/ledger.cpp", "family_.allocate_control_to_take(",
          "family_.allocate_control(", "surroundings",
          SURROUNDINGS + "--only queue --only memory_full --rounds 6"),
    Fault("child_returns_from_start", "src/process/start_fork.cpp", "  if (pid == 0) live(core, launch, member);\n", "",
          "surroundings", SURROUNDINGS + "--only process.fork --rounds 2"),
]


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def copy_tree(to):
    """The sources as they are here, without what git ignores; unchanged files keep their times."""
    listed = run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]).stdout.splitlines()
    for name in listed:
        source, target = ROOT / name, to / name
        if not source.is_file():
            continue
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def configure(tree, build):
    command = ["cmake", "-S", str(tree), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
               "-DCOHORT_CRASH_POINTS=ON", "-DCOHORT_BUILD_EXAMPLES=OFF", "-Wno-dev"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    result = run(command)
    if result.returncode != 0:
        sys.exit(result.stdout)


def build_targets(build, targets):
    result = run(["ninja", "-C", str(build), *sorted(targets)])
    return None if result.returncode == 0 else result.stdout[-3000:]


def test_passes(build, test):
    program, *arguments = test.split()
    try:
        result = run([str(build / "tests" / program), *arguments], timeout=240)
    except subprocess.TimeoutExpired:
        return False, "no end within 240 seconds"
    return result.returncode == 0, result.stdout[-1500:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "faults")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if not options.names or fault.name in options.names]
    tree, build = options.build / "tree", options.build / "build"
    tree.mkdir(parents=True, exist_ok=True)
    copy_tree(tree)
    configure(tree, build)

    if (trouble := build_targets(build, {fault.target for fault in faults})) is not None:
        sys.exit(trouble)
    failed = 0
    for test in sorted({fault.test for fault in faults}):
        passed, output = test_passes(build, test)
        if not passed:
            failed += 1
            print(f"FAILED without any fault: {test}\n{output}")
    for fault in faults:
        path = tree / fault.file
        text = path.read_text()
        if text.count(fault.old) < 1:
            print(f"GONE    {fault.name}: its text is no longer in {fault.file}")
            failed += 1
            continue
        started = time.monotonic()
        path.write_text(text.replace(fault.old, fault.new, 1))
        try:
            trouble = build_targets(build, {fault.target})
            if trouble is not None:
                print(f"BROKEN  {fault.name}: does not compile\n{trouble}")
                failed += 1
                continue
            passed, _ = test_passes(build, fault.test)
        finally:
            path.write_text(text)
            os.utime(path)
        print(f"{'UNSEEN ' if passed else 'caught '} {fault.name} by {fault.test.split()[0]} "
              f"({time.monotonic() - started:.0f} s)", flush=True)
        failed += passed
    print(f"{len(faults)} faults planted, {failed} not as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
