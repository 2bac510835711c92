"""What a process costs: memory and wake-ups, from /proc. Linux only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Memory:
    """The memory of one process, in MiB."""

    rss_mib: float
    #: resident memory, with each shared page divided among the processes that share it
    pss_mib: float
    #: memory that no other process shares
    uss_mib: float


def read_memory(pid: int) -> Memory:
    """Return the memory of the process. Raises OSError if there is no such process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return Memory(
        rss_mib=round(kib["Rss"] / _KIB_PER_MIB, 2),
        pss_mib=round(kib["Pss"] / _KIB_PER_MIB, 2),
        uss_mib=round((kib["Private_Clean"] + kib["Private_Dirty"]) / _KIB_PER_MIB, 2),
    )


def count_wakeups(pid: int) -> int:
    """Return how often the process has waited and was woken since it started."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", text, re.MULTILINE)
    assert found is not None, "proc(5)"
    return int(found[1])
