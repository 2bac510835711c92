"""Targets of `make fuzz`: each is fed with bytes for a bounded time, and must say what is wrong with them, or nothing.

`feed` of each module does one feeding; `tests/property/supervisor/test_fuzz.py` does it too, with what Hypothesis
thinks up.
"""
