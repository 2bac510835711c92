"""What reaches a terminal, and what a pipe."""

from __future__ import annotations

import io
import sys

import click
import pytest

from supervisor.cli.terminal.output import ERASE_LINE, TerminalStream, coloured, only_printable, verbatim, without_marks


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(text: str, stream: io.StringIO, *, has_colours: bool = True) -> str:
    TerminalStream(stream, has_colours=has_colours).write(text)
    return stream.getvalue()


def test_marks_become_sequences_on_a_terminal_only() -> None:
    text = f"{ERASE_LINE}{coloured('OK', 'green')} \x1b[31mred\x1b[0m"
    shown = r" \x1b[31mred\x1b[0m"
    assert written(text, Terminal()) == "\r\x1b[K\x1b[32mOK\x1b[0m" + shown
    assert written(text, Terminal(), has_colours=False) == "\r\x1b[KOK" + shown
    assert written(text, io.StringIO()) == "OK" + shown
    assert without_marks(coloured("OK", "cyan")) == "OK"


def test_text_of_a_stranger_contains_no_mark() -> None:
    number = ERASE_LINE.split(":")[0][1:]
    forged = ERASE_LINE.replace(number, "0" * len(number))
    assert "\x1b" not in written(forged, Terminal())


def test_long_lines_are_broken_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = f"  {coloured('✗', 'red')} {coloured('database', 'red')} cannot be opened\nshort\nthe rest"
    shown = without_marks(written(text, Terminal(), has_colours=False))
    assert shown == "  ✗ database cannot\n    be opened\nshort\nthe rest"
    assert written("word " * 9 + "\n", io.StringIO()) == "word " * 9 + "\n"
    assert written(f"{'x' * 30} y\n", Terminal()) == f"{'x' * 30}\ny\n"


def test_what_is_copied_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    command = "stocksup --config /home/eva/shop/config.toml status"
    for text in (f'{{"next": "{command}"}}', f'["{command}"]'):
        assert written(f"{text}\n", Terminal()) == f"{text}\n"
    assert written(f"{verbatim(command)}\n{verbatim(command)}", Terminal()) == f"{command}\n{command}"
    assert written(f"[bot] prefix: {command}\n", Terminal()).count("\n") > 1


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_way_to_print_leads_through_it(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw, errors = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, errors="replace"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(errors, encoding, errors="replace"))
    with only_printable():
        click.echo("a\x1b]0;b\x07", color=True)
        click.echo("a\x1b]0;b\x07", err=True, color=True)
        click.secho("a\x1b]0;b\x07", color=True)
        print("a\x1b]0;b\x07")
        sys.stdout.writelines(["a\x1b]0;b\x07"])
        sys.stderr.write("a\x1b]0;b\x07")
        sys.stdout.flush()
        sys.stderr.flush()
    for data in (raw.getvalue(), errors.getvalue()):
        assert b"\x1b" not in data
        assert b"\x07" not in data
        assert data.count(rb"a\x1b]0;b\x07") >= 2
