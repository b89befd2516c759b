# SPDX-License-Identifier: MIT
"""One sign-in through PAM, in a process of its own: signin.py starts it.

Reads {"service", "login", "password", "code", "reference", "rhost"} from standard input and
writes {"result", "said", "asked", "token"} to standard output. Nothing is in the arguments
or the environment, where other users could read it.

Of Debian's two modules this needs python3-pam ("import PAM", 0.4.2 in Debian 12 and 13): its
conversation is a function of ours, and it reads the environment of PAM. python3-pampy
("import pam") answers only prompts without echo, all with the password, and a code is asked
for with echo. Why another process: PAM.authenticate() holds Python's lock for as long as it
takes, which are seconds where a module slows down guessing, and no other thread of a server
would run meanwhile.
"""
import json
import resource
import sys

import PAM


def sign_in(ask):
    said = []
    answers = {PAM.PAM_PROMPT_ECHO_OFF: [ask["password"]],
               PAM.PAM_PROMPT_ECHO_ON: [ask["code"]] if ask.get("code") else []}
    answer = {"result": 0, "said": said, "asked": False, "token": None}

    def talk(_auth, queries, _data):
        replies = []
        for text, style in queries:
            said.append(text)
            if style not in answers:  # a message, which wants no answer
                replies.append(("", 0))
                continue
            # Each answer is given once: a second prompt is about a wrong one, and may ask for
            # something else. A code goes only where its own mail is named.
            if not answers[style] or (style == PAM.PAM_PROMPT_ECHO_ON
                                      and ask["reference"] not in text):
                answer["asked"] = style == PAM.PAM_PROMPT_ECHO_ON
                return None  # "nobody is here": PAM ends the call with PAM_CONV_ERR
            replies.append((answers[style].pop(), 0))
        return replies

    pam = PAM.pam()
    pam.start(ask["service"], ask["login"], talk)
    try:
        pam.set_item(PAM.PAM_RHOST, ask["rhost"])
        pam.authenticate()
        pam.acct_mgmt()
        answer["token"] = pam.getenv("EMAILOTP_TOKEN")
    except PAM.error as e:
        answer["result"] = e.args[1]
    return answer


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(sign_in(json.load(sys.stdin)), sys.stdout)
