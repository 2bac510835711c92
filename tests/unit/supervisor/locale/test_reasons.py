"""The texts of reasons and log lines: every code has one, and clients render them in their own language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from supervisor import locale
from supervisor.lifecycle.effects import LogLine
from supervisor.lifecycle.model import ExitStatus, Phases, Reason, RestartReport, text_reason
from supervisor.locale import reasons

SOURCES = sorted((Path(__file__).resolve().parents[4] / "supervisor").rglob("*.py"))
HUNG = Reason("hung", {"time_s": 30.0})
REPORT = RestartReport(
    program="bot",
    from_life=1,
    to_life=None,
    ok=False,
    reason=HUNG,
    requested_by="supervisor",
    at=1.0,
    phases=Phases(),
    downtime_s=None,
    error=Reason("start_failed", {"problem": Reason("crash_limit", {"count": 4, "time_s": 2.5, "reason": HUNG})}),
)


@pytest.fixture
def indonesian() -> Iterator[None]:
    locale.use("id")
    yield
    locale.use("en")


def _calls() -> Iterator[ast.Call]:
    """Yield the calls that make a `Reason` or a `LogLine`."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Reason", "LogLine"):
                yield node


def _constants() -> set[str]:
    return {
        node.value
        for path in SOURCES
        if path.name != "reasons.py"
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_has_a_template_with_its_parameters() -> None:
    templates = {"Reason": reasons.REASONS, "LogLine": reasons.LOG_LINES}
    for call in _calls():
        assert isinstance(call.func, ast.Name)
        code, *params = call.args[call.func.id == "LogLine" :]
        if not isinstance(code, ast.Constant):
            continue  # one of FATAL_CODES
        assert isinstance(code.value, str)
        template = templates[call.func.id][code.value]
        if params and isinstance(params[0], ast.Dict):
            given = {str(key.value) for key in params[0].keys if isinstance(key, ast.Constant)}
            assert all(f"%({name})s" in template for name in given), f"{code.value!r} does not use {given}"
            assert template.count("%(") == len(given), f"{code.value!r} needs more than {given}"


def test_every_template_has_a_code_that_uses_it() -> None:
    assert {*reasons.REASONS, *reasons.LOG_LINES} <= _constants()
    assert not set(reasons.REASONS) & set(reasons.LOG_LINES)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (text_reason("new prices"), "new prices"),
        (HUNG, "no heartbeat for 30 s"),
        (ExitStatus(1, 3).as_reason(), "exit 3"),
        (ExitStatus(1).as_reason(), "exit unknown"),
        (ExitStatus(1, None, "SIGKILL", text_reason("out of memory")).as_reason(), "signal SIGKILL: out of memory"),
        (Reason("crash", {"exit": Reason("exit", {"code": 1})}), "crash (exit 1)"),
        (LogLine("warning", "killed", {"life": 3, "reason": HUNG}), "process 3: killed (no heartbeat for 30 s)"),
        (Reason("memory", {"used_mib": 65, "limit_mib": 64}), "uses 65 MiB of memory; memory_max is 64 MiB"),
    ],
)
def test_a_code_is_rendered_with_its_parameters(reason: Reason | LogLine, text: str) -> None:
    assert reasons.describe(reason) == text
    assert reasons.describe(msgspec.to_builtins(reason)) == text


@pytest.mark.usefixtures("indonesian")
def test_numbers_and_system_errors_follow_the_language() -> None:
    assert "2,5" in reasons.describe(Reason("flush_timeout", {"time_s": 2.5}))
    full = Reason("os_error", {"path": "/srv", "os_error": "No space left on device"})
    assert "No space" not in reasons.describe(full)


def test_own_words_have_no_code() -> None:
    fields = reasons.reason_fields(text_reason("new prices"))
    assert fields == {"reason": "new prices", "reason_code": None, "reason_params": {}}
    assert reasons.reason_fields(None) == {"reason": None, "reason_code": None, "reason_params": {}}


def test_a_client_renders_reasons_in_its_own_language(indonesian: None) -> None:
    locale.use("en")
    shown = reasons.report_fields(msgspec.to_builtins(REPORT))
    assert (shown["reason"], shown["reason_code"], shown["error"]) == ("no heartbeat for 30 s", "hung", "start_failed")
    locale.use("id")
    own = reasons.localize({"reports": [shown]})["reports"][0]
    assert own["reason"] != shown["reason"]
    assert own["problem"] == reasons.describe(msgspec.to_builtins(REPORT.error))
    assert "2,5" in own["problem"]


def test_an_unknown_code_keeps_the_text_of_the_supervisor() -> None:
    message = {"reason": "moon phase", "reason_code": "moon", "reason_params": {}}
    assert reasons.localize(message) == message


def test_what_a_check_wrote_is_sent_once() -> None:
    error = Reason("check_failed", {"problem": text_reason("SyntaxError"), "code": 78})
    shown = reasons.report_fields(msgspec.to_builtins(msgspec.structs.replace(REPORT, error=error)))
    assert (shown["error"], shown["error_params"], shown["problem"]) == ("check_failed", {"code": 78}, "SyntaxError")
    assert reasons.localize(shown) == shown
