# SPDX-License-Identifier: MIT
"""Answers against the .varlink file: every one that a test gets is of the file's types."""

import os
import re

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "otpd", "proto",
                    "org.emailotp.Mail.varlink")
PLAIN = {"string": str, "int": int, "bool": bool}


def members(text):
    """"(a: int, b: ?[]string)" as {"a": "int", ...}; without colons a set of words."""
    inside = [part.strip() for part in text.strip()[1:-1].split(",") if part.strip()]
    if inside and ":" not in inside[0]:
        return set(inside)
    return dict(map(str.strip, part.split(":")) for part in inside)


class Interface:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"#.*", "", file.read())
        self.name = re.search(r"interface\s+(\S+)", text).group(1)
        self.types = {name: members(body) for name, body in
                      re.findall(r"type\s+(\w+)\s*(\([^)]*\))", text)}
        self.methods = {f"{self.name}.{name}": members(body) for name, body in
                        re.findall(r"method\s+(\w+)\s*\([^)]*\)\s*->\s*(\([^)]*\))", text)}
        assert self.methods and len(self.methods) == text.count("method ")

    def check(self, method, answer):
        """Fails if the answer is not of the file's types; other interfaces pass."""
        if method in self.methods:
            self.check_struct(method, self.methods[method], answer)

    def check_struct(self, where, fields, value):
        assert isinstance(value, dict), (where, value)
        assert not set(value) - set(fields), f"{where} answers {set(value) - set(fields)}"
        for name, kind in fields.items():
            if name in value:
                self.check_value(f"{where}.{name}", kind.lstrip("?"), value[name])
            else:
                assert kind.startswith("?"), f"{where}.{name} is not answered"

    def check_value(self, where, kind, value):
        if kind.startswith("[]"):
            assert isinstance(value, list), (where, value)
            for one in value:
                self.check_value(where, kind[2:], one)
        elif kind in PLAIN:
            assert type(value) is PLAIN[kind], f"{where} is not a {kind}: {value!r}"
        elif isinstance(self.types[kind], set):
            assert value in self.types[kind], (where, value)
        else:
            self.check_struct(where, self.types[kind], value)


MAIL = Interface(FILE)
