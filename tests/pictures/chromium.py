# SPDX-License-Identifier: MIT
"""A headless Chromium, spoken to over two pipes (DevTools protocol): no port, no library."""

import base64
import json
import os
import subprocess
import tempfile


class Chromium:
    def __init__(self, program="chromium"):
        self.home = tempfile.TemporaryDirectory(  # its children may outlive it by a moment
            prefix="otpd-chromium.", ignore_cleanup_errors=True)
        to_read, self.writer = os.pipe()
        self.reader, to_write = os.pipe()

        def pipes():
            # Chromium reads from 3 and writes to 4; neither may be in the way of the other.
            commands, answers = os.dup(to_read), os.dup(to_write)
            os.dup2(commands, 3)
            os.dup2(answers, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-first-run",
             "--hide-scrollbars", "--disable-gpu", "--disable-dev-shm-usage",
             "--font-render-hinting=none", f"--user-data-dir={self.home.name}",
             *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home.name})
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.call("Page.enable")

    def receive(self):
        while b"\0" not in self.rest:
            data = os.read(self.reader, 1 << 20)
            if not data:
                raise RuntimeError("Chromium has ended")
            self.rest += data
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer.get("method"))

    def open(self, path, width, scheme, height=700):
        """Shows a file as a screen of this width does, by day ("light") or by night."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.events:
            self.events.append(self.receive().get("method"))

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def picture(self, path, width):
        """Saves the whole page."""
        height = self.run("document.documentElement.getBoundingClientRect().height")
        clip = {"x": 0, "y": 0, "width": width, "height": max(1, int(height + 0.5)),
                "scale": 1}
        data = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        with open(path, "wb") as out:
            out.write(base64.b64decode(data["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        os.close(self.writer)
        os.close(self.reader)
        self.home.cleanup()
