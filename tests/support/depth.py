"""How much the tests try: `make test` takes samples of long searches, `make test-full` tries everything.

TEST_DEPTH=full tries everything. TEST_SEED chooses the samples; the header of the report shows it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

IS_FULL: Final = os.environ.get("TEST_DEPTH") == "full"


def choose_seed() -> int:
    """Return the seed of this run; the first call chooses it for all worker processes."""
    if not os.environ.get("TEST_SEED"):
        os.environ["TEST_SEED"] = str(random.SystemRandom().randrange(10**6))
    return int(os.environ["TEST_SEED"])


def count(full: int, sampled: int) -> int:
    """Return how often to try something."""
    return full if IS_FULL else sampled


def sample(cases: Iterable[T], name: str, *, one_in: int) -> list[T]:
    """Return every `one_in`-th of the cases, beginning with one that the seed chooses; all of them in a full run."""
    found = list(cases)
    if IS_FULL or len(found) <= one_in:
        return found
    return found[random.Random(f"{choose_seed()}/{name}").randrange(one_in) :: one_in]
