"""The lines of the bot's log that people look for, word for word."""

from __future__ import annotations

import ast
import re

from botapp import locale
from tests.support.python_process import ROOT

#: in the code's words and in Indonesian
WORD_FOR_WORD = {
    "🧹 Cleaning up before restart...": "🧹 Memulai pembersihan sebelum restart...",
    "✅ Cache system cleaned": "✅ Cache system dibersihkan",
    "✅ Stock state cleaned": "✅ Livestock state dibersihkan",
    "✅ Button state cleaned": "✅ Button state dibersihkan",
    "✅ Background tasks stopped": "✅ Background tasks dihentikan",
    "🎉 Clean-up before restart finished": "🎉 Pembersihan sebelum restart selesai",
    "❌ Stock error: %s": "❌ Livestock error: %s",
    "⚠️ Buttons are not healthy, stock will not be shown": (
        "⚠️ Button manager tidak sehat, livestock tidak akan ditampilkan"
    ),
    "✅ Stock is healthy again": "✅ Livestock kembali sehat",
}


def test_the_lines_that_people_look_for() -> None:
    locale.use("id")
    assert {text: locale._(text) for text in WORD_FOR_WORD} == WORD_FOR_WORD


def test_every_line_of_the_log_goes_through_the_catalogue() -> None:
    bare = []
    for path in (ROOT / "botapp").rglob("*.py"):
        if "local_discord" in path.parts:
            continue  # it stands for Discord, and logs for who works on the bot
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and node.args
                and ast.unparse(node.func).startswith(("log.", "_log."))
                and not ast.unparse(node.func).endswith(".debug")
                and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
            ):
                bare.append(ast.unparse(node.args[0]))
    bare = [one for one in bare if re.search("[a-z]", one.replace("%s", ""))]
    assert bare == ["'cache.%s removed=%d'"], "a line for programs; people's lines are wrapped in _()"
