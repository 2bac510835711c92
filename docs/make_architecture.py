"""Write the table of packages in ARCHITECTURE.md from their docstrings: `python docs/make_architecture.py`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- packages: made by docs/make_architecture.py -->\n", "<!-- end of packages -->"
TOP_LEVEL = ("supervisor", "botapp")


def packages(top: str) -> Iterator[Path]:
    """Yield the package directories of the top-level package `top`, and `top` itself, in alphabetical order."""
    yield from sorted(path.parent for path in (ROOT / top).rglob("__init__.py"))


def first_line(path: Path) -> str:
    """Return the first line of the docstring of the module at `path`; empty without one."""
    return (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0]


def table(top: str) -> Iterator[str]:
    """Yield the lines of the table about `top`: each package, and each module directly in it, with its purpose."""
    yield f"| `{top}/` | purpose |"
    yield "|---|---|"
    for module in sorted((ROOT / top).glob("*.py")):
        if not module.name.startswith("__"):
            yield f"| `{module.name}` | {first_line(module)} |"
    for package in packages(top):
        name = package.relative_to(ROOT / top).as_posix()
        if name != ".":
            yield f"| `{name}/` | {first_line(package / '__init__.py')} |"


def page() -> str:
    """Return ARCHITECTURE.md with current tables."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    tables = "\n\n".join("\n".join(table(top)) for top in TOP_LEVEL)
    return f"{before}{BEGIN}\n{tables}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    sys.stdout.write("ARCHITECTURE.md is up to date\n" if page() == PAGE.read_text() else "ARCHITECTURE.md rewritten\n")
    PAGE.write_text(page())
