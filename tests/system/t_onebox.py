# SPDX-License-Identifier: MIT
"""Clients with one box for the password, through web servers that others have written: the
first try mails the code, the next has the password and the code in one field."""
import base64
import http.client
import os
import pathlib

from lab import Skip, check, equal, free_port, wait_for, wrong
from shop import CONFIG, SECRET, Shop
from world import CLIENTS

PAM = "auth required {module} password=account append debug"
PAM_ACCOUNT = "account required %s password=account debug\n"
ADDRESS = "ada@example.org"
NGINX = "/usr/lib/nginx/modules/ngx_http_auth_pam_module.so"
APACHE = "/usr/lib/apache2/modules/mod_authnz_pam.so"
NGINX_CONFIG = """load_module %s;
user web otpd-clients;
worker_processes 2;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx-errors.log info;
events {{ worker_connections 64; }}
http {{
	access_log off;
	client_body_temp_path {dir}/nginx-body;
	proxy_temp_path {dir}/nginx-proxy;
	fastcgi_temp_path {dir}/nginx-fastcgi;
	uwsgi_temp_path {dir}/nginx-uwsgi;
	scgi_temp_path {dir}/nginx-scgi;
	server {{
		listen 127.0.0.1:{port};
		root {dir}/www;
		auth_pam "shop";
		auth_pam_service_name "shop";
	}}
}}
""" % NGINX
APACHE_CONFIG = """ServerRoot {dir}
ServerName localhost
PidFile {dir}/apache.pid
ErrorLog {dir}/apache-errors.log
LogLevel info
Listen 127.0.0.1:{port}
User web
Group otpd-clients
Mutex file:{dir}/apache-run
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule authnz_pam_module %s
DocumentRoot {dir}/www
<Directory {dir}/www>
	AuthType Basic
	AuthName shop
	AuthBasicProvider PAM
	AuthPAMService shop
	Require pam-account shop
	DirectoryIndex index.html
</Directory>
""" % APACHE


class Browser:
    """Asks for a page with Basic authentication (RFC 7617), as often as a browser would."""

    def __init__(self, port):
        self.port = port

    def get(self, password, login=ADDRESS, path="/index.html"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        word = base64.b64encode(("%s:%s" % (login, password)).encode()).decode()
        connection.request("GET", path, headers={"Authorization": "Basic " + word})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


def _start(w, policy="grace = 10m"):
    w.start(policy=CONFIG % ("", policy), users=())
    w.pam("shop", PAM, PAM_ACCOUNT % w.module)
    w.write("www/index.html", "inside\n")
    shop = Shop(w)
    shop.register(ADDRESS)
    return shop


def _serve(w, name, argv, config):
    port = free_port()
    path = w.write(name + ".conf", config.format(dir=w.dir, port=port))
    process = w.spawn(name, [*argv, path])

    def listens():
        try:
            Browser(port).get("", "nobody")
            return True
        except OSError:
            return False
    w.ready(process, listens)
    return Browser(port)


def _nginx(w):
    if not os.path.exists(NGINX):
        raise Skip("nginx with libnginx-mod-http-auth-pam is not installed")
    return _serve(w, "nginx", ["/usr/sbin/nginx", "-e", w.dir / "nginx-start.log", "-c"],
                  NGINX_CONFIG)


def _apache(w):
    if not os.path.exists(APACHE):
        raise Skip("apache2 with libapache2-mod-authnz-pam is not installed")
    (w.dir / "apache-run").mkdir()
    return _serve(w, "apache2", ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f"],
                  APACHE_CONFIG)


def _codes(w):
    """How many codes were mailed for logins."""
    return len([m for m in w.queue() if m["purpose"] == "login"])


def _wrong(w):
    """Wrong codes and passwords of the hour."""
    shown = w.call("Admin.ShowAccount", tenant="acme", login=ADDRESS)
    return shown["wrong_hour"], shown["wrong_passwords_hour"]


def _way_in(w, browser, shop):
    equal(browser.get("no such password"), 401, "a wrong password")
    equal(_codes(w), 0, "codes after a wrong password")
    equal(browser.get(SECRET), 401, "the password alone")
    code = shop.mailed(ADDRESS).code
    equal(browser.get(SECRET), 401, "the password alone, again")
    equal(_codes(w), 1, "codes, for the request was only repeated")
    equal(browser.get(SECRET + wrong(code)), 401, "a wrong code")
    equal(browser.get(SECRET + code), 200, "password and code")
    before = _wrong(w)
    for _ in range(20):
        equal(browser.get(SECRET + code), 200, "the same again")
    equal(browser.get(SECRET), 200, "the password alone, while it is remembered")
    equal(_codes(w), 1, "codes in all")
    equal(_wrong(w), before, "wrong tries after the success")
    equal(browser.get("no such password" + code), 401, "a wrong password with a used code")


def nginx_asks_for_password_and_code_in_one_box(w):
    shop = _start(w)
    _way_in(w, _nginx(w), shop)


def apache_asks_for_password_and_code_in_one_box(w):
    shop = _start(w)
    _way_in(w, _apache(w), shop)


def without_grace_each_request_needs_a_code_of_its_own(w):
    shop = _start(w, policy="")
    browser = _nginx(w)
    equal(browser.get(SECRET), 401, "the password alone")
    code = shop.mailed(ADDRESS).code
    equal(browser.get(SECRET + code), 200, "password and code")
    for _ in range(30):
        equal(browser.get(SECRET + code), 401, "the same again")
    equal(browser.get(SECRET), 401, "the password alone, not locked by the repeats")
    equal(_codes(w), 2, "codes")


def the_code_counts_for_one_remote_host_only(w):
    shop = _start(w)
    here = _nginx(w)
    equal(here.get(SECRET), 401, "the password alone")
    code = shop.mailed(ADDRESS).code
    found = shop.call("Auth.Find", user=ADDRESS, service="shop", rhost="127.0.0.1", account=True)
    equal((found["state"], found["length"]), ("challenge", 6), "here")
    elsewhere = shop.call("Auth.Find", user=ADDRESS, service="shop", rhost="198.51.100.1",
                          account=True)
    equal(elsewhere["state"], "none", "elsewhere")
    equal(here.get(SECRET + code), 200, "password and code")
    elsewhere = shop.call("Auth.Find", user=ADDRESS, service="shop", rhost="198.51.100.1",
                          account=True)
    equal(elsewhere["state"], "none", "elsewhere, after the success here")


def wrong_passwords_in_one_box_lock_and_say_so_once(w):
    shop = _start(w)
    browser = _nginx(w)
    for i in range(10):
        for _ in range(2):
            equal(browser.get("no such password %d" % i), 401, "a wrong password")
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "Locked", "the account")
    check(0 < shop.why["retry_after"] <= 3600, shop.why)
    equal(browser.get(SECRET), 401, "the right password of a locked account")
    mail = shop.mailed(ADDRESS)
    check("locked" in mail.message["Subject"], mail.message["Subject"])
    w.settle()
    equal(len(w.mails(ADDRESS)), 3, "mails: code, welcome, and one about the lock")


def members_of_the_clients_group_reach_the_socket(w):
    """What the two configurations say of the group is needed, or nothing would get in."""
    _start(w)
    wait_for("the socket", lambda: pathlib.Path("/run/otpd/otpd.sock").exists())
    equal(os.stat("/run/otpd/otpd.sock").st_gid, CLIENTS, "group of the socket")
