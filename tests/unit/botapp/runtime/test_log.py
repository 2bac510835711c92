"""The log: one line per record, in the shop's time zone, secrets masked."""

from __future__ import annotations

import json
import logging
import sys
from zoneinfo import ZoneInfo

import pytest

from botapp.runtime import log
from botapp.runtime.log import JsonFormatter, LineFormatter


def line(
    message: str, *values: object, error: BaseException | None = None, kind: type[LineFormatter] = LineFormatter
) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("botapp", logging.WARNING, __file__, 1, message, values, info)
    record.created = 0.0
    return kind(ZoneInfo("Asia/Jakarta"), ("s3cret", "")).format(record)


def test_line_format() -> None:
    assert line("two\nlines %s", "here") == "1970-01-01T07:00:00+0700 WARNING two lines here"


def test_json_format() -> None:
    assert json.loads(line("two\nlines of s3cret %s", "✅", kind=JsonFormatter)) == {
        "time": "1970-01-01T07:00:00+0700",
        "level": "warning",
        "message": "two lines of *** ✅",
    }


def test_secrets_are_masked() -> None:
    assert "s3cret" not in line("token %s", "s3cret")
    assert line("postgresql://shop:%s@db/shop", "pass").endswith("postgresql://shop:***@db/shop")
    try:
        raise ValueError("POST /webhooks/123/aW50ZXJh.Y3Rpb24=/messages with s3cret")
    except ValueError as error:
        text = line("failed", error=error)
    assert "/webhooks/123/***/messages with ***" in text


def test_exception_names_its_place_in_the_same_line() -> None:
    try:
        int("x")
    except ValueError as error:
        text = line("cannot count", error=error)
    assert "\n" not in text
    assert "ValueError: invalid literal" in text
    assert f"test_log.py:{sys._getframe().f_lineno - 5} test_exception" in text


@pytest.mark.parametrize("library", ["discord.gateway", "alembic.runtime.migration"])
def test_libraries_log_warnings_only(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    log.configure("UTC", (), None)
    assert logging.getLogger(library).isEnabledFor(logging.WARNING)
    assert not logging.getLogger(library).isEnabledFor(logging.INFO)


def test_a_fault_that_lasts_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("botapp.runtime.log.monotonic_s", lambda: now_s)
    limit = log.RepetitionFilter()
    record = logging.LogRecord("botapp", logging.WARNING, __file__, 1, "cannot write %s", ("state",), None)
    assert [limit.filter(record) for _ in range(3)] == [True, False, False]
    now_s = 60.0
    assert limit.filter(record)
    assert LineFormatter(ZoneInfo("UTC"), ()).format(record).endswith("cannot write state (repeated: 2)")
    record.levelno = logging.INFO
    assert [limit.filter(record) for _ in range(2)] == [True, True]
