# SPDX-License-Identifier: MIT
"""One otpd-mail of a test: its directory, its configuration, its log."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import idl
from client import Client, Sealer, letter

BINARY = os.environ.get("OTPD_MAIL", "build/otpd-mail")
COUNTER = iter(range(1 << 30))
MAIL = "org.emailotp.Mail."


TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "templates"


def templates(directory):
    """A copy of the tree's templates that otpd-mail takes, whoever owns the tree."""
    copy = pathlib.Path(directory) / "templates"
    if not copy.exists():
        shutil.copytree(TEMPLATES, copy, copy_function=shutil.copyfile)
        copy.chmod(0o755)
        for path in copy.iterdir():
            path.chmod(0o644)
    return copy


class Mailer:
    def __init__(self, transport, head="", environment=None):
        self.directory = tempfile.mkdtemp(prefix="otpd-mail-test.")
        os.chmod(self.directory, 0o755)
        self.socket = f"{self.directory}/mail.sock"
        self.config = f"{self.directory}/mail.conf"
        self.log, self.changed = [], threading.Condition()
        self.configure(transport, head)
        self.environment = environment or {}
        self.start()
        self.sealer = None
        self.secrets = set()

    def configure(self, transport, head=""):
        """transport is the inside of the only section, or those of several by name."""
        # Many tests share this machine, so root is the only user that may call.
        with open(self.config, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(f'socket = "{self.socket}"\n'
                      f'key_file = "{self.directory}/mail.key"\n'
                      f'templates = "{templates(self.directory)}"\n'
                      f'template_overrides = "{self.directory}/overrides"\n'
                      'from = "otpd@relay.example"\norganisation = "Example Corp"\n'
                      f"{head}\n")
            if isinstance(transport, str):
                transport = {"relay": transport}
            for name, inside in transport.items():
                out.write(f"transport {name} {{\n{inside}\n}}\n")

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "--config", self.config], stderr=subprocess.PIPE, text=True,
            errors="replace", env={**os.environ, **self.environment})
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.wait_log("is ready")

    def read_log(self):
        for line in self.process.stderr:
            with self.changed:
                self.log.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.log.append("(end)")
            self.changed.notify_all()

    def wait_log(self, text, start=0):
        """The first line with text; fails if the process ends without one."""
        at = start
        with self.changed:
            while True:
                for line in self.log[at:]:
                    if text in line:
                        return line
                    if line == "(end)":
                        raise AssertionError(f"no '{text}' in {self.log}")
                at = len(self.log)
                if not self.changed.wait(60):
                    raise AssertionError(f"no '{text}' after 60 s in {self.log}")

    def client(self):
        return Client(self.socket, check=idl.MAIL.check)

    def prepare(self, deadline=None, mail=None, plain=None, **changes):
        """The parameters of Send."""
        if self.sealer is None:
            client = self.client()
            self.sealer = Sealer(client.call(MAIL + "PublicKey")["key"])
            client.close()
        if plain is None:
            plain = letter(**changes)
            self.secrets.update({plain["to"], plain["code"], plain.get("second", "")}
                                - {""})
        parameters = self.sealer.seal(plain)
        parameters["mail"] = mail or f"{next(COUNTER):032x}"
        parameters["deadline"] = 4102444800 if deadline is None else deadline
        return parameters

    def ask(self, method, **parameters):
        """One call of org.emailotp.Mail on a connection of its own."""
        client = self.client()
        try:
            return client.call(MAIL + method, **parameters)
        finally:
            client.close()

    def post(self, **changes):
        """Sends one mail: the whole answer."""
        return self.ask("Send", **self.prepare(**changes))

    def send(self, **changes):
        """Sends one mail: (result, detail)."""
        answer = self.post(**changes)
        return answer["result"], answer["detail"]

    def status(self):
        return self.ask("Status")

    def transports(self):
        """What Stats says of each, by name."""
        return {one["name"]: one for one in self.ask("Stats")["transports"]}

    def domains(self):
        """All pages of Stats, by domain."""
        found, page = {}, self.ask("Stats")
        while True:
            found.update((one["domain"], one) for one in page["domains"])
            if "next" not in page:
                return found
            page = self.ask("Stats", after=page["next"])

    def stop(self):
        """Ends it; whatever happened, the log must not hold what the mails held."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.reader.join(30)
        log = "\n".join(self.log)
        shutil.rmtree(self.directory, ignore_errors=True)
        assert code == 0, f"exit {code}: {log}"
        if "----- mail" not in log:
            for secret in self.secrets:
                assert secret not in log, f"{secret} stands in the log: {log}"
        return log


def smtp(port, tls="none", host="127.0.0.1", **options):
    """The inside of a transport section."""
    lines = ["type = smtp", f'host = "{host}"', f"port = {port}", f"tls = {tls}"]
    lines += [f'{name} = "{value}"' for name, value in options.items()]
    return "\n".join(lines)
