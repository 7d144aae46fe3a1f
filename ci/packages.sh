# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by ./run: which packages a sub-command needs, and how missing ones get here.
#
# A package counts as present when dpkg says so or when what it brings can be found, so that a machine
# that is not Debian, or has a tool from elsewhere, works too.

readonly PACKAGES_BUILD="g++ cmake ninja-build pkg-config libssl-dev libcli11-dev nlohmann-json3-dev"
readonly PACKAGES_TEST="$PACKAGES_BUILD libgtest-dev libseccomp-dev python3 valgrind"
readonly PACKAGES_BENCH="$PACKAGES_BUILD libbenchmark-dev libboost-dev libboost-filesystem-dev libzmq3-dev python3 strace"
readonly PACKAGES_CLANG="$PACKAGES_TEST clang-19"
readonly PACKAGES_LINT="$PACKAGES_CLANG clang-tidy-19 clang-format-19 flawfinder"
readonly PACKAGES_DOCS="doxygen python3-sphinx python3-breathe python3-myst-parser"

# What stands for a package on a machine without dpkg: a command, or a header.
package_probe() {
  case "$1" in
    ninja-build) command -v ninja ;;
    clang-19) command -v clang++-19 ;;
    libssl-dev) package_header openssl/ssl.h ;;
    libcli11-dev) package_header CLI/CLI.hpp ;;
    nlohmann-json3-dev) package_header nlohmann/json.hpp ;;
    libgtest-dev) package_header gtest/gtest.h ;;
    libbenchmark-dev) package_header benchmark/benchmark.h ;;
    libseccomp-dev) package_header seccomp.h ;;
    python3-sphinx) command -v sphinx-build ;;
    python3-breathe) python3 -c 'import breathe' ;;
    python3-myst-parser) python3 -c 'import myst_parser' ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

package_header() { [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ]; }

# Prints those of "$@" that are not here.
packages_missing() {
  local installed="" name
  if command -v dpkg-query >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # the dollar belongs to dpkg-query
    installed=" $(dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null |
      sed -n 's/ install ok installed$//p' | tr '\n' ' ')"
  fi
  for name in "$@"; do
    case "$installed" in *" $name "*) continue ;; esac
    package_probe "$name" || echo "$name"
  done
}

# packages_need NAME...: installs what is missing, or says what to install and exits with 1.
packages_need() {
  local missing sudo=""
  missing=$(packages_missing "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "run: these are missing (names of Debian 12 packages; install what your system calls them):" >&2
    printf '  %s\n' $missing >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 && sudo="sudo"
    if [ -z "$sudo" ]; then
      echo "run: not root and no sudo here; as root, run:  apt-get install $missing" >&2
      exit 1
    fi
  fi
  echo "run: installing $missing" >&2
  if ! packages_apt "$sudo" $missing; then
    echo "run: could not install; as root, run:  apt-get update && apt-get install $missing" >&2
    exit 1
  fi
}

# packages_want NAME...: the same, but goes on without those that cannot be had.
packages_want() { (packages_need "$@") >/dev/null 2>&1 || true; }

packages_apt() {
  local sudo="$1"
  shift
  # The lists of a fresh image are empty, and old lists name packages that are gone: try, refresh, try again.
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 && return 0
  $sudo apt-get update -q >&2 || return 1
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}
