#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
System tests of otpd-mail: the real daemon against real and against misbehaving servers.

    OTPD_MAIL=build/otpd-mail /usr/bin/python3 tests/mail/run.py [NAME...]

The system's Python, since aiosmtpd is Debian's package. Tests run side by side, each
with a daemon of its own, and wait for events.
"""

import concurrent.futures
import glob
import importlib
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from support import Skip  # noqa: E402

WORKERS = 12


def run_one(item):
    name, function = item
    began = time.monotonic()
    try:
        function()
        return name, "ok", "", time.monotonic() - began
    except Skip as skip:
        return name, "skip", str(skip), time.monotonic() - began
    except Exception:  # any failure of a test is one
        return name, "FAIL", traceback.format_exc(), time.monotonic() - began


def main():
    modules = [os.path.basename(path)[:-3]
               for path in sorted(glob.glob(f"{os.path.dirname(os.path.abspath(__file__))}/checks_*.py"))]
    found = [(name, function) for module in modules
             for name, function in vars(importlib.import_module(module)).items()
             if name.startswith("test_")]
    wanted = [item for item in found
              if len(sys.argv) == 1 or any(part in item[0] for part in sys.argv[1:])]
    wanted.sort(key=lambda item: not getattr(item[1], "slow", False))
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for name, state, text, took in pool.map(run_one, wanted):
            count[state] += 1
            print(f"{state:4} mail/{name[5:]} ({took:.1f} s)", flush=True)
            if text:
                print("     " + text.rstrip().replace("\n", "\n     "))
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skip']} skipped")
    sys.exit(count["FAIL"] > 0 or count["ok"] == 0)


if __name__ == "__main__":
    main()
