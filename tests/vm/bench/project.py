# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the project for a release, as it is installed on a real machine.

The build is an ordinary one, without sanitizers: what the bench tests is what
people get. On another release than the host's it is made in a root of that
release, because its libraries and headers are the contract.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

from . import cache, debian

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
TESTS = REPOSITORY / 'tests'
PACKAGES = REPOSITORY / 'tools' / 'packages' / 'build.list'

SETUP = ['meson', 'setup', '--prefix=/usr', '--buildtype=debugoptimized', '-Dtests=false']


class Failed(Exception):
    """A build that did not succeed; says what it printed last."""


class Workshop:
    """Where a release's builds are made, and how a command runs there."""

    def __init__(self, release, say):
        clone = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:8]
        home = cache.directory() / 'builds'
        home.mkdir(exist_ok=True)
        self.name = f'{release}-{clone}'
        self.place = home / self.name
        self.place.mkdir(exist_ok=True)
        self.release = release
        self._root = build_root(release, say)
        self._log = home / f'{self.name}.log'
        self._log.write_bytes(b'')

    def empty(self, name):
        """A directory of the workshop with nothing in it."""
        directory = self.place / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        return directory

    def run(self, command, cwd, **env):
        """Runs @command where the libraries are those of the release."""
        env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'HOME': '/nonexistent',
               **env}
        if self._root is not None:
            for place in (REPOSITORY, self.place):
                (self._root / place.relative_to('/')).mkdir(parents=True, exist_ok=True)
            # The mounts are seen by this command alone and end with it.
            script = ('root=$1; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; '
                      'mount --bind "$2" "$root$2"; mount --bind "$3" "$root$3"; cwd=$4; shift 4; '
                      'exec chroot "$root" sh -euc \'cd "$1"; shift; exec "$@"\' sh "$cwd" "$@"')
            command = ['unshare', '--mount', 'sh', '-euc', script, 'sh', self._root, REPOSITORY,
                       self.place, cwd, *command]
        with open(self._log, 'ab') as log:
            done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log)
        if done.returncode != 0:
            lines = self._log.read_text(errors='replace').splitlines()
            raise Failed(f'could not build for Debian {self.release}; it printed last:\n'
                         + '\n'.join(lines[-40:]))


def install_tree(release: str, to: pathlib.Path, say):
    """Leaves what `meson install` installs as an archive at @to/install-RELEASE.tar."""
    say(f'project: building for Debian {release}')
    shop = Workshop(release, say)
    with cache.lock(f'build-{shop.name}'):
        build, tree = shop.place / 'build', shop.empty('tree')
        if not (build / 'build.ninja').exists():
            shop.run([*SETUP, shop.empty('build'), REPOSITORY], shop.place)
        shop.run(['ninja', '-C', build], shop.place)
        shop.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet'], shop.place,
                 DESTDIR=str(tree))
        subprocess.run(['tar', '-C', tree, '--owner=0', '--group=0', '-cf',
                        to / f'install-{release}.tar', '.'], check=True)


def package(release: str, to: pathlib.Path, say):
    """Leaves the Debian package at @to/baton-RELEASE.deb, and what it holds at @to/install-RELEASE.tar.

    The same is not built twice: where there is a package, it is what the machines have.
    """
    say(f'project: building the package for Debian {release}')
    shop = Workshop(release, say)
    with cache.lock(f'build-{shop.name}'):
        sources = _sources()
        # A package is built without its tests.
        key = cache.key_of(*(part for path in sources if TESTS not in path.parents
                             for part in (str(path.relative_to(REPOSITORY)), path)))
        kept = shop.place / f'package-{key}.deb'
        if not kept.exists():
            _make_package(shop, sources, kept)
        shutil.copy2(kept, to / f'baton-{release}.deb')
        with open(to / f'install-{release}.tar', 'wb') as archive:
            subprocess.run(['dpkg-deb', '--fsys-tarfile', kept], stdout=archive, check=True)


def _sources():
    """What git would give to anyone else, with what is being worked on."""
    listed = subprocess.run(
        ['git', '-c', f'safe.directory={REPOSITORY}', 'ls-files', '-z', '--cached', '--others',
         '--exclude-standard', '--deduplicate'],
        cwd=REPOSITORY, check=True, capture_output=True).stdout
    return [path for name in sorted(filter(None, listed.decode().split('\0')))
            if (path := REPOSITORY / name).exists()]


def _make_package(shop, sources, to):
    place = shop.empty('package')
    for path in sources:
        target = place / 'baton' / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    # Nobody asks for the package of its debugging symbols.
    shop.run(['dpkg-buildpackage', '-b', '-us', '-uc'], place / 'baton',
             DEB_BUILD_OPTIONS='noautodbgsym')
    built, = place.glob('baton_*.deb')
    for old in shop.place.glob('package-*.deb'):
        old.unlink()
    shutil.move(built, to)


def build_root(release: str, say) -> pathlib.Path | None:
    """A root of @release with what building takes; None where the host is one."""
    if release == debian.host_release():
        return None
    if os.geteuid() != 0:
        raise Failed(f'could not build for Debian {release} on this machine: that takes a root of '
                     'that release, which only root can enter; use sudo, or '
                     f'--image {debian.host_release()}')
    names = [line.strip() for line in PACKAGES.read_text().splitlines()
             if line.strip() and not line.startswith('#')] + ['build-essential', 'debhelper']
    root = cache.directory() / f'root-{release}-{cache.key_of(release, *names)}'
    with cache.lock(f'root-{release}'):
        if not root.exists():
            say(f'project: making a root of Debian {release} to build in')
            _make_root(release, names, root)
    return root


def _make_root(release, names, root):
    unfinished = root.with_suffix('.part')
    shutil.rmtree(unfinished, ignore_errors=True)
    command = ['mmdebstrap', '--variant=apt', '--quiet', '--components=main',
               '--include=' + ','.join(names),
               '--aptopt=APT::Install-Recommends "false"',
               '--aptopt=Acquire::Languages "none"', '--dpkgopt=force-unsafe-io',
               *(f'--dpkgopt=path-exclude=/usr/share/{part}/*'
                 for part in ('man', 'doc', 'info', 'gtk-doc')),
               debian.RELEASES[release], unfinished, *debian.sources_for(release)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    if done.returncode != 0:
        raise Failed(f'could not make a root of Debian {release}; mmdebstrap said:\n'
                     + done.stderr[-3000:])
    unfinished.rename(root)
    # Two, because clones of different states may share the cache.
    roots = sorted(root.parent.glob(f'root-{release}-*'), key=lambda path: path.stat().st_mtime)
    for old in roots[:-2]:
        shutil.rmtree(old, ignore_errors=True)
