"""Where a setting comes from."""

from __future__ import annotations

import tomli

from supervisor.config.origins import find_lines, flatten, line_of, masked

TEXT = '''language = "en"  # a comment
note = """
prefix = "no key"
"""
[bot]
prefix = "?"
live.channel_id = 3

[[store.currency]]
name = "Coin"
[[store.currency]]
name = "Gem"

[programs."my-bot"]
env = { A = "b" }
'''


def test_lines() -> None:
    contents, lines = tomli.loads(TEXT), find_lines(TEXT)
    expected = {
        ("language",): 1,
        ("bot", "prefix"): 6,
        ("bot", "live", "channel_id"): 7,
        ("store", "currency"): 9,
        ("programs", "my-bot", "env"): 15,
        ("programs", "my-bot", "env", "A"): 15,
        ("prefix",): None,
        ("bot", "admin_ids"): None,
        ("logs", "keep"): None,
    }
    assert {key: line_of(key, contents, lines) for key in expected} == expected


def test_keys_of_nested_tables() -> None:
    tables = {"a": 1, "b": {"c": {"d": [1]}, "env": {"X": "y"}}}
    assert list(flatten(tables)) == [(("a",), 1), (("b", "c", "d"), [1]), (("b", "env"), {"X": "y"})]


def test_secrets_are_masked() -> None:
    assert masked(("alerts", "urls"), ("tgram://1:a/2",)) == ["***"]
    assert masked(("alerts", "ping_url"), "https://hc-ping.com/abc") == "***"
    assert masked(("alerts", "ping_url"), "") == ""
    assert masked(("programs", "bot", "env"), {"KEY": "a"}) == {"KEY": "***"}
    assert "hunter2" not in masked(("store", "url"), "postgresql://shop:hunter2@db/shop")
    assert "hunter2" not in str(masked(("programs", "x", "command"), ["x", "--password=hunter2"]))
    assert masked(("programs", "x", "check"), ["x", "--token", "hunter2", "-v"]) == ["x", "--token", "***", "-v"]
    assert masked(("bot", "admin_ids"), [1]) == [1]
