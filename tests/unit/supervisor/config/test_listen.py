"""Addresses in `listen`: one text for each, and a clear refusal of everything else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from supervisor.config import listen
from supervisor.config.loading import load
from supervisor.configfile import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("0.0.0.0:1", "0.0.0.0:1"),
        ("[::1]:8080", "[::1]:8080"),
        ("[0:0::0001]:08080", "[::1]:8080"),
        ("./shop.sock", "/shop/shop.sock"),
        ("run/../shop.sock", "/shop/shop.sock"),
        ("/run/shop.sock", "/run/shop.sock"),
        ("/" + "x" * 106, "/" + "x" * 106),
    ],
)
def test_each_address_has_one_text(text: str, expected: str) -> None:
    assert listen.parse(text, Path("/shop")) == expected
    family, name = listen.bindable(expected)
    assert listen.format_address(family, (*name, 0, 0) if family == socket.AF_INET6 else name) == expected


@pytest.mark.parametrize(
    "text",
    [
        *["", "8080", ":8080", "localhost:8080", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3:80"],
        *["::1:8080", "[::1]", "[fe80::1%lo]:80", "[127.0.0.1]:80", "127.0.0.1:80\n", "127.0.0.1:٨٠"],
        *["@shop", "shop.sock", "./run/", "/x\0y", "/" + "x" * 107],
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    assert listen.parse(text, Path("/shop")) is None


def test_listeners_of_other_kinds_have_no_address() -> None:
    assert listen.format_address(socket.AF_UNIX, "") is None
    assert listen.format_address(socket.AF_UNIX, b"\0abstract") is None
    assert listen.format_address(socket.AF_NETLINK, (1, 2)) is None


@pytest.mark.parametrize(
    ("tables", "is_valid"),
    [
        ('[programs.a]\ncommand = ["a"]\nlisten = ["127.0.0.1:80", "[::1]:80", "./a"]', True),
        ('[programs.a]\ncommand = ["a"]\nlisten = ["localhost:80"]', False),
        ('[programs.a]\ncommand = ["a"]\nlisten = ["127.0.0.1:80", "127.0.0.1:080"]', False),
        (
            '[programs.a]\ncommand = ["a"]\nlisten = ["./x"]\n[programs.b]\ncommand = ["b"]\nlisten = ["./y/../x"]',
            False,
        ),
        (
            '[programs.a]\ncommand = ["a"]\nlisten = ["./x"]\n'
            '[programs.b]\ncommand = ["b"]\nlisten = ["./x"]\nenabled = false',
            True,
        ),
    ],
)
def test_configuration_is_refused_for_a_bad_or_repeated_address(tmp_path: Path, tables: str, is_valid: bool) -> None:
    path = tmp_path / "config.toml"
    path.write_text(tables)
    if is_valid:
        assert str(tmp_path.resolve()) in load(path).programs["a"].listen[-1]
    else:
        with pytest.raises(ConfigError, match=r"\[programs\.[ab]\] listen"):
            load(path)
