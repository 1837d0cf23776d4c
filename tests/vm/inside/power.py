# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for a device to sleep or to wake, told by the kernel's own events."""

import os
import select
import time

import sysfs

TRACING = '/sys/kernel/tracing'
EVENT = f'{TRACING}/events/rpm/rpm_return_int/enable'


def wait(address, status, timeout=60):
    """Returns when power/runtime_status of @address is @status."""
    path = f'{sysfs.DEVICES}/{address}/power/runtime_status'
    if not os.path.exists(EVENT):
        os.system(f'mount -t tracefs none {TRACING}')
    sysfs.write(EVENT, '1')
    pipe = os.open(f'{TRACING}/trace_pipe', os.O_RDONLY | os.O_NONBLOCK)
    try:
        until = time.monotonic() + timeout
        # The event is on before the first look, so that none is missed.
        while sysfs.read(path) != status:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f'{address} is {sysfs.read(path)}, not {status}')
            if select.select([pipe], [], [], left)[0]:
                os.read(pipe, 65536)
    finally:
        os.close(pipe)
        sysfs.write(EVENT, '0')
