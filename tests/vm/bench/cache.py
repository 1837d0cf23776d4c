# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what is dear to make is kept between runs."""

import contextlib
import fcntl
import hashlib
import os
import pathlib


def directory() -> pathlib.Path:
    """The cache, never inside the repository: a clone stays what git says it is."""
    path = os.environ.get('BATON_CACHE')
    if path:
        root = pathlib.Path(path)
    else:
        home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
        root = pathlib.Path(home) / 'baton'
    root.mkdir(parents=True, exist_ok=True)
    return root


@contextlib.contextmanager
def lock(name: str):
    """One builder of a thing at a time; who comes second finds it made."""
    with open(directory() / f'{name}.lock', 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def key_of(*parts) -> str:
    """A name for what these parts make: any change of one makes another name.

    A part is a string, or a path whose bytes (and for a directory, whose
    files' names, modes and bytes) count.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.Path):
            files = sorted(p for p in part.rglob('*') if p.is_file()) if part.is_dir() else [part]
            for file in files:
                if '__pycache__' in file.parts:
                    continue
                digest.update(f'{file.name}\0{file.stat().st_mode & 0o111:o}\0'.encode())
                digest.update(file.read_bytes())
        else:
            digest.update(str(part).encode())
        digest.update(b'\0')
    return digest.hexdigest()[:16]
