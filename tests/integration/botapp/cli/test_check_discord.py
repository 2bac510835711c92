"""`stocksup check` before local Discords in which one thing is wrong each: another remedy for each of them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botapp.discord_api import permissions
from botapp.local_discord.ids import ADMIN_CHANNEL_ID, ADMIN_ID, GUILD_ID, LIVE_CHANNEL_ID
from botapp.runtime import state_file as state
from tests.support import python_process
from tests.support.discord.bot_process import free_port, write_config
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.texts.english import english_in

#: looks like one of Discord's
TOKEN = "MTQwMDAwMDAwMDAwMDAwMDAwMg.GtEsTx.0123456789abcdefghijklmnopqrstuvwxyz_-"
#: the other half of what stands in an address is no word
LINK = "scope=bot+applications.commands"
#: the names that Discord has for them stand beside the Indonesian ones
NAMES = tuple(permissions.REQUIRED.values())
#: the bot's own check, which takes a process of its own, is tried once
NO_CHECK = '[programs.bot]\ncommand = ["python", "-m", "botapp"]\n'
#: nothing here takes long; what takes this long hangs
PATIENCE_S = 60.0

Findings = dict[str, dict[str, Any]]


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        control.faults(token=TOKEN)
        yield control


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_config(tmp_path / "shop", NO_CHECK, channel_id=LIVE_CHANNEL_ID, token=TOKEN)
    (tmp_path / "shop").chmod(0o700)
    return tmp_path / "shop"


def run(place: Path, api_base: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `stocksup check` on the configuration in `place`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
    environ = {**inherited, "STOCKSUP_DISCORD_API": api_base, "STOCKSUP_CONFIG": str(place / "config.toml")}
    done = python_process.run("supervisor.cli", "check", *words, env=environ, timeout_s=PATIENCE_S)
    assert TOKEN not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done


def look(place: Path, discord: DiscordControl | str, *, code: int) -> Findings:
    """Return the findings by id; there is no English in them."""
    done = run(place, discord if isinstance(discord, str) else discord.api_base, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == code, done.stdout
    assert told["ok"] is (code == 0)
    said = "\n".join(f"{one['name']}: {one['problem']}" for one in told["checks"])
    assert english_in(said, str(place), LINK, *NAMES) == []
    return {one["id"]: one for one in told["checks"]}


def wrong(findings: Findings) -> dict[str, str]:
    """Return what is wrong; whether a machine has systemd is not the matter here."""
    return {id: one["problem"] for id, one in findings.items() if one["problem"] and id != "unit"}


def test_all_is_well(discord: DiscordControl, place: Path) -> None:
    write_config(place, channel_id=LIVE_CHANNEL_ID, token=TOKEN)
    findings = look(place, discord, code=0)
    assert wrong(findings) == {}
    expected = {"token", "discord", "intent", "sessions", "servers", "live_channel", "clock", "database"}
    assert set(findings) >= expected
    assert "Toko Demo" in findings["servers"]["name"]
    assert "#toko" in findings["live_channel"]["name"]
    lines = run(place, discord.api_base).stdout.splitlines()
    assert len(lines) == len(findings)
    assert all(line[0] in "✓⚠" for line in lines)


def test_a_refused_token(discord: DiscordControl, place: Path) -> None:
    discord.faults(token="another")
    problems = wrong(look(place, discord, code=1))
    assert list(problems) == ["discord"]
    assert "Reset Token" in problems["discord"]
    assert "stocksup init" in problems["discord"]


def test_an_intent_that_is_off(discord: DiscordControl, place: Path) -> None:
    discord.faults(forbid_intents=["message_content"])
    problems = wrong(look(place, discord, code=1))
    assert list(problems) == ["intent"]
    assert "https://discord.com/developers/applications/1400000000000000002/bot" in problems["intent"]


def test_what_keeps_restarts_from_handing_over(discord: DiscordControl, place: Path) -> None:
    discord.faults(identifies_left=5)
    state.change(
        place / "state" / "bot" / "state.json", events_missed_at_s=time.time() - 3 * 3600, database_created=True
    )
    problems = wrong(look(place, discord, code=0))
    assert set(problems) == {"sessions", "handover"}
    assert " 5 " in problems["sessions"]
    assert "(3 " in problems["handover"]


def test_not_invited(discord: DiscordControl, place: Path) -> None:
    discord.faults(invited=False)
    problems = wrong(look(place, discord, code=1))
    assert list(problems) == ["servers"]
    assert "permissions=93184" in problems["servers"]


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        (["embed_links"], ["Embed Links"]),
        (["send_messages", "read_message_history"], ["Send Messages", "Read Message History"]),
        # a channel that the bot may not even see is found by its server's list
        (["view_channel", "send_messages"], ["View Channel", "Send Messages"]),
    ],
)
def test_permissions_that_are_missing_in_the_channel(
    discord: DiscordControl, place: Path, denied: list[str], named: list[str]
) -> None:
    discord.deny(*denied)
    problems = wrong(look(place, discord, code=1))
    assert list(problems) == ["live_channel"]
    assert [name for name in NAMES if name in problems["live_channel"]] == named
    assert "#toko" in problems["live_channel"]


def test_a_channel_that_is_not_there_and_one_that_is_not_chosen(discord: DiscordControl, place: Path) -> None:
    write_config(place, NO_CHECK, channel_id=123, token=TOKEN)
    assert "123" in wrong(look(place, discord, code=1))["live_channel"]
    write_config(place, NO_CHECK, channel_id=0, token=TOKEN)
    findings = look(place, discord, code=0)
    assert findings["live_channel"]["level"] == "warning"
    assert "/setup" in findings["live_channel"]["problem"]
    state.change(place / "state" / "bot" / "state.json", live_channel_id=ADMIN_CHANNEL_ID)
    (place / "state").chmod(0o700)
    assert "#admin" in look(place, discord, code=0)["live_channel"]["name"]
    # the bot recreates a damaged file from its copy
    (place / "state" / "bot" / "state.json").write_text("{half")
    findings = look(place, discord, code=0)
    assert "#admin" in findings["live_channel"]["name"]
    assert (findings["state_file"]["level"], "state.json" in findings["state_file"]["problem"]) == ("warning", True)
    state.load(place / "state" / "bot" / "state.json")
    assert "state.json.damaged" in look(place, discord, code=0)["state_file"]["problem"]


@pytest.mark.parametrize(("offset_s", "said"), [(-8, "lebih cepat 8 detik"), (9, "lebih lambat 9 detik"), (3, None)])
def test_the_clock(discord: DiscordControl, place: Path, offset_s: float, said: str | None) -> None:
    discord.faults(clock_offset_s=offset_s)
    clock = look(place, discord, code=0)["clock"]
    if said is None:
        assert clock["problem"] is None
    else:
        # a second more or less lies between two looks at the clock
        number = said.split()[2]
        assert clock["level"] == "warning"
        assert any(said.replace(number, str(int(number) + more)) in clock["problem"] for more in (-1, 0, 1))
        assert "timedatectl" in clock["problem"]


def test_without_a_network(place: Path) -> None:
    findings = look(place, f"http://127.0.0.1:{free_port()}/api/v10", code=1)
    assert list(wrong(findings)) == ["discord"]
    assert "tidak bisa dijangkau" in findings["discord"]["problem"]
    assert {"token", "database", "socket", "disk"} <= set(findings)


def test_a_discord_that_does_not_answer_is_not_waited_for(discord: DiscordControl, place: Path) -> None:
    discord.faults({"path": "/oauth2/applications/@me", "delay_s": 30})
    assert "tidak ada jawaban dalam 5 detik" in wrong(look(place, discord, code=1))["discord"]


def test_a_page_instead_of_an_answer_is_explained(discord: DiscordControl, place: Path) -> None:
    discord.faults({"path": "/users/@me/guilds", "status": 403, "html": "<p>Access denied</p>"})
    problems = " ".join(wrong(look(place, discord, code=1)).values())
    assert "Cloudflare" in problems
    assert "<p>" not in problems


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}])
def test_a_discord_in_trouble_is_told_of(discord: DiscordControl, place: Path, fault: dict[str, int]) -> None:
    discord.faults({"path": "/users/@me/guilds", **fault})
    findings = look(place, discord, code=1)
    assert findings["intent"]["problem"] is None
    assert any(str(fault["status"]) in str(one["problem"]) for one in findings.values())


def test_the_token_file(discord: DiscordControl, place: Path) -> None:
    (place / "token").chmod(0o640)
    token = look(place, discord, code=0)["token"]
    assert (token["level"], "chmod 600" in token["problem"]) == ("warning", True)
    (place / "token").unlink()
    problems = wrong(look(place, discord, code=78))
    assert "stocksup init" in problems["token"]
    (place / "config.toml").write_text("[bot]\n")
    assert "stocksup init" in wrong(look(place, discord, code=78))["token"]


def test_a_program_of_somebody_else_has_no_discord(discord: DiscordControl, place: Path) -> None:
    (place / "config.toml").write_text('[programs.bot]\ncommand = ["sleep", "9"]\n')
    assert not {"token", "discord", "database"} & set(look(place, discord, code=0))


@pytest.mark.parametrize(("role_id", "code"), [(GUILD_ID, 1), (1234567890123456789, 0)], ids=["everyone", "unknown"])
def test_admin_role_that_is_none(discord: DiscordControl, place: Path, role_id: int, code: int) -> None:
    config = place / "config.toml"
    config.write_text(config.read_text().replace("[bot]", f"[bot]\nadmin_role_ids = [{role_id}]", 1))
    assert str(role_id) in wrong(look(place, discord, code=code))["admin_roles"]


def test_admin_who_is_no_member(discord: DiscordControl, place: Path) -> None:
    config = place / "config.toml"
    config.write_text(config.read_text().replace("[bot]", f"[bot]\nadmin_ids = [{ADMIN_ID}, {LIVE_CHANNEL_ID}]", 1))
    assert str(LIVE_CHANNEL_ID) in wrong(look(place, discord, code=0))["admins"]
