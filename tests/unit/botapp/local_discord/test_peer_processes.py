"""The process at the other end of a connection, from the kernel's tables."""

from __future__ import annotations

import os
import socket

import pytest

from botapp.local_discord.peer_processes import find_holder, find_inode

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1FA3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 100 1 0 100 0 0 10 0
   1: 0100007F:C350 0100007F:1FA3 06 00000000:00000000 00:00000000 00000000  1000        0 0 1 0 100 0 0 10 0
   2: 0100007F:1FA3 0100007F:C351 01 00000000:00000000 00:00000000 00000000  1000        0 102 1 0 100 0 0 10 0
   3: 0100007F:C351 0100007F:1FA3 01 00000000:00000000 00:00000000 00000000  1000        0 103 1 0 100 0 0 10 0
"""


@pytest.mark.parametrize(("local", "remote", "inode"), [(0xC351, 0x1FA3, 103), (0xC350, 0x1FA3, None), (1, 2, None)])
def test_the_inode_of_an_open_connection(local: int, remote: int, inode: int | None) -> None:
    assert find_inode(TABLE, local, remote) == inode
    assert find_inode("", local, remote) is None


def test_the_holder_of_a_socket() -> None:
    with socket.socket() as held:
        inode = os.fstat(held.fileno()).st_ino
        assert find_holder(inode, [2**22 + 1, os.getpid()]) == os.getpid()  # the first does not exist
    assert find_holder(inode, [os.getpid()]) is None
