#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An application that calls PAM, on a terminal: what web servers do, for people to look at.

pamhost.py SERVICE USER [-h RHOST] OPERATION...   authenticate, acct_mgmt, chauthtok, expired

Shows what the stack says, puts its prompts, and prints "RESULT operation number" after each
operation until one fails, then "ENV name=value" for each variable of the PAM environment.
"""
import ctypes
import sys

PROMPT_ECHO_OFF, PROMPT_ECHO_ON = 1, 2
CHANGE_EXPIRED_AUTHTOK, RHOST = 0x20, 4

pam = ctypes.CDLL("libpam.so.0")
libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
libc.calloc.restype = ctypes.c_void_p
pam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSATION = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("function", CONVERSATION), ("data", ctypes.c_void_p)]


@CONVERSATION
def converse(n, messages, answers, _):
    answers[0] = ctypes.cast(libc.calloc(n, ctypes.sizeof(Response)),
                             ctypes.POINTER(Response))
    for i in range(n):
        message = messages[i].contents
        asks = message.style in (PROMPT_ECHO_OFF, PROMPT_ECHO_ON)
        print(message.text.decode(), end="" if asks else "\n", flush=True)
        if asks:
            line = sys.stdin.readline()
            if not line:
                return 19  # PAM_CONV_ERR
            answers[0][i].text = libc.strdup(line.rstrip("\n").encode())
    return 0


def main(service, user, *words):
    words = list(words)
    handle = ctypes.c_void_p()
    conversation = Conversation(converse, None)
    pam.pam_start(service.encode(), user.encode(), ctypes.byref(conversation),
                  ctypes.byref(handle))
    if words[0] == "-h":
        pam.pam_set_item(handle, RHOST, words[1].encode())
        words = words[2:]
    r = 0
    for word in words:
        function, flags = (("pam_chauthtok", CHANGE_EXPIRED_AUTHTOK) if word == "expired"
                           else ("pam_" + word, 0))
        r = getattr(pam, function)(handle, flags)
        print("RESULT", word, r, flush=True)
        if r:
            break
    variables = pam.pam_getenvlist(handle)
    for variable in iter(lambda it=iter(range(1000)): variables[next(it)], None):
        print("ENV", variable.decode(), flush=True)
    pam.pam_end(handle, r)
    return r


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
