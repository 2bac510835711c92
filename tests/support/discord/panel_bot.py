"""A small bot that uses all of Discord's controls, for the page: `python -m tests.support.discord.panel_bot PORT`.

`!panel` brings buttons of all looks, a form, lists and an answer that takes a while, `!dm` a direct message; `/sapa`,
`/kirim` and `/titip` are its slash commands.
"""

from __future__ import annotations

import asyncio
import io
import struct
import sys
import zlib
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from botapp.local_discord.ids import DEFAULT_TOKEN


def picture(width: int = 240, height: int = 120) -> bytes:
    """Return a PNG that fades from blue to green."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = b"\0" + b"".join(bytes((40, 80 + 120 * x // width, 240 - 160 * x // width)) for x in range(width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(row * height)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class Form(discord.ui.Modal, title="Data pengiriman"):
    """A form with every kind of field."""

    account: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Nama akun", custom_id="account", max_length=20)
    note: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="Catatan", custom_id="note", style=discord.TextStyle.paragraph, required=False
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Say what was filled in, in the language of the member's client."""
        text = f"{interaction.locale.value}: {self.account.value} / {self.note.value}"
        await interaction.response.send_message(text, ephemeral=True)


class Panel(discord.ui.View):
    """The controls."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Situs", url="https://example.com/toko"))

    @discord.ui.button(label="Isi data", style=discord.ButtonStyle.primary, custom_id="form", emoji="📝")
    async def form(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Open the form."""
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Rahasia", style=discord.ButtonStyle.success, custom_id="secret")
    async def secret(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Answer the one who clicked."""
        await interaction.response.send_message("Hanya untukmu: `ABCD-1234`", ephemeral=True)

    @discord.ui.button(label="Lama", style=discord.ButtonStyle.danger, custom_id="slow")
    async def slow(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Defer, and answer when somebody says `lanjut`."""
        await interaction.response.defer(thinking=True)
        await bot.wait_for("message", check=lambda message: message.content == "lanjut", timeout=60)
        await interaction.followup.send("Selesai.")

    @discord.ui.button(label="Diam", custom_id="silent")
    async def silent(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Do not answer at all."""

    @discord.ui.button(label="Mati", custom_id="off", disabled=True, row=1)
    async def off(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Cannot be clicked."""

    @discord.ui.select(
        custom_id="goods",
        placeholder="Pilih produk",
        row=2,
        max_values=2,
        options=[
            discord.SelectOption(label="Steam 10", value="STEAM10", emoji="🟢", description="stok 24"),
            discord.SelectOption(label="Robux 400", value="ROBUX400", emoji="🟡", description="stok 7"),
            discord.SelectOption(label="Nitro", value="NITRO", emoji="🔴"),
        ],
    )
    async def goods(self, interaction: discord.Interaction[Any], select: discord.ui.Select[Any]) -> None:
        """Say what was chosen."""
        await interaction.response.send_message(f"Dipilih: {', '.join(select.values)}", ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="who", placeholder="Pilih anggota", row=3)
    async def who(self, interaction: discord.Interaction[Any], select: discord.ui.UserSelect[Any]) -> None:
        """Mention who was chosen."""
        await interaction.response.send_message(f"Untuk {select.values[0].mention}")


class PanelBot(commands.Bot):
    """The bot."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__("!", intents=intents)

    async def setup_hook(self) -> None:
        """Register what works over restarts, and the slash commands."""
        self.add_view(Panel())
        await self.tree.sync()


bot = PanelBot()


@bot.command()
async def panel(ctx: commands.Context[PanelBot]) -> None:
    """Send an embed, files and the controls."""
    text = "**Tebal**, *miring*, ~~coret~~, ||bocoran||\n- satu\n- dua\n> kutipan\n```\nkode\n```"
    embed = discord.Embed(title="Panel `v1`", description=text, colour=0x5865F2)
    for name in ("Satu", "Dua", "Tiga"):
        embed.add_field(name=name, value=f"nilai {name.lower()}")
    embed.set_footer(text="Toko Demo").timestamp = ctx.message.created_at
    files = [discord.File(io.BytesIO(picture()), "dua.png"), discord.File(io.BytesIO(b"x" * 2048), "struk.txt")]
    await ctx.reply(f"<@{ctx.author.id}> <t:{int(ctx.message.created_at.timestamp())}:R>", embed=embed, files=files)
    await ctx.send("Kendali:", view=Panel())


@bot.command()
async def dm(ctx: commands.Context[PanelBot]) -> None:
    """Write to the author alone."""
    await ctx.author.send("Pesananmu: `ABCD-1234`")


@bot.tree.command(description="Menyapa seorang anggota")
@app_commands.describe(siapa="yang disapa", kali="berapa kali")
async def sapa(interaction: discord.Interaction[Any], siapa: discord.User, kali: int = 1) -> None:
    """Greet somebody."""
    await interaction.response.send_message(f"Halo {siapa.mention}" + "!" * kali)


@bot.tree.command(description="Mengirim produk")
@app_commands.describe(produk="kode produk")
async def kirim(interaction: discord.Interaction[Any], produk: str) -> None:
    """Send goods."""
    await interaction.response.send_message(f"Dikirim: {produk}", ephemeral=True)


@kirim.autocomplete("produk")
async def products(_: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """Offer the products that what is typed could become."""
    known = ("STEAM10", "ROBUX400", "NITRO")
    return [app_commands.Choice(name=one, value=one) for one in known if typed.upper() in one]


@bot.tree.command(description="Menitipkan berkas")
@app_commands.describe(berkas="berkas apa saja")
async def titip(interaction: discord.Interaction[Any], berkas: discord.Attachment) -> None:
    """Say what is in a file."""
    text = (await berkas.read()).decode()
    await interaction.response.send_message(f"{berkas.filename}: {text}", ephemeral=True)


def main() -> None:
    """Run until ended."""
    base = f"http://127.0.0.1:{sys.argv[1]}"
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"{base.replace('http', 'ws')}/gateway")
    asyncio.run(bot.start(DEFAULT_TOKEN))


if __name__ == "__main__":
    main()
