"""The contents of a service's unit file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.cli.errors import CommandError
from supervisor.cli.systemd import unit
from supervisor.config.settings import Program, Settings

FACTS = unit.UnitFields(
    name="toko",
    config=Path("/home/budi/shop/config.toml"),
    stocksup=("/home/budi/stocksup/.venv/bin/stocksup",),
    kill="/bin/kill",
    state_dir=Path("/home/budi/shop/state"),
    stop_timeout_s=90,
    user="budi",
    credentials={"discord_token": Path("/home/budi/shop/token")},
)
#: names that a careless writer of units trips over
ODD = 'my "tokó" 100%n 店 $HOME \\x20'


def lines(facts: unit.UnitFields) -> list[str]:
    return unit.text(facts).splitlines()


def test_the_service_of_the_system() -> None:
    found = lines(FACTS)
    for line in (
        "Type=notify",
        "NotifyAccess=main",
        "User=budi",
        'ExecStart=:"/home/budi/stocksup/.venv/bin/stocksup" "--config" "/home/budi/shop/config.toml" '
        '"start" "--foreground"',
        'ExecReload="/bin/kill" -HUP $MAINPID',
        "KillMode=process",
        "OOMPolicy=continue",
        "RestartPreventExitStatus=78",
        "TimeoutStopSec=90",
        "StateDirectory=stocksup/toko",
        "CacheDirectory=stocksup/toko",
        'ReadWritePaths="/home/budi/shop/state"',
        "LoadCredential=discord_token:/home/budi/shop/token",
        "WantedBy=multi-user.target",
    ):
        assert line in found
    keys = [line.partition("=")[0] for line in found]
    assert "WatchdogSec" in keys
    # they would run after a crash too, and end what is to live on
    assert not {"ExecStop", "ExecStopPost"} & set(keys)
    # they clean up, or cut off from the next supervisor, what is to live on
    assert not {"PrivateTmp", "RemoveIPC", "PrivateUsers", "ProcSubset", "DynamicUser"} & set(keys)


def test_the_service_of_a_user_asks_for_nothing_that_needs_root() -> None:
    found = lines(replace(FACTS, user=None, credentials={}))
    keys = [line.partition("=")[0] for line in found]
    assert "WantedBy=default.target" in found
    assert not {"User", "CapabilityBoundingSet", "LoadCredential", "ReadWritePaths", "StateDirectory"} & set(keys)
    assert not [key for key in keys if key.startswith(("Protect", "Private", "TemporaryFileSystem"))]
    assert "NoNewPrivileges" in keys


def test_own_temporary_directories_unless_something_of_ours_is_there() -> None:
    assert [line for line in lines(FACTS) if line.startswith("TemporaryFileSystem=/tmp:")]
    there = lines(replace(FACTS, state_dir=Path("/tmp/state")))
    assert not [line for line in there if line.startswith("TemporaryFileSystem=/tmp:")]
    assert [line for line in there if line.startswith("TemporaryFileSystem=/var/tmp:")]


def test_the_stop_may_take_as_long_as_all_programs_may() -> None:
    programs = {
        "bot": Program(command=("x",), drain_timeout_s=100, stop_timeout_s=7),
        "relay": Program(command=("x",), drain_timeout_s=1000, drain=False, stop_timeout_s=5),
        "off": Program(command=("x",), drain_timeout_s=5000, enabled=False),
    }
    # 20 s for each: until a killed one is given up, and until its cache is
    assert unit.stop_timeout_s(Settings(programs=programs)) == 100 + 7 + 20 + 5 + 20 + unit.SUPERVISOR_EXIT_S


def test_what_the_unit_is_about_is_read_out_of_it_again() -> None:
    config = Path("/srv", ODD, "config.toml")
    assert unit.config_of(unit.text(replace(FACTS, config=config))) == config
    assert unit.config_of("[Service]\nExecStart=/bin/true\n") is None
    assert unit.config_of('[X-Stocksup]\nConfig="broken\\"\n') is None


@pytest.mark.parametrize("path", ["/srv/a\nb", "/srv/\x1b", "/srv/a\udc80b"])
def test_a_path_that_no_unit_can_hold_is_refused(path: str) -> None:
    with pytest.raises(CommandError, match="rename it"):
        unit.text(replace(FACTS, config=Path(path)))


@pytest.mark.parametrize("char", ['"', "'", "\\"])
def test_so_is_a_program_that_systemd_takes_in_no_spelling(char: str) -> None:
    with pytest.raises(CommandError, match="rename it"):
        unit.text(replace(FACTS, stocksup=(f"/srv/a{char}b/stocksup",)))


@pytest.mark.parametrize("path", ["/srv/token ", "/srv/token\\"])
def test_so_is_one_where_a_line_is_taken_whole(path: str) -> None:
    with pytest.raises(CommandError, match="rename it"):
        unit.text(replace(FACTS, credentials={"discord_token": Path(path)}))


@pytest.mark.parametrize("name", ["", "../x", "a b", "a/b", "x.service", "-x", "x@y", "x" * 65, "x."])
def test_a_bad_name(name: str) -> None:
    with pytest.raises(CommandError, match="--name"):
        unit.validate_name(name)


@pytest.mark.parametrize("name", ["stocksup", "toko-2", "Toko_2.b"])
def test_a_good_name(name: str) -> None:
    assert unit.validate_name(name) == name
