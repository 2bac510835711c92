"""The local Discord: REST, gateway and a page on the loopback, for the demo and the tests.

It is a program of its own: `python -m botapp.local_discord`. Nothing in it reaches the outside, and the shop bot
knows only its address.
"""
