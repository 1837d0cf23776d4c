# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's releases, and where this machine gets its packages from."""

import pathlib
import re

RELEASES = {'12': 'bookworm', '13': 'trixie'}

KEYRING = pathlib.Path('/usr/share/keyrings/debian-archive-keyring.gpg')


class NoArchive(Exception):
    """This machine has no Debian archive configured."""


def host_release() -> str | None:
    """'12' or '13' on that Debian, None anywhere else."""
    fields = dict(line.rstrip().split('=', 1)
                  for line in open('/etc/os-release') if '=' in line)
    version = fields.get('VERSION_ID', '').strip('"')
    return version if fields.get('ID') == 'debian' and version in RELEASES else None


def _entries():
    """Every (uri, suite) that apt is set up with, in either of its formats."""
    root = pathlib.Path('/etc/apt')
    for path in sorted(root.glob('sources.list.d/*.sources')):
        text = re.sub(r'^#.*\n', '', path.read_text(), flags=re.M)
        for stanza in re.split(r'\n\s*\n', text):
            # A folded line belongs to the field above it.
            stanza = re.sub(r'\n[ \t]+', ' ', stanza)
            fields = dict(re.findall(r'^([\w-]+):[ \t]*(.*)$', stanza, flags=re.M))
            if 'deb' not in fields.get('Types', '').split() or fields.get('Enabled') == 'no':
                continue
            for uri in fields.get('URIs', '').split():
                for suite in fields.get('Suites', '').split():
                    yield uri, suite
    for path in [root / 'sources.list', *sorted(root.glob('sources.list.d/*.list'))]:
        if not path.exists():
            continue
        for line in path.read_text().splitlines():
            found = re.match(r'deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)', line)
            if found:
                yield found.groups()


def sources_for(release: str) -> list[str]:
    """The lines for apt that serve @release from the archives this machine uses.

    Only the archive's address is taken over: every Debian archive carries
    every release that is supported.
    """
    codename = RELEASES[release]
    names = '|'.join([*RELEASES.values(), 'stable', 'oldstable', 'testing', 'sid'])
    main = security = None
    for uri, suite in _entries():
        if re.fullmatch(f'({names})', suite):
            main = main or uri
        elif re.fullmatch(f'({names})-security', suite):
            security = security or uri
    if main is None:
        raise NoArchive('could not find a Debian archive in /etc/apt: the bench is made from '
                        'Debian packages, so add a Debian archive to the sources of apt')
    signed = f'[signed-by={KEYRING}]'
    lines = [f'deb {signed} {main} {codename} main',
             f'deb {signed} {main} {codename}-updates main']
    if security is not None:
        lines.append(f'deb {signed} {security} {codename}-security main')
    return lines
