"""The figures of the cache as a text, for a terminal and for Discord. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botapp.ext.cache.counters import ratio
from botapp.locale import _
from botapp.ui.admin.system_texts import format_duration, format_size
from botapp.ui.formatting import format_number

_BARS: Final = "▁▂▃▄▅▆▇█"
#: a piece of time in which nobody looked anything up
_NOTHING: Final = "·"
#: namespaces that are told, the largest first
SHOWN_NAMESPACES: Final = 8


def lines(stats: Mapping[str, Any], now_s: float) -> list[str]:
    """Return the lines about the cache.

    Args:
        stats: as `CacheManager.get_stats` tells it.
        now_s: seconds since 1970.
    """
    found = [
        _("🗃️ Cache: %(entries)s entries, %(bytes)s; files: %(size)s of %(max)s")
        % {**_amounts(stats), "size": format_size(stats["size_bytes"]), "max": format_size(stats["max_bytes"])},
        _("temporary: %(entries)s entries, %(bytes)s") % _amounts(stats["kinds"]["temporary"]),
        _("permanent: %(entries)s entries, %(bytes)s") % _amounts(stats["kinds"]["permanent"]),
    ]
    if stats["oldest_entry"] is not None:
        found.append(_("oldest entry: %s ago") % format_duration(max(0.0, now_s - stats["oldest_entry"])))
    found += [_lookups(stats), _last_hour(stats["history"]), "; ".join(_counts(stats))]
    found += [line for line in (_times(stats["get"], _("found in")), _times(stats["set"], _("set in"))) if line]
    found += [_space(name, facts) for name, facts in list(stats["namespaces"].items())[:SHOWN_NAMESPACES] if name]
    if stats["sealed"]:
        found.append(_("🔒 sealed: the bot is about to end"))
    if stats["problem"]:
        found.append(f"⚠️ {stats['problem']}")
    elif stats["last_error"]:
        found.append(_("last error, which is over: %s") % stats["last_error"])
    return found


def chart(hits: Sequence[int], misses: Sequence[int]) -> str:
    """Return the part that was found over time as a small chart; a dot where nothing was looked up."""
    return "".join(_bar(hit, miss) for hit, miss in zip(hits, misses, strict=True))


def _bar(hits: int, misses: int) -> str:
    found = ratio(hits, misses)
    return _NOTHING if found is None else _BARS[round(found * (len(_BARS) - 1))]


def _amounts(part: Mapping[str, Any]) -> dict[str, str]:
    return {"entries": format_number(part["entries"]), "bytes": format_size(part["bytes"])}


def _lookups(stats: Mapping[str, Any]) -> str:
    facts = {
        "hits": format_number(stats["hits"]),
        "misses": format_number(stats["misses"]),
        "ratio": _percent(stats["hit_ratio"]),
    }
    return _("found %(hits)s times, not found %(misses)s times: %(ratio)s") % facts


def _last_hour(history: Mapping[str, Any]) -> str:
    minutes = round(len(history["hits"]) * history["piece_s"] / 60)
    found = _percent(ratio(sum(history["hits"]), sum(history["misses"])))
    facts = {"minutes": minutes, "chart": chart(history["hits"], history["misses"]), "ratio": found}
    return _("found in the last %(minutes)d minutes: %(chart)s %(ratio)s") % facts


def _counts(stats: Mapping[str, Any]) -> list[str]:
    return [
        text % format_number(stats[name])
        for name, text in (
            ("sets", _("set: %s")),
            ("deletes", _("deleted: %s")),
            ("evictions", _("made room: %s")),
            ("expired", _("expired: %s")),
            ("refused", _("refused: %s")),
            ("errors", _("errors: %s")),
        )
    ]


def _times(times: Mapping[str, Any], what: str) -> str | None:
    if not times["count"]:
        return None
    facts = {"what": what, "median": _time(times["p50_us"]), "most": _time(times["p99_us"])}
    return _("%(what)s %(median)s, 99%% within %(most)s") % facts


def _time(microseconds: float) -> str:
    return f"{microseconds:.3g} µs" if microseconds < 1000 else f"{microseconds / 1000:.3g} ms"


def _space(name: str, facts: Mapping[str, Any]) -> str:
    text = _("%(name)s: %(entries)s entries, %(bytes)s, found: %(ratio)s")
    return text % {"name": name, **_amounts(facts), "ratio": _percent(facts["hit_ratio"])}


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.1f}%"
