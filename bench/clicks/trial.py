"""What became of the clicks around one restart or kill, and of many together. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from bench.common.environment import CannotMeasure
from bench.common.report import Figures, percentile

#: how the buttons that are clicked acknowledge; another acknowledgement asks the member to click again
_SERVED: Final = "deferred"


@dataclass(frozen=True)
class Trial:
    """The clicks around one restart or kill."""

    clicks: int
    #: what went wrong, and how many clicks it befell
    faults: dict[str, int]
    #: how the clicks that were finished twice were finished, such as "edit, edit"
    finished_twice_by: list[str]
    #: milliseconds to the acknowledgement, of the clicks before the restart
    steady_ms: list[float]
    #: the same, of the clicks from the restart on
    after_ms: list[float]
    #: longest time between two acknowledgements, in milliseconds
    longest_gap_ms: float
    #: time until a process other than the earlier one answered, in milliseconds; None for `os.execv`
    first_answer_ms: float | None


def read_trial(numbers: Figures, interactions: Sequence[Figures], at_s: float, earlier_pid: int) -> Trial:
    """Return what became of the clicks of a press, from what the local Discord counted. Raises CannotMeasure.

    Args:
        numbers: those of the press.
        interactions: its clicks.
        at_s: when the restart was requested, or the process killed, in seconds since 1970.
        earlier_pid: the process that answered until then.
    """
    answered = [one for one in interactions if one["acknowledged"]]
    answers_s = sorted(one["acknowledged"]["at_s"] for one in answered)
    gaps_s = [later - earlier for earlier, later in pairwise(answers_s) if later > at_s]
    steady_ms = [one["ack_ms"] for one in answered if one["created_at_s"] < at_s]
    if not gaps_s or not steady_ms:
        raise CannotMeasure("the bot does not answer")
    first_s = [one["acknowledged"]["at_s"] for one in answered if one["acknowledged"]["pid"] not in (earlier_pid, None)]
    return Trial(
        clicks=numbers["created"] + numbers["refused"],
        faults={
            "lost": numbers["failed"],
            "not_possible": numbers["refused"],
            "turned_away": sum(one["acknowledged"]["how"] != _SERVED for one in answered),
            "acknowledged_twice": numbers["acknowledged_again"],
            "finished_twice": sum(len(_shown_by(one)) > 1 for one in interactions),
            "edited_again": sum(len(one["finished"]) > 1 >= len(_shown_by(one)) for one in interactions),
            "unfinished": numbers["unfinished"],
        },
        finished_twice_by=[", ".join(_shown_by(one)) for one in interactions if len(_shown_by(one)) > 1],
        steady_ms=steady_ms,
        after_ms=[one["ack_ms"] for one in answered if one["created_at_s"] >= at_s],
        longest_gap_ms=1000 * max(gaps_s),
        first_answer_ms=1000 * (min(first_s) - at_s) if first_s else None,
    )


def _shown_by(interaction: Figures) -> list[str]:
    """Return what has shown an answer; an edit shows the same one again."""
    return [call["how"] for call in interaction["finished"] if call["how"] != "edit"]


def summarize_trials(trials: Sequence[Trial]) -> Figures:
    """Return the figures of some trials of the same kind."""
    gaps_ms = [trial.longest_gap_ms for trial in trials]
    first_ms = [trial.first_answer_ms for trial in trials if trial.first_answer_ms is not None]
    totals: dict[str, Any] = {name: sum(trial.faults[name] for trial in trials) for name in trials[0].faults}
    return {
        "trials": len(trials),
        "clicks": sum(trial.clicks for trial in trials),
        **totals,
        "finished_twice_by": Counter(how for trial in trials for how in trial.finished_twice_by),
        "ack_p99_ms": round(percentile([ms for trial in trials for ms in trial.after_ms], 99), 2),
        "steady_ack_p99_ms": round(percentile([ms for trial in trials for ms in trial.steady_ms], 99), 2),
        "longest_gap_median_ms": round(statistics.median(gaps_ms), 1),
        "longest_gap_max_ms": round(max(gaps_ms), 1),
        "first_answer_median_ms": round(statistics.median(first_ms), 1) if first_ms else None,
    }
