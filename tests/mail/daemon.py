# SPDX-License-Identifier: MIT
"""One otpd-mail of a test: its directory, its configuration, its log."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading

from client import Client, Sealer, letter

BINARY = os.environ.get("OTPD_MAIL", "build/otpd-mail")
COUNTER = iter(range(1 << 30))
MAIL = "org.emailotp.Mail."


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
        # Many tests share this machine, so root is the only user that may call.
        with open(self.config, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(f'socket = "{self.socket}"\n'
                      f'key_file = "{self.directory}/mail.key"\n'
                      'from = "otpd@relay.example"\norganisation = "Example Corp"\n'
                      f"{head}\ntransport relay {{\n{transport}\n}}\n")

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
        return Client(self.socket)

    def prepare(self, deadline=None, mail=None, plain=None, **changes):
        """The parameters of Send."""
        if self.sealer is None:
            client = self.client()
            self.sealer = Sealer(client.call(MAIL + "PublicKey")["key"])
            client.close()
        if plain is None:
            plain = letter(**changes)
            self.secrets.update({plain["to"], plain["code"]} - {""})
        parameters = self.sealer.seal(plain)
        parameters["mail"] = mail or f"{next(COUNTER):032x}"
        parameters["deadline"] = 4102444800 if deadline is None else deadline
        return parameters

    def send(self, **changes):
        """Sends one mail: (result, detail)."""
        client = self.client()
        try:
            answer = client.call(MAIL + "Send", **self.prepare(**changes))
        finally:
            client.close()
        return answer["result"], answer["detail"]

    def status(self):
        client = self.client()
        try:
            return client.call(MAIL + "Status")
        finally:
            client.close()

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
