"""The dashboard as a program under a supervisor: who may look, what they get, and what it survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.shop.shop import free_port
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, program, supervised

HEALTH = json.dumps(
    {"cache": {"is_healthy": True, "hits": 9, "misses": 1, "entries": 5, "bytes": 50}, "loop_lag_ms": 1.5}
)


class Dashboard:
    """The dashboard of one supervisor, seen through HTTP."""

    def __init__(self, it: Supervised, port: int) -> None:
        self.it = it
        self.port = port
        self.cookie = ""

    def open(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> HTTPResponse:
        """Send a request with the cookie of the session; return the answer, not read yet."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        connection.request(method, path, body, {"Connection": "close", **cookie, **given})
        return connection.getresponse()

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str]:
        """Send a request; return the status and the text of the answer."""
        with closing(self.open(path, method, body, **headers)) as answer:
            return answer.status, answer.read().decode()

    def get(self, path: str) -> Any:
        """Return the JSON of an answer."""
        status, text = self.ask(path)
        assert status == 200, text
        return json.loads(text)

    def create_link(self) -> str:
        """Return the token of a new login link."""
        done = self.it.command("dashboard", "link")
        assert done.returncode == 0, done.stderr
        address, _hash, token = done.stdout.strip().partition("/#login=")
        assert address == f"http://127.0.0.1:{self.port}"
        return token

    def log_in(self, token: str | None = None) -> int:
        """Use a login link; return the status."""
        with closing(self.open("/session", "POST", token or self.create_link())) as answer:
            if answer.status == 204:
                cookie = answer.headers["Set-Cookie"]
                assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"))
                self.cookie = cookie.partition(";")[0]
            return answer.status

    @contextmanager
    def events(self, path: str = "/api/events") -> Iterator[Iterator[Any]]:
        """Open a stream, and yield its events."""
        with closing(self.open(path)) as answer:
            assert answer.status == 200, answer.read()
            lines = iter(answer.readline, b"")
            yield (json.loads(line[6:]) for line in lines if line.startswith(b"data: "))


@contextmanager
def dashboard(directory: Path, **table: Any) -> Iterator[Dashboard]:
    """Run a supervisor with a bot and a dashboard."""
    port = free_port()
    settings = {"enabled": True, "listen": f"127.0.0.1:{port}", **table}
    programs = {"bot": program("beat=0.5", f"health={HEALTH}")}
    with supervised(directory, programs, dashboard=settings) as it:
        it.start()
        yield Dashboard(it, port)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One dashboard for the tests that only look."""
    with dashboard(tmp_path_factory.mktemp("seen")) as one:
        yield one


@pytest.fixture
def guest(seen: Dashboard) -> Dashboard:
    """Someone without a session."""
    return Dashboard(seen.it, seen.port)


@pytest.fixture
def owner(guest: Dashboard) -> Dashboard:
    """Someone with a session."""
    assert guest.log_in() == 204
    return guest


def test_without_a_session_there_is_the_login_and_nothing_else(guest: Dashboard) -> None:
    status, page = guest.ask("/")
    assert status == 200
    assert "stocksup dashboard link" in page
    for path in ("events", "series", "restarts", "shop", "errors", "logs", "unknown"):
        assert guest.ask(f"/api/{path}")[0] == 401


@pytest.mark.parametrize("token", ["", "x", "A" * 75, "A" * 5000])
def test_a_forged_link_is_refused(guest: Dashboard, token: str) -> None:
    assert guest.ask("/session", "POST", token)[0] in (403, 413)
    guest.cookie = f"stocksup={token[:200]}"
    assert guest.ask("/api/series")[0] == 401


def test_a_link_can_be_used_once(guest: Dashboard) -> None:
    token = guest.create_link()
    assert guest.log_in(token) == 204
    assert guest.log_in(token) == 403
    guest.cookie = f"stocksup={token}"
    assert guest.ask("/api/series")[0] == 401


def test_other_sites_are_refused(owner: Dashboard) -> None:
    assert owner.ask("/", Host="evil.example")[0] == 403
    assert owner.ask("/metrics", Host="evil.example")[0] == 403
    assert owner.ask("/api/series", Origin="http://evil.example")[0] == 403
    assert owner.ask("/session", "POST", owner.create_link(), Origin="null")[0] == 403
    assert owner.ask("/api/series", Origin=f"http://127.0.0.1:{owner.port}")[0] == 200


def test_the_page_allows_nothing_from_elsewhere(owner: Dashboard) -> None:
    for path in ("/", "/page/dashboard.js", "/page/panel/health.js", "/page/lib/uplot.css", "/page/icon.svg"):
        with closing(owner.open(path)) as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] in ("no-cache", "no-store")
    for path in ("/page/index.html", "/page/../program.py", "/page/panel/panel.js", "/page/%2e%2e/__init__.py"):
        assert owner.ask(path)[0] == 404


def test_nothing_can_be_changed(owner: Dashboard) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/", "/api/events", "/api/restarts", "/api/shop", "/metrics"):
            assert owner.ask(path, method, "")[0] == 405


def test_the_figures_are_those_of_status(owner: Dashboard) -> None:
    with owner.events() as events:
        now = next(event for event in events if event["programs"])
    bot = next(one for one in now["programs"] if one["name"] == "bot")
    real = owner.it.status()["bot"]
    assert {key: bot[key] for key in ("state", "pid", "life", "health")} == {
        key: real[key] for key in ("state", "pid", "life", "health")
    }
    assert now["disk_bytes"] == psutil.disk_usage(str(owner.it.state)).total
    assert now["connected"]


def test_a_restart_is_seen_at_once_and_kept(owner: Dashboard) -> None:
    with owner.events() as events:
        before = next(event for event in events if event["programs"])["programs"][0]["life"]
        report = owner.it.restart()
        assert any(one["life"] == before + 1 for event in events for one in event["programs"] if one["name"] == "bot")
    with owner.events() as events:
        kept = next(shown for _event in events if (shown := owner.get("/api/restarts?range=day")))
    assert kept[0] == next(one for one in owner.it.history() if one["at"] == report["at"])
    assert f'stocksup_restart_downtime_seconds_count{{program="bot"}} {float(len(kept))}' in owner.ask("/metrics")[1]


def test_the_ranges(owner: Dashboard) -> None:
    for name, points in (("day", 289), ("week", 337), ("month", 361)):
        assert len(owner.get(f"/api/series?range={name}")["at_s"]) == points
    assert owner.ask("/api/series?range=year")[0] == 400


def test_a_shop_without_a_database_is_a_state(owner: Dashboard) -> None:
    status, text = owner.ask("/api/shop?range=day")
    assert status == 503
    assert json.loads(text)["error"]


def test_the_log_is_followed_filtered_and_masked(owner: Dashboard) -> None:
    log = owner.it.state / "logs" / "bot.log"
    with owner.events("/api/logs?program=bot&text=needle") as lines:
        with log.open("a") as file:
            file.write("hay\nNEEDLE password=hunter2\n")
        assert next(lines)["line"] == "NEEDLE password=***"
    assert owner.ask("/api/logs?program=../../etc/passwd")[0] == 400
    assert owner.ask("/api/logs?level=loud")[0] == 400


def test_the_command_that_reads_the_log_ends_with_the_page(owner: Dashboard) -> None:
    process = psutil.Process(owner.it.status()["dashboard"]["pid"])
    with owner.events("/api/logs") as lines:
        next(lines)
        readers = process.children()
    assert readers
    assert psutil.wait_procs(readers, PATIENCE_S)[1] == []


def test_metrics_for_this_machine_and_for_those_with_the_token(guest: Dashboard) -> None:
    status, text = guest.ask("/metrics")
    assert status == 200
    assert 'stocksup_program_state{program="bot",state="RUNNING"} 1.0' in text
    if promtool := next((path for path in ("/usr/bin/promtool",) if os.path.exists(path)), None):
        checked = subprocess.run(
            [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_files_are_private(seen: Dashboard) -> None:
    directory = seen.it.state / "dashboard"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()} == dict.fromkeys(
        ("history.db", "key", "metrics_token"), 0o600
    )


def test_revoke_ends_sessions_and_links(owner: Dashboard) -> None:
    token = owner.create_link()
    assert owner.get("/api/restarts?range=day") is not None
    assert owner.it.command("dashboard", "revoke").returncode == 0
    assert owner.ask("/api/restarts?range=day")[0] == 401
    assert owner.log_in(token) == 403
    assert owner.log_in() == 204


def test_a_flood_is_refused_and_affects_nothing_else(tmp_path: Path) -> None:
    with dashboard(tmp_path) as one:
        statuses = [one.ask("/")[0] for _ in range(100)]
        assert 429 in statuses
        sockets = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(300)]
        try:
            assert one.it.status()["bot"]["state"] == "RUNNING"
        finally:
            for sock in sockets:
                sock.close()
        status = one.it.status()["dashboard"]
        assert (status["state"], status["life"]) == ("RUNNING", 1)


def test_it_survives_the_supervisor_and_sessions_survive_both(tmp_path: Path) -> None:
    with dashboard(tmp_path) as one:
        assert one.log_in() == 204
        with one.events() as events:
            assert next(event for event in events if event["programs"])["connected"]
            one.it.kill()
            assert any(not event["connected"] for event in events)
            assert "stocksup_up 0.0" in one.ask("/metrics")[1]
            one.it.start(wait=False)
            assert any(event["connected"] for event in events)
        os.kill(one.it.wait_state("RUNNING", "dashboard")["pid"], signal.SIGKILL)
        one.it.wait_state("RUNNING", "dashboard", life=2)
        assert one.it.status()["bot"]["life"] == 1
        assert one.ask("/api/series")[0] == 200


def test_behind_a_proxy_there_is_one_more_name_and_no_metrics_without_a_token(tmp_path: Path) -> None:
    with dashboard(tmp_path, public_url="https://shop.example.org/") as one:
        assert psutil.Process(one.it.status()["dashboard"]["pid"]).memory_info().rss <= 60 * 2**20
        assert one.ask("/", Host="shop.example.org")[0] == 200
        assert one.it.command("dashboard", "link").stdout.startswith("https://shop.example.org/#login=")
        assert one.ask("/metrics")[0] == 401
        token = (one.it.state / "dashboard" / "metrics_token").read_text().strip()
        assert one.ask("/metrics", Authorization=f"Bearer {token}x")[0] == 401
        assert one.ask("/metrics", Authorization=f"Bearer {token}")[0] == 200
        token = one.it.command("dashboard", "link").stdout.strip().partition("#login=")[2]
        with closing(one.open("/session", "POST", token, Origin="https://shop.example.org")) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-stocksup=")
        assert "Secure" in cookie


def test_a_history_that_cannot_be_kept_is_a_state_that_passes(tmp_path: Path) -> None:
    (tmp_path / "state" / "dashboard" / "history.db").mkdir(parents=True)
    with dashboard(tmp_path) as one:
        token = one.create_link()
        assert (one.log_in(token), one.log_in(token)) == (204, 403)
        with one.events() as events:
            assert any(event["problem"] for event in events)
            (tmp_path / "state" / "dashboard" / "history.db").rmdir()
            one.it.restart()
            assert any(event["problem"] is None for event in events)
        with sqlite3.connect(tmp_path / "state" / "dashboard" / "history.db") as kept:
            assert kept.execute("SELECT count(*) FROM restart").fetchone() == (1,)
        kept.close()


def test_a_taken_port_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        programs = {"bot": program()}
        with supervised(tmp_path, programs, dashboard={"enabled": True, "listen": f"127.0.0.1:{port}"}) as it:
            it.start(wait=False)
            state = it.wait_state("BACKOFF", "dashboard")
            assert state["last_exit"]["code"] == 75


def test_a_link_for_a_dashboard_that_is_off_is_refused(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program()}) as it:
        done = it.command("dashboard", "link")
        assert (done.returncode, done.stdout) == (1, "")
        assert "enabled = true" in done.stderr
