"""Check the invariants and the schema of a shop's database."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import Connection, Select, Text, cast, func, literal, or_, select

from botapp.locale import _
from botapp.store.db import schema
from botapp.store.db.comparison import find_differences
from botapp.store.db.tables import (
    account,
    delivery,
    deposit,
    ledger,
    metadata,
    product,
    purchase,
    stock_item,
    user_link,
)


class Verified(Struct, frozen=True):
    """What a verification has covered, and what it has found."""

    problems: list[str]
    #: of the database; an older or newer one than this program's is checked for damage only
    schema_version: str
    tables: int = 0
    rows: int = 0
    rules: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether everything was verified, not only that the file is undamaged."""
        return self.rules > 0


def verify_current(connection: Connection) -> Verified:
    """Verify a database whose schema version is the current one."""
    counts = [
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in metadata.sorted_tables
    ]
    # every rule is one query, and the comparison of the schema is one rule more
    problems = [*find_differences(connection), *find_problems(connection)]
    return Verified(problems, schema.VERSIONS[-1], len(counts), sum(counts), len(_checks()) + 1)


def find_problems(connection: Connection) -> Iterator[str]:
    """Yield one sentence per violated invariant; nothing if the database is consistent."""
    for text, query in _checks():
        for row in connection.execute(query.limit(100)):
            yield text % tuple(row)


def _checks() -> list[tuple[str, Select[tuple[object, ...]]]]:
    sums = (
        select(ledger.c.account_id, func.sum(ledger.c.amount).label("amount")).group_by(ledger.c.account_id).subquery()
    )
    entries_total = func.coalesce(sums.c.amount, 0)
    of_purchase = (
        select(stock_item.c.purchase_id, func.count().label("item_count"))
        .where(stock_item.c.purchase_id.is_not(None))
        .group_by(stock_item.c.purchase_id)
        .subquery()
    )
    item_count = func.coalesce(of_purchase.c.item_count, 0)
    entry = select(ledger.c.key, ledger.c.amount, ledger.c.account_id).subquery()
    purchase_key = literal("purchase:") + cast(purchase.c.interaction_id, Text)
    refund_key = literal("refund:") + cast(purchase.c.id, Text)
    deposit_key = literal("deposit:") + deposit.c.key
    return [
        (
            _("account %s: the balance is %s, but its ledger entries add up to %s"),
            select(account.c.handle, account.c.balance, entries_total)
            .outerjoin(sums, sums.c.account_id == account.c.id)
            .where(account.c.balance != entries_total),
        ),
        (
            _("order %s: the quantity is %s, but the number of its items is %s"),
            select(purchase.c.id, purchase.c.quantity, item_count)
            .outerjoin(of_purchase, of_purchase.c.purchase_id == purchase.c.id)
            .where(purchase.c.quantity != item_count),
        ),
        (
            _("order %s costs %s, but the ledger has no entry for it"),
            select(purchase.c.id, purchase.c.total)
            .outerjoin(entry, (entry.c.key == purchase_key) & (entry.c.account_id == purchase.c.account_id))
            .where(purchase.c.total > 0, or_(entry.c.amount.is_(None), entry.c.amount != -purchase.c.total)),
        ),
        (
            _("order %s of %s was refunded, but the ledger has no entry for the refund"),
            select(purchase.c.id, purchase.c.total)
            .outerjoin(entry, (entry.c.key == refund_key) & (entry.c.account_id == purchase.c.account_id))
            .where(purchase.c.status == "refunded", purchase.c.total > 0)
            .where(or_(entry.c.amount.is_(None), entry.c.amount != purchase.c.total)),
        ),
        (
            _("ledger entry %s pays for an order that does not exist"),
            select(ledger.c.id)
            .outerjoin(purchase, ledger.c.key == purchase_key)
            .where(ledger.c.kind == "purchase", purchase.c.id.is_(None)),
        ),
        (
            _("ledger entry %s refunds an order that was not refunded"),
            select(ledger.c.id)
            .outerjoin(purchase, (ledger.c.key == refund_key) & (purchase.c.status == "refunded"))
            .where(ledger.c.kind == "refund", purchase.c.id.is_(None)),
        ),
        (
            _("deposit %s of %s was accepted, but the ledger has no entry for it"),
            select(deposit.c.key, deposit.c.amount)
            .outerjoin(entry, (entry.c.key == deposit_key) & (entry.c.account_id == deposit.c.account_id))
            .where(deposit.c.refusal == "", or_(entry.c.amount.is_(None), entry.c.amount != deposit.c.amount)),
        ),
        (
            _("ledger entry %s belongs to a deposit that does not exist or was refused"),
            select(ledger.c.id)
            .outerjoin(deposit, (ledger.c.key == deposit_key) & (deposit.c.refusal == ""))
            .where(ledger.c.kind == "deposit", deposit.c.id.is_(None)),
        ),
        (
            _("item %s is %s, but its order %s is %s"),
            select(stock_item.c.id, stock_item.c.status, purchase.c.id, purchase.c.status)
            .join(purchase, purchase.c.id == stock_item.c.purchase_id)
            .where((stock_item.c.status == "sold") != (purchase.c.status == "done")),
        ),
        (
            _("item %s belongs to product %s, but its order %s to another product"),
            select(stock_item.c.id, stock_item.c.product_id, purchase.c.id)
            .join(purchase, purchase.c.id == stock_item.c.purchase_id)
            .where(stock_item.c.product_id != purchase.c.product_id),
        ),
        (
            _("item %s belongs to a product or an order that does not exist"),
            select(stock_item.c.id)
            .outerjoin(product, product.c.id == stock_item.c.product_id)
            .outerjoin(purchase, purchase.c.id == stock_item.c.purchase_id)
            .where(or_(product.c.id.is_(None), (stock_item.c.purchase_id.is_not(None)) & purchase.c.id.is_(None))),
        ),
        (
            _("order %s has no delivery"),
            select(purchase.c.id)
            .outerjoin(delivery, delivery.c.purchase_id == purchase.c.id)
            .where(delivery.c.purchase_id.is_(None)),
        ),
        (
            _("order %s belongs to an account or a product that does not exist"),
            select(purchase.c.id)
            .outerjoin(account, account.c.id == purchase.c.account_id)
            .outerjoin(product, product.c.id == purchase.c.product_id)
            .where(or_(account.c.id.is_(None), product.c.id.is_(None))),
        ),
        (
            _("a delivery belongs to order %s, which does not exist"),
            select(delivery.c.purchase_id)
            .outerjoin(purchase, purchase.c.id == delivery.c.purchase_id)
            .where(purchase.c.id.is_(None)),
        ),
        (
            _("account %s belongs to no user, but its balance is %s"),
            select(account.c.handle, account.c.balance)
            .outerjoin(user_link, user_link.c.account_id == account.c.id)
            .where(user_link.c.user_id.is_(None), account.c.balance != 0),
        ),
        (
            _("an item of product %s was sold %s times, first in order %s and last in order %s"),
            select(
                stock_item.c.product_id,
                func.count(),
                func.min(stock_item.c.purchase_id),
                func.max(stock_item.c.purchase_id),
            )
            .where(stock_item.c.purchase_id.is_not(None))
            .group_by(stock_item.c.product_id, stock_item.c.digest)
            .having(func.count() > 1),
        ),
        (
            _("user %s has an account that does not exist"),
            select(user_link.c.user_id)
            .outerjoin(account, account.c.id == user_link.c.account_id)
            .where(account.c.id.is_(None)),
        ),
        (
            _("ledger entry %s belongs to an account that does not exist"),
            select(ledger.c.id).outerjoin(account, account.c.id == ledger.c.account_id).where(account.c.id.is_(None)),
        ),
    ]
