#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Renders every mail in every language, narrow and wide, by day and by night, into
$B/pictures, and holds each page to what a machine can see: nothing sticks out, every text
has a contrast of 4.5 against what is behind it, and the code copies as it is typed.

For people there are contact sheets, sheet-*.png, and with --readme the two of man/."""

import os
import pathlib
import shutil
import subprocess
import sys
import zlib

from chromium import Chromium

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = TREE / os.environ.get("B", "build")
OUT = BUILD / "pictures"
WIDTHS, SCHEMES = (360, 1280), ("light", "dark")
CODE = "493817"
CODE_KINDS = ("login", "verify", "register", "reset")
CONFIG = """from = "otpd@relay.example"
organisation = "Example Corp"
templates = "{out}/templates"
template_overrides = ""
transport none {{ type = console }}
tenant yellow {{ organisation = "Acme Rocket Works" colour = "#ffd400" }}
tenant red {{ organisation = "Société Générale d’Électricité du Très Grand Nord"
	colour = "#c8102e" }}
tenant black {{ organisation = "株式会社サンプル" colour = "#000000" }}
"""

# What is wrong with the page; it is run in it.
CHECKS = """(() => {
const wrong = [];
const name = (e) => e.tagName.toLowerCase() + '.' + e.className + ' "' +
	e.textContent.trim().slice(0, 40) + '"';
const wide = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > wide)
	wrong.push('the page is ' + document.documentElement.scrollWidth + ' wide');
const colour = (text) => {
	const n = text.match(/[0-9.]+/g).map(Number);
	return { rgb: n.slice(0, 3), alpha: n.length > 3 ? n[3] : 1 };
};
const luminance = (rgb) => {
	const [r, g, b] = rgb.map((v) => v / 255).map(
		(v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
	const [x, y] = [luminance(a), luminance(b)];
	return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
};
const behind = (e) => {
	for (; e; e = e.parentElement) {
		const c = colour(getComputedStyle(e).backgroundColor);
		if (c.alpha === 1)
			return c.rgb;
		if (c.alpha > 0)
			wrong.push('half transparent: ' + name(e));
	}
	wrong.push('no background');
	return [255, 255, 255];
};
let texts = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walk.nextNode());) {
	const e = node.parentElement, box = e.getBoundingClientRect();
	if (!node.data.trim() || !e.getClientRects().length)
		continue;
	texts++;
	const style = getComputedStyle(e), c = colour(style.color);
	const found = contrast(c.rgb, behind(e));
	if (c.alpha !== 1 || found < 4.5)
		wrong.push('contrast ' + found.toFixed(2) + ': ' + name(e));
	if (parseFloat(style.fontSize) < 13)
		wrong.push('small: ' + name(e));
	const range = document.createRange();
	range.selectNodeContents(node);
	for (const r of range.getClientRects())
		if (r.right > wide + 0.5 || r.left < -0.5 || r.right > box.right + 0.5)
			wrong.push('sticks out: ' + name(e));
	// No word is torn apart, nor the "E-" of an "E-Mail"; names and commands may be.
	const words = /\\S*[./]\\S*|(?<!\\p{L})\\p{Script=Latin}-\\p{Script=Latin}+|\\p{Script=Latin}{2,}/gu;
	for (const word of node.data.matchAll(words)) {
		if (/[./]/.test(word[0].replace(/[.]$/, '')))
			continue;
		range.setStart(node, word.index);
		range.setEnd(node, word.index + word[0].length);
		const tops = [...range.getClientRects()].map((r) => r.top);
		if (Math.max(...tops) - Math.min(...tops) > 5)
			wrong.push('torn apart: ' + word[0]);
	}
}
if (texts < 8)
	wrong.push('only ' + texts + ' texts can be seen');
for (const e of document.querySelectorAll('body *'))
	if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
		wrong.push('overflows: ' + name(e));
if (document.querySelector('img, a, script, link, iframe'))
	wrong.push('it has an image, a link or a program');
const box = document.querySelector('.k');
let copied = '';
if (box) {
	getSelection().selectAllChildren(box);
	copied = getSelection().toString();
	getSelection().removeAllRanges();
}
return { wrong: wrong, copied: copied, language: document.documentElement.lang };
})()"""


def write_mails():
    """The mails of otpd-mail --preview, from a copy of the templates that is ours."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(TREE / "templates", OUT / "templates")
    (OUT / "templates").chmod(0o755)
    for path in (OUT / "templates").iterdir():
        path.chmod(0o644)
    config = OUT / "mail.conf"
    config.write_text(CONFIG.format(out=OUT), encoding="utf-8")
    config.chmod(0o600)
    subprocess.run([BUILD / "otpd-mail", "--config", config, "--preview", OUT / "mails"],
                   check=True)


def pages():
    """(path, kind, language, name for the pictures), every one of them."""
    for path in sorted((OUT / "mails").rglob("*.html")):
        if path.name == "index.html":
            continue
        kind, language, _ = path.name.split(".")
        tenant = path.parent.name if path.parent != OUT / "mails" else ""
        if tenant and kind not in ("login", "locked"):
            continue
        yield path, kind, language, f"{tenant}{'-' if tenant else ''}{kind}.{language}"


def problems(browser, kind, language):
    found = browser.run(CHECKS)
    wrong = found["wrong"]
    if found["copied"] != (CODE if kind in CODE_KINDS else ""):
        wrong.append(f"the code copies as {found['copied']!r}")
    if found["language"] != language:
        wrong.append(f"lang is {found['language']!r}")
    return wrong


# A page with every fault that the checks must find.
BAD = """<!DOCTYPE html><html lang="xx"><body style="margin:0;background:#fff">
<p style="color:#888">pale</p><p style="font-size:9px">tiny</p>
<p style="white-space:nowrap">{long}</p>
<h1 style="width:80px;overflow-wrap:anywhere">Wiederherstellungscodes</h1>
<h1 style="width:30px">E-Mail</h1>
<p style="background:rgba(0,0,0,.5)">glass</p><a href="#">link</a>
<p class="k">493 817</p></body></html>"""
BAD_SAYS = ("the page is", "contrast 3.54", "small: ", "sticks out: ",
            "torn apart: Wiederherstellungscodes", "torn apart: E-Mail",
            "half transparent: ", "it has an image", "the code copies as '493 817'",
            "lang is 'xx'")


def prove_checks(browser):
    """The checks would see it: a test that cannot fail is none."""
    page = OUT / "bad.html"
    page.write_text(BAD.format(long="long " * 80), encoding="utf-8")
    browser.open(page, 360, "light")
    found = problems(browser, "login", "en")
    for what in BAD_SAYS:
        assert any(text.startswith(what) for text in found), f"{what} is not in {found}"


def take_all(browser):
    taken, failed = [], 0
    for path, kind, language, name in pages():
        for width in WIDTHS:
            for scheme in SCHEMES:
                browser.open(path, width, scheme)
                picture = OUT / f"{name}.{width}.{scheme}.png"
                wrong = problems(browser, kind, language)
                browser.picture(picture, width)
                taken.append((name, kind, language, width, scheme, picture.name))
                failed += bool(wrong)
                for text in wrong:
                    print(f"FAILED   {picture.name}: {text}")
    return taken, failed


def take_sheets(browser, taken):
    """One sheet for each language, width and scheme."""
    for sheet in sorted({row[2:5] for row in taken}):
        language, width, scheme = sheet
        shown = width if width < 500 else 640
        cells = "".join(
            f'<figure><figcaption>{row[0]}</figcaption><div><img src="{row[5]}"></div>'
            "</figure>" for row in taken if row[2:5] == sheet)
        page = OUT / f"sheet-{language}.{width}.{scheme}.html"
        page.write_text(
            "<!DOCTYPE html><meta charset=utf-8><style>body{margin:8px;background:#888;"
            "display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start;"
            "font:14px sans-serif}figure{margin:0}div{overflow:hidden;"
            f"width:{shown}px;display:flex;justify-content:center}}</style>{cells}",
            encoding="utf-8")
        across = 6 * (shown + 8) + 16 if width < 500 else 4 * (shown + 8) + 16
        browser.open(page, across, "light")
        browser.picture(OUT / f"sheet-{language}.{width}.{scheme}.png", across)
        page.unlink()


def unfilter(raw, height):
    """The bytes of a PNG's picture with its predictions (PNG 9.2) undone."""
    size = len(raw) // height
    out, above = [], bytearray(size - 1)
    for start in range(0, len(raw), size):
        kind, line = raw[start], bytearray(raw[start + 1:start + size])
        for i, value in enumerate(line):
            left = line[i - 3] if i >= 3 else 0
            corner = above[i - 3] if i >= 3 else 0
            up = above[i]
            near = left + up - corner
            closest = min((left, up, corner), key=lambda v, n=near: abs(n - v))
            guess = (0, left, up, (left + up) // 2, closest)[kind]
            line[i] = (value + guess) & 255
        out.append(b"\0" + bytes(line))
        above = line
    return b"".join(out)


def shrink(path):
    """Flat pictures are smaller without predictions, and Chromium is in a hurry."""
    data = path.read_bytes()
    chunks, packed, at = [], b"", 8
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        name, body = data[at + 4:at + 8], data[at + 8:at + 8 + size]
        at += 12 + size
        if name == b"IDAT":
            packed += body
        elif name in (b"IHDR", b"IEND"):
            chunks.append((name, body))
    head = chunks[0][1]
    assert head[8:] == b"\x08\x02\0\0\0", "not a picture of 24 bits"
    raw = unfilter(zlib.decompress(packed), int.from_bytes(head[4:8], "big"))
    chunks.insert(1, (b"IDAT", zlib.compress(raw, 9)))
    with open(path, "wb") as out:
        out.write(data[:8])
        for name, body in chunks:
            out.write(len(body).to_bytes(4, "big") + name + body
                      + zlib.crc32(name + body).to_bytes(4, "big"))


def take_readme(browser):
    for scheme in SCHEMES:
        path = TREE / "man" / f"mail-{scheme}.png"
        browser.open(OUT / "mails" / "login.en.html", 520, scheme)
        browser.picture(path, 520)
        shrink(path)


def main():
    write_mails()
    browser = Chromium()
    try:
        prove_checks(browser)
        taken, failed = take_all(browser)
        take_sheets(browser, taken)
        if "--readme" in sys.argv:
            take_readme(browser)
    finally:
        browser.close()
    print(f"{len(taken) - failed} passed, {failed} failed, 0 skipped")
    print(f"the pictures are in {OUT.relative_to(TREE)}")
    sys.exit(failed > 0 or not taken)


if __name__ == "__main__":
    main()
