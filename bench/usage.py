"""What a process costs while it has nothing to do: memory and wake-ups, from /proc. Linux only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Memory:
    """The memory of one process, in MiB."""

    #: all that is resident
    rss_mib: float
    #: the same, with each shared page divided among those who share it
    pss_mib: float
    #: what nobody shares
    uss_mib: float


def memory(pid: int) -> Memory:
    """Return the memory of the process. Raises OSError when it is not there."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return Memory(
        rss_mib=round(kib["Rss"] / _KIB_PER_MIB, 2),
        pss_mib=round(kib["Pss"] / _KIB_PER_MIB, 2),
        uss_mib=round((kib["Private_Clean"] + kib["Private_Dirty"]) / _KIB_PER_MIB, 2),
    )


def wakeups(pid: int) -> int:
    """Return how often the process has gone to sleep of its own accord, and so was woken, since it began."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", text, re.MULTILINE)
    assert found is not None, "proc(5)"
    return int(found[1])
