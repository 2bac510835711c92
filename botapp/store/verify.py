"""Whether the books are right: what must hold in a shop's database at any time."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Select, Text, cast, func, literal, or_, select

from botapp.locale import _
from botapp.store.db.tables import account, delivery, deposit, ledger, product, purchase, stock_item, user_link


def find_problems(connection: Connection) -> Iterator[str]:
    """Yield everything that is wrong, one sentence each; nothing when the books are right."""
    for text, query in _checks():
        for row in connection.execute(query.limit(100)):
            yield text % tuple(row)


def _checks() -> list[tuple[str, Select[tuple[object, ...]]]]:
    sums = (
        select(ledger.c.account_id, func.sum(ledger.c.amount).label("amount")).group_by(ledger.c.account_id).subquery()
    )
    booked = func.coalesce(sums.c.amount, 0)
    of_purchase = (
        select(stock_item.c.purchase_id, func.count().label("pieces"))
        .where(stock_item.c.purchase_id.is_not(None))
        .group_by(stock_item.c.purchase_id)
        .subquery()
    )
    pieces = func.coalesce(of_purchase.c.pieces, 0)
    entry = select(ledger.c.key, ledger.c.amount, ledger.c.account_id).subquery()
    key = literal("purchase:") + cast(purchase.c.interaction_id, Text)
    back = literal("refund:") + cast(purchase.c.id, Text)
    came = literal("deposit:") + deposit.c.key
    return [
        (
            _("account %s: the balance is %s, the entries come to %s"),
            select(account.c.handle, account.c.balance, booked)
            .outerjoin(sums, sums.c.account_id == account.c.id)
            .where(account.c.balance != booked),
        ),
        (
            _("order %s: %s pieces were bought, %s belong to it"),
            select(purchase.c.id, purchase.c.quantity, pieces)
            .outerjoin(of_purchase, of_purchase.c.purchase_id == purchase.c.id)
            .where(purchase.c.quantity != pieces),
        ),
        (
            _("order %s costs %s, and no such entry is in the ledger"),
            select(purchase.c.id, purchase.c.total)
            .outerjoin(entry, (entry.c.key == key) & (entry.c.account_id == purchase.c.account_id))
            .where(purchase.c.total > 0, or_(entry.c.amount.is_(None), entry.c.amount != -purchase.c.total)),
        ),
        (
            _("order %s of %s is refunded, and no such entry is in the ledger"),
            select(purchase.c.id, purchase.c.total)
            .outerjoin(entry, (entry.c.key == back) & (entry.c.account_id == purchase.c.account_id))
            .where(purchase.c.status == "refunded", purchase.c.total > 0)
            .where(or_(entry.c.amount.is_(None), entry.c.amount != purchase.c.total)),
        ),
        (
            _("an entry of the ledger (%s) pays for an order that is not there"),
            select(ledger.c.id)
            .outerjoin(purchase, ledger.c.key == key)
            .where(ledger.c.kind == "purchase", purchase.c.id.is_(None)),
        ),
        (
            _("an entry of the ledger (%s) gives money back for an order that is not refunded"),
            select(ledger.c.id)
            .outerjoin(purchase, (ledger.c.key == back) & (purchase.c.status == "refunded"))
            .where(ledger.c.kind == "refund", purchase.c.id.is_(None)),
        ),
        (
            _("deposit %s of %s was booked, and no such entry is in the ledger"),
            select(deposit.c.key, deposit.c.amount)
            .outerjoin(entry, (entry.c.key == came) & (entry.c.account_id == deposit.c.account_id))
            .where(deposit.c.refusal == "", or_(entry.c.amount.is_(None), entry.c.amount != deposit.c.amount)),
        ),
        (
            _("an entry of the ledger (%s) is a deposit that is not there, or was refused"),
            select(ledger.c.id)
            .outerjoin(deposit, (ledger.c.key == came) & (deposit.c.refusal == ""))
            .where(ledger.c.kind == "deposit", deposit.c.id.is_(None)),
        ),
        (
            _("item %s is %s, and its order %s is %s"),
            select(stock_item.c.id, stock_item.c.status, purchase.c.id, purchase.c.status)
            .join(purchase, purchase.c.id == stock_item.c.purchase_id)
            .where((stock_item.c.status == "sold") != (purchase.c.status == "done")),
        ),
        (
            _("item %s belongs to product %s, its order %s to another"),
            select(stock_item.c.id, stock_item.c.product_id, purchase.c.id)
            .join(purchase, purchase.c.id == stock_item.c.purchase_id)
            .where(stock_item.c.product_id != purchase.c.product_id),
        ),
        (
            _("item %s belongs to a product or an order that is not there"),
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
            _("order %s belongs to an account or a product that is not there"),
            select(purchase.c.id)
            .outerjoin(account, account.c.id == purchase.c.account_id)
            .outerjoin(product, product.c.id == purchase.c.product_id)
            .where(or_(account.c.id.is_(None), product.c.id.is_(None))),
        ),
        (
            _("goods are owed for an order (%s) that is not there"),
            select(delivery.c.purchase_id)
            .outerjoin(purchase, purchase.c.id == delivery.c.purchase_id)
            .where(purchase.c.id.is_(None)),
        ),
        (
            _("account %s belongs to nobody, and has %s"),
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
            _("user %s has an account that is not there"),
            select(user_link.c.user_id)
            .outerjoin(account, account.c.id == user_link.c.account_id)
            .where(account.c.id.is_(None)),
        ),
        (
            _("an entry of the ledger (%s) belongs to an account that is not there"),
            select(ledger.c.id).outerjoin(account, account.c.id == ledger.c.account_id).where(account.c.id.is_(None)),
        ),
    ]
