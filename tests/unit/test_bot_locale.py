"""The lines of the bot's log that people look for, word for word."""

from __future__ import annotations

from botapp import locale

#: in the code's words and in Indonesian
WORD_FOR_WORD = {
    "🧹 Cleaning up before restart...": "🧹 Memulai pembersihan sebelum restart...",
    "✅ Cache system cleaned": "✅ Cache system dibersihkan",
    "✅ Live stock state cleaned": "✅ Livestock state dibersihkan",
    "✅ Button state cleaned": "✅ Button state dibersihkan",
    "✅ Background tasks stopped": "✅ Background tasks dihentikan",
    "🎉 Clean-up before restart finished": "🎉 Pembersihan sebelum restart selesai",
    "❌ Live stock error: %s": "❌ Livestock error: %s",
    "⚠️ Button manager is not healthy, live stock will not be shown": (
        "⚠️ Button manager tidak sehat, livestock tidak akan ditampilkan"
    ),
    "✅ Live stock is healthy again": "✅ Livestock kembali sehat",
}


def test_the_lines_that_people_look_for() -> None:
    locale.use("id")
    assert {text: locale._(text) for text in WORD_FOR_WORD} == WORD_FOR_WORD
