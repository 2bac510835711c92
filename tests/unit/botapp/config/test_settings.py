"""The bot's settings: a default for everything, one clear message for every mistake, a token that is never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from botapp.config import settings as config
from botapp.config import token as bot_token
from botapp.config.settings import ConfigError

CHANNEL = "channel_id = 5"
TWICE = '[[bot.live]] channel_id: channel 5 has a live message in language "%s" already; take this one out'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refused(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(file, {})
    message = str(caught.value)
    assert message.startswith((str(file), f"cannot open {file}"))
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


def test_everything_has_a_default(file: Path) -> None:
    file.write_text("")
    settings = config.load(file, {})
    assert (settings.language, settings.bot.prefix, settings.bot.live_channel_id) == ("id", "!", 0)
    assert settings.cache.flush_on_restart == "all"
    assert settings.state_dir == file.parent / "state" / "bot"
    assert settings.database_file == file.parent / "state" / "bot" / "shop.db"


def test_tables_of_the_supervisor_are_left_to_it(file: Path) -> None:
    file.write_text('[supervisor]\nstate_dir = "elsewhere"\nlater = 1\n[programs.bot]\nanything = true\n')
    assert config.load(file, {}).state_dir == file.parent / "elsewhere" / "bot"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lenguage = 'id'", "lenguage: unknown key; did you mean 'language'?"),
        ("[bot]\nprefiks = '!'", "[bot] prefiks: unknown key; did you mean 'prefix'?"),
        (
            "[supervisor]\n[cache]\nzzz = 1",
            "[cache] zzz: unknown key; expected one of flush_on_crash, flush_on_restart, max_bytes",
        ),
        ("[bot]\nprefix = 5", "[bot] prefix: expected a text in quotes, got a whole number; expected up to 10"),
        ("[bot]\nprefix = 'a b'", "[bot] prefix: "),
        ("[bot]\nadmin_ids = ['x']", "[bot] admin_ids: expected a whole number, got a text in quotes"),
        ("[bot]\nlive_channel_id = -1", "[bot] live_channel_id: expected a whole number >= 0"),
        ("bot = 3", "bot: expected a table, got a whole number"),
        ("language = 'fr'", 'language: invalid enum value \'fr\'; expected "id" or "en"'),
        ("[cache]\nflush_on_restart = 'some'", "[cache] flush_on_restart: invalid enum value 'some'; expected \"all\""),
        ("timezone = 'Mars/Base'", 'timezone: "Mars/Base" is not known; expected an IANA name'),
        ("[discord]\napi_base = 'discord.com'", '[discord] api_base: "discord.com" is not an address; expected'),
        ("[discord]\ngateway = 'ws://x:9999999/'", '[discord] gateway: "ws://x:9999999/" is not an address; expected'),
        ("[discord]\napi_base = 'http://x:port/'", '[discord] api_base: "http://x:port/" is not an address; expected'),
        ("[discord]\ngateway = 'http://x'", '[discord] gateway: "http://x" is not an address; expected'),
        (f"[[bot.live]]\n{CHANNEL}\n[[bot.live]]\n{CHANNEL}", TWICE % "id"),
        (f"[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}", TWICE % "id"),
        (f"language = 'en'\n[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}\nlanguage = 'en'", TWICE % "en"),
        (
            "".join(f"[[store.currency]]\nname = '{name}'\nshort = '{name}'\nvalue = 1\n" for name in "AB"),
            '[[store.currency]] value: "A" and "B" have value = 1; expected one base unit: give the other',
        ),
        ("[store.deposits]\nchannel_ids = [5]", "[store.deposits] webhook_ids: none is named"),
        ("[bot", "not valid TOML at line 1, column 5: "),
    ],
)
def test_a_mistake_is_one_message_with_place_cause_and_remedy(file: Path, text: str, expected: str) -> None:
    assert refused(file, text).startswith(expected)


def test_a_channel_may_have_a_live_message_in_each_language(file: Path) -> None:
    file.write_text(f"[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}\nlanguage = 'en'\n")
    assert len(config.load(file, {}).bot.live) == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"language = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8 text at byte 12; save it as UTF-8"):
        config.load(tmp_path / "config.toml", {})
    with pytest.raises(ConfigError, match=r"cannot open .*: Is a directory"):
        config.load(tmp_path, {})


def test_the_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home")}
    with pytest.raises(ConfigError, match="stocksup demo"):
        config.find(environ)
    at_home = tmp_path / "home/.config/stocksup/config.toml"
    at_home.parent.mkdir(parents=True)
    at_home.touch()
    assert config.find(environ) == at_home
    (tmp_path / "config.toml").touch()
    assert config.find(environ) == tmp_path / "config.toml"
    (tmp_path / "other.toml").touch()
    assert config.find({**environ, "STOCKSUP_CONFIG": "other.toml"}) == tmp_path / "other.toml"
    with pytest.raises(ConfigError, match=r"cannot open gone\.toml: there is no such file"):
        config.find({**environ, "STOCKSUP_CONFIG": "gone.toml"})


def test_the_environment_points_at_another_discord(file: Path) -> None:
    file.write_text("[discord]\napi_base = 'https://one.example/api/'\n")
    assert config.load(file, {}).discord.api_base == "https://one.example/api"
    environ = {"STOCKSUP_DISCORD_API": "http://127.0.0.1:1/api", "STOCKSUP_DISCORD_GATEWAY": "ws://127.0.0.1:1/g"}
    settings = config.load(file, environ)
    assert (settings.discord.api_base, settings.discord.gateway) == ("http://127.0.0.1:1/api", "ws://127.0.0.1:1/g")


def test_where_the_token_comes_from(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    settings = config.load(file, {})
    (file.parent / "token").write_text("from-file\n")
    (file.parent / "discord_token").write_text("from-systemd\n")
    environ = {"CREDENTIALS_DIRECTORY": str(file.parent)}
    assert bot_token.read_token(settings, {**environ, "DISCORD_TOKEN": " from-environment "}) == "from-environment"
    assert bot_token.read_token(settings, environ) == "from-file"
    file.write_text("")
    assert bot_token.read_token(config.load(file, {}), environ) == "from-systemd"


def test_the_credential_stands_in_for_a_file_that_only_root_may_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    (file.parent / "discord_token").write_text("from-systemd\n")
    settings, environ = config.load(file, {}), {"CREDENTIALS_DIRECTORY": str(file.parent)}
    with pytest.raises(ConfigError, match=r"stocksup init"):
        bot_token.read_token(settings, environ)  # a missing file is a mistake, and the credential does not hide it
    opened = Path.open

    def forbidden(path: Path, *words: Any, **named: Any) -> Any:
        if path.name == "token":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *words, **named)

    monkeypatch.setattr(Path, "open", forbidden)
    assert bot_token.read_token(settings, environ) == "from-systemd"
    with pytest.raises(ConfigError, match=r"Permission denied"):
        bot_token.read_token(settings, {})


def test_the_secrets_that_systemd_is_to_hand_over(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    assert bot_token.credentials(file) == {"discord_token": file.parent / "token"}
    for nothing in ("", "[discord]\n", "[discord]\ntoken_file = ''\n", "discord = 1\n"):
        file.write_text(nothing)
        assert bot_token.credentials(file) == {}


def test_no_token_names_what_to_do(file: Path) -> None:
    file.write_text("")
    with pytest.raises(ConfigError, match=r"stocksup init.*stocksup demo"):
        bot_token.read_token(config.load(file, {}), {"DISCORD_TOKEN": "  "})


@pytest.mark.parametrize("content", ["two words-of-a-secret", "two\nlines-of-a-secret", "", "s" * 600, "sécret"])
def test_what_is_no_token_is_refused_without_showing_it(file: Path, content: str) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    (file.parent / "token").write_text(content)
    with pytest.raises(ConfigError) as caught:
        bot_token.read_token(config.load(file, {}), {})
    assert "does not hold a token" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_token_file_that_others_can_read_is_noticed(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    settings = config.load(file, {})
    with pytest.raises(ConfigError, match=r"stocksup init"):
        bot_token.read_token(settings, {})
    assert bot_token.open_token_file(settings) is None
    token = file.parent / "token"
    token.write_text("x")
    token.chmod(0o600)
    assert bot_token.open_token_file(settings) is None
    token.chmod(0o644)
    assert bot_token.open_token_file(settings) == token
