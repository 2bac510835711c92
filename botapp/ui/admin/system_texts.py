"""Texts about the bot and its host, without secrets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from botapp.locale import _
from botapp.ui.formatting import format_decimal, format_number, sparkline

_MIB = 1024 * 1024


class HostFacts(Struct, frozen=True):
    """Facts about the host; None if unknown."""

    python: str
    system: str
    #: versions of the libraries, by name
    versions: Mapping[str, str]
    #: memory use of the bot, in bytes
    rss_bytes: int | None
    #: of the disk with the state directory, in bytes
    disk_free_bytes: int | None
    disk_bytes: int | None
    #: since the start of the process, in seconds
    uptime_s: float
    processors: int | None


def status_text(health: Mapping[str, Any], life: int | None, since_s: float) -> str:
    """Return the health of the bot, one part per line.

    Args:
        health: as the bot sends it to the supervisor.
        life: number of this process; None without a supervisor.
        since_s: start time, in seconds since 1970.
    """
    since = f"<t:{int(since_s)}:R>"
    first = _("🤖 Running since %(since)s, without a supervisor.") % {"since": since}
    if life is not None:
        first = _("🤖 Running since %(since)s (process %(life)d).") % {"life": life, "since": since}
    gateway, database, cache = health["gateway"], health["database"], health["cache"]
    latency = _(" (%s ms)") % format_number(round(gateway["latency_ms"])) if gateway["latency_ms"] is not None else ""
    lines = [
        first,
        _("Stock: %s") % _state(health["livestock"]),
        _("Buttons: %s") % _state(health["buttons"]),
        *_visibility_lines(health["visibility"]),
        _("Discord: %s") % _state(gateway) + latency,
        _("Database: %s") % (_state(database) if database else _("not open yet")),
        _("Cache: %s") % _cache_state(cache),
        _("Event loop lag: %s ms") % format_decimal(health["loop_lag_ms"], 1),
    ]
    return "\n".join(lines)


def host_lines(host: HostFacts) -> str:
    """Return the facts about the host, one per line."""
    versions = ", ".join(f"{name} {version}" for name, version in host.versions.items())
    lines = [
        f"🖥️ Python {host.python} · {host.system}",
        _("Libraries: %s") % versions,
        _("CPUs: %s") % (host.processors or "–"),
        _("Memory: %s") % format_size(host.rss_bytes),
        _("Disk: %(free)s of %(all)s free")
        % {"free": format_size(host.disk_free_bytes), "all": format_size(host.disk_bytes)},
        _("Uptime: %s") % format_duration(host.uptime_s),
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


def _visibility_lines(visibility: Mapping[str, Any]) -> list[str]:
    """Return what members see, the errors of the last hour, and the latest recoveries."""
    states = {
        "normal": _("members see stock and buttons"),
        "stock_broken": _("the stock is unavailable, so the buttons are disabled"),
        "buttons_broken": _("the buttons do not work, so the stock is hidden"),
        "both_broken": _("stock and buttons do not work"),
        "no_channel": _("members see nothing: no channel is chosen; use /setup in the shop's channel"),
        "not_shown": _("members see nothing: %s") % visibility.get("last_error"),
        "outdated": _("members see an earlier state: %s") % visibility.get("last_error"),
    }
    lines = [
        _("%(state)s, since %(since)s")
        % {"state": states[visibility["state"]], "since": f"<t:{int(visibility['since'])}:R>"}
    ]
    counts = visibility["errors_last_hour"]
    lines.append(
        _("Errors in the last hour: %(chart)s (%(count)d)") % {"chart": sparkline(counts), "count": sum(counts)}
    )
    for recovery in reversed(visibility["recoveries"]):
        params = {
            "at": f"<t:{int(recovery['at'])}:R>",
            "time": format_duration(recovery["lasted_s"]),
            "state": states[recovery["state"]],
        }
        lines.append(_("✅ recovered %(at)s, after %(time)s: %(state)s") % params)
    return [f"> {line}" for line in lines]


def _state(part: Mapping[str, Any]) -> str:
    return _("✅ healthy") if part["is_healthy"] else f"❌ {part['last_error']}"


def _cache_state(stats: Mapping[str, Any]) -> str:
    if stats["problem"]:
        return f"❌ {stats['problem']}"
    return _("✅ healthy") if not stats["sealed"] else _("read-only")


def login_link(link: str, *, is_local: bool) -> str:
    """Return the answer with a login link; a local one opens on the server only."""
    lines = [_("🔑 Log in to the dashboard, once, within 10 minutes:"), f"<{link}>"]
    if is_local:
        lines.append(_("It opens on the server itself. From another computer, first open a tunnel with `ssh -L`."))
    return "\n".join(lines)


def dashboard_is_off() -> str:
    """Return how to switch the dashboard on."""
    return _(
        "⚠️ The dashboard is off. Write `enabled = true` below `[dashboard]` in config.toml, then run "
        "`stocksup reload` on the server."
    )
