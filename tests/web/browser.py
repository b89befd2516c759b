# SPDX-License-Identifier: MIT
"""A browser that people of the tests sit at: it types, clicks and waits for pages, and keeps
what it was sent. Each page is looked at by the rules of LOOK before a test goes on."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "pictures"))
from chromium import Chromium  # noqa: E402

LIMIT = 30  # seconds, for a machine under load
WIDTHS = {"desktop": 1280, "phone": 390, "small": 320}  # the last: WCAG 2.2, 1.4.10

# What is wrong with the page that is shown; it is run in it.
LOOK = """(() => {
const wrong = [], wide = document.documentElement.clientWidth;
const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + ' "' +
	e.textContent.trim().slice(0, 40) + '"';
const seen = (e) => e.getClientRects().length > 0 && !e.closest('.unseen, .skip');
if (document.documentElement.scrollWidth > wide)
	wrong.push('the page is ' + document.documentElement.scrollWidth + ' wide');
const colour = (text) => text.match(/[0-9.]+/g).map(Number);
const light = (c) => {
	const [r, g, b] = c.map((v) => v / 255).map(
		(v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
	const [x, y] = [light(a.slice(0, 3)), light(b.slice(0, 3))];
	return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
};
const behind = (e) => {
	for (; e; e = e.parentElement) {
		const c = colour(getComputedStyle(e).backgroundColor);
		if (c.length < 4 || c[3] === 1)
			return c;
	}
	wrong.push('no background');
	return [255, 255, 255];
};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walk.nextNode());) {
	const e = node.parentElement;
	if (!node.data.trim() || !seen(e))
		continue;
	const style = getComputedStyle(e), found = contrast(colour(style.color), behind(e));
	if (found < 4.5)
		wrong.push('contrast ' + found.toFixed(2) + ': ' + name(e));
	if (parseFloat(style.fontSize) < 13)
		wrong.push('small: ' + name(e));
}
for (const e of document.querySelectorAll('body *'))
	if (seen(e) && !e.closest('.scroll') && e.tagName !== 'INPUT' && e.clientWidth > 0 &&
		e.scrollWidth > e.clientWidth + 1)
		wrong.push('overflows: ' + name(e));
const fields = document.querySelectorAll('input:not([type=hidden]), select, textarea');
for (const e of [...fields].filter(seen)) {
	const style = getComputedStyle(e);
	if (!e.labels.length || !e.labels[0].textContent.trim())
		wrong.push('no label: ' + e.name);
	if (e.type !== 'checkbox' && !e.autocomplete)
		wrong.push('no autocomplete: ' + e.name);
	if (e.type !== 'checkbox' && contrast(colour(style.color), behind(e)) < 4.5)
		wrong.push('contrast of what is typed: ' + e.name);
	if (contrast(colour(style.borderTopColor), behind(e.parentElement)) < 3)
		wrong.push('contrast of the border: ' + e.name);
	if (e.type !== 'checkbox' && parseFloat(style.fontSize) < 16)
		wrong.push('a phone would zoom in at ' + e.name);
	for (const id of (e.getAttribute('aria-describedby') || '').split(' ').filter(Boolean))
		if (!document.getElementById(id))
			wrong.push('described by nothing: ' + e.name);
}
for (const e of document.querySelectorAll('button, .button, input[type=checkbox]')) {
	const box = (e.type === 'checkbox' ? e.parentElement : e).getBoundingClientRect();
	if (seen(e) && (box.height < 24 || box.width < 24))
		wrong.push('too small to hit: ' + name(e));
	if (e.tagName === 'BUTTON' && !e.textContent.trim())
		wrong.push('a button says nothing');
}
if (document.querySelectorAll('h1').length !== 1 || !document.title ||
	!document.documentElement.lang)
	wrong.push('no heading, title or language');
const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
if (new Set(ids).size !== ids.length)
	wrong.push('an id stands twice');
if (document.querySelector('[style], style, script:not([src]), [onclick]'))
	wrong.push('something stands in the page that its policy forbids');
return wrong;
})()"""


class Browser(Chromium):
    """One browser; person() makes another user of it, with cookies of his own."""

    def __init__(self):
        self.messages = []
        super().__init__()
        self.said = []  # errors of pages: of scripts, and what a policy has blocked
        self.requests = []  # (method, URL) that left, pages and what they need
        self.answers = []  # (status, URL, headers)
        self.cookies_set = []
        self.size = ("desktop", "light")
        self.prepare()

    def prepare(self):
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Security.setIgnoreCertificateErrors", ignore=True)
        self.look("desktop", "light")

    def receive(self):
        message = super().receive()
        if "method" in message:
            self.messages.append(message)
            self.hear(message["method"], message["params"])
        return message

    def hear(self, method, p):
        if method == "Network.requestWillBeSent":
            self.requests.append((p["request"]["method"], p["request"]["url"]))
        elif method == "Network.responseReceivedExtraInfo":
            headers = {k.lower(): v for k, v in p["headers"].items()}
            self.answers.append((p["statusCode"], headers))
            self.cookies_set += headers.get("set-cookie", "").split("\n")
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(p["exceptionDetails"].get("text")))
        elif method == "Log.entryAdded" and p["entry"]["source"] != "network" and \
                "Autofocus processing was blocked" not in p["entry"]["text"]:
            # That one says that a person was faster than the page, which keeps the focus.
            self.said.append(p["entry"]["text"])

    # People and their tabs.

    def tab(self, context=None):
        """A further tab, of the same person or of another; the one that is used from now on."""
        more = {"browserContextId": context} if context else {}
        self.session = None
        target = self.call("Target.createTarget", url="about:blank", **more)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.prepare()
        return self.session

    def person(self):
        session, self.session = self.session, None
        context = self.call("Target.createBrowserContext")["browserContextId"]
        self.session = session
        return self.tab(context)

    def use(self, tab):
        self.session = tab

    # What a person does.

    def look(self, width, scheme):
        self.size = (width, scheme)
        self.call("Emulation.setDeviceMetricsOverride", width=WIDTHS[width], height=844,
                  deviceScaleFactor=1, mobile=width != "desktop")
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}])  # nothing half faded

    def wait(self, what, condition):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain for {what} at {self.url()}")
            time.sleep(0.01)

    def during(self, act):
        """Does what loads another page, and waits for that."""
        first = len(self.messages)
        act()
        while not any(map(self.is_shown, self.messages[first:])):
            self.receive()

    def is_shown(self, message):
        """Whether it says that our tab shows a page, loaded or just as it was left."""
        return message.get("sessionId") == self.session and (
            message["method"] == "Page.loadEventFired" or
            message["params"].get("type") == "BackForwardCacheRestore")

    def go(self, url):
        self.during(lambda: self.call("Page.navigate", url=url))

    def reload(self):
        self.during(lambda: self.call("Page.reload"))

    def back(self):
        entries = self.call("Page.getNavigationHistory")
        entry = entries["entries"][entries["currentIndex"] - 1]["id"]
        self.during(lambda: self.call("Page.navigateToHistoryEntry", entryId=entry))

    def type(self, **fields):
        for name, text in fields.items():
            found = self.run("""((e) => e && (e.focus(), e.select && e.select(), true))
                (document.querySelector('input[name="%s"]:not([type=hidden]):not([hidden])'))"""
                             % name)
            if not found:
                raise LookupError(f"no field {name} at {self.url()}: {self.text()}")
            self.call("Input.insertText", text=text)

    def press(self, words):
        """Presses the button, or follows the link, that says so."""
        script = """((e) => e && (%s))([...document.querySelectorAll('button, a')].find(
            (e) => e.textContent.trim() === %s && e.getClientRects().length))"""
        if not self.run(script % ("!e.disabled", json.dumps(words))):
            raise LookupError(f"nothing to press says {words} at {self.url()}: {self.text()}")
        self.during(lambda: self.run(script % ("e.click(), true", json.dumps(words))))

    # What a person sees.

    def url(self):
        return self.run("location.href")

    def path(self):
        return self.run("location.pathname")

    def text(self):
        return self.run("document.body.innerText")

    def value(self, selector, what="value"):
        return self.run("document.querySelector(%s)?.%s" % (json.dumps(selector), what))

    def has(self, selector):
        return self.run("document.querySelector(%s) !== null" % json.dumps(selector))
