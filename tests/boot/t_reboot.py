#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A reboot keeps users and ends live codes, and only the sockets are needed at boot: the first
login starts the daemons, and its prompt comes in time."""
import json
import pathlib
import time

from inside import (SOCKET, Failed, Post, Varlink, ask_for_codes, begin_ssh, equal, finish_ssh,
                    install, json_of, main, number, people, root_by_key, run, settled,
                    skip, ssh_with_code, step, sudo, up)
from lab import Refused

KEPT = pathlib.Path("/root/kept.json")


def boot_id():
    """As otpd sees it. A container may have that of its host, which has not been booted."""
    pid = run("systemctl", "show", "-P", "MainPID", "otpd").strip()
    return pathlib.Path("/proc", pid, "root/proc/sys/kernel/random/boot_id").read_text()


def before():
    people()
    step("the packages install", install)
    post = Post()
    ask_for_codes()
    step("a login", ssh_with_code, post)
    with Varlink(SOCKET) as otpd:
        begun = otpd.call("org.emailotp.Auth.Begin", user="ada", service="waiting",
                          rhost="192.0.2.1")
    KEPT.write_text(json.dumps([boot_id(), begun["challenge"],
                                post.next("ada@example.org").code]))
    step("the services can be disabled, the sockets stay",
         run, "systemctl", "disable", "otpd.service", "otpd-mail.service")
    run("systemctl", "enable", "otpd.socket", "otpd-mail.socket")
    post.close()


def is_over(challenge, code):
    with Varlink(SOCKET) as otpd:
        try:
            said = otpd.call("org.emailotp.Auth.Verify", challenge=challenge, code=code)
        except Refused as refused:
            return refused.name
    raise Failed("a code of before the reboot was taken:", said)


def state(unit):
    return run("systemctl", "is-active", unit, wanted=None).strip()


def after():
    step("the machine is up again", settled)
    post = Post()
    for unit in ("otpd", "otpd-mail"):
        step(unit + ".service has not been started", equal, state(unit + ".service"), "inactive")
        step(unit + ".socket listens", equal, state(unit + ".socket"), "active")
    terminal, took = begin_ssh()
    number("first_prompt_after_boot", took, "ms", 200)
    step("the first login started otpd", equal, state("otpd.service"), "active")
    step("the first login succeeds", finish_ssh, terminal, post)
    warm = step("the next login", ssh_with_code, post)
    if warm is not None:
        number("next_prompt", warm, "ms", 200)
        number("first_prompt_over_next", took - warm, "ms", 200)
    step("the user is still there", lambda: equal(
        [user["address"] for user in json_of("users", "list")], ["ada@example.org"]))
    last, *challenge = json.loads(KEPT.read_text())
    if last == boot_id():
        skip("a live code of before has ended", "the boot id of this machine is its host's")
    else:
        step("a live code of before has ended", is_over, *challenge)
    step("sudo", sudo, post)
    step("root by key", root_by_key)
    run("systemctl", "stop", "otpd.service", "otpd-mail.service")
    started = time.monotonic()
    with Varlink(SOCKET) as otpd:
        otpd.call("org.varlink.service.GetInfo")
    number("activation_to_first_answer", (time.monotonic() - started) * 1000, "ms", 200)
    run("systemctl", "enable", "--now", "otpd.service", "otpd-mail.service")
    step("all is up", up)
    post.close()


main(before, after)
