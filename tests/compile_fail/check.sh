#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# check.sh COMPILER CASE.cpp INCLUDE_DIRECTORY
#   Compiles the case twice. As it is, it must fail, the first error must match the regular expression in the file's head,
#   and all that is said must take no more lines than '// at most N lines' there allows; with the one token TWIN(bad, good)
#   changed to the good one, it must compile without a warning.
set -u
compiler=$1
case_file=$2
include=$3
LC_ALL=C
export LC_ALL

fail() {
  echo "$case_file: $1" >&2
  [ -z "${2:-}" ] || printf '%s\n' "$2" | head -n 60 >&2
  exit 1
}
compile() {
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -fno-diagnostics-color -I "$include" "-DTWIN(bad, good)=$1" \
    "$case_file" 2>&1
}

# "// first error: REGEX", or for one family of compilers "// first error (clang): REGEX".
case $(basename "$compiler") in
  *clang*) family=clang ;;
  *) family=gcc ;;
esac
expected=$(sed -n "s|^// first error ($family): ||p" "$case_file")
[ -n "$expected" ] || expected=$(sed -n 's|^// first error: ||p' "$case_file")
[ -n "$expected" ] || fail "its head lacks a line '// first error: REGEX'"

uses=$(grep -v '^ *//' "$case_file" | grep -o 'TWIN(' | wc -l)
[ "$uses" -eq 1 ] || fail "it uses TWIN(bad, good) $uses times; once is what makes the twin a proof"

if output=$(compile bad); then
  fail "it compiles, and must not"
fi
first=$(printf '%s\n' "$output" | grep -m 1 'error: ')
printf '%s\n' "$first" | grep -Eq -e "$expected" || fail "the first error does not match '$expected':
$first" "$output"

# "// at most N lines": of GCC; Clang quotes the source at each step, and may use twice as many.
most=$(sed -n 's|^// at most \([0-9]*\) lines$|\1|p' "$case_file")
if [ -n "$most" ]; then
  [ "$family" = gcc ] || most=$((most * 2))
  lines=$(printf '%s\n' "$output" | wc -l)
  [ "$lines" -le "$most" ] || fail "its errors take $lines lines, more than $most" "$output"
fi

if ! output=$(compile good); then
  fail "its twin does not compile, so its failure proves nothing" "$output"
fi
[ -z "$output" ] || fail "its twin compiles with warnings" "$output"
echo "$first"
