"""Random histories of a shop with crashes between any two statements: no money or item is lost or doubled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, event, select

from botapp.store import verify
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.tables import account, stock_item
from botapp.store.domain import refusals
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import accounts, deposits, products, purchases, stock
from tests.support import depth

P = ParamSpec("P")
T = TypeVar("T")

USERS = (11, 22, 33)
CODES = ("A", "B")
PRICES = {"A": 7, "B": 30}
LIMITS = Limits(max_quantity=5, cooldown_s=0)


class Crash(Exception):
    """Simulates the end of the process."""


class Shop(RuleBasedStateMachine):
    """A model of the shop, compared with the database."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.database = self.opened()
        self.balances = dict.fromkeys(map(handle_of, USERS), 0)
        self.available: dict[str, list[str]] = {code: [] for code in CODES}
        self.sold: dict[int, list[str]] = {}
        self.gone: set[str] = set()
        self.bought: dict[int, tuple[int, int]] = {}
        self.refunded: set[int] = set()
        self.taken: set[str] = set()
        self.clock_ms = 0
        self.next_item = 0

    def teardown(self) -> None:
        self.database._dispose_engine()
        shutil.rmtree(self.directory)

    def opened(self) -> Database:
        return Database(database_url("", self.directory / "shop.db"))

    def now_ms(self) -> int:
        self.clock_ms += 1
        return self.clock_ms

    def run(
        self,
        crash_at: int | None,
        use_case: Callable[Concatenate[Connection, P], T],
        /,
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> T:
        """Run a use case in a process that dies before statement number `crash_at`, if there are that many.

        Then repeat it in another process, as the requester would.
        """
        if crash_at is not None:
            left = [crash_at]

            def die(*_: Any) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash

            engine = self.database._current_engine()
            event.listen(engine, "before_cursor_execute", die)
            # it finished, but the answer was lost
            with suppress(Crash, refusals.Refused):
                self.database.run_sync(use_case, *arguments, **keywords)
            event.remove(engine, "before_cursor_execute", die)
            self.database._dispose_engine()
            self.database = self.opened()
        return self.database.run_sync(use_case, *arguments, **keywords)

    @initialize()
    def open_shop(self) -> None:
        self.database.run_sync(schema.migrate, back_up=lambda: None)
        for user in USERS:
            self.database.run_sync(accounts.register, user, handle_of(user), self.now_ms())
        for code in CODES:
            self.database.run_sync(products.add, code, code, PRICES[code], "", self.now_ms())

    crashes = st.none() | st.integers(0, 14)

    @rule(code=st.sampled_from(CODES), pieces=st.integers(1, 6), with_duplicate=st.booleans(), crash_at=crashes)
    def restock(self, code: str, pieces: int, with_duplicate: bool, crash_at: int | None) -> None:
        lines = [f"item-{self.next_item + number}" for number in range(pieces)]
        self.next_item += pieces
        known = self.available[code][:1] if with_duplicate else []
        batch = f"batch-{self.next_item}"
        self.run(None, stock.stage, batch, parse_stock([*known, *lines]).items)
        adding = self.run(crash_at, stock.publish, batch, code, actor="admin", now_ms=self.now_ms())
        # a repeated publish, after a lost answer, finds its lines in stock
        assert adding.added + len(adding.duplicates) == len(known) + len(lines)
        self.run(None, stock.unstage, batch)
        self.available[code] += lines

    @rule(user=st.sampled_from(USERS), amount=st.integers(1, 200), crash_at=crashes)
    def deposit(self, user: int, amount: int, crash_at: int | None) -> None:
        key = f"message-{self.now_ms()}"
        handle = handle_of(user)

        def take(connection: Connection) -> object:
            return deposits.record(
                connection, key=key, source="webhook", handle=handle.upper(), amount=amount, refusal="", now_ms=1
            )

        self.run(crash_at, take)
        assert self.run(None, take) is None
        self.balances[handle] += amount

    @rule(
        user=st.sampled_from(USERS),
        code=st.sampled_from(CODES),
        quantity=st.integers(0, 6),
        price_is_old=st.booleans(),
        crash_at=crashes,
    )
    def buy(self, user: int, code: str, quantity: int, price_is_old: bool, crash_at: int | None) -> None:
        found = self.database.run_sync(products.get_by_code, code)
        price = found.price + price_is_old
        interaction = 1_000_000 + self.now_ms()
        order = Order(interaction, user, found.id, quantity, price, "id")
        total, handle = quantity * found.price, handle_of(user)
        expected: type[refusals.Refused] | None = None
        if not 1 <= quantity <= LIMITS.max_quantity:
            expected = refusals.InvalidQuantity
        elif price_is_old:
            expected = refusals.PriceChanged
        elif self.balances[handle] < total:
            expected = refusals.InsufficientBalance
        elif len(self.available[code]) < quantity:
            expected = refusals.SoldOut
        try:
            receipt = self.run(crash_at, purchases.buy, order, LIMITS, self.clock_ms)
        except refusals.Refused as refusal:
            assert type(refusal) is expected
            return
        assert expected is None
        mine, self.available[code] = self.available[code][:quantity], self.available[code][quantity:]
        assert list(receipt.items) == mine
        self.balances[handle] -= total
        assert receipt.balance == self.balances[handle]
        self.sold[receipt.purchase.id] = mine
        self.bought[interaction] = (user, receipt.purchase.id)

    @precondition(lambda self: self.bought)
    @rule(data=st.data(), crash_at=crashes)
    def click_again(self, data: st.DataObject, crash_at: int | None) -> None:
        interaction = data.draw(st.sampled_from(sorted(self.bought)))
        user, number = self.bought[interaction]
        order = Order(interaction, user, 1, 1, 1, "id")
        receipt = self.run(crash_at, purchases.buy, order, LIMITS, self.now_ms())
        assert receipt.is_repeat
        assert (receipt.purchase.id, list(receipt.items)) == (number, self.sold[number])

    @precondition(lambda self: self.sold)
    @rule(data=st.data(), crash_at=crashes)
    def refund(self, data: st.DataObject, crash_at: int | None) -> None:
        number = data.draw(st.sampled_from(sorted(self.sold)))
        user = next(user for user, its in self.bought.values() if its == number)
        try:
            purchase, balance = self.run(crash_at, purchases.refund, number, actor="admin", now_ms=self.now_ms())
        except refusals.AlreadyRefunded:
            # refunded earlier, or by the process whose answer was lost
            purchase = self.database.run_sync(purchases.get, number)
            balance = self.database.run_sync(accounts.get_by_handle, handle_of(user)).balance
        if number not in self.refunded:
            self.refunded.add(number)
            self.balances[handle_of(user)] += purchase.total
        assert balance == self.balances[handle_of(user)]

    @rule(code=st.sampled_from(CODES), pieces=st.integers(1, 3))
    def withdraw(self, code: str, pieces: int) -> None:
        there = self.available[code]
        try:
            _, items = self.run(None, stock.withdraw, code, pieces, self.now_ms())
        except refusals.StockTooSmall as refusal:
            assert refusal.available == len(there) < pieces
            return
        assert list(items) == there[:pieces]
        self.gone |= set(items)
        self.available[code] = there[pieces:]

    @rule(user=st.sampled_from(USERS), amount=st.integers(1, 100), add=st.booleans(), crash_at=crashes)
    def adjust(self, user: int, amount: int, add: bool, crash_at: int | None) -> None:
        handle, key = handle_of(user), f"command-{self.now_ms()}"
        try:
            self.run(
                crash_at, accounts.adjust_balance, handle, amount, add=add, actor="admin", key=key, now_ms=self.clock_ms
            )
        except refusals.InsufficientBalance:
            assert not add
            assert self.balances[handle] < amount
            return
        self.balances[handle] += amount if add else -amount

    @invariant()
    def the_ledger_is_consistent(self) -> None:
        if not self.clock_ms:
            return
        assert self.database.run_sync(lambda connection: list(verify.find_problems(connection))) == []

    @invariant()
    def every_coin_and_every_item_is_where_it_should_be(self) -> None:
        if not self.clock_ms:
            return
        rows = self.database.run_sync(lambda connection: connection.execute(select(account)).all())
        assert {row.handle: row.balance for row in rows} == self.balances
        items = self.database.run_sync(lambda connection: connection.execute(select(stock_item)).all())
        places = {row.content: (row.status, row.purchase_id) for row in items}
        assert len(places) == len(items)
        expected: dict[str, tuple[str, int | None]] = {}
        for content in (one for code in CODES for one in self.available[code]):
            expected[content] = ("available", None)
        expected |= dict.fromkeys(self.gone, ("withdrawn", None))
        for number, contents in self.sold.items():
            status = "withdrawn" if number in self.refunded else "sold"
            expected |= dict.fromkeys(contents, (status, number))
        assert places == expected


def handle_of(user: int) -> str:
    """Return the handle of a user."""
    return f"user{user}"


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=depth.count(40, 6), stateful_step_count=30)
