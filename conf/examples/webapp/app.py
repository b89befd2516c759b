# SPDX-License-Identifier: MIT
"""An example of a web application with accounts of otpd's: README says how to start it.

    web.py       the application object, cookie, headers, errors
    sessions.py  what the server remembers between two requests
    public.py    pages for everybody: register, sign in, enter a code, forgotten password
    mine.py      pages for who is signed in
    signin.py, pam_call.py   the sign-in through PAM
"""
from web import app
import mine  # noqa: F401  (its pages are added to app)
import public  # noqa: F401

__all__ = ["app"]
