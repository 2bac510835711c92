"""What answers mean, what a new configuration says, and how one that is there is changed: no terminal, no network."""

from __future__ import annotations

import re
import zoneinfo
from pathlib import Path
from typing import Any

import discord
import msgspec
import pytest
import tomli
import tzlocal

import botapp.config.loading
import botapp.config.settings
import supervisor.config.loading
import supervisor.config.settings
from botapp import locale
from botapp.cli.doctor import discord as doctor
from botapp.cli.init import answers, currency, files, template
from botapp.config import token as bot_token
from botapp.discord_api import permissions
from supervisor.configfile import ConfigError

#: the tables of config.toml, and what checks them
TABLES: dict[str, type[msgspec.Struct]] = {
    "supervisor": supervisor.config.settings.Supervisor,
    "discord": botapp.config.settings.Discord,
    "bot": botapp.config.settings.Bot,
    "cache": botapp.config.settings.Cache,
    "store": botapp.config.settings.Store,
    "alerts": supervisor.config.settings.Alerts,
    "logs": supervisor.config.settings.Logs,
    "dashboard": botapp.config.settings.Dashboard,
    "programs.bot": supervisor.config.settings.Program,
}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("id", "id"), (" EN ", "en"), ("Indonesia", "id"), ("english", "en"), ("", None), ("de", None)],
)
def test_a_language(typed: str, meant: str | None) -> None:
    assert answers.language(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Asia/Jakarta", "Asia/Jakarta"),
        ("asia/jakarta", "Asia/Jakarta"),
        ("wib", "Asia/Jakarta"),
        ("WITA", "Asia/Makassar"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Jakarta", None),
        ("", None),
        ("../etc/passwd", None),
    ],
)
def test_a_timezone(typed: str, meant: str | None) -> None:
    assert answers.timezone(typed) == meant


@pytest.mark.parametrize("typed", ["Jakarta", "jakrta", "Asia/Jakata"])
def test_near_timezones(typed: str) -> None:
    assert "Asia/Jakarta" in answers.near_timezones(typed)


def test_the_machine_may_have_no_timezone(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise zoneinfo.ZoneInfoNotFoundError("two files name two zones")

    for told, answer in ((lambda: "Asia/Tokyo", "Asia/Tokyo"), (lambda: "local", "UTC"), (nowhere, "UTC")):
        monkeypatch.setattr(tzlocal, "get_localzone_name", told)
        assert answers.machine_timezone("UTC") == answer


@pytest.mark.parametrize(
    ("pasted", "token"),
    [
        ("abc.def\n", "abc.def"),
        ('"abc"', "abc"),
        ("Bot abc", "abc"),
        ("two words", None),
        ("", None),
        ("x" * 513, None),
    ],
)
def test_a_token(pasted: str, token: str | None) -> None:
    assert answers.token(pasted) == token


# --- a new file ---


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_new_file_has_every_key_and_its_default(language: str) -> None:
    locale.use(language)
    text = template.render({})
    # with every key switched on it means the same as an empty file
    full = tomli.loads(re.sub(r"(?m)^#(?=\w)", "", text))
    programs = full.pop("programs")
    assert {name for name, value in full.items() if isinstance(value, dict)} | {"programs.bot"} == set(TABLES)
    assert (full["language"], full["timezone"]) == ("id", "Asia/Jakarta")
    for table, kind in TABLES.items():
        given = programs["bot"] if table == "programs.bot" else full[table]
        assert set(given) == set(kind.__struct_fields__)
        default = supervisor.config.settings.BOT if table == "programs.bot" else kind()
        assert msgspec.convert(given, kind) == default


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_new_file_is_read_as_it_was_meant(tmp_path: Path, language: str) -> None:
    locale.use(language)
    values = {("", "language"): language, ("", "timezone"): "Asia/Tokyo", ("discord", "token_file"): 'a "b" \\c'}
    path = tmp_path / "config.toml"
    path.write_text(files.changed(files.Existing(path, None, {}), values))
    settings = botapp.config.loading.load(path, {})
    assert (settings.language, settings.timezone, settings.discord.token_file) == (language, "Asia/Tokyo", 'a "b" \\c')
    defaults = msgspec.structs.replace(
        settings, language="id", timezone="Asia/Jakarta", discord=botapp.config.settings.Discord()
    )
    assert defaults == botapp.config.settings.Settings(path=path)
    assert supervisor.config.loading.load(path).programs == {"bot": supervisor.config.settings.BOT}
    assert max(len(line) for line in path.read_text().splitlines()) <= 110


# --- one that is there ---


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("language = 'id' # mine\n", 'language = "en" # mine\n'),
        ("# top\n\n[bot]\nprefix = '?'\n", "# top\n\nlanguage = \"en\"\n[bot]\nprefix = '?'\n"),
        ('language = "en"\nodd = [1, # one\n 2]\n', 'language = "en"\nodd = [1, # one\n 2]\n'),
    ],
)
def test_only_what_is_asked_is_changed(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    assert files.changed(files.read(path), {("", "language"): "en"}).split() == after.split()


@pytest.mark.parametrize(
    "before",
    ["", "[discord]\n", "discord.gateway = ''\n", "discord = { gateway = '' }\n", "[discord] # mine\n\n[bot]\n"],
)
def test_a_table_is_filled_in_however_it_is_written(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    changed = files.changed(files.read(path), {("discord", "token_file"): "token"})
    assert tomli.loads(changed)["discord"]["token_file"] == "token"
    assert [word for word in before.split() if word in ("#", "mine", "[bot]")] == [
        word for word in changed.split() if word in ("#", "mine", "[bot]")
    ]


def test_a_link_stays_a_link_and_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files.write(tmp_path / "link", b"new", mode=0o600)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "directory").mkdir()
    with pytest.raises(ConfigError):
        files.write(tmp_path / "directory", b"new", mode=0o600)
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link", "directory"}


# --- permissions ---


def test_the_invite_link_asks_for_what_is_needed_and_no_more() -> None:
    assert permissions.required_permissions().value == 84992
    link = permissions.invite_link(42)
    assert link == (
        "https://discord.com/oauth2/authorize?client_id=42&scope=bot+applications.commands&permissions=93184"
    )
    assert permissions.missing_names(permissions.required_permissions()) == []
    locale.use("en")
    assert permissions.missing_names(discord.Permissions.none()) == list(permissions.REQUIRED.values())


_GUILD, _BOT, _ROLE = 1, 2, 3
_VIEW = discord.Permissions(view_channel=True).value


def _overwrite(id: int, kind: int, *, allow: int = 0, deny: int = 0) -> dict[str, Any]:
    return {"id": str(id), "type": kind, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("everybody", "role", "overwrites", "seen"),
    [
        (_VIEW, 0, [], True),
        (0, _VIEW, [], True),
        (0, 0, [], False),
        (_VIEW, 0, [_overwrite(_GUILD, 0, deny=_VIEW)], False),
        (_VIEW, 0, [_overwrite(_GUILD, 0, deny=_VIEW), _overwrite(_ROLE, 0, allow=_VIEW)], True),
        (_VIEW, 0, [_overwrite(_ROLE, 0, allow=_VIEW), _overwrite(_BOT, 1, deny=_VIEW)], False),
        (_VIEW, 0, [_overwrite(_ROLE, 0, deny=_VIEW), _overwrite(_BOT, 1, allow=_VIEW)], True),
        # of somebody else
        (_VIEW, 0, [_overwrite(99, 0, deny=_VIEW), _overwrite(99, 1, deny=_VIEW)], True),
        # an administrator may do all, whatever a channel says
        (0, discord.Permissions(administrator=True).value, [_overwrite(_BOT, 1, deny=_VIEW)], True),
    ],
)
def test_permissions_in_a_channel(everybody: int, role: int, overwrites: list[dict[str, Any]], seen: bool) -> None:
    roles = [{"id": str(_GUILD), "permissions": str(everybody)}, {"id": str(_ROLE), "permissions": str(role)}]
    roles.append({"id": "99", "permissions": str(discord.Permissions.all().value)})
    granted = permissions.compute_in_channel(_BOT, _GUILD, [_ROLE], roles, overwrites)
    assert granted.view_channel is seen


def test_a_token_that_only_root_may_read_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(settings: botapp.config.settings.Settings) -> str:
        raise bot_token.TokenFileOfRoot("cannot open it")

    (tmp_path / "config.toml").write_text('language = "en"\n[discord]\ntoken_file = "token"\n')
    monkeypatch.setattr(bot_token, "read_token", forbidden)
    token = next(one for one in doctor.check(tmp_path / "config.toml") if one["id"] == "token")
    assert (token["id"], token["warning"]) == ("token", True)
    assert "sudo stocksup check" in token["problem"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("growtopia", [("World Lock", "WL", 1), ("Diamond Lock", "DL", 100), ("Blue Gem Lock", "BGL", 10_000)]),
        (" Rupiah ", [("Rupiah", "Rp", 1)]),
        ("Gold g 1, Crown  kr = 20", [("Gold", "g", 1), ("Crown", "kr", 20)]),
        ("Gold g", [("Gold", "g", 1)]),
        ("Gold", None),
        ("Gold g 2", None),
        ("Gold g, Silver s", None),
        ("Gold g 1, Gold g2 5", None),
        ("Gold g 1,", None),
        ("Gold g 0", None),
        ("", None),
    ],
)
def test_a_currency(typed: str, meant: list[tuple[str, str, int]] | None) -> None:
    found = currency.parse(typed)
    assert (found and [msgspec.structs.astuple(unit) for unit in found]) == meant
    if found is not None:
        assert currency.parse(currency.describe(found)) == found


def test_a_currency_in_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    wanted: dict[tuple[str, str], str | currency.Currency] = {("store", "currency"): currency.PRESETS["growtopia"]}
    path.write_text(files.changed(files.read(path), wanted))
    assert botapp.config.loading.load(path).store.currency == currency.PRESETS["growtopia"]
    # the same value again changes nothing, another one replaces it
    assert files.changed(files.read(path), wanted) == path.read_text()
    path.write_text(files.changed(files.read(path), {("store", "currency"): currency.PRESETS["coin"]}))
    assert botapp.config.loading.load(path).store.currency == currency.PRESETS["coin"]
    path.write_text('[[store.currency]]\nname = "Gold"\nshort = "g"\nvalue = 1\n')
    with pytest.raises(ConfigError):
        files.changed(files.read(path), wanted)
