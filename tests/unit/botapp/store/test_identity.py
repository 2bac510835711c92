"""Texts that look the same are the same: items, codes and names."""

from __future__ import annotations

import sys

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from botapp.store.domain import refusals
from botapp.store.domain.identity import has_one_script, normalize, normalize_key, parse_user_id, remove_invisible
from botapp.store.domain.rules import (
    MAX_RESERVED,
    RESERVED_MS,
    ReleasedHandle,
    check_handle_change,
    content_digest,
    parse_stock,
    validate_code,
    validate_description,
    validate_handle,
    validate_name,
)

#: characters that are invisible, some of which a keyboard, a web page or an editor inserts
INVISIBLE = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200d",
    "\u200c",
    "\u200e",
    "\u202e",
    "\u2066",
    "\ufe0f",
    "\0",
    "\x1b",
]
FILLERS = ["\u3164", "\u115f", "\u1160", "\uffa0", "\u2800"]


def test_every_character_that_unicode_ignores_is_removed() -> None:
    """The ranges in the code against the character database of another library."""
    ignored = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}--[\t\n\v\f\r\x85]]", regex.V1)
    left = [
        hex(number) for number in range(sys.maxunicode + 1) if ignored.match(chr(number)) and normalize(chr(number))
    ]
    assert left == []


def test_only_invisible_characters_are_removed() -> None:
    may_go = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb\U0001d159]")
    every = [chr(number) for number in range(sys.maxunicode + 1)]
    left = set(remove_invisible("".join(every)))
    assert [hex(ord(one)) for one in every if one not in left and not may_go.match(one)] == []


@pytest.mark.parametrize("mark", INVISIBLE)
@pytest.mark.parametrize("form", ["{0}AAAA-1111", "AAAA{0}-1111", "AAAA-1111{0}", "A{0}AAA-1{0}111", "{0}{0}AAAA-1111"])
def test_item_with_invisible_characters_is_the_same_item(mark: str, form: str) -> None:
    found = parse_stock(["AAAA-1111", form.format(mark)])
    assert ([one.content for one in found.items], found.duplicates) == (["AAAA-1111"], (2,))
    # and it is delivered without them
    assert [one.content for one in parse_stock([form.format(mark)]).items] == ["AAAA-1111"]


@pytest.mark.parametrize("line", ["", " ", "\t", *INVISIBLE, *FILLERS, "\u200b \u2060", "\u00a0", "\u3000"])
def test_line_in_which_nothing_is_visible_is_empty(line: str) -> None:
    assert parse_stock([line]).blank == (1,)


@pytest.mark.parametrize(
    ("one", "other"),
    [("é-1", "e\u0301-1"), ("ＡＢＣ", "ABC"), ("user pass", "user\u00a0pass"), ("a  b", "a b"), ("❤️-1", "❤-1")],
)
def test_compatible_items_are_equal(one: str, other: str) -> None:
    assert content_digest(one) == content_digest(other)


@pytest.mark.parametrize(("one", "other"), [("abc", "ABC"), ("a b", "ab"), ("0O", "00"), ("a-b", "a–b")])
def test_different_items_stay_different(one: str, other: str) -> None:
    assert content_digest(one) != content_digest(other)


@pytest.mark.parametrize("text", ["👨\u200d👩\u200d👧 pass", "❤\ufe0f", "می\u200cخواهم", "क्\u200dष"])
def test_joiners_of_emoji_and_scripts_stay_in_what_is_shown(text: str) -> None:
    assert remove_invisible(text) == text
    assert validate_name(text) == text


@given(st.text())
def test_normalizing_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert normalize_key(normalize_key(text)) == normalize_key(text)
    assert remove_invisible(remove_invisible(text)) == remove_invisible(text)
    assert normalize(remove_invisible(text)) == normalize(text)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_visible_ascii_stays(text: str) -> None:
    assert remove_invisible(text) == text


@pytest.mark.parametrize("mark", [*INVISIBLE, " "])
def test_names_and_codes_are_stored_without_invisible_characters(mark: str) -> None:
    assert validate_handle(f"{mark}Budi{mark}") == "Budi"
    assert validate_code(f"{mark}STEAM-1{mark}") == "STEAM-1"
    assert validate_name(f"{mark}Steam{mark} 10{mark}") == validate_name("Steam 10" if mark != " " else "Steam  10")
    assert normalize_key(f"B{mark.strip()}udi") == "budi"


@pytest.mark.parametrize("filler", FILLERS)
def test_names_of_fillers_are_refused(filler: str) -> None:
    for text in (filler * 4, f"Bu{filler}di"):
        with pytest.raises(refusals.InvalidHandle):
            validate_handle(text)
        with pytest.raises(refusals.InvalidCode):
            validate_code(text)
    with pytest.raises(refusals.InvalidText):
        validate_name(filler * 4)
    assert validate_description(filler) == ""


@pytest.mark.parametrize(
    "name",
    [
        "Budi",
        "budi_99",
        "Übersee",
        "Ольга",
        "Γιώργος",
        "さくら桜",
        "ケーキ",
        "김철수",
        "李小龙",
        "مريم",
        "שרה",
        "ก้อง",
        "Budi桜",
        "กข1",
    ],
)
def test_name_of_one_script_is_accepted(name: str) -> None:
    assert has_one_script(name)


@pytest.mark.parametrize("name", ["Вudi", "pаypal", "Βudi", "budi٥", "Ｂudі", "Օlga", "ⲟlga", "김мария"])
def test_name_of_mixed_scripts_is_refused(name: str) -> None:
    with pytest.raises(refusals.InvalidHandle) as caught:
        validate_handle(name)
    assert caught.value.reason == "scripts"
    with pytest.raises(refusals.InvalidCode):
        validate_code(name)


@pytest.mark.parametrize("name", ["9" * 17, "9" * 20, "٩" * 18, "１" * 17, "\u200b" + "9" * 19])
def test_name_that_looks_like_a_user_id_is_refused(name: str) -> None:
    with pytest.raises(refusals.InvalidHandle) as caught:
        validate_handle(name)
    assert caught.value.reason == "user_id"
    assert validate_handle("9" * 16) == "9" * 16


NOW_MS = 10 * RESERVED_MS


@pytest.mark.parametrize(
    ("account_id", "released", "is_refused"),
    [
        (None, None, False),
        (None, ReleasedHandle(1, NOW_MS - 1), True),
        (2, ReleasedHandle(1, NOW_MS - RESERVED_MS + 1), True),
        (2, ReleasedHandle(1, NOW_MS - RESERVED_MS), False),
        (1, ReleasedHandle(1, NOW_MS - 1), False),
        # the clock was ahead when it was given up
        (2, ReleasedHandle(1, NOW_MS + 1), True),
    ],
)
def test_released_name_stays_reserved_for_others(
    account_id: int | None, released: ReleasedHandle | None, is_refused: bool
) -> None:
    problem = check_handle_change(account_id, released, [], NOW_MS)
    assert isinstance(problem, refusals.HandleReserved) is is_refused


def test_member_cannot_reserve_names_without_limit() -> None:
    own = [ReleasedHandle(1, NOW_MS - number) for number in range(MAX_RESERVED)]
    assert check_handle_change(1, None, own, NOW_MS) is None
    more = [*own, ReleasedHandle(1, NOW_MS - RESERVED_MS + 5)]
    assert check_handle_change(1, None, more, NOW_MS) == refusals.TooManyHandles(NOW_MS + 5)
    assert check_handle_change(1, None, more, NOW_MS + 5) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("<@1400000000000000103>", 1400000000000000103),
        ("<@!1400000000000000103>", 1400000000000000103),
        ("1400000000000000103", 1400000000000000103),
        ("12345", None),  # a handle
        ("Budi", None),
        ("<@&1400000000000000103>", None),
        ("99999999999999999999", None),
    ],
)
def test_parse_user_id(typed: str, meant: int | None) -> None:
    assert parse_user_id(typed) == meant
