"""Slash commands: the list that a client shows, and the data of an interaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from simcord.backend.errors import OptionError
from simcord.interactions import validate_option_value

from botapp.local_discord.world.world import Channel, Upload, World

_SUBCOMMAND_TYPES: Final = (1, 2)
_ATTACHMENT: Final = 11
_ENTITY_KINDS: Final = {6: ("user",), 7: ("channel",), 8: ("role",), 9: ("user", "role")}
#: fields of an option that the page uses
_SHOWN: Final = ("name", "type", "required", "autocomplete", "min_value", "max_value", "min_length", "max_length")


class InvalidOption(Exception):
    """An unknown option or an invalid value. `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def list_offered_commands(commands: list[dict[str, Any]], locale: str) -> list[dict[str, Any]]:
    """Return one entry for each command or subcommand that can be typed. Pure.

    `name` is what `interaction_data` takes (`group sub`), `shown` the same in the language of the client.
    """
    return [
        {
            "name": " ".join(path),
            "shown": " ".join(shown),
            "description": _localized(leaf, "description", locale),
            "options": [_option(option, locale) for option in leaf.get("options") or ()],
        }
        for command in commands
        for path, shown, leaf in _iter_leaves(command, (), (), locale)
    ]


def interaction_data(
    world: World,
    command: Mapping[str, Any],
    path: list[str],
    given: Mapping[str, Any],
    place: Channel,
    *,
    focused: str | None = None,
) -> dict[str, Any]:
    """Return the `data` of an interaction in `place`. `path` leads to a subcommand, `given` are the options by name.

    With `focused`, the name of the option being typed, return the data of an autocompletion: options may then be
    missing or incomplete. Raises InvalidOption.
    """
    nodes = [command]
    for name in path:
        child = {option["name"]: option for option in nodes[-1].get("options") or ()}.get(name)
        if child is None or child["type"] not in _SUBCOMMAND_TYPES:
            raise InvalidOption(f"the command has no part {name!r}", 404)
        nodes.append(child)
    resolved: dict[str, Any] = {}
    options = _fill_component(world, nodes[-1], given, resolved, place, focused)
    for node in reversed(nodes[1:]):
        options = [{"name": node["name"], "type": node["type"], "options": options}]
    return {"id": command["id"], "name": command["name"], "type": 1, "options": options, "resolved": resolved}


def _fill_component(
    world: World,
    leaf: Mapping[str, Any],
    given: Mapping[str, Any],
    resolved: dict[str, Any],
    place: Channel,
    focused: str | None,
) -> list[dict[str, Any]]:
    declared = {option["name"]: option for option in leaf.get("options") or ()}
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise InvalidOption(f"the command has no option {unknown[0]!r}; it has {sorted(declared)}")
    missing = [name for name, option in declared.items() if option.get("required") and name not in given]
    if missing and focused is None:
        raise InvalidOption(f"the option {missing[0]!r} is required")
    filled = []
    for name, value in given.items():
        option = declared[name]
        entry = {"name": name, "type": option["type"], "value": value}
        if name == focused:
            entry["focused"] = True
        elif option["type"] == _ATTACHMENT:
            if focused is not None:
                continue  # what is chosen is uploaded when the command is sent
            if not isinstance(value, Upload):
                raise InvalidOption(f"the option {name!r} takes a file")
            [attachment] = world.store_files(place.id, [value])
            resolved.setdefault("attachments", {})[attachment["id"]] = attachment
            entry["value"] = attachment["id"]
        elif option["type"] in _ENTITY_KINDS:
            if not add_resolved(world, _ENTITY_KINDS[option["type"]], value, resolved, place.guild_id):
                raise InvalidOption(f"the option {name!r} takes the id of a {_ENTITY_KINDS[option['type']][0]}")
        else:
            try:
                validate_option_value(str(leaf["name"]), dict(option), value)
            except OptionError as error:
                raise InvalidOption(str(error)) from error
        filled.append(entry)
    return filled


def add_resolved(
    world: World, kinds: tuple[str, ...], value: object, resolved: dict[str, Any], guild_id: int | None
) -> bool:
    """Add what the id `value` means to `resolved`; False when it is the id of nothing of these kinds."""
    number = int(str(value)) if str(value).isdecimal() and len(str(value)) <= 20 else 0
    for kind in kinds:
        if (found := world.resolve(kind, number, guild_id)) is not None:
            for part, payload in found.items():
                resolved.setdefault(part, {})[str(number)] = payload
            return True
    return False


def _iter_leaves(
    node: Mapping[str, Any], path: tuple[str, ...], shown: tuple[str, ...], locale: str
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Mapping[str, Any]]]:
    path, shown = (*path, str(node["name"])), (*shown, _localized(node, "name", locale))
    children = [option for option in node.get("options") or () if option["type"] in _SUBCOMMAND_TYPES]
    if not children:
        yield path, shown, node
    for child in children:
        yield from _iter_leaves(child, path, shown, locale)


def _option(option: Mapping[str, Any], locale: str) -> dict[str, Any]:
    choices = [{"name": _localized(one, "name", locale), "value": one["value"]} for one in option.get("choices") or ()]
    described = {"shown": _localized(option, "name", locale), "description": _localized(option, "description", locale)}
    return {key: option[key] for key in _SHOWN if key in option} | described | {"choices": choices}


def _localized(node: Mapping[str, Any], key: str, locale: str) -> str:
    """Return the `name` or `description` of a node in a language, else as it was registered."""
    return str((node.get(f"{key}_localizations") or {}).get(locale) or node.get(key) or "")
