"""The local Discord: REST, gateway and a page on 127.0.0.1, for the demo and the tests.

It is a separate program: `python -m botapp.local_discord`. It connects to nothing outside, and the shop bot
knows only its address.
"""
