"""What a control of the shop does is in its custom id, and is read from it again, whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.ui import custom_ids
from botapp.ui.custom_ids import Step, build, parse

numbers = st.integers(0, 10**19 - 1)


@given(st.sampled_from(sorted(custom_ids._STEPS)), st.data())
def test_round_trip_and_length(name: str, data: st.DataObject) -> None:
    carried = tuple(data.draw(st.lists(numbers, min_size=custom_ids._STEPS[name], max_size=custom_ids._STEPS[name])))
    custom_id = build(name, *carried)
    assert parse(custom_id) == Step(name, carried)
    if name != "buy:yes":
        assert len(custom_id) <= custom_ids.MAX_CHARS


def test_longest_custom_id_fits() -> None:
    largest_id, most, dearest = 2**63 - 1, 1000, 2**53 - 1
    assert len(build("buy:yes", largest_id, most, dearest, largest_id)) <= custom_ids.MAX_CHARS


@given(st.one_of(st.text(max_size=120), st.text(max_size=100).map(lambda text: f"stocksup:v1:{text}")))
def test_parse_is_exact(custom_id: str) -> None:
    step = parse(custom_id)
    assert step is None or build(step.name, *step.numbers) == custom_id


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "stocksup:v1:",
        "stocksup:v1:stock",
        "stocksup:v1:status",
        "stocksup:v1:restart:yes",
        "stocksup:v2:buy",
        "stocksup:v1:buy:page",
        "stocksup:v1:buy:page:-1",
        "stocksup:v1:buy:page:01",
        "stocksup:v1:buy:page:٣",
        "stocksup:v1:buy:page:1:2",
        "stocksup:v1:buy:yes:1:2:3",
        "stocksup:v1:buy:page:1" + "0" * 100,
    ],
)
def test_invalid_custom_ids(custom_id: str) -> None:
    assert parse(custom_id) is None


def test_live_button_ids_do_not_change() -> None:
    names = ("register", "balance", "buy", "world", "history")
    assert tuple(f"stocksup:v1:{name}" for name in names) == custom_ids.LIVE
