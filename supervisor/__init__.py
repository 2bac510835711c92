"""The supervisor: keeps programs running and restarts them on request.

It knows neither Discord nor shops. Programs and commands use it through `supervisor.client`.
"""

from typing import Final

#: the version of the package; pyproject.toml reads it here
__version__: Final = "0.2.0"
