"""Reading config.toml: where the file is searched for, and what is said about mistakes in it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

import supervisor.locale
from botapp.config.loading import load as load_for_bot
from botapp.config.token import credentials
from supervisor import configfile
from supervisor.config.loading import load
from supervisor.config.paths import state_dir_of
from supervisor.configfile import ConfigError, expand_home, find_config, find_zone_file, language_of, read_toml
from tests.support.texts.english import english_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def error_text(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    return str(caught.value).removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lenguage = 'id'", "lenguage: unknown key; did you mean 'language'?"),
        (
            "[programs.bot]\ndrain_timeout = 1",
            "[programs.bot] drain_timeout: unknown key; did you mean 'drain",
        ),
        ("[supervisor]\nzzz = 1", "[supervisor] zzz: unknown key; expected one of state_dir"),
        ("[programs.bot]\nready = 'link'", '[programs.bot] ready: "link" has a new name; write "notify"'),
        (
            "[programs.bot]\nready = 'soon'",
            "[programs.bot] ready: invalid value 'soon'; expected \"notify\" or a number",
        ),
        ("[programs.bot]\nready = []", "[programs.bot] ready: expected a number or a text in quotes, got a list"),
        (
            "[programs.bot]\nrestart = 'no'",
            '[programs.bot] restart: invalid value \'no\'; expected "always", "on-failure" or "never"',
        ),
        ("[programs.bot]\nstart_timeout_s = 0", "[programs.bot] start_timeout_s: expected a number > 0.0"),
        ("[programs.bot]\ncommand = ['a', 1]", "[programs.bot] command: expected a text in quotes, got a whole number"),
        ("[programs.bot.env]\nA = 1", "[programs.bot] env: expected a text in quotes, got a whole number"),
        ("programs = 1", "[programs]: expected tables such as [programs.bot]"),
        ("[programs]\nbot = 1", "[programs] bot: expected a table, got a whole number"),
        ("[supervisor]\nstate_dir = ''", "[supervisor] state_dir: expected a text that is not empty"),
        ("[alerts]\nurls = ['tgram']", '[alerts] urls: entry 1 is not a URL; expected one such as "tgram://…"'),
        ("[alerts]\nping_url = 'hc-ping.com/1'", "[alerts] ping_url: not a web address; expected one such as"),
        ("[alerts]\nping_url = 'file:///etc/passwd'", "[alerts] ping_url: not a web address; expected one such as"),
        (f"[alerts]\nurls = {['a://b'] * 11}", "[alerts] urls: expected a list of at most 10 entries"),
        (f"[alerts]\nurls = ['a://{'b' * 1000}']", "[alerts] urls: expected a text of at most 1000 characters"),
        ("timezone = 'Mars/Base'", 'timezone: unknown time zone "Mars/Base"; expected an IANA name'),
        ("[bot", "not valid TOML: line 1, column 5: the closing bracket of [a table] is missing"),
        ("[bot]\n[bot]\n", "not valid TOML: line 2, column 5: this table or key is defined twice"),
    ],
)
def test_error_texts(file: Path, text: str, expected: str) -> None:
    assert error_text(file, text).startswith(expected)


#: what a reader of TOML, Python or the system raises something other than an error of TOML for
HOSTILE = {
    "long number": f"[logs]\nkeep = {'9' * 4301}\n",
    "long hexadecimal number": f"[bot]\nadmin_ids = [0x{'f' * 5000}]\n",
    "number beyond 64 bits": f"[alerts]\ndisk_low_bytes = {2**63}\n",
    "deep list": f"[bot]\nadmin_ids = {'[' * 500}{']' * 500}\n",
    "deep list that TOML allows": f"[bot]\nadmin_ids = {'[' * 200}{']' * 200}\n",
    "deep key": f"{'.'.join('a' * 3000)} = 1\n",
    "deep tables": "".join(f"[{'.'.join('a' * depth)}]\n" for depth in range(1, 200)),
    "nan, which no two readings agree about": "[bot]\nprefix = nan\n",
    "infinite": "[logs]\nmax_age_days = 1e999\n",
    "zero byte in a path": '[supervisor]\nstate_dir = "a\\u0000b"\n',
    "long time zone": f"timezone = '{'x' * 300}'\n",
    "long time zone of many parts": f"timezone = '{'x/' * 3000}x'\n",
    "time zone outside": "timezone = '../../../etc/passwd'\n",
    "no time zone at all": "timezone = ''\n",
    "a file of the system's that is no time zone": "timezone = 'leapseconds'\n",
    "large": "#" * 2_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("read", [load, load_for_bot], ids=["supervisor", "bot"])
def test_what_no_reader_can_use_is_a_mistake_in_the_file(file: Path, read: Callable[[Path], object], text: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert len(message) < 400


def test_a_named_pipe_and_a_directory_are_refused_at_once(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="not a regular file"):
        load(file)
    with pytest.raises(ConfigError, match=r"cannot open .*: Is a directory"):
        load(file.parent)


def test_a_byte_order_mark_is_no_text(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbflanguage = 'en'\r\n")
    assert load(file).language == load_for_bot(file).language == language_of(file) == "en"


def test_a_key_changes_no_line_of_the_message(file: Path) -> None:
    assert error_text(file, f'"a\\n{"b" * 200}" = 1').splitlines() == [error_text(file, f'"a\\n{"b" * 200}" = 1')]
    assert len(error_text(file, f"{'b' * 2000} = 1")) < 200


def test_zones_of_the_system_and_of_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_zone_file("Asia/Jakarta") is not None
    monkeypatch.setattr(configfile, "_ZONES", tmp_path)
    found = find_zone_file("Asia/Jakarta")
    assert found is not None
    assert "tzdata" in found.parts
    (tmp_path / "Asia").mkdir()
    assert find_zone_file("Asia") is None


def test_a_tilde_in_every_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/sari")
    file.write_text(
        "[supervisor]\nstate_dir = '~/state'\n[discord]\ntoken_file = '~/token'\n"
        "[store.deposits]\nhttp_secret_file = '~/key'\n"
        "[programs.bot]\ncommand = ['~/bin/bot', '~']\ncheck = ['~/bin/check']\ncwd = '~'\n"
    )
    settings, of_bot = load(file), load_for_bot(file)
    bot = settings.programs["bot"]
    assert (bot.command, bot.check, bot.cwd) == (("/home/sari/bin/bot", "~"), ("/home/sari/bin/check",), "/home/sari")
    assert settings.supervisor.state_dir == of_bot.supervisor.state_dir == "/home/sari/state"
    assert state_dir_of(file) == Path("/home/sari/state")
    assert of_bot.discord.token_file == "/home/sari/token"
    assert of_bot.store.deposits.http_secret_file == "/home/sari/key"
    assert credentials(file) == {"discord_token": Path("/home/sari/token")}
    monkeypatch.setenv("STOCKSUP_CONFIG", "~/none.toml")
    with pytest.raises(ConfigError, match=r"/home/sari/none\.toml"):
        find_config()


def test_a_tilde_is_the_home_of_who_owns_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = pwd.getpwuid(os.getuid())
    file.touch()
    monkeypatch.setenv("HOME", "/home/of/another")
    monkeypatch.setattr(os, "geteuid", lambda: owner.pw_uid + 1)
    assert expand_home(file, "~/state") == f"{owner.pw_dir}/state"


@pytest.mark.parametrize("word", ["", "tgram", "tgram:/x", "://x", "tgram://", "tgram://a b", "1a://x"])
def test_invalid_alert_urls(file: Path, word: str) -> None:
    text = error_text(file, f"[alerts]\nurls = ['json://123:abc/77', '{word}']")
    assert text.startswith("[alerts] urls: entry 2 is not a URL")


@pytest.mark.parametrize(
    "text",
    [
        "[a\n",
        "a\n",
        "a = id\n",
        'a = "id\n',
        "a = [1\n",
        "a = 1\na = 1\n",
        "= 1\n",
        "a = {b = 1\n",
        'a = "\\q"\n',
        "a=1 b=2\n",
    ],
)
def test_syntax_errors_are_translated(file: Path, text: str) -> None:
    supervisor.locale.use("id")
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_toml(file)
    problem = str(caught.value).rpartition(": ")[2]
    assert english_in(problem) == []
    assert problem != supervisor.locale._("syntax error")


def test_files_that_cannot_be_read(file: Path) -> None:
    file.write_bytes(b"language = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8 text at byte 12; save it as UTF-8"):
        read_toml(file)
    with pytest.raises(ConfigError, match=r"cannot open .*: Is a directory"):
        read_toml(file.parent)


def test_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home")}
    with pytest.raises(ConfigError, match=r"stocksup init.*stocksup demo"):
        find_config(None, environ)
    at_home = tmp_path / "home/.config/stocksup/config.toml"
    at_home.parent.mkdir(parents=True)
    at_home.touch()
    assert find_config(None, environ) == at_home
    (tmp_path / "config.toml").touch()
    assert find_config(None, environ) == tmp_path / "config.toml"
    (tmp_path / "other.toml").touch()
    environ["STOCKSUP_CONFIG"] = "other.toml"
    assert find_config(None, environ) == tmp_path / "other.toml"
    assert find_config(Path("config.toml"), environ) == tmp_path / "config.toml"
    environ["STOCKSUP_CONFIG"] = "gone.toml"
    with pytest.raises(ConfigError, match=r"cannot open gone\.toml: there is no such file"):
        find_config(None, environ)


def test_language_of_the_configuration_or_the_terminal(file: Path) -> None:
    file.write_text("language = 'en'\n")
    assert language_of(file, {"LANG": "id_ID.UTF-8"}) == "en"
    file.write_text("language = en\n")
    assert (language_of(file, {"LANG": "id_ID.UTF-8"}), language_of(file, {"LANG": "en_US.UTF-8"})) == ("id", "en")
