"""The rules of the code base that no linter checks: sizes, silent errors, and documents that match the code.

import-linter checks who may import whom: see `[tool.importlinter]` in pyproject.toml and `make lint`.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

import botapp.config.settings
import supervisor.config.settings
from botapp.cogs.base import help_sections
from botapp.store.domain.money import Denomination
from docs.make_reference import TABLES, admin_cogs
from supervisor.cli.root import root

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("supervisor", "botapp")
REFERENCE = ROOT / "docs" / "reference"

MAX_LINES = 450
#: a file of tests is a list: people do not read it from top to bottom
MAX_TEST_LINES = 600
#: all transitions and their table in one file, so that a restart can be read from top to bottom
LONGER_FILES = {"supervisor/lifecycle/restart_sequence.py": 560}

#: modules and subpackages in a folder, without `__init__.py`
MAX_WIDTH = 13
WIDER_FOLDERS = {"botapp": 20, "supervisor/cli/commands": 24}

#: fields of `Struct`s that are no keys: the tables themselves, and the path of the file
NOT_KEYS = {part for table, _ in TABLES for part in table.split(".")} | {"path"}


def _python_files(*folders: str) -> list[Path]:
    """Return the Python files of the project below the folders; a hidden folder, such as .venv, is not part of it."""
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in files if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield each node of the product's syntax trees, and the place of its file."""
    for path in _python_files(*PACKAGES):
        for node in ast.walk(_parse(path)):
            yield f"{_name(path)}:{getattr(node, 'lineno', 0)}", node


# --- sizes ---


def test_file_length() -> None:
    found = {_name(path): len(path.read_text().splitlines()) for path in _python_files(*PACKAGES, "tests", "bench")}
    limits = {name: MAX_TEST_LINES if name.startswith("tests/") else MAX_LINES for name in found} | LONGER_FILES
    assert {name: lines for name, lines in found.items() if lines > limits[name]} == {}


def test_folder_width() -> None:
    width: Counter[str] = Counter()
    for path in _python_files(*PACKAGES):
        entry = path.parent if path.name == "__init__.py" else path
        width[_name(entry.parent)] += 1
    assert {folder: count for folder, count in width.items() if count > WIDER_FOLDERS.get(folder, MAX_WIDTH)} == {}


# --- silent errors, shells ---


def test_no_error_is_ignored() -> None:
    handlers = [(place, node) for place, node in _nodes() if isinstance(node, ast.ExceptHandler)]
    assert handlers
    assert [place for place, node in handlers if node.type is None] == [], "a bare except"
    assert [place for place, node in handlers if all(isinstance(line, ast.Pass) for line in node.body)] == []


def test_no_shell_is_used() -> None:
    banned = {("os", "system"), ("os", "popen")}
    for place, node in _nodes():
        assert not (isinstance(node, ast.keyword) and node.arg == "shell"), f"{place}: shell="
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in banned, place


def test_no_pattern_ends_before_a_line_end() -> None:
    """`$` also matches before a line end, so that "x\\n" passes beside "x": use fullmatch or \\Z."""
    for place, node in _nodes():
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        module = (
            function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
        )
        patterns = [keyword.value for keyword in node.keywords if keyword.arg == "pattern"]
        patterns += node.args[:1] if module in {"re", "regex"} else []
        for pattern in patterns:
            texts = [part.value for part in ast.walk(pattern) if isinstance(part, ast.Constant)]
            assert not any(re.search(r"(?<!\\)\$", str(text)) for text in texts), f"{place}: $"


# --- documents ---


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_readme_names_only_existing_commands(readme: str) -> None:
    names = set(re.findall(r"`stocksup ([a-z]+)", readme))
    assert names
    assert names <= set(root.list_commands(click.Context(root)))


def test_readme_names_only_existing_discord_commands(readme: str) -> None:
    prefixed = {usage.split()[0] for usage in _discord_usages()}
    names = set(re.findall(r"`(![a-z]+)", readme))
    assert names
    assert names <= prefixed


def test_reference_names_every_command() -> None:
    headings = set(re.findall(r"^## stocksup ([a-z]+)$", (REFERENCE / "commands.md").read_text(), re.MULTILINE))
    assert headings == set(root.list_commands(click.Context(root)))


def test_reference_names_every_discord_command() -> None:
    page = (REFERENCE / "discord.md").read_text()
    usages = _discord_usages()
    assert usages
    missing = [usage for usage in usages if f"`{usage}`" not in page.replace("\\|", "|")]
    assert not missing, f"docs/reference/discord.md does not name {missing}"


def test_reference_names_every_key() -> None:
    page = (REFERENCE / "configuration.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+)`", page, re.MULTILINE))
    keys = set(_keys()) - NOT_KEYS
    assert keys > {"language", "state_dir", "drain_timeout_s"}
    assert documented - NOT_KEYS == keys


def _discord_usages() -> list[str]:
    return [form.usage("!") for _title, forms in help_sections(admin_cogs()) for form in forms]


def _keys() -> Iterator[str]:
    """Yield the keys that may stand in config.toml."""
    for module in (supervisor.config.settings, botapp.config.settings):
        for kind in vars(module).values():
            is_table = isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
            if is_table and (kind.__module__ == module.__name__ or kind is Denomination):
                yield from kind.__struct_fields__
