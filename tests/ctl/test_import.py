# SPDX-License-Identifier: MIT
"""users import: the file's checks, the chunks, the two passes, being cut off."""
import os
import signal
import subprocess
import tempfile

from fake_otpd import CLOSE, FRAME, Daemon, FakeOtpd, Refusal
from harness import (BAD_FILE, DONE, OTHER, OTPCTL, REFUSED, UNREACHABLE, Terminal, otpctl)


def run(otpd, data, *options):
    if isinstance(data, str):
        data = data.encode()
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(data)
        file.flush()
        return otpctl(otpd, "users", "import", file.name, *options)


def rows(n, name=""):
    lines = "".join(f"u{i:05},u{i}@example.org,{name}\n" for i in range(n))
    return "user,address,name\n" + lines


def test_ten_thousand_rows_in_frames_that_fit_and_again_harmless():
    daemon = Daemon()
    with FakeOtpd(daemon) as otpd:
        run(otpd, rows(10000, "Ann")).expect(
            DONE, "10000 added, 0 updated, 0 unchanged, 0 skipped")
        assert len(daemon.users) == 10000
        assert daemon.users["u09999"] == ["u9999@example.org", "Ann", False, False]
        assert max(otpd.frames) <= FRAME
        assert max(len(call[1]["users"]) for call in otpd.calls) == 40
        assert len(otpd.calls) == 500, "a dry pass and one in earnest"
        run(otpd, rows(10000, "Ann")).expect(DONE, "0 added, 0 updated, 10000 unchanged")


def test_three_bad_rows_among_ten_thousand():
    daemon = Daemon()
    data = rows(10000).replace("u777@", "u777 @").replace("u08888,", "bad08888,").replace(
        "u09999,", "u00000,")
    with FakeOtpd(daemon) as otpd:
        run(otpd, data).expect(BAD_FILE, "line 779:", "line 10001:", "2 errors")
        assert otpd.calls == []
        run(otpd, data, "--skip-bad").expect(DONE, "9997 added", "3 skipped", "line 8890:")
        assert len(daemon.users) == 9997


def test_chunks_of_long_users_are_split_by_size():
    daemon = Daemon()
    long = ("a" * 64 + "@" + ".".join(["b" * 62] * 3))[:250]
    data = "user,address,name\n" + "".join(
        '"' + "q" * 120 + '""' * 60 + f"{i:05}" + '",' + long + "," + "é" * 64 + "\n"
        for i in range(100))
    with FakeOtpd(daemon) as otpd:
        run(otpd, data).expect(DONE, "100 added")
        assert FRAME // 2 < max(otpd.frames) <= FRAME
        assert len(daemon.users) == 100
        assert "q" * 120 + '"' * 60 + "00099" in daemon.users


def test_dry_run_changes_nothing():
    daemon = Daemon()
    with FakeOtpd(daemon) as otpd:
        run(otpd, rows(100), "--dry-run", "--verified").expect(
            DONE, "dry run, nothing was changed: 100 added")
        assert daemon.users == {}
        assert all(call[1]["dry_run"] and call[1]["verified"] for call in otpd.calls)


def test_columns_in_any_order_quotes_crlf_bom_and_blanks():
    daemon = Daemon()
    data = ("\ufeffName, EMAIL ,user\r\n"
            '"Doe, Jane ""JD""", jane@example.org ,jane\r\n'
            "\r\n"
            "Bob,bob@example.org,bob")
    with FakeOtpd(daemon) as otpd:
        run(otpd, data, "--verified").expect(DONE, "2 added")
    assert daemon.users == {"jane": ["jane@example.org", 'Doe, Jane "JD"', True, False],
                            "bob": ["bob@example.org", "Bob", True, False]}


def test_every_kind_of_error_is_told_with_its_line_and_nothing_is_sent():
    data = (b"user,address,name\n"
            b"ok,ok@example.org,fine\n"
            b",a@example.org,\n"
            b"u4,not-an-address,\n"
            b"u5,,\n"
            b"u6,u6@example.org,\xff\xfe\n"
            b"ok,again@example.org,\n"
            b'u8,u8@example.org,"two\nlines"\n'
            b"u10,u10@example.org,a,b,c\n"
            b'u11,u11@example.org,say "hi"\n'
            + b"u" * 256 + b",u12@example.org,\n"
            b"u13,u13@example.org," + b"n" * 129 + b"\n"
            b"u14,a@b@c.org,\n"
            b'"u15"x,u15@example.org,\n')
    expected = ['line 3: user: missing', 'line 4: address "not-an-address": there is no @',
                'line 5: address: missing', 'line 6: name "??": not UTF-8',
                'line 7: user "ok": on an earlier line too',
                'line 8: name "two?lines": a control', 'line 10: there are more fields',
                'line 11: there is a quote inside', ': too long', 'line 13: name "nnn',
                'line 14: address "a@b@c.org": there is more than one @',
                'line 15: there is text behind a closing quote', '12 errors', '--skip-bad']
    with FakeOtpd(Daemon()) as otpd:
        result = run(otpd, data).expect(BAD_FILE)
        for text in expected:
            assert text in " ".join(result.err.split()), (text, result.err)
        assert otpd.calls == []


def test_twenty_errors_are_listed_and_the_rest_is_counted():
    data = "user,address\n" + "".join(f"u{i},bad\n" for i in range(50))
    with FakeOtpd(Daemon()) as otpd:
        result = run(otpd, data).expect(BAD_FILE, "... and 30 more", "50 errors")
        assert result.err.count(": line ") == 20
        assert "line 2:" in result.err and "line 22:" not in result.err


def test_skip_bad_takes_the_others():
    daemon = Daemon()
    data = "user,address\nu1,u1@example.org\nu2,x\nu1,dup@example.org\n\"u4\"x,y\nbad5," \
        "b@example.org\nu6,u6@example.org\n"
    with FakeOtpd(daemon) as otpd:
        result = run(otpd, data, "--skip-bad").expect(DONE, "2 added", "4 skipped")
        assert set(daemon.users) == {"u1", "u6"}
        assert daemon.users["u1"][0] == "u1@example.org", "the first line of a user counts"
        assert "line 6: user \"bad5\": not accepted" in result.err
        assert result.err.count("line 3:") == 1


def test_the_daemon_checks_all_before_it_takes_any():
    daemon = Daemon()
    daemon.AddUser("u00150", "other@example.org")
    with FakeOtpd(daemon) as otpd:
        run(otpd, rows(200)).expect(
            REFUSED, 'line 152: user "u00150": enrolled with another address', "--update")
        assert len(daemon.users) == 1
        assert all(call[1]["dry_run"] for call in otpd.calls)
        run(otpd, rows(200), "--update").expect(DONE, "199 added, 1 updated")


def test_refused_in_the_pass_in_earnest_is_told():
    daemon = Daemon()

    def handler(method, parameters):
        if not parameters["dry_run"]:
            return {"added": 0, "updated": 0, "unchanged": 0,
                    "problems": [{"line": 1, "reason": "exists"}]}
        return daemon(method, parameters)
    with FakeOtpd(handler) as otpd:
        run(otpd, rows(3)).expect(REFUSED, "line 3:", "cut off after 0 of 3")


def test_files_that_are_no_csv_of_users():
    with FakeOtpd(Daemon()) as otpd:
        for data, text in ((b"", "empty"),
                           (b"\n\n", "empty"),
                           (b"user;address;name\na;a@example.org;A\n", "semicolons"),
                           (b"user,address,phone\n", 'column "phone": not known'),
                           (b"user,name\n", "must name the columns user and address"),
                           (b"user,address,email\n", '"email": there twice'),
                           ("user,address\n".encode("utf-16"), "UTF-16"),
                           (b'"user,address\na,b\n', "never closed")):
            for options in ((), ("--skip-bad",)):
                run(otpd, data, *options).expect(BAD_FILE, text)
        otpctl(otpd, "users", "import", "/nonexistent.csv").expect(BAD_FILE, "No such file")
        otpctl(otpd, "users", "import", "/").expect(BAD_FILE, "Is a directory")
        assert otpd.calls == []


def test_a_file_of_the_header_alone_is_no_error():
    with FakeOtpd(Daemon()) as otpd:
        run(otpd, "user,address\n").expect(DONE, "0 added")


def test_standard_input():
    daemon = Daemon()
    with FakeOtpd(daemon) as otpd:
        otpctl(otpd, "users", "import", "-", stdin=rows(3).encode()).expect(DONE, "3 added")


def test_json_summary_and_errors():
    with FakeOtpd(Daemon()) as otpd:
        result = run(otpd, rows(3), "--json").expect(DONE)
        assert result.json() == {"dry_run": False, "added": 3, "updated": 0, "unchanged": 0,
                                 "skipped": 0}
        assert result.err == ""
        bad = run(otpd, "user,address\nx,y\n", "--json").expect(BAD_FILE)
        assert bad.out == "" and bad.error()["error"] == "BadFile"


def test_a_daemon_that_dies_on_the_way_is_told_and_the_second_run_finishes():
    daemon = Daemon()
    calls = []

    def handler(method, parameters):
        calls.append(parameters)
        if len(calls) == 8:  # 5 dry ones, then the third in earnest
            return CLOSE
        return daemon(method, parameters)
    with FakeOtpd(handler) as otpd:
        run(otpd, rows(200)).expect(UNREACHABLE, "cut off after 80 of 200", "run the command")
        assert len(daemon.users) == 80
        run(otpd, rows(200)).expect(DONE, "120 added, 0 updated, 80 unchanged")
        assert len(daemon.users) == 200


def test_denied_means_root():
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        run(otpd, rows(3)).expect(REFUSED, "this needs root", "nothing was imported")


def test_an_interrupt_stops_between_two_calls():
    daemon = Daemon()
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, FakeOtpd(daemon) as otpd:
        file.write(rows(400).encode())
        file.flush()
        process = []

        def handler(method, parameters):
            if not parameters["dry_run"] and len(daemon.users) == 80:
                os.kill(process[0].pid, signal.SIGINT)
            return daemon(method, parameters)
        otpd.handler = handler
        process.append(subprocess.Popen(
            [OTPCTL, "--socket", otpd.path, "users", "import", "/dev/stdin"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE))
        _, err = process[0].communicate(rows(400).encode(), timeout=20)
        assert process[0].returncode == OTHER, err
        assert b"cut off after 120 of 400" in err, err
        assert len(daemon.users) == 120, "the call under way was finished"


def test_a_bar_on_a_terminal_and_none_in_a_pipe():
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, FakeOtpd(Daemon()) as otpd:
        file.write(rows(100).encode())
        file.flush()
        terminal = Terminal(otpd, "users", "import", file.name)
        terminal.expect("checking [....")
        terminal.expect("importing [....")
        assert "100 added" in terminal.end(DONE)
        result = otpctl(otpd, "users", "import", file.name).expect(DONE)
        assert result.err == "", result.err


def test_wild_problem_lines_of_a_daemon_are_refused():
    for line in (-1, 3, 10**18, "0", None):
        answer = {"added": 0, "updated": 0, "unchanged": 0,
                  "problems": [{"line": line, "reason": "exists"}]}
        with FakeOtpd(lambda *_: answer) as otpd:
            run(otpd, rows(3), "--skip-bad").expect(UNREACHABLE, "not one of otpd")
