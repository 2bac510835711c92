"""Sockets that the supervisor opens for a program: no client is refused, whatever is restarted."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from supervisor.client import ControlError
from tests.support.supervisor.socket_server import Asker, ask, asking
from tests.support.supervisor.supervised import Supervised, bot, program


def _free_port(host: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


def _expect_served(seen: Asker, *lives: int) -> None:
    assert seen.errors == []
    assert set(lives) <= set(seen.answers) <= {lives[0] - 1, *lives}


def test_no_client_is_refused_whatever_is_restarted(tmp_path: Path) -> None:
    tcp, tcp6, path = ("127.0.0.1", _free_port()), ("::1", _free_port("::1")), str(tmp_path / "shop.sock")
    listen = [f"127.0.0.1:{tcp[1]}", f"[::1]:{tcp6[1]}", "./shop.sock"]
    with bot(tmp_path, "serve", "linger=0.1", listen=listen) as it:
        it.faults = {"TEST_RAISE_AT": f"check:{tmp_path / 'fail'}"}
        it.start()
        told = it.diary.wait("spawned")
        environ = {name: value for name, value in told["environ"].items() if name.startswith("LISTEN")}
        assert environ == {"LISTEN_FDS": "3", "LISTEN_PID": str(told["pid"]), "LISTEN_FDNAMES": "bot:bot:bot"}
        assert told["pid"] == it.status()["bot"]["pid"]
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert [ask(tcp), ask(tcp6), ask(path)] == [1, 1, 1]
        with asking(lambda: ask(tcp)) as seen:
            for _number in range(3):
                it.restart()
        _expect_served(seen, 2, 3, 4)
        with asking(lambda: ask(path)) as seen:  # the supervisor is killed, and the program restarted
            it.kill()
            it.start(wait=False)
            it.restart()
        _expect_served(seen, 5)
        with asking(lambda: ask(tcp)) as seen:  # the supervisor re-executes itself
            (tmp_path / "fail").touch()
            with pytest.raises(ControlError):
                it.restart()
            (tmp_path / "fail").unlink()
            it.wait_state("RUNNING", life=5)
            it.restart()
        _expect_served(seen, 6)
        assert [ask(tcp6), ask(path)] == [6, 6]
        assert len(it.diary.all("sockets")) == 1
        it.ask("stop", program="bot", wait=True)
        for address in (tcp, tcp6):  # refused at once, instead of waiting for a program that does not run
            with pytest.raises(ConnectionRefusedError):
                ask(address)
        assert not os.path.lexists(path)


@pytest.mark.parametrize("words", [("sockets=no",), ("link=no",)])
def test_sockets_that_do_not_come_back_are_opened_again(tmp_path: Path, words: tuple[str, ...]) -> None:
    address, path = ("127.0.0.1", _free_port()), str(tmp_path / "shop.sock")
    listen = [f"127.0.0.1:{address[1]}", "./shop.sock"]
    ready = 0 if words == ("link=no",) else "notify"
    with bot(tmp_path, "serve", *words, listen=listen, ready=ready) as it:
        it.start()
        it.kill()
        it.start(wait=False)
        assert [ask(address), ask(path)] == [1, 1]
        assert it.status()["bot"]["listen"] == [listen[0], path]
        it.restart()
        assert [ask(address), ask(path)] == [2, 2]
        it.restart()
        assert [ask(address), ask(path)] == [3, 3]


def _wait_for(it: Supervised, code: str) -> None:
    it.wait(lambda status: status["bot"]["state"] == "BACKOFF")
    assert code in str(it.status()["bot"]["reason_params"])


def _check(it: Supervised) -> dict[str, str]:
    """Return what `stocksup check` says about the sockets."""
    findings = json.loads(it.command("check", "--json").stdout)["checks"]
    return next(finding for finding in findings if finding["id"] == "listen.bot")


def test_an_address_in_use_is_a_state_that_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with bot(tmp_path, "serve", listen=[f"127.0.0.1:{port}"]) as it:
            it.start(wait=False)
            _wait_for(it, "address_in_use")
            assert _check(it)["level"] == "failed"
            other.close()
            it.ask("start")
            it.wait_state("RUNNING")
            assert ask(("127.0.0.1", port)) == it.status()["bot"]["life"]
            assert _check(it)["level"] == "fine"


def test_a_change_applies_at_the_next_start_if_it_is_possible(tmp_path: Path) -> None:
    ports = [_free_port(), _free_port()]
    first, second = (("127.0.0.1", port) for port in ports)
    with bot(tmp_path, "serve", listen=[f"127.0.0.1:{ports[0]}"]) as it, socket.create_server(second) as other:
        it.start()
        table = {**program("serve"), "listen": [f"127.0.0.1:{port}" for port in ports]}
        it.configure({"bot": table})
        assert it.ask("reload")["needs_restart"] == ["bot"]
        refusal = it.refused("restart", program="bot", wait=True)
        assert (refusal.code, refusal.details["report"]["error_params"]["problem"]["code"]) == (
            "check_failed",
            "address_in_use",
        )
        assert ask(first) == 1  # the running process goes on
        other.close()
        with asking(lambda: ask(first)) as seen:
            it.restart()
        _expect_served(seen, 2)
        assert ask(second) == 2
        it.configure({"bot": {**table, "listen": [f"127.0.0.1:{ports[1]}"]}})
        it.restart()
        assert ask(second) == 3
        with pytest.raises(ConnectionRefusedError):
            ask(first)
