# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds every line that the project prints against its own schema."""

import functools
import importlib.util

from .project import REPOSITORY

CHECKER = REPOSITORY / 'data' / 'schema' / 'check_events.py'


class Broken(AssertionError):
    """A line or an output that breaks the contract."""


@functools.cache
def _checker():
    """The program that checks recorded outputs, as a module; it is strict."""
    specification = importlib.util.spec_from_file_location('check_events', CHECKER)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Reader:
    """Reads one output, line by line."""

    def __init__(self):
        self._lines = []
        self.events = []

    def take(self, line):
        """Checks one line and returns its event."""
        raw = line.encode(errors='surrogateescape')
        try:
            event = _checker().check_line(raw)
        except ValueError as error:
            raise Broken(f'{error}: {line[:1000]}') from error
        self._lines.append(raw)
        self.events.append(event)
        return event

    def finish(self):
        """Checks the output as a whole, which a result must end, and returns that."""
        try:
            _checker().check_output(self._lines)
        except ValueError as error:
            raise Broken(f'{error}; the last line: {self._lines[-1:]}') from error
        return self.events[-1]


def merged(events, kind):
    """The last whole @kind of @events, its continued lines joined; None without one."""
    whole = collected = None
    for event in events:
        if event['type'] != kind:
            continue
        if collected is None:
            collected = dict(event)
        else:
            for key, value in event.items():
                if isinstance(value, list):
                    collected[key] = collected[key] + value
        if not event.get('more'):
            whole, collected = collected, None
    return whole
