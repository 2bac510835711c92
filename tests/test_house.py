"""The house rules that can be read from the code: who may know whom, how big a file may be, what README must name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

import botapp.config.settings
import supervisor.config.settings
from botapp.cogs.base import chapters
from botapp.store.domain.money import Denomination
from docs.make_reference import admin_cogs
from supervisor.cli.root import root

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("supervisor", "botapp")
#: how long a file may be; a file of tests is a list, and is not read from top to bottom
MAX_LINES = {"tests": 600}
MAX_LINES_ELSEWHERE = 455
#: the restart is to be read in one place, from top to bottom
LONGER = {"supervisor/lifecycle/machine.py": 600}
#: what `Struct`s hold besides keys: the tables themselves, and where the file is
NO_KEYS = {"supervisor", "discord", "bot", "cache", "alerts", "store", "deposits", "live", "programs", "path"}

#: who may import what: a package, a part of it (a prefix of paths below ROOT), and the places that alone may
ONLY_IN = {
    "apprise": ("supervisor/alerts/sender.py",),
    "click": ("supervisor/cli/", "botapp/cli/"),
    "discord": ("botapp/",),
    "sqlalchemy": ("botapp/",),
    "botapp": ("botapp/",),
    "simcord": ("botapp/local_discord/",),
    "asyncio": ("botapp/",),
    "pickle": (),
    "marshal": (),
}


def _files(*places: str) -> list[Path]:
    """Return our files below `places`; what stands in a hidden directory, such as a .venv, is not ours."""
    found = (path for place in places for path in (ROOT / place).rglob("*.py"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that the file imports, wherever in it that stands."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            # what is imported may be a module itself: `from supervisor import client`
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


sources = pytest.mark.parametrize("path", _files(*PACKAGES), ids=_name)


@sources
def test_nobody_imports_what_is_not_his_to_know(path: Path) -> None:
    for package, places in ONLY_IN.items():
        if not any(_name(path).startswith(place) for place in places):
            strangers = [module for module in _imports(path) if _is_of(module, package)]
            assert not strangers, f"{_name(path)} imports {strangers}"


@pytest.mark.parametrize("path", _files("botapp"), ids=_name)
def test_the_bot_knows_the_supervisor_by_its_door_alone(path: Path) -> None:
    known = [module for module in _imports(path) if _is_of(module, "supervisor")]
    assert all(_is_of(module, "supervisor.client") for module in known), f"{_name(path)} imports {known}"


@pytest.mark.parametrize("path", [*_files("supervisor")], ids=_name)
def test_the_supervisor_does_not_load_its_commands(path: Path) -> None:
    if not _name(path).startswith("supervisor/cli/"):
        assert not [module for module in _imports(path) if _is_of(module, "supervisor.cli")]


def test_the_two_managers_do_not_know_each_other() -> None:
    stock, buttons = "botapp.ui.views.live_stock_view", "botapp.ui.buttons.live_buttons"
    for one, other in ((stock, buttons), (buttons, stock)):
        path = ROOT / f"{one.replace('.', '/')}.py"
        assert not [module for module in _imports(path) if _is_of(module, other)]


@pytest.mark.parametrize("path", _files(*PACKAGES, "tests", "bench"), ids=_name)
def test_a_file_is_not_longer_than_one_can_oversee(path: Path) -> None:
    top = path.relative_to(ROOT).parts[0]
    most = LONGER.get(_name(path), MAX_LINES.get(top, MAX_LINES_ELSEWHERE))
    assert len(path.read_text().splitlines()) <= most


@sources
def test_nothing_is_swallowed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ExceptHandler):
            place = f"{_name(path)}:{node.lineno}"
            assert node.type is not None, f"{place}: a bare except"
            assert not all(isinstance(one, ast.Pass) for one in node.body), f"{place}: an error passed over in silence"


@sources
def test_no_shell_is_asked(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.keyword) and node.arg == "shell":
            pytest.fail(f"{_name(path)}:{node.value.lineno}: shell=")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {("os", "system"), ("os", "popen")}, _name(path)


# --- README ---


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_every_command_that_readme_names_exists(readme: str) -> None:
    named = set(re.findall(r"`stocksup ([a-z]+)", readme))
    assert named
    assert named <= set(root.list_commands(click.Context(root)))


def test_readme_names_every_command_with_its_options(readme: str) -> None:
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        row = next((line for line in readme.splitlines() if re.match(rf"\| `stocksup {name}\b", line)), None)
        assert command is not None
        assert row is not None, f"README has no row about stocksup {name}"
        usage = row.split("|")[1]
        for flag in ("--foreground", "--reason", "--no-wait", "-f", "-n"):
            if any(flag in parameter.opts for parameter in command.params) and name != "history":
                assert flag in usage, f"README's row about stocksup {name} does not name {flag}"


def test_readme_names_every_command_in_discord(readme: str) -> None:
    known = [form.usage("!").replace("|", chr(92) + "|") for _title, forms in chapters(admin_cogs()) for form in forms]
    missing = [form for form in known if f"`{form}`" not in readme]
    assert known
    assert not missing, f"README does not name {missing}"


def _keys() -> Iterator[tuple[str, str]]:
    """Yield (table, key) for all that may stand in config.toml."""
    modules = (supervisor.config.settings, botapp.config.settings)
    for module in modules:
        for name, kind in vars(module).items():
            is_table = isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
            if is_table and (kind.__module__ == module.__name__ or kind is Denomination):
                yield from ((name, field) for field in kind.__struct_fields__)


def test_readme_names_every_key(readme: str) -> None:
    section = readme.partition("## Configuration")[2].partition("\n## ")[0]
    keys = {key for _, key in _keys()} - NO_KEYS
    assert keys > {"language", "state_dir", "drain_timeout_s"}
    missing = sorted(key for key in keys if not re.search(rf"\b{key}\b", section))
    assert not missing, f"README's section about the configuration does not name {missing}"


def test_every_key_that_readme_names_exists(readme: str) -> None:
    section = readme.partition("## Configuration")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {word for cell in cells for one in re.findall(r"`([^`]+)`", cell) for word in one.split()[-1:]}
    assert named
    assert named <= {key for _, key in _keys()}
