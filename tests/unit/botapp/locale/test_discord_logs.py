"""What discord.py and the reader of TOML say in English is said in the language in use."""

from __future__ import annotations

import ast
import logging
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import discord
import pytest
import tomli

import supervisor.locale
from botapp import locale
from botapp.locale import discord_logs as discord_words
from botapp.locale import toml_errors as toml_words
from botapp.runtime.log import OneLine
from supervisor.locale import third_party as foreign
from tests.support.texts.english import english_in

DISCORD = Path(discord.__file__).parent
#: what only a bot that speaks says
VOICE = ("player.py", "voice_state.py", "voice_client.py", "opus.py")
#: what this bot does not use, or hears of only while it is written
UNUSED = (
    "PyNaCl is not installed",
    "davey is not installed",
    "Clock drift detected",
    "GUILD_SOUNDBOARD",
    "Shard ID %s voice heartbeat",
    "High socket latency",
)


@pytest.fixture(autouse=True)
def indonesian() -> None:
    locale.use("id")
    supervisor.locale.use("id")


def forms() -> set[str]:
    """Return the forms of all warnings and errors that discord.py logs, as its code has them."""
    found = set()
    for path in DISCORD.rglob("*.py"):
        if path.name in VOICE or path.parts[-2:] == ("webhook", "sync.py"):
            continue
        nodes = list(ast.walk(ast.parse(path.read_text())))
        for node in nodes:
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log.") and node.args):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("warning", "error", "exception", "critical"):
                first = node.args[0]
                found.add(first.value if isinstance(first, ast.Constant) else named(nodes, first))
    return {form for form in found if isinstance(form, str) and form and not form.startswith(UNUSED)}


def named(nodes: list[ast.AST], name: ast.expr) -> str:
    """Return the text that was last given to `name` before it is used; "" for none."""
    texts = [
        (node.lineno, node.value.value)
        for node in nodes
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and ast.unparse(name) in map(ast.unparse, node.targets if isinstance(node, ast.Assign) else [node.target])
        and node.lineno < name.lineno
    ]
    return str(max(texts)[1]) if texts else ""


def line(form: str, *values: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("discord.client", logging.ERROR, __file__, 1, form, values, info)
    return OneLine(ZoneInfo("Asia/Jakarta"), ()).format(record)[25:]


def test_every_line_of_discord_py_is_known() -> None:
    there = forms()
    assert "Attempting a reconnect in %.2fs" in there
    assert there - set(discord_words._LINES) == set(), "discord.py says more than botapp/locale/discord_logs.py knows"


def test_all_that_is_known_is_said_in_indonesian() -> None:
    for form, (_words, names) in discord_words._LINES.items():
        said = discord_words.said(form, tuple(1.5 for _name in names))
        assert said, form
        assert english_in(said) == [], form


def test_a_lost_connection_is_told_without_an_english_word() -> None:
    said = line("Attempting a reconnect in %.2fs", 2.345, error=ConnectionResetError(104, "Connection reset by peer"))
    assert said == "ERROR   koneksi ke Discord terputus; dicoba lagi dalam 2.3 s: koneksinya terputus"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aiohttp.ClientOSError(None, "Can not write request body for http://x"), "koneksinya terputus"),
        (aiohttp.ServerDisconnectedError(), "koneksinya terputus"),
        (BrokenPipeError(32, "Broken pipe"), "koneksinya terputus"),
        (ConnectionRefusedError(111, "Connection refused"), "tidak ada yang menjawab di sana"),
        (TimeoutError(), "tidak ada jawaban pada waktunya"),
        (aiohttp.ClientError("odd"), "koneksinya gagal (odd)"),
    ],
)
def test_what_comes_between_us_and_discord(error: Exception, said: str) -> None:
    assert discord_words.problem(error) == said


def test_a_fault_that_is_no_network_s_is_not_explained_away() -> None:
    assert discord_words.problem(KeyError("code")) is None


def test_a_fault_of_ours_keeps_its_kind_and_place() -> None:
    try:
        open("/nowhere/at/all").close()
    except OSError as error:
        said = line("Ignoring exception in %s", "on_message", error=error)
    assert said.startswith("ERROR   ada kesalahan di on_message; bot tetap jalan: FileNotFoundError: ")
    assert "test_discord_logs.py:" in said


def test_a_blocked_loop_names_its_place() -> None:
    stack = '  File "/srv/toko/bot.py", line 7, in slow\n    100 % 7\n'
    form = f"Shard ID %s heartbeat blocked for more than %s seconds.\nLoop thread traceback:\n{stack}"
    assert line(form, None, 10).endswith("selama 10 s; Discord bisa memutus koneksi [bot.py:7 slow]")


def test_what_is_not_known_stays_as_it_is() -> None:
    assert line("Something new: %s", "x") == "ERROR   Something new: x"
    assert line("Attempting a reconnect in %s after %s", 1, 2) == "ERROR   Attempting a reconnect in 1 after 2"
    assert line("Unknown OP code %s.", 12).endswith("(op 12)")


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
def test_bot_and_supervisor_say_the_same_of_a_file_that_is_no_toml(text: str) -> None:
    with pytest.raises(tomli.TOMLDecodeError) as caught:
        tomli.loads(text)
    said = toml_words.problem(caught.value.msg)
    assert foreign.of_toml(caught.value).endswith(": " + said)
    assert english_in(said) == []
    assert said != "bagian ini tidak dapat dimengerti"
