"""Shows control characters instead of letting a terminal obey them. Pure.

Texts of strangers reach logs and terminals: names of members, errors of other programs, reasons of restarts. An escape
sequence in one could hide lines, forge others or change the terminal's settings. Programs use it as
`supervisor.client.make_printable`, so it needs only the standard library.
"""

from __future__ import annotations

import re
from typing import Final

#: control characters except tab and newline, line separators, and what reorders the text around it
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def make_printable(text: str) -> str:
    r"""Return `text` with control characters written out, such as \x1b for an escape; tab and newline stay."""
    return _CONTROLS.sub(_write_out, text)


def _write_out(found: re.Match[str]) -> str:
    return found[0].encode("ascii", "backslashreplace").decode() if found[0] > "\x7f" else f"\\x{ord(found[0]):02x}"
