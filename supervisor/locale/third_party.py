"""What the system and libraries say in English, as we say it in the language in use. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from supervisor.locale import N_, _

if TYPE_CHECKING:
    from tomli import TOMLDecodeError

#: what the system says when a file or a program cannot be used; anything else is told in its own words
SYSTEM: Final = (
    N_("Address already in use"),
    N_("Argument list too long"),
    N_("Broken pipe"),
    N_("Cannot allocate memory"),
    N_("Connection refused"),
    N_("Device or resource busy"),
    N_("Disk quota exceeded"),
    N_("Exec format error"),
    N_("File exists"),
    N_("File name too long"),
    N_("Input/output error"),
    N_("Is a directory"),
    N_("No such file or directory"),
    N_("No space left on device"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Resource temporarily unavailable"),
    N_("Text file busy"),
    N_("Too many levels of symbolic links"),
    N_("Too many open files"),
    N_("Too many open files in system"),
)

#: what tomli says, as a pattern, and our words for it
_TOML: Final = (
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

#: msgspec's names of types, and ours
_TYPES: Final = {
    "int": N_("a whole number"),
    "float": N_("a number"),
    "str": N_("a text in quotes"),
    "bool": N_("true or false"),
    "array": N_("a list"),
    "object": N_("a table"),
    "null": N_("nothing"),
}


def why(error: OSError) -> str:
    """Say why the system has refused something."""
    text = error.strerror or str(error)
    return _(text) if text in SYSTEM else text


def of_toml(error: TOMLDecodeError) -> str:
    """Say what is wrong with a file of TOML, and where."""
    found = next((text for pattern, text in _TOML if re.fullmatch(pattern, error.msg)), None)
    problem = _(found) if found else _("this is not understood")
    return _("line %(line)d, column %(column)d: %(problem)s") % {
        "line": error.lineno,
        "column": error.colno,
        "problem": problem,
    }


def of_types(problem: str) -> str:
    """Say what msgspec means by "Expected `int`, got `str`", "Expected `int` >= 1" and the like."""
    if found := re.fullmatch(r"Expected `(.+)`, got `(.+)`", problem):
        return _("expected %(expected)s, got %(given)s") % {"expected": _type(found[1]), "given": _type(found[2])}
    if found := re.fullmatch(r"Expected `str` of length >= \d+", problem):
        return _("expected a text that is not empty")
    if found := re.fullmatch(r"Expected `(.+)` of length <= (\d+)", problem):
        return _("expected %(expected)s of a length up to %(most)s") % {"expected": _type(found[1]), "most": found[2]}
    if found := re.fullmatch(r"Expected `(.+)` ([<>]=?) ([\d.]+)", problem):
        return _("expected %(expected)s %(bound)s") % {"expected": _type(found[1]), "bound": f"{found[2]} {found[3]}"}
    if found := re.fullmatch(r"Invalid enum value (.+)", problem):
        return _("invalid value %(value)s") % {"value": found[1]}
    return problem[:1].lower() + problem[1:]


def _type(names: str) -> str:
    return _(" or ").join(_(_TYPES[name]) if name in _TYPES else name for name in names.split(" | "))
