"""`python -m botapp` runs the bot; `python -m botapp --check` checks whether it can run.

Exit codes: 0 ended as requested · 1 failed · 75 try again later · 77 token or intent refused · 78 bad configuration.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from types import TracebackType


def main(arguments: list[str]) -> int:
    """Run or check the bot and return the exit code."""
    # Imported late, so that the hook below reports code that does not load.
    from botapp import startup

    if arguments == ["--check"]:
        return startup.check()
    if arguments:
        return startup.usage()
    return startup.run()


def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an uncaught exception and its place in one line. The exit code is 1 then."""
    file, line = "", 0
    while trace is not None:
        if "importlib" not in trace.tb_frame.f_code.co_filename:
            file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    problem = str(error)
    if isinstance(error, SyntaxError):
        file, line, problem = error.filename or file, error.lineno or line, error.msg
    params = {"kind": kind.__name__, "problem": problem, "file": file, "line": line}
    # The code that does not load may be the one that translates and masks: then say it in English, without its text.
    text = f"{file}, line {line} does not load: {kind.__name__}"
    with suppress(Exception):
        text = _translate(params, does_not_load=isinstance(error, SyntaxError))
    if logging.getLogger().handlers:
        logging.getLogger(__name__).critical(text)
    else:
        print(text, file=sys.stderr)


def _translate(params: dict[str, object], *, does_not_load: bool) -> str:
    """Return the line in the configured language, secrets masked. Raises whatever an import raises."""
    from botapp import locale
    from botapp.locale import _
    from supervisor.client import make_printable, mask_secrets

    locale.use(locale.LANGUAGES[0])
    with suppress(Exception):
        from botapp.config.loading import choose_language

        choose_language()
    if does_not_load:
        text = _("%(file)s, line %(line)d: syntax error (%(kind)s: %(problem)s)")
    else:
        text = _("unexpected error: %(kind)s: %(problem)s [%(file)s:%(line)d]")
    return make_printable(mask_secrets(text % params))


if __name__ == "__main__":
    sys.excepthook = log_uncaught
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed. Finalizing the interpreter would only make members wait longer.
    os._exit(code)
