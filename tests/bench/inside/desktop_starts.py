# SPDX-License-Identifier: GPL-3.0-or-later
"""When a program was started, as the kernel tells it: to look for it again and again would cost the
machine more than the program does.

The kernel's words are those of include/uapi/linux/cn_proc.h and connector.h: one netlink message for
each event, which carries the time at which it was.
"""

import socket
import struct
import time

NETLINK_CONNECTOR = 11
CN_IDX_PROC = 1
NLMSG_DONE = 3
SO_RCVBUFFORCE = 33
LISTEN = 1
EXEC = 2

# length, type, flags, sequence, port; index, value, sequence, acknowledgement, length, flags
HEADER = struct.Struct("=IHHII")
CONNECTOR = struct.Struct("=IIIIHH")
# what, processor, nanoseconds of the monotonic clock, and of an exec the process
EVENT = struct.Struct("=IIQII")


class Starts:
    """Listens from when it is entered."""

    def __enter__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        self._socket.bind((0, CN_IDX_PROC))
        word = struct.pack("=I", LISTEN)
        body = CONNECTOR.pack(CN_IDX_PROC, 1, 0, 0, len(word), 0) + word
        self._socket.send(HEADER.pack(HEADER.size + len(body), NLMSG_DONE, 0, 0, 0) + body)
        return self

    def __exit__(self, *_):
        self._socket.close()

    def wait(self, name, seconds):
        """When the program of this name was started, by the monotonic clock."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                message = self._socket.recv(4096)
            except TimeoutError:
                break
            if len(message) < HEADER.size + CONNECTOR.size + EVENT.size:
                continue
            what, _, at_ns, pid, _ = EVENT.unpack_from(message, HEADER.size + CONNECTOR.size)
            if what == EXEC and name_of(pid) == name:
                return at_ns / 1e9
        raise RuntimeError(f"{name} was not started")


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None  # it has ended
