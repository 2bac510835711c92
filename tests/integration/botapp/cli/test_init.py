"""`stocksup init` as people and scripts run it, before local Discords that are in the way in different ways."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from botapp.cli.init import discord_setup as guide
from botapp.cli.init.currency import PRESETS
from botapp.config import token as bot_token
from botapp.config.loading import load
from botapp.store.domain.money import Denomination
from tests.support import python_process
from tests.support.discord.bot_process import free_port
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.supervisor.terminal import PATIENCE_S, Terminal
from tests.support.texts.english import english_in

pytestmark = pytest.mark.sampled

#: looks like one of Discord's, so that a pattern that masks them would find it too
TOKEN: Final = "MTQwMDAwMDAwMDAwMDAwMDAwMg.GtEsTx.0123456789abcdefghijklmnopqrstuvwxyz_-"
ALL_BUT_THE_TOKEN: Final = (
    "--language", "en", "--timezone", "UTC", "--currency", "coin", "--member-name-label", "ID",
)  # fmt: skip
INVITE: Final = "https://discord.com/oauth2/authorize?client_id=1400000000000000002&scope=bot+applications.commands"


class Setup:
    """`stocksup init` in a directory of its own, with a home of its own."""

    def __init__(self, directory: Path, discord: DiscordControl) -> None:
        self.home = directory / "home"
        self.home.mkdir(parents=True)
        self.shop = directory / "shop"
        self.config = self.shop / "config.toml"
        self.token = self.shop / "token"
        self.discord = discord

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "supervisor.cli", "init", *words]

    def environ(self, **added: str) -> dict[str, str]:
        ours = ("STOCKSUP", "DISCORD", "LC_", "LANG", "XDG_", "TZ")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **inherited,
            "HOME": str(self.home),
            "LANG": "id_ID.UTF-8",
            "TERM": "xterm",
            "TZ": "Asia/Makassar",
            "PYTHONPATH": str(Path(__file__).resolve().parents[4]),
            "STOCKSUP_DISCORD_API": self.discord.api_base,
            **added,
        }

    def run(self, *words: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run it as a script does."""
        return python_process.run(
            "supervisor.cli", "init", "--non-interactive", "--directory", str(self.shop), *words,
            cwd=self.home, env=self.environ(**environ), input=typed, timeout_s=PATIENCE_S,
        )  # fmt: skip

    def terminal(self, *words: str, **environ: str) -> Terminal:
        """Run it as a person does."""
        return Terminal(self.command("--directory", str(self.shop), *words), self.environ(**environ), self.home)

    def assert_token_is_nowhere_else(self, *shown: str) -> None:
        """Make sure that the token is in its file and nowhere else."""
        for text in shown:
            assert TOKEN not in text
        for path in [*self.shop.rglob("*"), *self.home.rglob("*")]:
            if path.is_file() and path != self.token:
                assert TOKEN.encode() not in path.read_bytes(), path


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        # not as an argument: those of every process are searched for it
        control.faults(token=TOKEN)
        yield control


@pytest.fixture
def setup(tmp_path: Path, discord: DiscordControl) -> Setup:
    return Setup(tmp_path, discord)


def command_lines() -> str:
    """Return the arguments of all processes, as `ps` shows them."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended meanwhile
    return "\n".join(lines)


# --- on a terminal ---


def test_from_nothing_to_a_shop_in_indonesian(setup: Setup) -> None:
    setup.discord.faults(invited=False)
    with setup.terminal() as person:
        person.expect(r"Bahasa / Language .*\[id\]: ")
        person.type("")
        person.expect(r"Menyiapkan: .*config\.toml")
        person.expect(r"Zona waktu toko \[Asia/Makassar\]: ")
        person.type("jakrata")
        person.expect("Asia/Jakarta")
        person.expect(r"Zona waktu toko .*: ")
        person.type("WIB")
        person.expect(r"Mata uang \[Coin C 1\]: ")
        person.type("Permata P")
        person.expect(r"\[ID\]: ")
        person.type("")
        person.expect("Token: ")
        person.type("not a token")
        person.expect("bukan token")
        person.expect("Token: ")
        person.type("MTQw.wrong.token")
        person.expect("✗ Discord menolak token")
        person.expect("Token: ")
        person.type(TOKEN)
        person.expect("✓ Discord menerima token Toko Bot")
        assert INVITE in person.expect(r"https://discord\.com/oauth2/\S+")
        person.expect("menunggu sampai bot ada di sebuah server")
        assert TOKEN not in command_lines()
        setup.discord.faults(invited=True)
        person.expect("✓ Bot ada di: Toko Demo")
        person.expect(r"Berikutnya: stocksup --config \S+ start")
        assert person.wait() == 0
        shown = person.shown
    settings = load(setup.config, {})
    assert (settings.language, settings.timezone) == ("id", "Asia/Jakarta")
    assert (settings.store.currency, settings.store.member_name_label) == ((Denomination("Permata", "P", 1),), "ID")
    assert bot_token.read_token(settings, {}) == TOKEN
    assert (setup.token.stat().st_mode & 0o777, setup.shop.stat().st_mode & 0o777) == (0o600, 0o700)
    setup.assert_token_is_nowhere_else(shown)
    assert "MTQw.wrong.token" not in shown
    assert "Traceback" not in shown
    assert english_in(shown, INVITE, str(setup.shop), "Language", "New Application") == []
    assert english_in(setup.config.read_text(), "New Application", "Reset Token") == []


def test_in_english_and_what_is_given_is_not_asked(setup: Setup) -> None:
    with setup.terminal("--timezone", "Asia/Tokyo") as person:
        person.expect("Language")
        person.type("English")
        person.expect(r"Currency \[Coin C 1\]: ")
        person.type("a lot of money 0")
        person.expect("This is not a currency")
        person.expect(r"\[Coin C 1\]: ")
        person.type("growtopia")
        person.expect(r"\[GrowID\]: ")
        person.type("")
        person.expect("The token that you paste here is not shown")
        person.expect("Token: ")
        person.type(f'"Bot {TOKEN}"')
        person.expect("The bot is in: Toko Demo")
        person.expect("Next: stocksup .*start")
        assert person.wait() == 0
    settings = load(setup.config, {})
    assert settings.timezone == "Asia/Tokyo"
    assert (settings.store.currency, settings.store.member_name_label) == (PRESETS["growtopia"], "GrowID")
    assert "# Settings of your shop" in setup.config.read_text()


def test_an_interrupted_wait_keeps_what_was_done_and_says_how_to_go_on(setup: Setup) -> None:
    setup.discord.faults(invited=False)
    with setup.terminal(*ALL_BUT_THE_TOKEN) as person:
        person.expect("Token: ")
        person.type(TOKEN)
        person.expect("waiting until the bot is in a server")
        person.interrupt()
        person.expect("Your answers are saved. Open the link above, then continue with: stocksup .*start")
        assert person.wait() == 130
        assert "Traceback" not in person.shown
    assert bot_token.read_token(load(setup.config, {}), {}) == TOKEN


def test_an_interrupted_question_writes_nothing(setup: Setup) -> None:
    with setup.terminal() as person:
        person.expect(r"\[id\]: ")
        person.interrupt_until_end()
        assert person.wait() == 130
        assert "Traceback" not in person.shown
    assert not setup.shop.exists()


def test_a_token_that_is_reset_meanwhile_ends_the_wait(setup: Setup) -> None:
    setup.discord.faults(invited=False)
    with setup.terminal(*ALL_BUT_THE_TOKEN) as person:
        person.expect("Token: ")
        person.type(TOKEN)
        person.expect("waiting until the bot is in a server")
        setup.discord.faults(token="another")
        person.expect("it was reset meanwhile. Run stocksup init again")
        assert person.wait() == 1


def test_a_lost_network_is_waited_out(setup: Setup) -> None:
    setup.discord.faults(invited=False)
    with setup.terminal(*ALL_BUT_THE_TOKEN) as person:
        person.expect("Token: ")
        person.type(TOKEN)
        person.expect("waiting until the bot is in a server")
        setup.discord.faults({"path": "/users/@me/guilds", "status": 503, "times": 1}, invited=True)
        person.expect("Discord answered 503")
        person.expect("The bot is in: Toko Demo")
        assert person.wait() == 0


def test_the_wait_has_an_end(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.discord.faults(invited=False)
    monkeypatch.setattr(guide, "WAIT_LIMIT_S", 0.2)
    said: list[str] = []
    assert guide.wait_for_server(setup.discord.api_base, TOKEN, said.append) is None
    assert len(said) == 1


def test_an_intent_that_is_off_is_said_with_its_place(setup: Setup) -> None:
    setup.discord.faults(forbid_intents=["message_content"])
    done = setup.run("--language", "id", "--token-file", "-", typed=TOKEN)
    assert done.returncode == 0
    assert "https://discord.com/developers/applications/1400000000000000002/bot" in done.stdout
    assert "Message Content Intent masih mati" in done.stdout
    assert english_in(done.stdout, str(setup.shop)) == []


# --- again ---


def test_again_with_the_same_answers_changes_nothing(setup: Setup) -> None:
    assert setup.run("--language", "id", DISCORD_TOKEN=TOKEN).returncode == 0
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (setup.config, setup.token)}
    with setup.terminal() as person:
        person.expect("Language")
        person.type("")
        person.expect("File ini sudah ada")
        person.expect(r"\[Asia/Makassar\]: ")
        person.type("")
        person.expect("tetap pakai yang sekarang")
        person.type("")
        person.expect("✓ Konfigurasi tidak berubah")
        assert person.wait() == 0
    assert setup.run().returncode == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


def test_a_tilde_in_an_option_is_the_home(setup: Setup) -> None:
    (setup.home / "given").write_text(TOKEN)
    done = setup.run("--language", "en", "--token-file=~/given", "--directory=~/shop")
    assert done.returncode == 0, done.stderr
    assert (setup.home / "shop/token").read_text().strip() == TOKEN


def test_in_a_working_tree_of_git_the_token_is_ignored(setup: Setup) -> None:
    (setup.shop / ".git").mkdir(parents=True)
    ignore = setup.shop / ".gitignore"
    ignore.write_text("*.pyc")
    assert setup.run("--language", "en", DISCORD_TOKEN=TOKEN).returncode == 0
    assert ignore.read_text() == "*.pyc\n/token\n"
    assert setup.run(DISCORD_TOKEN=TOKEN).returncode == 0
    assert ignore.read_text() == "*.pyc\n/token\n"


def test_again_changes_only_what_is_asked(setup: Setup) -> None:
    setup.shop.mkdir()
    text = (
        "# mine\r\nlanguage = 'id' # for the members\r\ntimezone=\"Asia/Jakarta\"\r\nnews = [1,\r\n  2] # unknown\r\n"
        "[bot]\r\nadmin_ids = [ 1 , 2 ]\r\n[programs.relay] # later\r\ncommand = ['x']\r\n"
    )
    setup.config.write_bytes(text.encode())
    setup.config.chmod(0o640)
    done = setup.run("--language", "en", DISCORD_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    after = setup.config.read_bytes().decode()
    assert after.startswith(text.replace("'id'", '"en"'))
    assert after[len(text) :].split() == ["[discord]", "token_file", "=", '"token"']
    assert setup.config.stat().st_mode & 0o777 == 0o640
    assert set(setup.shop.iterdir()) == {setup.config, setup.token}
    # what the file holds besides is kept, and told of: `start` would refuse it
    assert "news: unknown key" in done.stdout


def test_a_new_token_and_a_named_token_file(setup: Setup) -> None:
    setup.shop.mkdir()
    (setup.shop / "secret").mkdir()
    kept = setup.shop / "secret" / "bot.token"
    kept.write_text("an-old-one\n")
    kept.chmod(0o644)
    setup.config.write_text('[discord]\ntoken_file = "secret/bot.token"\n')
    before = setup.config.read_text()
    assert setup.run(DISCORD_TOKEN=TOKEN).returncode == 0
    assert kept.read_text() == f"{TOKEN}\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert setup.config.read_text() == before
    assert not setup.token.exists()


def test_a_file_that_is_no_token_is_not_written_over(setup: Setup) -> None:
    setup.shop.mkdir()
    setup.token.write_text("a shopping list\n")
    done = setup.run("--language", "en", DISCORD_TOKEN=TOKEN)
    assert done.returncode == 78
    assert "does not contain a token; move it" in done.stderr
    assert setup.token.read_text() == "a shopping list\n"
    assert not setup.config.exists()


# --- by scripts ---


def test_the_place_is_the_one_that_commands_find(setup: Setup) -> None:
    words = ("--non-interactive", "--language", "en")
    done = subprocess.run(
        setup.command(*words), cwd=setup.home, env=setup.environ(DISCORD_TOKEN=TOKEN), capture_output=True, check=True
    )
    assert (setup.home / ".config/stocksup/config.toml").exists()
    assert b"Next: stocksup start " in done.stdout


@pytest.mark.parametrize("way", ["stdin", "file", "environment"])
def test_ways_to_hand_the_token_over(setup: Setup, way: str) -> None:
    handed = setup.home / "handed"
    handed.write_text(f"{TOKEN}\n")
    words, typed, environ = {
        "stdin": (("--token-file", "-"), TOKEN, {}),
        "file": (("--token-file", str(handed)), "", {}),
        "environment": ((), "", {"DISCORD_TOKEN": TOKEN}),
    }[way]
    done = setup.run("--language", "en", *words, typed=typed, **environ)
    assert done.returncode == 0, done.stderr
    assert setup.token.read_text() == f"{TOKEN}\n"
    handed.unlink()
    setup.assert_token_is_nowhere_else(done.stdout, done.stderr)


def test_one_usage_error_names_all_that_is_missing(setup: Setup) -> None:
    done = setup.run(LANG="en_US.UTF-8")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--language" in done.stderr
    assert "$DISCORD_TOKEN" in done.stderr
    assert not setup.shop.exists()
    as_default = setup.run()
    assert "membutuhkan" in as_default.stderr
    assert "--language" not in setup.run("--language", "en").stderr.partition(":")[2].partition("needs")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--timezone", "Mars/Olympus"), "unknown time zone"),
        (("--currency", "Diamond Lock DL 100"), "--currency: expected one of coin"),
        (("--member-name-label", " "), "--member-name-label"),
        (("--token-file", "-"), "no token in standard input"),
        (("--token-file", "/nowhere/token"), "cannot open /nowhere/token: there is no such file"),
    ],
)
def test_wrong_values_are_usage_errors(setup: Setup, words: tuple[str, ...], said: str) -> None:
    done = setup.run("--language", "en", *words, typed="two words")
    assert done.returncode == 2
    assert said in done.stderr
    assert "two words" not in done.stderr


def test_without_a_terminal_it_says_what_to_use(setup: Setup) -> None:
    done = subprocess.run(
        setup.command(), cwd=setup.home, env=setup.environ(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"--non-interactive" in done.stderr


def test_a_closed_standard_input_is_said_as_well(setup: Setup) -> None:
    for words, said in (((), "--non-interactive"), (("--token-file", "-"), "token")):
        done = subprocess.run(
            ["sh", "-c", 'exec "$0" "$@" <&-', *setup.command(*words)],
            cwd=setup.home,
            env=setup.environ(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_refused_token_is_a_failure_and_nothing_is_written(setup: Setup) -> None:
    setup.discord.faults(token="another")
    done = setup.run("--language", "en", DISCORD_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "Reset Token" in done.stderr
    assert "nothing was written" in done.stderr
    setup.assert_token_is_nowhere_else(done.stdout, done.stderr)
    assert not setup.shop.exists()


def test_an_unreachable_discord_is_a_failure_and_nothing_is_written(setup: Setup) -> None:
    address = f"http://127.0.0.1:{free_port()}/api/v10"
    done = setup.run("--language", "en", DISCORD_TOKEN=TOKEN, STOCKSUP_DISCORD_API=address)
    assert done.returncode == 1
    assert f"cannot reach Discord at {address}" in done.stderr
    setup.assert_token_is_nowhere_else(done.stdout, done.stderr)
    assert not setup.shop.exists()


def test_not_invited_and_not_waiting(setup: Setup) -> None:
    setup.discord.faults(invited=False)
    done = setup.run("--language", "en", "--no-wait", DISCORD_TOKEN=TOKEN)
    assert done.returncode == 0
    assert INVITE in done.stdout
    # what a member of a shop has, and no more: view, send, embed, read the history
    assert "permissions=93184" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [("[programs\n", "not valid TOML"), ("discord = 3\n", "[discord]: expected a table"), ("\udcff", "not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_left_alone(setup: Setup, text: str, said: str) -> None:
    setup.shop.mkdir()
    data = text.encode(errors="surrogateescape")
    setup.config.write_bytes(data)
    done = setup.run("--language", "en", DISCORD_TOKEN=TOKEN)
    assert done.returncode == 78
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert setup.config.read_bytes() == data
    assert not setup.token.exists()


def test_what_it_writes_starts(setup: Setup) -> None:
    assert setup.run("--language", "en", DISCORD_TOKEN=TOKEN).returncode == 0
    environ = setup.environ(STOCKSUP_DISCORD_GATEWAY=setup.discord.gateway)

    def stocksup(*words: str) -> subprocess.CompletedProcess[str]:
        words = ("--config", str(setup.config), *words)
        return python_process.run("supervisor.cli", *words, cwd=setup.home, env=environ, timeout_s=60)

    started = stocksup("start")
    try:
        assert started.returncode == 0, started.stderr
        setup.discord.wait_for_bot()
        again = setup.run()
        assert "stocksup" in again.stdout
        assert " restart " in again.stdout
        checked = stocksup("check")
        assert checked.returncode == 0, checked.stdout
    finally:
        stopped = stocksup("stop")
    assert stopped.returncode == 0
    setup.assert_token_is_nowhere_else(started.stdout, started.stderr, checked.stdout, stopped.stdout)


def test_the_currency_by_flags(setup: Setup) -> None:
    words = ("--currency", "World Lock WL, Diamond Lock DL = 100")
    assert setup.run("--language", "en", *words, DISCORD_TOKEN=TOKEN).returncode == 0
    store = load(setup.config, {}).store
    assert [(unit.short, unit.value) for unit in store.currency] == [("WL", 1), ("DL", 100)]
    again = setup.run(*words, "--member-name-label", "Nama", DISCORD_TOKEN=TOKEN)
    assert again.returncode == 0
    assert load(setup.config, {}).store.member_name_label == "Nama"
