# SPDX-License-Identifier: MIT
"""Templates of a running otpd-mail: every kind and language over SMTP, overrides, tenants,
reload, --check and --preview."""

import email
import email.policy
import os
import pathlib
import re
import signal
import subprocess
import tempfile

from daemon import BINARY, TEMPLATES, smtp, templates
from servers import Script
from support import expect, mailer

CODE_KINDS = ("login", "verify", "register", "reset", "recovery")
KINDS = CODE_KINDS + ("registered", "welcome", "password-changed", "address-changed",
                      "locked", "reset-locked", "recovery-codes", "recovery-used",
                      "break-glass", "break-glass-made", "test")
LANGUAGES = ("en", "de", "fr", "es", "pt", "ja")


def parts(body):
    """(headers, text, HTML) as a mail program sees them."""
    mail = email.message_from_bytes(body.encode(), policy=email.policy.default)
    assert mail.get_content_type() == "multipart/alternative" and not mail.defects
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return (mail, text.get_content().replace("\r\n", "\n"),
            html.get_content().replace("\r\n", "\n"))


def write(directory, name, text, mode=0o644):
    path = pathlib.Path(directory) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_every_kind_in_every_language_arrives():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        for language in LANGUAGES:
            for kind in KINDS:
                code = "424242" if kind in CODE_KINDS else ""
                expect(daemon.send(template=kind, code=code, language=language), "sent")
    assert len(server.bodies) == len(KINDS) * len(LANGUAGES)
    subjects = set()
    for body in server.bodies:
        mail, text, html = parts(body)
        subjects.add(mail["Subject"])
        assert mail["Content-Language"] in LANGUAGES
        assert f'<html lang="{mail["Content-Language"]}">' in html
        assert "424242" not in str(mail["Subject"]) and "(K7Q" in mail["Subject"].replace(
            "（", "(")
        assert ("    424242\n" in text) == ('class="k"' in html)
        assert "{{" not in text + html and "Jane Doe" in text
    assert len(subjects) == len(server.bodies)


def test_tenants_have_templates_of_their_own():
    server = Script()
    with tempfile.TemporaryDirectory() as directory:
        write(directory, "words.de", 'kind login { heading = "Der Code" }\n')
        write(directory, "acme/words.de", 'kind login { heading = "Acmes Code" }\n')
        head = (f'template_overrides = "{directory}"\nlanguage = de\n'
                'tenant acme { colour = "#ffd400" organisation = "Acme" '
                'reply_to = "help@acme.example" }\ntenant other { language = ja }\n')
        with mailer(smtp(server.port), head) as daemon:
            for tenant in ("", "acme", "other", "unknown"):
                expect(daemon.send(tenant=tenant), "sent")
            status = daemon.status()
    assert status["tenants"] == ["acme", "other"]
    assert sorted(status["languages"]) == sorted(set(status["languages"])), "de is said once"
    none, acme, other, unknown = map(parts, server.bodies)
    assert "\nDer Code\n" in none[1] and "Reply-To" not in none[0]
    assert acme[1].startswith("Acme\nAcmes Code\n") and "#ffd400" in acme[2]
    assert acme[0]["Reply-To"] == "help@acme.example"
    assert "ログインコード" in other[1] and other[0]["Content-Language"] == "ja"
    assert none[1:] == unknown[1:]


def test_the_sender_has_a_name_in_each_language_and_replies_are_read_or_not():
    server = Script()
    head = ('language = de\ntenant acme { reply_to = "help@acme.example" }\n'
            'tenant other { from_name = "Ours" }\n')
    names = {}
    for language in LANGUAGES:
        words = (TEMPLATES / f"words.{language}").read_text(encoding="utf-8")
        names[language] = re.search('^from_name = "(.+)"$', words, re.M)[1]
    assert names["en"] == "Sign-in code" and names["de"] == "Anmeldecode"
    assert len(set(names.values())) == len(LANGUAGES)
    footers = set()
    with mailer(smtp(server.port), head) as daemon:
        for language in LANGUAGES:
            for tenant in ("", "acme"):
                expect(daemon.send(language=language, tenant=tenant), "sent")
        expect(daemon.send(language="ja", tenant="other"), "sent")
    for body in server.bodies[:-1]:
        mail, text, html = parts(body)
        assert mail["From"].addresses[0].display_name == names[mail["Content-Language"]]
        footer = "".join(text.split("\n-- \n")[1].split())
        assert footer in "".join(html.split()), footer
        footers.add(footer)
    assert len(footers) == 2 * len(LANGUAGES)
    mail, text, _ = parts(server.bodies[1])
    assert mail["Reply-To"] == "help@acme.example"
    assert "may reply" in text and "not read" not in text
    assert "Replies are not read" in parts(server.bodies[0])[1]
    assert parts(server.bodies[-1])[0]["From"].addresses[0].display_name == "Ours"


def test_templates_are_reloaded_whole_or_not_at_all():
    server = Script()
    with tempfile.TemporaryDirectory() as directory:
        head = f'template_overrides = "{directory}"'
        with mailer(smtp(server.port), head) as daemon:
            expect(daemon.send(), "sent")
            write(directory, "words.en", 'kind login { heading = "Changed" }\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("configuration reloaded")
            expect(daemon.send(), "sent")
            write(directory, "words.en",
                  'kind login {\n heading = "x"\n intro = "{{hsot}}"\n}\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("/words.en:3: kind login: intro: unknown variable {{hsot}}")
            daemon.wait_log("the old configuration stays")
            expect(daemon.send(), "sent")
    first, second, third = (parts(body)[1] for body in server.bodies)
    assert "\nYour sign-in code\n" in first
    assert "\nChanged\n" in second and "\nChanged\n" in third


def test_the_code_in_the_subject_is_an_option():
    server = Script()
    with mailer(smtp(server.port), "code_in_subject = yes") as daemon:
        expect(daemon.send(), "sent")
        expect(daemon.send(template="test", code=""), "sent")
    assert parts(server.bodies[0])[0]["Subject"].endswith(": 424242")
    assert ":" not in parts(server.bodies[1])[0]["Subject"]


def test_a_number_gets_a_short_text():
    with mailer("type = console") as daemon:
        expect(daemon.send(to="+4930123456"), "sent")
        daemon.wait_log("424242 is your sign-in code for web1.example.org (K7Q), valid")
        daemon.wait_log("----- end")
        assert not any("Subject" in line or "Hello" in line for line in daemon.log)


def run(directory, head, *arguments):
    write(directory, "mail.conf", f'from = "otpd@relay.example"\n{head}\n'
          f'key_file = "{directory}/key"\ntransport none {{ type = console }}\n', 0o600)
    done = subprocess.run([BINARY, "--config", f"{directory}/mail.conf", *arguments],
                          capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def test_check_and_start_refuse_a_bad_template():
    with tempfile.TemporaryDirectory() as directory:
        head = (f'templates = "{templates(directory)}"\n'
                f'template_overrides = "{directory}/own"')
        assert run(directory, head, "--check")[0] == 0
        write(directory, "own/layout.html", "<p>\n{{nothing}}</p>\n")
        for arguments in (["--check"], []):
            code, said = run(directory, head, *arguments)
            assert code == 1 and "own/layout.html:2: unknown variable {{nothing}}" in said
        code, said = run(directory, f'templates = "{directory}/none"', "--check")
        assert code == 1 and "install otpd's templates there" in said, said
        code, said = run(directory, f'templates = "{templates(directory)}"\nlanguage = nl',
                         "--check")
        assert code == 1 and "no words.nl, only de en es fr ja pt" in said, said


def test_overrides_that_nothing_reads_are_a_warning():
    with tempfile.TemporaryDirectory() as directory:
        own = f"{directory}/own"
        head = (f'templates = "{templates(directory)}"\ntemplate_overrides = "{own}"\n'
                'tenant acme { organisation = "Acme" }\n')
        code, said = run(directory, head, "--check")
        assert code == 0 and f"warning: template_overrides: {own} is not there" in said, said
        write(own, "acme/words.en", 'greeting = "Hi,"\n')
        write(own, "acmee/words.en", "no words at all\n")
        write(own, ".git/words.en", "")
        code, said = run(directory, head, "--check")
        assert code == 0 and f"warning: {own}/acmee: there is no tenant acmee" in said, said
        assert "/acme:" not in said and ".git" not in said and "not there" not in said
        with mailer("type = console", head) as daemon:
            daemon.wait_log(f"{own}/acmee: there is no tenant acmee")
        code, said = run(directory, f'templates = "{templates(directory)}"\n'
                         'template_overrides = ""', "--check")
        assert code == 0 and "overrides" not in said, said


def test_preview_needs_neither_key_nor_network():
    with tempfile.TemporaryDirectory() as directory:
        head = (f'templates = "{templates(directory)}"\n'
                'tenant acme { organisation = "Acme" }\n')
        code, said = run(directory, head, "--preview", f"{directory}/out")
        assert code == 0 and not said, said
        out = pathlib.Path(directory, "out")
        names = {f"{kind}.{language}.{ending}" for kind in KINDS for language in LANGUAGES
                 for ending in ("txt", "html", "eml", "sms")}
        assert {path.name for path in out.iterdir()} == names | {"index.html", "acme"}
        assert {path.name for path in (out / "acme").iterdir()} == names
        index = (out / "index.html").read_text(encoding="utf-8")
        for name in names:
            assert f'href="{name}"' in index and f'href="acme/{name}"' in index
        assert (out / "acme/login.en.txt").read_text().startswith("Acme\n")
        parts((out / "login.ja.eml").read_bytes().decode("ascii"))
        assert not os.path.exists(f"{directory}/key")
        code, said = run(directory, head, "--preview", "/proc/nowhere/out")
        assert code == 1 and "/proc/nowhere/out: " in said
        code, said = run(directory, "language = 7", "--preview", f"{directory}/out")
        assert code == 1 and "mail.conf" in said


def test_preview_writes_nowhere_but_into_a_directory_of_its_own():
    with tempfile.TemporaryDirectory() as directory:
        head = (f'templates = "{templates(directory)}"\n'
                'tenant acme { organisation = "Acme" }\n')

        def refused(name, why):
            code, said = run(directory, head, "--preview", f"{directory}/{name}")
            assert code == 1 and f"{directory}/{name.rstrip('/')}: {why}" in said, said

        precious, out = pathlib.Path(directory, "precious"), pathlib.Path(directory, "out")
        precious.write_text("mine", encoding="utf-8")
        assert run(directory, head, "--preview", f"{out}/")[0] == 0
        assert out.stat().st_mode & 0o777 == 0o700
        assert (out / "acme").stat().st_mode & 0o777 == 0o700
        for name in ("index.html", "login.en.txt", "acme/test.de.eml"):
            (out / name).unlink()
            (out / name).symlink_to(precious)
        (out / "login.en.html").unlink()
        os.link(precious, out / "login.en.html")
        assert run(directory, head, "--preview", out)[0] == 0
        assert precious.read_text(encoding="utf-8") == "mine"
        assert not (out / "index.html").is_symlink()
        assert "sign-in" in (out / "login.en.html").read_text(encoding="utf-8")
        (out / "acme").chmod(0o777)
        refused("out/acme", "others may write into this directory; name a directory")
        assert run(directory, head, "--preview", out)[0] == 1
        pathlib.Path(directory, "link").symlink_to(out)
        refused("link", "")
        refused("link/", "")
        other = pathlib.Path(directory, "other")
        other.mkdir(0o755)
        if os.geteuid() == 0:
            os.chown(other, 65534, 65534)
        else:
            other = pathlib.Path("/usr")
        code, said = run(directory, head, "--preview", other)
        assert code == 1 and f"{other}: this directory belongs to somebody else" in said
        assert not list(pathlib.Path(directory, "other").iterdir())
