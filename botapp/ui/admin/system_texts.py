"""What admins are told about the bot and its machine. Pure; without any secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from botapp.locale import _
from botapp.ui.formatting import format_number, sparkline

_MIB = 1024 * 1024


class HostFacts(Struct, frozen=True):
    """Where the bot runs; None: not known there."""

    python: str
    system: str
    #: name → version of what it stands on
    versions: Mapping[str, str]
    #: memory of the bot, in bytes
    rss_bytes: int | None
    #: of the disk that the shop is on, in bytes
    disk_free_bytes: int | None
    disk_bytes: int | None
    #: since the bot's process began, in seconds
    uptime_s: float
    processors: int | None


def status_text(health: Mapping[str, Any], life: int | None, since_s: float) -> str:
    """Return how the bot is, one part a line.

    Args:
        health: as the bot tells it its supervisor.
        life: number of this life; None without a supervisor.
        since_s: when it began, in seconds since 1970.
    """
    since = f"<t:{int(since_s)}:R>"
    first = _("🤖 Serving since %(since)s, without a supervisor.") % {"since": since}
    if life is not None:
        first = _("🤖 Life %(life)d, serving since %(since)s.") % {"life": life, "since": since}
    gateway, database, cache = health["gateway"], health["database"], health["cache"]
    latency = _(" (%s ms)") % format_number(round(gateway["latency_ms"])) if gateway["latency_ms"] is not None else ""
    lines = [
        first,
        _("Live stock: %s") % _state(health["livestock"]),
        _("Buttons: %s") % _state(health["buttons"]),
        *_visibility_lines(health["visibility"]),
        _("Discord: %s") % _state(gateway) + latency,
        _("Database: %s") % (_state(database) if database else _("not open yet")),
        _("Cache: %s") % _cache_state(cache),
        _("Delay of the loop: %s ms") % f"{health['loop_lag_ms']:g}",
    ]
    return "\n".join(lines)


def host_lines(facts: HostFacts) -> str:
    """Return where the bot runs, one part a line."""
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    lines = [
        f"🖥️ Python {facts.python} · {facts.system}",
        _("Libraries: %s") % versions,
        _("Processors: %s") % (facts.processors or "–"),
        _("Memory of the bot: %s") % format_size(facts.rss_bytes),
        _("Disk: %(free)s of %(all)s free")
        % {"free": format_size(facts.disk_free_bytes), "all": format_size(facts.disk_bytes)},
        _("Running for %s") % format_duration(facts.uptime_s),
    ]
    return "\n".join(lines)


def format_size(count_bytes: int | None) -> str:
    """Return "84 MiB" for 88080384."""
    if count_bytes is None:
        return "–"
    if count_bytes < _MIB:
        return f"{count_bytes / 1024:.0f} KiB"
    return f"{count_bytes / _MIB:.0f} MiB" if count_bytes < 10 * 1024 * _MIB else f"{count_bytes / 1024 / _MIB:.0f} GiB"


def format_duration(seconds: float) -> str:
    """Return "2 d 3 h" for two days and three hours; at most two units."""
    rest, parts = round(seconds), []
    for unit, length in ((_("d"), 86_400), (_("h"), 3_600), (_("min"), 60), (_("s"), 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or f"0 {_('s')}"


def _visibility_lines(link: Mapping[str, Any]) -> list[str]:
    """Return what members see and since when, the errors of the last hour, and the last recoveries."""
    seen = {
        "normal": _("members see stock and buttons"),
        "stock_broken": _("the stock is broken, so the buttons are off"),
        "buttons_broken": _("the buttons are broken, so the stock is not shown"),
        "both_broken": _("stock and buttons are broken, so neither is shown"),
    }
    lines = [_("%(what)s, since %(since)s") % {"what": seen[link["state"]], "since": f"<t:{int(link['since'])}:R>"}]
    counts = link["errors_last_hour"]
    lines.append(
        _("Errors in the last hour: %(chart)s (%(count)d)") % {"chart": sparkline(counts), "count": sum(counts)}
    )
    for one in reversed(link["recoveries"]):
        facts = {"at": f"<t:{int(one['at'])}:R>", "time": format_duration(one["lasted_s"]), "what": seen[one["state"]]}
        lines.append(_("✅ well again %(at)s, after %(time)s: %(what)s") % facts)
    return [f"> {line}" for line in lines]


def _state(part: Mapping[str, Any]) -> str:
    return _("✅ healthy") if part["is_healthy"] else f"❌ {part['last_error']}"


def _cache_state(stats: Mapping[str, Any]) -> str:
    if stats["problem"]:
        return f"❌ {stats['problem']}"
    return _("✅ healthy") if not stats["sealed"] else _("sealed")
