"""The supervisor: keeps programs alive and gives them a new life when they ask for one.

It knows neither Discord nor shops. Programs and commands talk to it through the door, see `supervisor.client`.
"""

from typing import Final

#: the version of the package; pyproject.toml reads it here
__version__: Final = "0.2.0"
