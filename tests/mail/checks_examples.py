# SPDX-License-Identifier: MIT
"""Every mail.conf of the manual, as --check sees it once its files are there."""

import os
import re
import shutil
import subprocess
import tempfile

from daemon import BINARY, templates
from support import certificate

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = f"{TOP}/man/mail.conf.5"
# What must be among them (by a word of each), so that none is lost unnoticed.
WANTED = ["smtp.example.net", "type = sendmail", "smtp.gmail.com", "smtp.office365.com",
          "preset = ses", "email-smtp", "preset = webhook", "preset = postmark",
          "type = maildir"]


def blocks():
    """The literal blocks of EXAMPLES, as they are typed."""
    with open(PAGE, encoding="utf-8") as page:
        examples = page.read().split("\n.Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    found = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", examples, re.M | re.S)
    return [block.replace("\\e", "\\").replace("\\&", "") for block in found]


def prepare(directory):
    """What the examples name below /etc/otpd."""
    cert, key = certificate()
    bodies = [block for block in blocks() if block.startswith("{")]
    assert len(bodies) == 1
    texts = {"sms-body.json": bodies[0]}
    for name in set(re.findall(r"/etc/otpd/([\w.-]+)", "".join(blocks()))):
        target = f"{directory}/{name}"
        if name.endswith(".pem"):
            shutil.copy(key if "key" in name else cert, target)
        else:
            with open(target, "w", encoding="utf-8") as out:
                out.write(texts.get(name, "AKIDsecret0123456789") + "\n")
        os.chmod(target, 0o600)
    for part in ("new", "cur", "tmp"):
        os.makedirs(f"{directory}/bounces/{part}")


def check(directory, text):
    for place in ("/etc/otpd/", "/var/lib/otpd-mail/"):
        text = text.replace(place, f"{directory}/")
    config = f"{directory}/mail.conf"
    with open(config, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(f'templates = "{templates(directory)}"\n{text}')
    return subprocess.run([BINARY, "--check", "--config", config], text=True,
                          capture_output=True, timeout=60, check=False)


def test_every_example_of_the_manual_is_right():
    with tempfile.TemporaryDirectory(prefix="otpd-mail-examples.") as directory:
        prepare(directory)
        examples = [block for block in blocks() if "transport " in block]
        for word in WANTED:
            assert any(word in block for block in examples), f"no example with {word}"
        for example in examples:
            done = check(directory, example)
            assert done.returncode == 0, f"{example}\n{done.stderr}"
            assert done.stderr == "", f"{example}\n{done.stderr}"


def test_an_example_whose_secret_is_missing_is_refused():
    with tempfile.TemporaryDirectory(prefix="otpd-mail-examples.") as directory:
        for example in blocks():
            if "_file" not in example:
                continue
            done = check(directory, example)
            assert done.returncode != 0 and directory in done.stderr, \
                f"{example}\n{done.stderr}"
