"""The token where the service's user may not read the token file: with real rights, as another user if we are root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from botapp.config import token as bot_token
from botapp.config.loading import load
from supervisor.configfile import ConfigError

#: a user who owns nothing
NOBODY = 65534


@pytest.fixture
def shop() -> Iterator[Path]:
    # not below pytest's own directory, which no other user may read
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "config.toml").write_text("[discord]\ntoken_file = 'token'\n")
        (directory / "token").write_text("from-file\n")
        (directory / "token").chmod(0o600 if os.geteuid() == 0 else 0)
        credentials = directory / "credentials"
        credentials.mkdir()
        (credentials / "discord_token").write_text("from-systemd\n")
        for path in (directory, credentials):
            path.chmod(0o755)
        (credentials / "discord_token").chmod(0o644)
        yield directory


def as_user(act: Callable[[], str]) -> str:
    """Return what `act` returns, or the message of its ConfigError, done by a process without root's rights."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            said = act()
        except ConfigError as error:
            said = str(error)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        said = file.read().decode()
    assert os.waitpid(pid, 0)[1] == 0
    return said


def test_the_credential_counts_where_the_file_is_forbidden(shop: Path) -> None:
    settings = load(shop / "config.toml", {})
    environ = {"CREDENTIALS_DIRECTORY": str(shop / "credentials")}
    assert as_user(lambda: bot_token.read_token(settings, environ)) == "from-systemd"
    assert "Permission denied" in as_user(lambda: bot_token.read_token(settings, {}))


def test_a_file_that_may_be_read_goes_first(shop: Path) -> None:
    (shop / "token").chmod(0o644)
    settings = load(shop / "config.toml", {})
    environ = {"CREDENTIALS_DIRECTORY": str(shop / "credentials")}
    assert as_user(lambda: bot_token.read_token(settings, environ)) == "from-file"


def test_a_token_of_root_is_told_from_one_with_wrong_rights(shop: Path) -> None:
    def refused() -> str:
        try:
            return bot_token.read_token(load(shop / "config.toml", {}), {})
        except ConfigError as error:
            return type(error).__name__

    if os.geteuid() == 0:
        assert as_user(refused) == "TokenFileOfRoot"
        os.chown(shop / "token", NOBODY, NOBODY)
    (shop / "token").chmod(0)
    assert as_user(refused) == "ConfigError"
