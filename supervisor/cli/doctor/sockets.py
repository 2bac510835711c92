"""Check that the sockets of programs can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from supervisor.cli.doctor import Finding
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.client import ControlError
from supervisor.locale import _, reasons
from supervisor.processes import listeners, process

if TYPE_CHECKING:
    from supervisor.config.settings import Settings


def check(instance: Instance, settings: Settings) -> Iterator[Finding]:
    """Yield a finding about each enabled program with `listen`; addresses that are its own already are fine."""
    listening = [(name, program) for name, program in settings.programs.items() if program.enabled and program.listen]
    if not listening:
        return
    used = _used(instance)
    for name, program in listening:
        markers = {"STOCKSUP_SOCKET": str(instance.place.socket), "STOCKSUP_PROGRAM": name}
        own = program.listen if used is None and process.find_life(markers) else (used or {}).get(name, ())
        problems = (listeners.find_problem(name, address) for address in program.listen if address not in own)
        problem = next((found for found in problems if found), None)
        text = _("sockets of %(program)s: %(addresses)s")
        title = text % {"program": name, "addresses": ", ".join(program.listen)}
        yield Finding(f"listen.{name}", title, None if problem is None else reasons.describe(problem))


def _used(instance: Instance) -> dict[str, list[str]] | None:
    """Return the addresses of running programs, by program; None without a supervisor."""
    try:
        with instance.connect() as client:
            view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    except (ControlError, CommandError):
        return None
    return {program["name"]: program.get("listen", []) for program in view["programs"]}
