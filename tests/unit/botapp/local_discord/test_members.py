"""What members do on the page beyond clicking: slash commands, lists of members, replies, files, languages."""

from __future__ import annotations

import io
from typing import Any

import pytest

from botapp.local_discord import ids
from botapp.local_discord.world.members import ActionRefused, Members
from botapp.local_discord.world.slash_options import list_offered_commands
from botapp.local_discord.world.world import Upload, World

COMMANDS = [
    {
        "name": "stok",
        "description": "Shows the stock",
        "description_localizations": {"id": "Menampilkan stok"},
        "type": 1,
        "options": [
            {"name": "kode", "description": "Code", "type": 3, "required": True, "autocomplete": True},
            {"name": "jumlah", "description": "Pieces", "type": 4, "min_value": 1, "max_value": 9},
        ],
    },
    {
        "name": "admin",
        "description": "For admins",
        "type": 1,
        "options": [
            {
                "name": "saldo",
                "description": "Balance",
                "type": 1,
                "name_localizations": {"id": "uang"},
                "options": [{"name": "siapa", "description": "Who", "type": 6, "required": True}],
            }
        ],
    },
]


class Place:
    """A world with commands and a message with lists; what the bot is sent, newest last."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.fed: list[str] = []
        self.world = World(self._send, lambda kind, **fields: self.fed.append(kind))
        self.members = Members(self.world)
        answer = self.rest("PUT", f"/applications/{ids.BOT_ID}/commands", COMMANDS)
        assert answer.status == 200, answer

    def _send(self, event: str, data: dict[str, Any]) -> None:
        if event == "INTERACTION_CREATE":
            self.sent.append(data)

    def rest(self, method: str, path: str, body: Any) -> Any:
        return self.world.rest(method, path, body=body, params={}, files=[], reason=None)


@pytest.fixture
def place() -> Place:
    return Place()


def test_commands_are_offered_in_the_language_of_the_client(place: Place) -> None:
    assert "commands" in place.fed
    assert [one["shown"] for one in place.members.commands("Admin", "toko")] == ["admin saldo", "stok"]
    balance, stock = place.members.commands("Budi", "toko")
    assert (balance["name"], balance["shown"]) == ("admin saldo", "admin uang")
    assert stock["description"] == "Menampilkan stok"
    assert [(one["name"], one.get("required", False)) for one in stock["options"]] == [
        ("kode", True),
        ("jumlah", False),
    ]
    place.members.set_language("Budi", "en-US")
    assert place.members.commands("Budi", "toko")[1]["description"] == "Shows the stock"


def test_a_command_without_options_is_offered_as_it_is() -> None:
    assert list_offered_commands([{"name": "ping", "description": "Pong"}], "id") == [
        {"name": "ping", "shown": "ping", "description": "Pong", "options": []}
    ]


def test_the_bot_gets_options_typed_and_people_resolved(place: Place) -> None:
    place.members.command("Budi", "toko", "stok", {"kode": "STEAM10", "jumlah": 2})
    assert place.sent[-1]["data"]["options"] == [
        {"name": "kode", "type": 3, "value": "STEAM10"},
        {"name": "jumlah", "type": 4, "value": 2},
    ]
    assert place.sent[-1]["locale"] == "id"
    place.members.command("Admin", "toko", "admin saldo", {"siapa": str(ids.SARI_ID)})
    data = place.sent[-1]["data"]
    assert data["options"][0]["name"] == "saldo"
    assert data["resolved"]["users"][str(ids.SARI_ID)]["username"] == "Sari"
    assert "user" not in data["resolved"]["members"][str(ids.SARI_ID)]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("stok", {}, "'kode' is required"),
        ("stok", {"kode": "A", "warna": "x"}, "no option 'warna'"),
        ("stok", {"kode": "A", "jumlah": "2"}, "expects int"),
        ("stok", {"kode": "A", "jumlah": 10}, "jumlah"),
        ("admin hapus", {}, "no part 'hapus'"),
        ("stok kode", {}, "no part 'kode'"),
        ("admin saldo", {"siapa": "12"}, "id of a user"),
        ("beli", {}, "no command /beli"),
        ("", {}, "no command /"),
    ],
)
def test_a_command_that_was_filled_in_wrongly(place: Place, name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionRefused, match=message):
        place.members.command("Budi", "toko", name, options)
    assert not place.sent


def test_the_bot_completes_what_is_typed_whatever_else_is_missing(place: Place) -> None:
    record = place.members.complete("Budi", "toko", "stok", {"kode": "st"}, "kode")
    assert place.sent[-1]["type"] == 4
    assert place.sent[-1]["data"]["options"] == [{"name": "kode", "type": 3, "value": "st", "focused": True}]
    choices = [{"name": "Steam", "value": "STEAM10"}]
    body = {"type": 8, "data": {"choices": choices}}
    assert place.rest("POST", f"/interactions/{record.id}/{record.token}/callback", body).status == 200
    assert place.members.status(record.id)["choices"] == choices


def select(kind: int, **extra: Any) -> list[dict[str, Any]]:
    return [{"type": 1, "components": [{"type": kind, "custom_id": "list", **extra}]}]


def test_members_are_chosen_in_their_lists(place: Place) -> None:
    body = {"content": "who?", "components": select(5, min_values=1, max_values=2)}
    message = place.rest("POST", f"/channels/{ids.LIVE_CHANNEL_ID}/messages", body).body
    place.members.select("Budi", int(message["id"]), "list", [str(ids.SARI_ID), str(ids.ADMIN_ID)])
    assert place.sent[-1]["data"]["resolved"]["users"].keys() == {str(ids.SARI_ID), str(ids.ADMIN_ID)}
    for values, problem in (([], "1 to 2 values"), (["1"], "ids of a user"), (["x"], "ids of a user")):
        with pytest.raises(ActionRefused, match=problem):
            place.members.select("Budi", int(message["id"]), "list", values)


def test_a_reply_names_what_it_answers(place: Place) -> None:
    first = place.members.send_message("Budi", "toko", "ada stok?")
    answer = place.members.send_message("Sari", "toko", "ada", reply_to=first.id)
    shown = next(one for one in place.members.view("Budi", "toko") if one["id"] == str(answer.id))
    assert shown["referenced_message"]["content"] == "ada stok?"
    elsewhere = place.members.send_message("Admin", "admin", "rahasia")
    with pytest.raises(ActionRefused, match="sees no message"):
        place.members.send_message("Budi", "toko", "?", reply_to=elsewhere.id)


def test_files_go_with_a_message_and_may_go_alone(place: Place) -> None:
    message = place.members.send_message("Budi", "toko", "", files=[Upload("bukti.txt", io.BytesIO(b"lunas"))])
    (shown,) = place.members.view("Budi", "toko")
    assert (shown["id"], shown["attachments"][0]["size"]) == (str(message.id), 5)
    assert shown["attachments"][0]["content_type"] == "text/plain"
    with pytest.raises(ActionRefused, match="at most 10 files"):
        place.members.send_message("Budi", "toko", "x", files=[Upload("a", io.BytesIO())] * 11)
    with pytest.raises(ActionRefused, match="characters"):
        place.members.send_message("Budi", "toko", "")


def test_only_the_newest_messages_when_asked(place: Place) -> None:
    for number in range(5):
        place.members.send_message("Budi", "toko", str(number))
    assert [one["content"] for one in place.members.view("Budi", "toko", newest=2)] == ["3", "4"]
    assert len(place.members.view("Budi", "toko")) == 5


def test_a_client_speaks_only_what_there_is(place: Place) -> None:
    with pytest.raises(ActionRefused, match="known: en-US, id"):
        place.members.set_language("Budi", "tlh")
    assert place.members.language("Budi") == "id"


def test_a_slash_command_takes_a_file() -> None:
    place = Place()
    option = {"name": "berkas", "description": "File", "type": 11, "required": True}
    place.rest("PUT", f"/applications/{ids.BOT_ID}/commands", [
        {"name": "titip", "description": "Keeps a file", "type": 1, "options": [option]}
    ])  # fmt: skip
    place.members.command("Budi", "toko", "titip", {"berkas": Upload("a.txt", io.BytesIO(b"one"))})
    [given] = place.sent[-1]["data"]["options"]
    attachment = place.sent[-1]["data"]["resolved"]["attachments"][given["value"]]
    assert (attachment["filename"], attachment["size"]) == ("a.txt", 3)
    with pytest.raises(ActionRefused, match="takes a file"):
        place.members.command("Budi", "toko", "titip", {"berkas": "a.txt"})
