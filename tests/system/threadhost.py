# SPDX-License-Identifier: MIT
"""A web server with threads: signs many people in at once through libpam.

threadhost.py SERVICE PASSWORD LOGIN...   a thread for each login

Says "CODE login" when PAM asks for one, reads "login code" lines, and at the end says
"DONE login result token" for each.
"""
import ctypes
import queue
import sys
import threading

from pamhost import (CONVERSATION, PROMPT_ECHO_OFF, PROMPT_ECHO_ON, RHOST, Conversation,
                     Response, libc, pam)

pam.pam_getenv.restype = ctypes.c_char_p
TOLD = threading.Lock()


def tell(*words):
    with TOLD:
        print(*words, flush=True)


class SignIn(threading.Thread):
    def __init__(self, service, password, login):
        super().__init__()
        self.service, self.password, self.login = service, password, login
        self.codes = queue.Queue()
        self.done = (-1, "")

    def converse(self, n, messages, answers, _):
        answers[0] = ctypes.cast(libc.calloc(n, ctypes.sizeof(Response)),
                                 ctypes.POINTER(Response))
        for i in range(n):
            style = messages[i].contents.style
            if style == PROMPT_ECHO_OFF:
                answers[0][i].text = libc.strdup(self.password.encode())
            elif style == PROMPT_ECHO_ON:
                tell("CODE", self.login)
                answers[0][i].text = libc.strdup(self.codes.get().encode())
        return 0

    def run(self):
        handle = ctypes.c_void_p()
        conversation = Conversation(CONVERSATION(self.converse), None)
        pam.pam_start(self.service.encode(), self.login.encode(), ctypes.byref(conversation),
                      ctypes.byref(handle))
        pam.pam_set_item(handle, RHOST, b"192.0.2.7")
        r = pam.pam_authenticate(handle, 0) or pam.pam_acct_mgmt(handle, 0)
        self.done = (r, (pam.pam_getenv(handle, b"EMAILOTP_TOKEN") or b"-").decode())
        pam.pam_end(handle, r)


def main(service, password, *logins):
    people = {login: SignIn(service, password, login) for login in logins}
    for person in people.values():
        person.start()
    for _ in people:
        login, code = sys.stdin.readline().split()
        people[login].codes.put(code)
    for login, person in people.items():
        person.join()
        tell("DONE", login, *person.done)


if __name__ == "__main__":
    main(*sys.argv[1:])
