"""`python -m botapp` runs the bot, `python -m botapp --check` only looks whether it would run.

Exit codes: 0 ended as asked · 1 a fault · 75 try again later · 77 token or intent refused · 78 bad configuration.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from types import TracebackType


def main(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit code."""
    # Not imported at the top: code that does not load is to be one clear line as well.
    from botapp import startup

    if arguments == ["--check"]:
        return startup.check()
    if arguments:
        return startup.usage()
    return startup.run()


def say_in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log a fault that nothing caught: what, and where. The exit code is 1 then."""
    file, line = "", 0
    while trace is not None:
        if "importlib" not in trace.tb_frame.f_code.co_filename:
            file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    problem = str(error)
    if isinstance(error, SyntaxError):
        file, line, problem = error.filename or file, error.lineno or line, error.msg
    facts = {"kind": kind.__name__, "problem": problem, "file": file, "line": line}
    # What does not load may be what speaks and masks: then it is said in English, and without words that nobody masks.
    text = f"{file}, line {line} does not load: {kind.__name__}"
    with suppress(Exception):
        text = _in_words(facts, does_not_load=isinstance(error, SyntaxError))
    if logging.getLogger().handlers:
        logging.getLogger(__name__).critical(text)
    else:
        print(text, file=sys.stderr)


def _in_words(facts: dict[str, object], *, does_not_load: bool) -> str:
    """Say it in the language in use, secrets masked. Raises whatever code that does not load raises."""
    from botapp import locale
    from botapp.locale import _
    from supervisor.client import masked

    locale.use(locale.LANGUAGES[0])
    with suppress(Exception):
        from botapp.config.loading import choose_language

        choose_language()
    if does_not_load:
        text = _("%(file)s, line %(line)d: Python does not understand what stands there (%(kind)s: %(problem)s)")
    else:
        text = _("cannot go on: %(kind)s: %(problem)s [%(file)s:%(line)d]")
    return masked(text % facts)


if __name__ == "__main__":
    sys.excepthook = say_in_one_line
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed by now; taking the interpreter apart would only add to the time members wait.
    os._exit(code)
