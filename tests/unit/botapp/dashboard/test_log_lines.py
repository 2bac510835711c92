"""The filters of the log, and the lines that the page gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from botapp.dashboard.web.log_lines import InvalidFilter, LogFilter, build_command, parse_filter, read_line

CONFIG = Path("/x/config.toml")


def test_filters() -> None:
    assert parse_filter("", "", "") == LogFilter()
    assert parse_filter("bot", "error", "--json") == LogFilter("bot", "error", "--json")


@pytest.mark.parametrize(
    ("program", "level", "text"),
    [
        ("-f", "", ""),
        ("Bot", "", ""),
        ("a/b", "", ""),
        ("a" * 40, "", ""),
        ("", "loud", ""),
        ("", "", "x" * 101),
        ("", "", "\n"),
    ],
)
def test_other_filters_are_refused(program: str, level: str, text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(program, level, text)


def test_what_is_searched_for_is_a_text_and_no_pattern_or_option() -> None:
    words = build_command(CONFIG, LogFilter("bot", "error", "a+(b"), 5, follow=True)
    assert "--grep=(?i)a\\+\\(b" in words
    assert list(words[-2:]) == ["--", "bot"]


def test_secrets_are_masked() -> None:
    line = read_line(b'{"program": "relay", "line": "login with password=hunter2", "message": "password=hunter2"}')
    assert line == {"program": "relay", "line": "login with password=***", "message": "password=***"}
    assert read_line(b"not json password=a\n")["line"].startswith("not json password=***")
