"""Runs a target under atheris, guided by which parts of our code the bytes reach."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable


def fuzz(feed: Callable[[bytes], None], *modules: str) -> None:
    """Feed `feed` until the time is up; `modules` are watched. Ends the process."""
    atheris = importlib.import_module("atheris")  # only there where this is done, see Makefile
    with atheris.instrument_imports(include=["supervisor"]):
        for name in modules:
            importlib.import_module(name)
    atheris.instrument_all()
    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()
