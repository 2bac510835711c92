"""The body of a deposit report: what is read, and what the sender is told."""

from __future__ import annotations

import json

import pytest

from botapp.services.deposits.report import BadReport, DepositReport, parse_report

REPORT = {"id": "tx-1", "handle": "Budi", "amount": 5}


def test_a_report_is_read() -> None:
    assert parse_report(json.dumps(REPORT).encode()) == DepositReport("tx-1", "Budi", 5)
    assert parse_report(json.dumps({**REPORT, "amount": "1 DL"}).encode()).amount == "1 DL"
    assert parse_report(json.dumps({**REPORT, "amount": -(10**50)}).encode()).amount == -(10**50)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 4000, "not JSON"),
        (b"[]", "not an object"),
        (b'{"id": "a", "handle": "b", "amount": 1, "amount": 100}', 'the key "amount" occurs twice'),
        (b'{"id": {"a": 1, "a": 2}, "handle": "b", "amount": 1}', 'the key "a" occurs twice'),
        (b'{"id": "a", "handle": "b", "amount": 1, "more": 1}', 'unknown key "more"'),
        (b'{"' + b"x" * 2000 + b'": 1}', "unknown key"),
        (b'{"id": "a", "handle": "b"}', "amount is missing"),
        (b'{"id": 5, "handle": "b", "amount": 1}', "id must be 1 to 100 printable"),
        (b'{"id": "a", "handle": "", "amount": 1}', "handle must be a text"),
        (b'{"id": "a", "handle": "\\ud800", "amount": 1}', "handle must be a text"),
        (b'{"id": "a", "handle": "b", "amount": 1.5}', "amount must be a whole number"),
        (b'{"id": "a", "handle": "b", "amount": 1e2}', "amount must be a whole number"),
        (b'{"id": "a", "handle": "b", "amount": NaN}', "amount must be a whole number"),
        (b'{"id": "a", "handle": "b", "amount": true}', "amount must be a whole number"),
    ],
)
def test_a_wrong_report_is_told_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(BadReport, match=message) as refused:
        parse_report(body)
    assert len(str(refused.value)) < 120
