"""What a program gets of the supervisor's environment."""

from __future__ import annotations

from pathlib import Path

from supervisor.config.settings import BOT, Program
from supervisor.processes import environment

CONFIG = Path("/shop/config.toml")
INHERITED = {"PATH": "/bin", "DISCORD_TOKEN": "secret", "NOTIFY_SOCKET": "/run/x", "STOCKSUP_LIFE": "7"}


def test_the_token_is_for_the_bot_alone() -> None:
    other = Program(command=("node", "dashboard.js"))
    for name, program in (("bot", BOT), ("bot", other), ("kopi", BOT)):
        assert environment.of_program(name, program, CONFIG, INHERITED)["DISCORD_TOKEN"] == "secret"
    assert environment.of_program("dashboard", other, CONFIG, INHERITED) == {
        "PATH": "/bin",
        "STOCKSUP_CONFIG": str(CONFIG),
    }
    assert environment.of_helper(INHERITED).keys() == {"PATH", "NOTIFY_SOCKET", "STOCKSUP_LIFE"}


def test_a_program_gets_what_its_own_table_names() -> None:
    program = Program(command=("node",), env={"DISCORD_TOKEN": "another"})
    assert environment.of_program("dashboard", program, CONFIG, INHERITED)["DISCORD_TOKEN"] == "another"
