"""The bot's settings: defaults, one clear message for each mistake; the token is never shown."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from botapp.config import token as bot_token
from botapp.config.loading import load
from botapp.services.deposits.key import read_key
from supervisor.configfile import ConfigError, open_to_read

CHANNEL = "channel_id = 5"
TWICE = '[[bot.live]] channel_id: channel 5 already has a live message in language "%s"; remove this one'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refused(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    message = str(caught.value)
    assert message.startswith((str(file), f"cannot open {file}"))
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


def test_defaults(file: Path) -> None:
    file.write_text("")
    settings = load(file, {})
    assert (settings.language, settings.bot.prefix, settings.bot.live_channel_id) == ("id", "!", 0)
    assert settings.cache.flush_on_restart == "all"
    assert settings.state_dir == file.parent / "state" / "bot"
    assert settings.database_file == file.parent / "state" / "bot" / "shop.db"


def test_tables_of_the_supervisor_are_not_checked(file: Path) -> None:
    file.write_text('[supervisor]\nstate_dir = "elsewhere"\nlater = 1\n[programs.bot]\nanything = true\n')
    assert load(file, {}).state_dir == file.parent / "elsewhere" / "bot"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lenguage = 'id'", "lenguage: unknown key; did you mean 'language'?"),
        ("[bot]\nprefiks = '!'", "[bot] prefiks: unknown key; did you mean 'prefix'?"),
        (
            "[supervisor]\n[cache]\nzzz = 1",
            "[cache] zzz: unknown key; expected one of flush_on_crash, flush_on_restart, max_bytes",
        ),
        ("[bot]\nprefix = 5", "[bot] prefix: expected a text in quotes, got a whole number"),
        ("[bot]\nprefix = 'a b'", "[bot] prefix: expected a text without spaces"),
        ("[bot]\nadmin_ids = ['x']", "[bot] admin_ids: expected a whole number, got a text in quotes"),
        ("[dashboard]\nlisten = '8210'", '[dashboard] listen: "8210" is not an address; expected one such as'),
        ("[dashboard]\nlisten = '127.0.0.1:0'", "[dashboard] listen: "),
        ("[dashboard]\nlisten = '127.0.0.1:65536'", "[dashboard] listen: "),
        ("[dashboard]\nlisten = '[127.0.0.1]:80'", "[dashboard] listen: "),
        ("[dashboard]\nlisten = '0.0.0.0:8210'", "[dashboard] listen: others can reach 0.0.0.0:8210"),
        ("[dashboard]\npublic_url = 'shop.example.org'", '[dashboard] public_url: "shop.example.org" is not the'),
        ("[dashboard]\npublic_url = 'https://a.b/c'", '[dashboard] public_url: "https://a.b/c" is not the address'),
        ("[dashboard]\nretention_days = 0", "[dashboard] retention_days: expected a whole number >= 1"),
        ("[bot]\nlive_channel_id = -1", "[bot] live_channel_id: expected a whole number >= 0"),
        ("bot = 3", "bot: expected a table, got a whole number"),
        ("language = 'fr'", 'language: invalid value \'fr\'; expected "id" or "en"'),
        ("[cache]\nflush_on_restart = 'some'", "[cache] flush_on_restart: invalid value 'some'; expected \"all\", "),
        ("timezone = 'Mars/Base'", 'timezone: unknown time zone "Mars/Base"; expected an IANA name'),
        ("[discord]\napi_base = 'discord.com'", '[discord] api_base: "discord.com" is not a URL; expected'),
        ("[discord]\ngateway = 'ws://x:9999999/'", '[discord] gateway: "ws://x:9999999/" is not a URL; expected'),
        ("[discord]\napi_base = 'http://x:port/'", '[discord] api_base: "http://x:port/" is not a URL; expected'),
        ("[discord]\ngateway = 'http://x'", '[discord] gateway: "http://x" is not a URL; expected'),
        (f"[[bot.live]]\n{CHANNEL}\n[[bot.live]]\n{CHANNEL}", TWICE % "id"),
        (f"[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}", TWICE % "id"),
        (f"language = 'en'\n[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}\nlanguage = 'en'", TWICE % "en"),
        (
            "".join(f"[[store.currency]]\nname = '{name}'\nshort = '{name}'\nvalue = 1\n" for name in "AB"),
            '[[store.currency]] value: both "A" and "B" have value = 1; expected one base unit: give the other',
        ),
        (
            "[store.deposits]\nchannel_ids = [5]",
            "[store.deposits] webhook_ids: empty, so no deposit",
        ),
        ("[[bot.live]]\nchannel = 5", "[[bot.live]] channel: unknown key; did you mean 'channel_id'?"),
        ("[[bot.live]]", "[bot] live: the key channel_id is missing"),
        (
            "[store]\nhandle_name = 'ID'",
            "[store] handle_name: this key has a new name; rename it to 'member_name_l",
        ),
        (
            "[store.deposits]\nhandle_pattern = '.'",
            "[store.deposits] handle_pattern: this key has a new name; rename it to 'member_name_pattern'",
        ),
        ("[bot", "not valid TOML: line 1, column 5: "),
    ],
)
def test_error_texts(file: Path, text: str, expected: str) -> None:
    assert refused(file, text).startswith(expected)


def test_one_live_message_per_language_in_a_channel(file: Path) -> None:
    file.write_text(f"[bot]\nlive_{CHANNEL}\n[[bot.live]]\n{CHANNEL}\nlanguage = 'en'\n")
    assert len(load(file, {}).bot.live) == 1


def test_sockets_are_those_of_the_own_program(file: Path) -> None:
    file.write_text("[programs.bot]\nlisten = ['127.0.0.1:1']\n[programs.kopi]\nlisten = ['127.0.0.1:2']\n")
    assert load(file, {}).listen == ("127.0.0.1:1",)
    assert load(file, {"STOCKSUP_PROGRAM": "kopi"}).listen == ("127.0.0.1:2",)
    assert load(file, {"STOCKSUP_PROGRAM": "other"}).listen == ()
    with pytest.raises(ConfigError, match=r"http_secret_file is missing; \[programs.bot\] listen needs"):
        read_key(load(file, {}))
    file.write_text("[programs]\nbot = 3\n")  # the supervisor reports it
    assert load(file, {}).listen == ()
    assert read_key(load(file, {})) is None


def test_environment_overrides_discord_urls(file: Path) -> None:
    file.write_text("[discord]\napi_base = 'https://one.example/api/'\n")
    assert load(file, {}).discord.api_base == "https://one.example/api"
    environ = {"STOCKSUP_DISCORD_API": "http://127.0.0.1:1/api", "STOCKSUP_DISCORD_GATEWAY": "ws://127.0.0.1:1/g"}
    settings = load(file, environ)
    assert (settings.discord.api_base, settings.discord.gateway) == ("http://127.0.0.1:1/api", "ws://127.0.0.1:1/g")


def test_sources_of_the_token(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    settings = load(file, {})
    (file.parent / "token").write_text("from-file\n")
    (file.parent / "discord_token").write_text("from-systemd\n")
    environ = {"CREDENTIALS_DIRECTORY": str(file.parent)}
    assert bot_token.read_token(settings, {**environ, "DISCORD_TOKEN": " from-environment "}) == "from-environment"
    assert bot_token.read_token(settings, environ) == "from-file"
    file.write_text("")
    assert bot_token.read_token(load(file, {}), environ) == "from-systemd"


def test_credential_replaces_a_token_file_of_root(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    (file.parent / "discord_token").write_text("from-systemd\n")
    settings, environ = load(file, {}), {"CREDENTIALS_DIRECTORY": str(file.parent)}
    with pytest.raises(ConfigError, match=r"stocksup init"):
        bot_token.read_token(settings, environ)  # the credential does not hide a missing file

    def forbidden(path: Path) -> BinaryIO:
        if path.name == "token":
            raise PermissionError(13, "Permission denied", str(path))
        return open_to_read(path)

    monkeypatch.setattr("botapp.config.token.open_to_read", forbidden)
    assert bot_token.read_token(settings, environ) == "from-systemd"
    with pytest.raises(ConfigError, match=r"Permission denied"):
        bot_token.read_token(settings, {})


def test_credential_that_cannot_be_read_is_explained(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    (file.parent / "token").write_text("from-file\n")
    environ = {"CREDENTIALS_DIRECTORY": str(file.parent / "config.toml")}  # as if it were no directory
    # nothing needs it while the file can be read
    assert bot_token.read_token(load(file, {}), environ) == "from-file"
    file.write_text("")
    with pytest.raises(ConfigError, match=r"systemd credential .*Not a directory.*stocksup service install"):
        bot_token.read_token(load(file, {}), environ)

    def forbidden(path: Path, *words: object, **named: object) -> BinaryIO:
        raise PermissionError(13, "Permission denied", str(path))

    settings = load(file, {})
    monkeypatch.setattr("botapp.config.token.open_to_read", forbidden)
    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(ConfigError, match=r"systemd credential .*Permission denied"):
        bot_token.read_token(settings, {"CREDENTIALS_DIRECTORY": "/run/credentials/toko.service"})


def test_a_url_with_a_password_is_not_shown(file: Path) -> None:
    file.write_text("[discord]\napi_base = 'https://shop:SECRET@host:99999/api'\n")
    with pytest.raises(ConfigError, match="api_base") as caught:
        load(file, {})
    assert "SECRET" not in str(caught.value)


def test_credentials_for_systemd(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    assert bot_token.credentials(file) == {"discord_token": file.parent / "token"}
    for nothing in ("", "[discord]\n", "[discord]\ntoken_file = ''\n", "discord = 1\n"):
        file.write_text(nothing)
        assert bot_token.credentials(file) == {}


def test_missing_token_names_the_remedy(file: Path) -> None:
    file.write_text("")
    with pytest.raises(ConfigError, match=r"stocksup init.*stocksup demo"):
        bot_token.read_token(load(file, {}), {"DISCORD_TOKEN": "  "})


@pytest.mark.parametrize("content", ["two words-of-a-secret", "two\nlines-of-a-secret", "", "s" * 600, "sécret"])
def test_invalid_token_is_refused_and_not_shown(file: Path, content: str) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    (file.parent / "token").write_text(content)
    with pytest.raises(ConfigError) as caught:
        bot_token.read_token(load(file, {}), {})
    assert "does not contain a token" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_token_file_readable_by_others(file: Path) -> None:
    file.write_text("[discord]\ntoken_file = 'token'\n")
    settings = load(file, {})
    with pytest.raises(ConfigError, match=r"stocksup init"):
        bot_token.read_token(settings, {})
    assert bot_token.open_token_file(settings) is None
    token = file.parent / "token"
    token.write_text("x")
    token.chmod(0o600)
    assert bot_token.open_token_file(settings) is None
    token.chmod(0o644)
    assert bot_token.open_token_file(settings) == token


def test_the_address_of_the_dashboard(file: Path) -> None:
    file.write_text('[dashboard]\nlisten = "[::1]:8300"\n')
    local = load(file, {}).dashboard
    assert (local.host, local.port, local.url, local.is_secure) == ("::1", 8300, "http://[::1]:8300", False)
    file.write_text('[dashboard]\nlisten = "0.0.0.0:8300"\npublic_url = "https://shop.example.org/"\n')
    public = load(file, {}).dashboard
    assert (public.host, public.url, public.is_secure) == ("0.0.0.0", "https://shop.example.org", True)
