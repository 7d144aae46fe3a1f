#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the arrows between layers, over #include lines.

- A layer includes itself and the layers that the table below allows: all arrows go down, siblings do not meet.
- What it includes it also names in cohort_layer(... DEPENDS ...), so that it links, too.
- Public headers include public headers only, no header of the operating system, no <iostream> and no <regex>.
- Headers of the operating system and platform conditions stay in src/os.
- No header includes itself through others, but for x.hpp and its parts x_*.hpp.
- A public header reaches at most 20 headers of ours, itself included; the umbrellas cohort.hpp and cohort/x.hpp reach
  more.
"""

import re

import source

_BELOW_RING = {"base", "os", "park", "wire", "family", "object", "sync"}
_BELOW_WAIT = _BELOW_RING | {"ring", "watch", "connection"}
_BELOW_PROCESS = _BELOW_WAIT | {"queue", "wait", "shared"}
ALLOWED = {
    "base": set(),
    "shlex": {"base"},
    "os": {"base"},
    "wire": {"base", "os"},
    "park": {"base", "os"},
    "family": {"base", "os", "park"},
    "object": {"base", "os", "park", "wire", "family"},
    "sync": {"base", "os", "park", "wire", "family", "object"},
    "ring": _BELOW_RING,
    "watch": _BELOW_RING,
    "queue": _BELOW_RING | {"ring", "watch"},
    "connection": _BELOW_RING | {"ring", "watch"},
    "wait": _BELOW_WAIT,
    "shared": {"base", "os", "park", "wire", "family", "object", "sync"},
    "process": _BELOW_PROCESS,
    "subprocess": {"base", "os", "shlex"},
    "pool": _BELOW_PROCESS | {"process"},
    "manager": _BELOW_PROCESS | {"process", "pool"},
    "cluster": _BELOW_PROCESS | {"process", "pool", "manager"},
}

# Headers that end in .h and are no operating system's: the compiler's, and libraries that a layer is allowed.
NOT_OS = re.compile(r"(cxxabi|unwind|immintrin|arm_neon|sanitizer/\w+)\.h$|openssl/")
# base stands below os, and its raw log line is one write(2).
EXCEPTIONS = {("src/base/log.cpp", "unistd.h")}
MOST_REACHED = 20
# Rooms in motion.
PENDING = ("cohort/queue/", "cohort/connection/", "cohort/wait/", "cohort/ring/", "cohort/pool/", "cohort/object/")
HEAVY = {"iostream", "regex"}
PLATFORM = re.compile(
    r"\b(__linux__|__linux|linux|_WIN32|_WIN64|__APPLE__|__MACH__|__unix__|__FreeBSD__|__NetBSD__|__OpenBSD__"
    r"|__ANDROID__|__GLIBC__|__x86_64__|__i386__|__aarch64__|__arm__|__riscv|_MSC_VER|_POSIX_\w+)\b"
)
# A thread of ours lets no exception out: os::start_thread() sees to it, and is the one way to start one.
THREAD = re.compile(r"\b(std::j?thread\b(?!::)|std::async\b|pthread_create\b)")
# The second for a sanitizer's sake, with no work.
STARTS_THREADS = {"src/os/linux/thread.cpp", "src/os/linux/process.cpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def layer_of(path, root):
    """(layer, public) of a file in include/cohort or src; layer "" is the umbrella of all."""
    parts = path.relative_to(root).parts
    if parts[0] == "include":
        if len(parts) == 3:  # include/cohort/x.hpp: the umbrella of layer x, or of everything
            stem = path.stem
            return (stem if stem in ALLOWED else ""), True
        return parts[2], True
    return parts[1], False


def layer_of_include(name):
    parts = name.split("/")
    if parts[0] == "cohort":
        if len(parts) == 2:
            stem = parts[1].rsplit(".", 1)[0]
            return stem if stem in ALLOWED else ""
        return parts[1]
    return parts[0] if len(parts) > 1 else None


def declared(root):
    """What each cohort_layer() names in DEPENDS."""
    text = (root / "CMakeLists.txt").read_text() if (root / "CMakeLists.txt").exists() else ""
    text = re.sub(r"#[^\n]*", "", text)
    result = {}
    for name, rest in re.findall(r"cohort_layer\(\s*(\w+)([^)]*)\)", text):
        result[name] = set(rest.replace("DEPENDS", " ").split())
    return result


def check_include(where, layer, public, name, quoted, depends, beside):
    if not quoted:
        if public and name in HEAVY:
            return f"{where}: <{name}> in a public header"
        known = (where.rsplit(":", 1)[0], name) in EXCEPTIONS
        if name.endswith(".h") and layer != "os" and not NOT_OS.search(name) and not known:
            return f"{where}: <{name}> is a header of the operating system; only src/os includes those"
        return None
    if public and not name.startswith("cohort/"):
        return f'{where}: a public header includes the private "{name}"'
    target = layer_of_include(name)
    if target is None:
        if beside:
            return None  # a program of its own within the layer
        return f'{where}: "{name}" does not name its folder'
    if layer == "" or target == layer:
        return None
    if target == "":
        return f'{where}: the library itself includes the umbrella "{name}"'
    if target not in ALLOWED:
        return f'{where}: "{name}": no layer "{target}" is known'
    if target not in ALLOWED[layer]:
        return f'{where}: "{name}": {layer} may not use {target}'
    if layer in depends and target not in depends[layer]:
        return f'{where}: "{name}": cohort_layer({layer}) does not name {target} in DEPENDS'
    return None


def cycles(graph):
    """The first include cycle from each header that has one."""
    found, done = [], set()

    def visit(node, trail):
        if node in trail:
            loop = trail[trail.index(node) :]
            whole = min(loop, key=len).removesuffix(".hpp")
            # A header and its parts (x.hpp, x_part.hpp) are one text in several files.
            if len(loop) == 1 or not all(re.match(re.escape(whole) + r"(_\w+)?\.hpp$", name) for name in loop):
                found.append(" -> ".join(loop + [node]))
            return
        if node in done:
            return
        for following in graph.get(node, ()):
            visit(following, trail + [node])
        done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def reached(graph, name):
    """The headers that a header includes, directly or not, and itself."""
    found, left = {name}, [name]
    while left:
        following = [n for n in graph.get(left.pop(), ()) if n not in found]
        found.update(following)
        left += following
    return found


def check_reach(graph):
    offences = []
    for name in sorted(graph):
        if re.match(r"cohort/\w+/", name) and not name.startswith(PENDING):
            count = len(reached(graph, name))
            if count > MOST_REACHED:
                offences.append(f"include/{name}: reaches {count} headers of ours, the limit is {MOST_REACHED}")
    return offences


def check(root):
    offences, graph = [], {}
    depends = declared(root)
    for layer, lower in depends.items():
        if layer not in ALLOWED:
            offences.append(f"CMakeLists.txt: layer {layer} is not in the table of ci/layers.py")
            continue
        for name in sorted(lower - ALLOWED[layer]):
            offences.append(f"CMakeLists.txt: cohort_layer({layer}) may not depend on {name}")
    for path in source.files(root, ["include", "src"]):
        layer, public = layer_of(path, root)
        short = path.relative_to(root).as_posix()
        if layer and layer not in ALLOWED:
            offences.append(f"{short}: no layer '{layer}' is known")
            continue
        own = short.removeprefix("include/").removeprefix("src/")
        for line in source.lines(path):
            where = f"{short}:{line.number}"
            match = INCLUDE.match(line.code)
            if match:
                name = match.group(1) or match.group(2)
                beside = (path.parent / name).is_file()
                offence = check_include(where, layer, public, name, bool(match.group(1)), depends, beside)
                if offence:
                    offences.append(offence)
                if match.group(1) and path.suffix == ".hpp":
                    graph.setdefault(own, []).append(name)
            elif layer != "os" and re.match(r"\s*#\s*(el)?if", line.code) and PLATFORM.search(line.code):
                offences.append(f"{where}: platform condition outside src/os: {line.text.strip()}")
            elif not public and short not in STARTS_THREADS and THREAD.search(line.code):
                offences.append(f"{where}: a thread that os::start_thread() does not start: {line.text.strip()}")
    offences += [f"include cycle: {cycle}" for cycle in cycles(graph)]
    return offences + check_reach(graph)


if __name__ == "__main__":
    source.main(check, __doc__)
