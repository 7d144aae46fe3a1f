#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Compares digest_tree with sha256sum on trees that are made to be awkward.

  demo_digest_tree.py PROGRAM
"""
import os
import pty
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = ""
NOBODY = 65534
LIMIT = 60  # seconds for one run; none comes near it


def run(*arguments, **options):
    command = [PROGRAM, *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False, **options)


def sha256sum(tree, **options):
    """What sha256sum says about the regular files of a tree in path order: output, messages."""
    found = subprocess.run(["find", tree, "-type", "f", "-print0"], capture_output=True, check=False).stdout
    names = sorted(name for name in found.split(b"\0") if name)
    done = subprocess.run(["sha256sum", *names], capture_output=True, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"), **options)
    return done.stdout, done.stderr


def messages(stderr, program):
    """The lines of a program's messages, without its name, sorted."""
    return sorted(line.removeprefix(program + b": ") for line in stderr.splitlines())


class DigestTree(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp()
        os.chmod(self.scratch, 0o755)
        self.addCleanup(shutil.rmtree, self.scratch)
        self.tree = os.path.join(self.scratch, "tree")
        os.mkdir(self.tree)

    def put(self, name, content=b"content"):
        path = os.path.join(os.fsencode(self.tree), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def list_of(self, *arguments, status=0):
        done = run(self.tree, "--output", "-", "--no-speed-up", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def test_writes_the_list_of_sha256sum_for_any_name(self):
        names = ["plain", "with space", "new\nline", "back\\slash", "carriage\rreturn", "tab\tname", "-dash", "*", "é",
                 "it's", 'quo"te', b"bad\xff", b"\xed\xa0\x80", "deep/er/est", "deep-", "deep.x", " ", "\\", "#", "~"]
        for number, name in enumerate(names):
            self.put(name, b"%d" % number)
        expected, _ = sha256sum(self.tree)
        self.assertEqual(self.list_of(), expected)

    def test_digests_every_size_around_the_buffer(self):
        for size in [0, 1, 63, 64, 65, 262143, 262144, 262145, 524288, 1 << 20, (3 << 20) + 7]:
            self.put(str(size), os.urandom(size))
        self.put("sparse").decode()
        os.truncate(os.path.join(self.tree, "sparse"), 50 << 20)
        expected, _ = sha256sum(self.tree)
        self.assertEqual(self.list_of(), expected)
        self.assertEqual(self.list_of("--processes", "1"), expected)
        self.assertEqual(self.list_of("--processes", "5"), expected)

    def test_skips_what_is_not_a_regular_file_and_follows_no_link(self):
        self.put("file")
        os.mkfifo(os.path.join(self.tree, "fifo"))
        os.symlink(".", os.path.join(self.tree, "loop"))
        os.symlink("nowhere", os.path.join(self.tree, "broken"))
        os.symlink("file", os.path.join(self.tree, "link"))
        with socket.socket(socket.AF_UNIX) as unix:
            here = os.getcwd()
            os.chdir(self.tree)  # names of sockets are short
            unix.bind("socket")
            os.chdir(here)
        done = run(self.tree, "--no-speed-up")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"files     1\n", done.stdout)
        self.assertIn(b"skipped   3 symbolic links, 1 FIFO, 1 socket\n", done.stdout)

    def test_follows_a_link_that_is_given_as_the_root(self):
        self.put("file")
        link = os.path.join(self.scratch, "link")
        os.symlink("tree", link)
        done = run(link, "--output", "-", "--no-speed-up")
        self.assertTrue(done.stdout.endswith(b"  " + os.fsencode(link) + b"/file\n"), done.stdout)
        os.symlink("tree/file", link + "2")
        done = run(link + "2", "--output", "-", "--no-speed-up")
        self.assertEqual(done.stdout, subprocess.check_output(["sha256sum", link + "2"]))

    def test_reports_what_it_cannot_read_as_sha256sum_does_and_goes_on(self):
        for name in ["good", "secret", "se cret", "sec\nret", "s'ecret", b"\xffsecret"]:
            path = self.put(name)
            if name != "good":
                os.chmod(path, 0)
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if subprocess.run(["test", "-x", PROGRAM], check=False, **options).returncode != 0:
            self.skipTest("the program lies where only root can reach it")
        expected, complaints = sha256sum(self.tree, **options)
        done = run(self.tree, "--output", "-", "--no-speed-up", **options)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, expected)
        ours = [line for line in messages(done.stderr, b"digest_tree") if b"ermission" in line]
        self.assertEqual(ours, messages(complaints, b"sha256sum"))

    def test_reports_an_error_of_reading(self):
        path = f"/proc/{os.getpid()}/mem"
        done = run(path, "--no-speed-up")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"digest_tree: " + path.encode() + b": Input/output error\n", done.stderr)

    def test_digests_files_that_do_not_tell_their_size(self):
        done = run("/proc/version", "--output", "-", "--no-speed-up")
        self.assertEqual(done.stdout, subprocess.check_output(["sha256sum", "/proc/version"]))

    def test_refuses_roots_that_are_not_there_or_not_files(self):
        for root, reason in [(self.tree + "/nope", "No such file or directory"),
                             ("/dev/null", "not a directory or a regular file")]:
            done = run(root, "--no-speed-up")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"digest_tree: {root}: {reason}\n".encode(), done.stderr)

    def test_says_when_a_tree_is_too_small_for_chaos(self):
        self.put("one")
        self.put("empty", b"")
        done = run(self.tree, "--chaos", "2", "--output", self.scratch + "/list")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"too small", done.stderr)
        self.assertFalse(os.path.exists(self.scratch + "/list"))

    def test_kills_a_worker_at_every_file(self):
        for number in range(40):
            self.put(str(number), os.urandom(2 + number * 20000))
        expected, _ = sha256sum(self.tree)
        done = run(self.tree, "--chaos", "40", "--output", self.scratch + "/list", "--no-speed-up")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"kills     40 of 40\n", done.stdout)
        self.assertEqual(done.stdout.count(b"killed worker"), 40)
        with open(self.scratch + "/list", "rb") as file:
            self.assertEqual(file.read(), expected)

    def test_leaves_out_the_list_that_it_writes(self):
        self.put("file")
        for _ in range(2):
            done = run(self.tree, "--output", self.tree + "/list", "--no-speed-up")
            self.assertEqual(done.returncode, 0)
            with open(self.tree + "/list", "rb") as file:
                self.assertEqual(len(file.read().splitlines()), 1)
        self.assertIn(b"1 output file", done.stdout)

    def test_draws_a_bar_on_a_terminal_only(self):
        for number in range(8):
            self.put(str(number), bytes(40 << 20))
        terminal, theirs = pty.openpty()
        self.addCleanup(os.close, terminal)
        drawn = b""
        command = [PROGRAM, self.tree, "--no-speed-up"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as program:
            os.close(theirs)
            try:
                while chunk := os.read(terminal, 65536):
                    drawn += chunk
            except OSError:
                pass  # the other end is closed
        self.assertEqual(program.returncode, 0)
        self.assertIn(b"MB/s  ETA ", drawn)
        self.assertTrue(drawn.endswith(b"\r\x1b[K"), drawn[-100:])
        self.assertEqual(run(self.tree, "--no-speed-up").stderr, b"")

    def test_survives_a_tree_that_changes_below_it(self):
        for number in range(300):
            self.put(f"stable{number}", b"%d" % number * 1000)
        expected = set(sha256sum(self.tree)[0].splitlines())
        stop = threading.Event()

        def churn():
            os.mkfifo(os.path.join(self.scratch, "fifo"))
            while not stop.is_set():
                for number in range(50):
                    path = os.fsdecode(self.put(f"changing{number}"))
                    if number % 3 == 0:
                        os.unlink(path)
                    elif number % 3 == 1:
                        os.unlink(path)
                        os.mkfifo(path)
                        os.unlink(path)
                    else:
                        os.unlink(path)
                        os.symlink(path, path)
                        os.unlink(path)

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(10):
                done = run(self.tree, "--output", "-", "--no-speed-up")
                self.assertIn(done.returncode, (0, 1))
                lines = [line for line in done.stdout.splitlines() if b"/stable" in line]
                self.assertEqual(len(lines), 300)
                self.assertEqual(set(lines), expected)
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
