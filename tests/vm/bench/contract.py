# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds every line that the project prints against its own schema."""

import functools
import json

import jsonschema

from .project import REPOSITORY

SCHEMA = REPOSITORY / 'data' / 'schema' / 'protocol.schema.json'

LONGEST_LINE = 16 * 1024


class Broken(AssertionError):
    """A line or a transcript that breaks the contract."""


@functools.cache
def _validator():
    schema = json.loads(SCHEMA.read_text())
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema)


class Reader:
    """Reads one output, line by line, and is strict about each."""

    def __init__(self):
        self.events = []
        self._last = 0

    def take(self, line):
        """Checks one line and returns its event."""
        if len(line.encode()) > LONGEST_LINE:
            raise Broken(f'a line of {len(line.encode())} bytes: {line[:200]}…')
        if not line.isascii() or any(ord(letter) < 0x20 for letter in line):
            raise Broken(f'a line that is not plain ASCII: {line!r}')
        try:
            event = json.loads(line)
        except ValueError as error:
            raise Broken(f'no JSON: {line!r}: {error}') from None
        error = jsonschema.exceptions.best_match(_validator().iter_errors(event))
        if error is not None:
            raise Broken(f'{line[:600]}\nbreaks the schema at '
                         f'{"/".join(map(str, error.absolute_path))}: {error.message[:600]}')
        if event['seq'] != self._last + 1:
            raise Broken(f'seq {event["seq"]} after {self._last}: {line[:200]}')
        self._last = event['seq']
        if (event['type'] == 'hello') != (event['seq'] == 1):
            raise Broken(f'hello is the first line and no other: {line[:200]}')
        if self.events and self.events[-1]['type'] == 'result':
            raise Broken(f'a line after the result: {line[:200]}')
        self.events.append(event)
        return event

    def finish(self):
        """The end of an output of which a result was promised."""
        if not self.events or self.events[-1]['type'] != 'result':
            raise Broken('the output ended without a result: '
                         + (json.dumps(self.events[-1])[:300] if self.events else 'it is empty'))
        return self.events[-1]


def merged(events, kind):
    """The last whole @kind of @events, with its continued lines joined."""
    whole, parts = None, []
    for event in events:
        if event['type'] != kind:
            continue
        parts.append(event)
        if not event.get('more'):
            whole = dict(parts[-1])
            for part in reversed(parts[:-1]):
                for key, value in part.items():
                    if isinstance(value, list):
                        whole[key] = value + whole[key]
            parts = []
    return whole
