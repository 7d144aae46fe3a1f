# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Prints the first block of README.md in the given language that holds the given words.

    readme_block.py README LANGUAGE WORDS
"""
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    if language == sys.argv[2] and sys.argv[3] in block:
        sys.stdout.write(block)
        break
else:
    sys.exit(f"README has no {sys.argv[2]} block with '{sys.argv[3]}'")
