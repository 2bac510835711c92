"""What the reader of TOML says is wrong with a file, in the language in use. Pure.

`supervisor/locale/third_party.py` says the same of the same mistakes: both read `config.toml`.
"""

from __future__ import annotations

import re
from typing import Final

from botapp.locale import N_, _

#: what tomli says, as a pattern, and our words for it
_WORDS: Final = (
    (r"Expected '\]+' at the end .*", N_("the closing bracket of [a table] is missing")),
    (r"Expected '=' after a key .*", N_("the = after the name of a key is missing")),
    (r"Expected newline or end of document .*", N_("there is more on this line than a key and its value")),
    (r"(?:Cannot (?:declare|overwrite|mutate|redefine)|Duplicate) .*", N_("this is in the file a second time")),
    (r"Unterminated string|Expected \"'+\"|Illegal character '\\n'", N_("the closing quotes of a text are missing")),
    (r"Unclosed array", N_("the closing bracket of a list is missing")),
    (r"Unclosed inline table", N_("the closing brace of a table is missing")),
    (r"Invalid statement", N_("a line begins with the name of a key or with [a table]")),
    (r"Invalid value", N_("this is no value; a text stands in quotes")),
    (r"Unescaped .*", N_("a backslash in a text is written as two, or the text stands in single quotes")),
)


def problem(said: str) -> str:
    """Return our words for what tomli has `said`."""
    found = next((words for pattern, words in _WORDS if re.fullmatch(pattern, said)), None)
    return _(found) if found else _("this is not understood")
