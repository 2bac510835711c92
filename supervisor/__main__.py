"""The supervisor's process: `python -m supervisor [--config FILE] [--report-fd N] [--keep-desired yes] …`.

`stocksup start` runs it, `stocksup stop` when programs run without a supervisor, and a running supervisor with
`--prove` before an upgrade. Exit codes: 0 stopped on request ·
1 failed (another supervisor runs, the state directory is not usable) · 78 bad configuration.
"""

from __future__ import annotations

import sys

from supervisor.daemon.reexec.hook import PROVE, ReexecHook, parse_options


def main() -> int:
    """Run the supervisor; return its exit code."""
    options = parse_options(sys.argv[1:])
    if PROVE in options:
        from supervisor.daemon.reexec.proof import prove

        return prove(options)
    hook = ReexecHook(options)
    if hook.reexec_count:
        sys.excepthook = hook  # the programs run, so code that does not load is tried again
    from supervisor.daemon import startup

    return startup.run(options, hook)


if __name__ == "__main__":
    sys.exit(main())
