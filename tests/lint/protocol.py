#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""emailotp-protocol(7) against the interface files: each method stands there with its
parameters, each member and word of theirs is named, and nothing that is not theirs.
"""
import pathlib
import re
import sys

PAGE = pathlib.Path("man/emailotp-protocol.7").read_text()
INTERFACES = ("Account", "Auth", "Self", "Admin", "Mail")
METHOD = re.compile(r"method (\w+)\(([^)]*)\) -> \(([^)]*)\)")
TYPE = re.compile(r"type (\w+) \(([^)]*)\)")
problems = []


def idl(name):
    text = pathlib.Path("otpd/proto/org.emailotp.%s.varlink" % name).read_text()
    return re.sub("(?m)#.*$", "", text)


def members(text):
    """The names; an enumeration has no types."""
    return [part.partition(":")[0].strip() for part in text.split(",") if part.strip()]


def parameters(text):
    return [("?" if ": ?" in part else "") + part.partition(":")[0].strip()
            for part in text.split(",") if part.strip()]


def must(condition, *what):
    if not condition:
        problems.append(" ".join(map(str, what)))


def section(name):
    return PAGE.partition(".Ss org.emailotp.%s\n" % name)[2].partition("\n.Ss ")[0]


words = set()
for name in INTERFACES:
    text, there = idl(name), section(name)
    page = {m[1]: m[2].split() for m in re.finditer(r"(?m)^\.It Fn (\w+)(.*)$", there)}
    own = {m[1]: parameters(m[2]) for m in METHOD.finditer(text)}
    for method in sorted(page.keys() | own.keys()):
        must(page.get(method) == own.get(method), name, method, "has", own.get(method),
             "and in the page", page.get(method))
    for kind in (*METHOD.finditer(text), *TYPE.finditer(text)):
        for member in members(",".join(kind.groups()[1:])):
            words.add(member)
            must(re.search(r"\b%s\b" % member, PAGE), name, kind[1], member,
                 "is not in the page")
errors = {m[1]: members(m[2]) for m in re.finditer(r"error (\w+) \(([^)]*)\)", idl("Error"))}
listed = PAGE.partition(".Sh REFUSALS\n")[2].partition("\nAnd of\n")[0]
heads = {m[1]: re.findall("[a-z_]+", m[2].replace("Po", "").replace("Pc", ""))
         for m in re.finditer(r"(?m)^\.It Ql (\w+)(.*)$", listed)}
for error in sorted(errors.keys() | heads.keys()):
    page = [word for word in heads.get(error, []) if word != "q"]
    must(error in heads and error in errors and page == errors[error], "error", error, "has",
         errors.get(error), "and in the page", heads.get(error))
# Quoted words of the methods that none of them has.
known = words | {"bad_name", "bad_address", "exists", "no_key", "down", "test"}
for name in INTERFACES:
    for word in re.findall(r"(?m)^\.(?:It |Pq )?Ql ([a-z][a-z0-9_]*)(?: \W.*)?$", section(name)):
        must(word in known, name, word, "is of no interface")
print("\n".join(problems))
sys.exit(bool(problems))
