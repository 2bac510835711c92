"""Admin commands about products."""

from __future__ import annotations

from typing import Literal

from botapp.cogs.base import Ctx, ShopCog, admin_command, format_list
from botapp.locale import N_, _
from botapp.store.domain import refusals
from botapp.store.usecases import products
from botapp.store.usecases.products import get_by_code
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.admin.parsing import remove_quotes, split_price
from botapp.ui.formatting import format_price, quote


class ProductsCog(ShopCog):
    """Products."""

    title = N_("Products")

    @admin_command(
        "addproduct",
        N_("Add a product"),
        'STEAM10 "Steam Wallet 10" 50',
        code=N_("A short code for the product, without spaces"),
        name=N_("The name that members see; in quotes if it has spaces"),
        price=N_("Per item: 150, or with units"),
        description=N_("A description for members"),
    )
    async def addproduct(self, ctx: Ctx, code: str, name: str, price: str, *, description: str = "") -> None:
        """Add a product."""
        if ctx.interaction is None:
            # in a typed command the price runs into the description: "5 DL sent by DM"
            cost, description = split_price(price, description, self.shop.units)
        else:
            cost = self.parse_amount(price)
        if not await self._confirm_price(ctx, code, cost):
            return
        now_ms = self.shop.now_ms()
        made = await self.run_and_record(ctx, f"{code} {cost}", products.add, code, name, cost, description, now_ms)
        await self.say(ctx, _("✅ Added: %s") % admin_texts.product_line(made, self.shop.units))

    @admin_command(
        "editproduct",
        N_("Change name, price or description of a product"),
        "STEAM10 name Steam Wallet 10 USD",
        code=N_("The product's code"),
        field=N_("What to change"),
        value=N_("The new value"),
    )
    async def editproduct(
        self, ctx: Ctx, code: str, field: Literal["name", "price", "description"], *, value: str
    ) -> None:
        """Change one field of a product."""
        if field == "price":
            await self._change_price(ctx, code, value)
            return
        if ctx.interaction is None:
            # discord.py keeps the quotes around the last argument of a typed command
            value = remove_quotes(value)
        name, description = (value, None) if field == "name" else (None, value)
        _before, after = await self.run_and_record(
            ctx, f"{code} {field}", products.update_product, code, name=name, description=description
        )
        params = {"field": admin_texts.field_name(field), "product": admin_texts.product_line(after, self.shop.units)}
        await self.say(ctx, _("✅ New %(field)s: %(product)s") % params + f"\n{after.description}".rstrip())

    @admin_command(
        "changeprice",
        N_("Change the price of a product"),
        "STEAM10 150",
        code=N_("The product's code"),
        price=N_("Per item: 150, or with units"),
    )
    async def changeprice(self, ctx: Ctx, code: str, *, price: str) -> None:
        """Change a price."""
        await self._change_price(ctx, code, price)

    @admin_command(
        "deleteproduct",
        N_("Delete a product without stock (asks for confirmation)"),
        "STEAM10",
        code=N_("The product's code"),
    )
    async def deleteproduct(self, ctx: Ctx, code: str) -> None:
        """Delete a product."""
        product = await self.shop.read(get_by_code, code)
        if product.stock:
            raise refusals.ProductInStock(product.code, product.stock)
        what = _("⚠️ Delete %(code)s (%(name)s)?") % {"code": quote(product.code), "name": product.name}
        if await self.confirm(ctx, what, _("Delete")):
            gone = await self.run_and_record(ctx, product.code, products.delete, product.code)
            await self.say(ctx, _("✅ %s was deleted. Its past sales are kept.") % quote(gone.code))

    @admin_command("products", N_("List all products with price and stock"))
    async def products(self, ctx: Ctx) -> None:
        """List the products."""
        listed = await self.shop.products()
        lines = [admin_texts.product_line(product, self.shop.units) for product in listed]
        await self.say(
            ctx, format_list(lines, _("🛒 Products:"), _("There are no products yet. Add one with `addproduct`."))
        )

    async def _change_price(self, ctx: Ctx, code: str, text: str) -> None:
        cost = self.parse_amount(text)
        if not await self._confirm_price(ctx, code, cost):
            return
        before, after = await self.run_and_record(ctx, f"{code} {cost}", products.update_product, code, price=cost)
        units = self.shop.units
        params = {
            "code": quote(after.code),
            "after": format_price(after.price, units),
            "before": format_price(before.price, units),
        }
        await self.say(ctx, _("✅ %(code)s now costs %(after)s; it was %(before)s.") % params)

    async def _confirm_price(self, ctx: Ctx, code: str, cost: int) -> bool:
        """Return whether the price is meant: a price of zero gives the stock away, so it needs a confirmation."""
        if cost:
            return True
        what = _("⚠️ Give %s away? It would be free: a member could take the whole stock without paying.") % quote(code)
        return await self.confirm(ctx, what, _("Give it away"))
