"""`python -m supervisor.cli`: the same as the script `stocksup`."""

import sys

from supervisor.cli import main

sys.exit(main())
