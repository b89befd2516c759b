#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The log lines that are an interface, in the sources and in the manual, both ways.

  * each event that record_store() is given, with its sentences and its level, stands in
    the section LOG of otpd(8), and in the table of otpd/core/event.c; and nothing else
    does. Calls are followed through the functions that hand their words on.
  * each line of the module (the rows of result.c) stands in pam_emailotp(8) with its level.
  * each MESSAGE_ID stands in otpd(8), is one, and is nobody else's.
"""
import pathlib
import re
import sys

LEVELS = {"LOG_ERR": "err", "LOG_WARNING": "warning", "LOG_NOTICE": "notice",
          "LOG_INFO": "info", "LOG_DEBUG": "debug", "LOG_CRIT": "crit"}
problems = []


def must(condition, *what):
    if not condition:
        problems.append(" ".join(map(str, what)))


def strip(text):
    """C without comments, strings that stand beside each other joined."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r'"\s*\n\s*"', "", text)


SOURCES = {path: strip(path.read_text("utf-8"))
           for path in sorted(pathlib.Path("otpd").rglob("*.c"))}
FUNCTION = re.compile(r"(?m)^((?:static )?[a-z][\w \*]*?)(\w+)\(([^;{]*?)\)\n\{\n(.*?)^\}", re.S)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def arguments(text, at):
    """The arguments of the call whose bracket opens at text[at]."""
    found, depth, start, quoted = [], 0, at + 1, False
    for i in range(at, len(text)):
        c = text[i]
        if c == '"' and text[i - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        depth += (c in "({[") - (c in ")}]")
        if (c == "," and depth == 1) or depth == 0:
            found.append(" ".join(text[start:i].split()))
            start = i + 1
        if depth == 0:
            return found
    raise ValueError("a call without an end")


def functions(text):
    for match in FUNCTION.finditer(text):
        names = [re.search(r"(\w+)(?:\[[^\]]*\])?$", p.strip())
                 for p in match[3].split(",")]
        yield (match[2], match[1].startswith("static"),
               [n[1] if n else "" for n in names], match[4])


def macro(text, name):
    found = re.search(r"(?m)^#define %s\s+(.*)$" % re.escape(name), text)
    return found[1] if found else name


def calls(path, name, static_in):
    """(function around it, its parameters, arguments) of each call of name."""
    for where, text in SOURCES.items():
        if static_in and where != path:
            continue
        for function, static, parameters, body in functions(text):
            for call in re.finditer(r"\b%s\(" % name, body):
                yield where, function, static, parameters, body, \
                    arguments(body, call.end() - 1)


def from_sources():
    """Event -> {(sentence, level)}."""
    events = {}
    todo = [(None, "record_store", False, 3, 4, 5)]
    done = set()
    while todo:
        sink = todo.pop()
        if sink in done:
            continue
        done.add(sink)
        path, name, static_in, i_event, i_phrase, level = sink
        for where, function, static, parameters, body, given in calls(path, name, static_in):
            event, phrase = (macro(SOURCES[where], given[i]) for i in (i_event, i_phrase))
            how = level if isinstance(level, str) else given[level]
            if event in parameters and phrase in parameters:
                further = how if how in LEVELS else parameters.index(how)
                todo.append((where, function, static, parameters.index(event),
                             parameters.index(phrase), further))
                continue
            words, sentences = STRING.findall(event), STRING.findall(phrase)
            if not words:  # a table in the function
                table = re.findall(r'"([a-z_]+)",\s*"([^"]+)"', body)
                words, sentences = [w for w, _ in table], [s for _, s in table]
            if len(words) == 1:
                words = words * len(sentences)
            if len(sentences) == 1:
                sentences = sentences * len(words)
            must(words and len(words) == len(sentences) and how in LEVELS, where, function,
                 "calls", name, "in a way that this check cannot read:", given)
            for word, sentence in zip(words, sentences):
                events.setdefault(word, set()).add((sentence, LEVELS.get(how, how)))
    return events


def section(page, title):
    text = pathlib.Path(page).read_text("utf-8")
    return text.partition(".Sh %s\n" % title)[2].partition("\n.Sh ")[0]


def plain(text):
    return text.replace("\\&", "").replace("\\(aq", "'")


def from_manual():
    """The same, of the list items in LOG whose head is one word."""
    events = {}
    log = section("man/otpd.8", "LOG")
    for item in re.finditer(r"(?m)^\.It Ql ([a-z_]+)\n((?:(?!\.It |\.El).*\n)+)", log):
        text = " ".join(line for line in item[2].split("\n") if not line.startswith(".Ql"))
        text = plain(text).split(".")[0].strip()
        for part in text.split("; or: "):
            level, colon, sentence = part.partition(": ")
            if not colon:
                level, sentence = "notice", part
            events.setdefault(item[1], set()).add((" ".join(sentence.split()), level))
    return events


def from_table():
    """Event -> MESSAGE_ID or None, of otpd/core/event.c."""
    rows = re.findall(r'\{ "([a-z_]+)", (NULL|"\w*") \}',
                      SOURCES[pathlib.Path("otpd/core/event.c")])
    must(len(rows) == len(dict(rows)), "an event stands twice in otpd/core/event.c")
    return {name: None if ident == "NULL" else ident.strip('"') for name, ident in rows}


def check_events():
    written, documented, table = from_sources(), from_manual(), from_table()
    must(len(written) > 50, "only", len(written), "events were found in the sources")
    for event in sorted(written.keys() | documented.keys() | table.keys()):
        must(event in table, event, "is not in the table of otpd/core/event.c")
        must(event in written, event, "is in the table or the manual, and never written")
        must(len(event) <= 31, event, "is longer than LIMIT_EVENT")
        own, told = written.get(event, set()), documented.get(event, set())
        for sentence, level in sorted(own - told):
            must(False, "otpd(8) does not list: %s, %s: %s" % (event, level, sentence))
        for sentence, level in sorted(told - own):
            must(False, "otpd(8) lists what no code says: %s, %s: %s"
                 % (event, level, sentence))
    return table


def check_ids(table):
    page = pathlib.Path("man/otpd.8").read_text("utf-8")
    listed = dict((name, ident) for ident, name in
                  re.findall(r"(?m)^\.It Li ([0-9a-f]{32})\n(\w+)", page))
    own = {name: ident for name, ident in table.items() if ident}
    alert = re.search(r'ALERT_MESSAGE_ID "(\w+)"', "".join(
        p.read_text("utf-8") for p in pathlib.Path("otpd/server").glob("*.[ch]")))
    must(alert, "there is no ALERT_MESSAGE_ID")
    own["alert"] = alert[1] if alert else ""
    must(listed == own, "MESSAGE_IDs of the code", own, "and of otpd(8)", listed)
    must(len(set(own.values())) == len(own), "a MESSAGE_ID stands for two things")


def check_module():
    text = strip(pathlib.Path("pam_emailotp/result.c").read_text("utf-8"))
    rows = re.findall(r'(LOG_[A-Z]+), "([^"]+)" \}', text)
    rows += re.findall(r'\.priority = (LOG_[A-Z]+),\s*\.text = "([^"]+)"', text)
    own = {(sentence, LEVELS[level]) for level, sentence in rows}
    must(len(own) > 30, "only", len(own), "rows were found in result.c")
    log, told, level = section("man/pam_emailotp.8", "LOG"), set(), None
    for line in log.split("\n"):
        head = re.match(r"At level (\w+):$", line)
        item = re.match(r"\.It Ql (.*)$", line)
        level = head[1] if head else level
        if item:
            told.add((plain(item[1]), level))
    for sentence, level in sorted(own ^ told):
        must(False, "%s: %s: in %s only" % (level, sentence, "result.c"
             if (sentence, level) in own else "pam_emailotp(8)"))


check_ids(check_events())
check_module()
print("\n".join(problems))
sys.exit(bool(problems))
