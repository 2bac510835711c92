"""The difference between two configurations, and which programs must be restarted for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.cli.commands.reload import lines
from supervisor.config import diff as reloading
from supervisor.config.diff import Changes
from supervisor.config.settings import Cache, Logs, Program, Settings

BOT = Program(command=("bot",))
OLD = Settings(programs={"bot": BOT, "relay": Program(command=("relay",))})


def changes(new: Settings, *, seen: Settings = OLD, old: Settings = OLD) -> Changes:
    return reloading.compare(old, new, {"bot": seen, "relay": seen}, moved=False)


def with_bot(**fields: Any) -> Settings:
    return replace(OLD, programs={**OLD.programs, "bot": replace(BOT, **fields)})


NOTHING = Changes([], [], [], [])


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (OLD, NOTHING),
        # counts at once
        (with_bot(stop_timeout_s=3.0), NOTHING._replace(changed=["bot"])),
        (with_bot(check=("look",)), NOTHING._replace(changed=["bot"])),
        (replace(OLD, logs=Logs(keep=2)), NOTHING._replace(settings=["logs"])),
        (replace(OLD, cache=Cache(flush_on_crash="all")), NOTHING._replace(settings=["cache"])),
        # requires a restart
        (with_bot(env={"A": "1"}), NOTHING._replace(changed=["bot"], needs_restart=["bot"])),
        (replace(OLD, bot={"prefix": "?"}), NOTHING._replace(outdated=["bot"], needs_restart=["bot"])),
        (replace(OLD, discord={"gateway": "x"}), NOTHING._replace(outdated=["discord"], needs_restart=["bot"])),
        (replace(OLD, timezone="UTC"), NOTHING._replace(outdated=["timezone"], needs_restart=["bot"])),
        # both
        (replace(OLD, language="en"), Changes([], ["language"], ["language"], ["bot"])),
        (replace(OLD, logs=Logs(format="json")), Changes([], ["logs"], ["logs"], ["bot"])),
        (replace(OLD, cache=Cache(max_bytes=2**30)), Changes([], ["cache"], ["cache"], ["bot"])),
        # comes, goes
        (replace(OLD, programs={**OLD.programs, "new": BOT}), NOTHING._replace(changed=["new"])),
        (replace(OLD, programs={"bot": BOT}), NOTHING._replace(changed=["relay"])),
        (replace(OLD, programs={"bot": BOT, "relay": Program(enabled=False)}), NOTHING._replace(changed=["relay"])),
    ],
)  # fmt: skip
def test_differences(new: Settings, found: Changes) -> None:
    assert changes(new) == found


def test_a_life_that_is_behind_is_told_of_until_there_is_a_new_one() -> None:
    new = replace(OLD, store={"url": "x"})
    assert changes(new).needs_restart == ["bot"]
    assert changes(new, old=new).needs_restart == ["bot"]
    assert changes(new, old=new, seen=new) == NOTHING


def test_stopped_programs_need_no_restart() -> None:
    new = replace(with_bot(env={"A": "1"}), bot={"prefix": "?"})
    assert reloading.compare(OLD, new, {}, moved=False) == NOTHING._replace(changed=["bot"])


def test_new_state_directory_needs_a_new_supervisor() -> None:
    assert reloading.compare(OLD, OLD, {}, moved=True).needs_restart == ["supervisor"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (NOTHING, ["Nothing has changed in config.toml"]),
        (
            Changes(["relay", "bot"], ["language", "logs"], ["language", "discord"], ["bot"]),
            [
                "Applied: language, [logs], [programs.relay]",
                "bot still uses the old language, [discord], [programs.bot]. Next: stocksup restart bot",
            ],
        ),
        (
            Changes([], [], [], ["supervisor", "relay"]),
            [
                "[supervisor] state_dir: restore the old value, run stocksup stop, change it, run stocksup start",
                "relay still uses the old [programs.relay]. Next: stocksup restart relay",
            ],
        ),
    ],
)
def test_texts_of_reload(changes: Changes, expected: list[str]) -> None:
    assert lines(changes._asdict(), Path("config.toml")) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (NOTHING, "configuration reloaded; nothing changed"),
        (Changes(["relay"], ["logs"], [], []), "configuration reloaded; changed: logs, programs.relay"),
        (
            Changes([], ["language"], ["language"], ["bot"]),
            "configuration reloaded; changed: language; restart required: bot",
        ),
    ],
)
def test_log_line(changes: Changes, expected: str) -> None:
    assert reloading.describe(changes) == expected


def test_the_dashboard_reads_tables_of_its_own() -> None:
    dashboard = Program(command=("python", "-m", "botapp.dashboard"))
    old = replace(OLD, programs={**OLD.programs, "dashboard": dashboard}, dashboard={"enabled": True})
    lives = dict.fromkeys(("bot", "relay", "dashboard"), old)
    found = reloading.compare(old, replace(old, dashboard={"enabled": True, "retention_days": 9}), lives, moved=False)
    assert found == NOTHING._replace(outdated=["dashboard"], needs_restart=["dashboard"])
    found = reloading.compare(old, replace(old, store={"low_stock": 1}), lives, moved=False)
    assert found == NOTHING._replace(outdated=["store"], needs_restart=["bot", "dashboard"])
    found = reloading.compare(old, replace(old, bot={"prefix": "?"}), lives, moved=False)
    assert found == NOTHING._replace(outdated=["bot"], needs_restart=["bot"])
    foreign = {**OLD.programs, "dashboard": Program(command=("grafana",))}
    old, new = replace(OLD, programs=foreign), replace(OLD, programs=foreign, store={"low_stock": 1})
    assert reloading.compare(old, new, dict.fromkeys(lives, old), moved=False).needs_restart == ["bot"]
