"""The statistics of the cache as text, for a terminal and for Discord. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botapp.locale import _
from botapp.ui.admin.system_texts import format_size
from botapp.ui.formatting import format_number


def describe(stats: Mapping[str, Any]) -> list[str]:
    """Return the lines about the cache; `stats` is what `CacheManager.get_stats` returned."""
    lines = [
        _("🗃️ Cache: %(entries)s entries (%(temporary)s temporary, %(permanent)s permanent), %(bytes)s")
        % {**_numbers(stats, "entries", "temporary", "permanent"), "bytes": format_size(stats["bytes"])},
        _("Size on disk: %(size)s of at most %(max)s")
        % {"size": format_size(stats["size_bytes"]), "max": format_size(stats["max_bytes"])},
        _lookups(stats),
        _counts(stats),
    ]
    if stats["sealed"]:
        lines.append(_("🔒 Read-only: the bot is shutting down."))
    if stats["problem"]:
        lines.append(f"⚠️ {stats['problem']}")
    elif stats["last_error"]:
        lines.append(_("Last error, resolved since: %s") % stats["last_error"])
    return lines


def _lookups(stats: Mapping[str, Any]) -> str:
    ratio = "–" if stats["hit_ratio"] is None else f"{100 * stats['hit_ratio']:.0f}%"
    return _("Hits: %(hits)s, misses: %(misses)s, hit ratio: %(ratio)s") % {
        **_numbers(stats, "hits", "misses"),
        "ratio": ratio,
    }


def _counts(stats: Mapping[str, Any]) -> str:
    text = _("Set: %(sets)s, deleted: %(deletes)s, evicted: %(evictions)s, expired: %(expired)s, "
             "refused: %(refused)s, errors: %(errors)s")  # fmt: skip
    return text % _numbers(stats, "sets", "deletes", "evictions", "expired", "refused", "errors")


def _numbers(stats: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: format_number(stats[name]) for name in names}
