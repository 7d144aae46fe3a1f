# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Answers for differential_test.cpp: reads one text a line, in hexadecimal, and writes what Python makes of it.

The answer has three fields: split(text), quote(text), and one way of many to tokenize, chosen by the line's number.
Words are in hexadecimal, separated by commas; an empty list is "-"; an error is "!" and its text."""

import shlex
import sys


def encode(text):
    return text.encode("utf-8", "surrogateescape").hex()


def answer(make):
    try:
        words = make()
    except ValueError as error:
        return "!" + str(error)
    return ",".join(encode(word) for word in words) if words else "-"


def tokenize(text, number):
    if number % 12 == 0:
        return answer(lambda: shlex.split(text, comments=True))
    if number % 12 == 1:
        return answer(lambda: shlex.split(text, posix=False))
    if number % 12 == 2:
        return answer(lambda: shlex.split(text, comments=True, posix=False))
    punctuation = [False, True, "|;"][number % 3]
    lexer = shlex.shlex(text, posix=number % 2 == 0, punctuation_chars=punctuation)
    lexer.whitespace_split = number % 12 >= 8
    if number % 5 == 0:
        lexer.commenters = ";"
        lexer.whitespace = " \u00e9"
        lexer.quotes = "'"
        lexer.escape = "\\%"
        lexer.escapedquotes = "'"
    result = answer(lambda: list(lexer))
    return f"{result} {lexer.lineno} {encode(lexer.token)}"


def main():
    with open(sys.argv[1], encoding="ascii") as lines, open(sys.argv[2], "w", encoding="ascii") as out:
        for number, line in enumerate(lines):
            text = bytes.fromhex(line.strip()).decode("utf-8", "surrogateescape")
            words = answer(lambda: shlex.split(text))
            out.write(f"{words}\t{encode(shlex.quote(text))}\t{tokenize(text, number)}\n")


main()
