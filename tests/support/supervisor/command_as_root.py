"""Run a command as root would, with the system's units in a directory of the test's.

`python -m tests.support.supervisor.command_as_root UNIT_DIRECTORY COMMAND …`; $TEST_UID is the id of a second user.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from supervisor.cli import main
from supervisor.cli.systemd import systemctl

if __name__ == "__main__":
    systemctl.SYSTEM_DIR = Path(sys.argv.pop(1))  # type: ignore[misc]  # final for everyone but this test
    os.geteuid = lambda: int(os.environ.get("TEST_UID", "0"))
    sys.exit(main())
