"""`python -m botapp` runs the bot, `python -m botapp --check` only looks whether it would run.

Exit codes: 0 ended as asked · 1 a fault · 75 try again later · 77 token or intent refused · 78 bad configuration.
"""

from __future__ import annotations

import logging
import os
import sys
from types import TracebackType


def main(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit code."""
    # Not imported at the top: code that does not load is to be one clear line as well.
    from botapp import startup

    if arguments == ["--check"]:
        return startup.check()
    if arguments:
        print("usage: python -m botapp [--check]", file=sys.stderr)
        return 2
    return startup.run()


def say_in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log a fault that nothing caught: what, and where. The exit code is 1 then."""
    from supervisor.client import masked

    place = ""
    while trace is not None:
        if "importlib" not in trace.tb_frame.f_code.co_filename:
            place = f" [{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}]"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        place = f" [{error.filename}:{error.lineno}]"
    text = f"cannot go on: {kind.__name__}: {error}{place}"
    if logging.getLogger().handlers:
        logging.getLogger(__name__).critical(text)
    else:
        print(masked(text), file=sys.stderr)


if __name__ == "__main__":
    sys.excepthook = say_in_one_line
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed by now; taking the interpreter apart would only add to the time members wait.
    os._exit(code)
