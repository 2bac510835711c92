"""Somebody deletes the control socket of a running supervisor: the lock of the state directory knows better."""

from __future__ import annotations

from pathlib import Path

from tests.support.supervisor.supervised import bot


def test_commands_wait_until_the_socket_is_there_again(tmp_path: Path) -> None:
    with bot(tmp_path, "link=no", ready=0) as it:
        it.start()
        for words in (("status", "--json"), ("start",), ("restart",), ("health",)):
            it.socket.unlink()
            done = it.command(*words)
            assert done.returncode == 0, (words, done.stderr)
        assert len(it.left()) == 1
        it.end()
