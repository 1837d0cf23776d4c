# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the project for a release, as it is installed on a real machine."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from . import cache, debian

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

SETUP = ['meson', 'setup', '--prefix=/usr', '--buildtype=debugoptimized', '-Db_ndebug=false']


def install_tree(release: str, to: pathlib.Path, say) -> pathlib.Path:
    """Leaves an archive of the installed project at @to/install-RELEASE.tar.

    The build is an ordinary one, without sanitizers: what the bench tests is
    what people get. On another release than the host's it is made in a root
    of that release, because its libraries and headers are the contract.
    """
    home = cache.directory() / 'builds'
    home.mkdir(exist_ok=True)
    clone = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:8]
    name = f'{release}-{clone}'
    build, tree = home / name, home / f'{name}.tree'
    archive = to / f'install-{release}.tar'
    with cache.lock(f'build-{name}'):
        say(f'project: building for Debian {release}')
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        root = build_root(release, say)
        log = home / f'{name}.log'
        with open(log, 'wb') as output:
            for command in _commands(build):
                if root is None:
                    done = subprocess.run(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL,
                                          stdout=output, stderr=output,
                                          env={**os.environ, 'DESTDIR': str(tree)})
                else:
                    done = _run_in(root, command, build, tree, output)
                if done.returncode != 0:
                    raise RuntimeError(
                        f'could not build for Debian {release}: {" ".join(command)} failed\n'
                        + '\n'.join(log.read_text(errors='replace').splitlines()[-40:]))
        subprocess.run(['tar', '-C', tree, '--owner=0', '--group=0', '-cf', archive, '.'],
                       check=True)
    return archive


def _commands(build: pathlib.Path):
    if not (build / 'build.ninja').exists():
        shutil.rmtree(build, ignore_errors=True)
        build.mkdir()
        yield [*SETUP, str(build), str(REPOSITORY)]
    yield ['ninja', '-C', str(build)]
    yield ['meson', 'install', '-C', str(build), '--no-rebuild', '--quiet']


def build_root(release: str, say) -> pathlib.Path | None:
    """A root of @release with what building takes; None where the host is one."""
    if release == debian.host_release():
        return None
    if os.geteuid() != 0:
        raise RuntimeError(f'could not build for Debian {release} on this machine: that takes a '
                           'root of that release, which only root can enter; use sudo, or '
                           f'--image {debian.host_release()}')
    packages = REPOSITORY / 'tools' / 'packages' / 'build.list'
    names = [line.strip() for line in packages.read_text().splitlines()
             if line.strip() and not line.startswith('#')]
    key = cache.key_of(release, packages)
    root = cache.directory() / f'root-{release}-{key}'
    with cache.lock(f'root-{release}'):
        if not root.exists():
            say(f'project: making a root of Debian {release} to build in')
            unfinished = root.with_suffix('.part')
            shutil.rmtree(unfinished, ignore_errors=True)
            command = ['mmdebstrap', '--variant=apt', '--quiet', '--components=main',
                       '--include=' + ','.join(names),
                       '--aptopt=APT::Install-Recommends "false"',
                       '--aptopt=Acquire::Languages "none"', '--dpkgopt=force-unsafe-io',
                       *(f'--dpkgopt=path-exclude=/usr/share/{part}/*'
                         for part in ('man', 'doc', 'info', 'gtk-doc')),
                       debian.RELEASES[release], str(unfinished), *debian.sources_for(release)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  env={**os.environ, 'LC_ALL': 'C.UTF-8'})
            if done.returncode != 0:
                raise RuntimeError(f'could not make a root of Debian {release}; mmdebstrap said:\n'
                                   + done.stderr[-3000:])
            unfinished.rename(root)
            for old in root.parent.glob(f'root-{release}-*'):
                if old != root:
                    shutil.rmtree(old, ignore_errors=True)
    return root


def _run_in(root, command, build, tree, output):
    """Runs @command in @root, where repository, build and tree lie as they do outside."""
    places = [REPOSITORY, build, tree]
    for place in places:
        (root / place.relative_to('/')).mkdir(parents=True, exist_ok=True)
    # The mounts are seen by this command alone and end with it.
    script = ('root=$1; shift; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; '
              'for place in "$1" "$2" "$3"; do mount --bind "$place" "$root$place"; done; shift 3; '
              'exec chroot "$root" env DESTDIR="$DESTDIR" "$@"')
    return subprocess.run(
        ['unshare', '--mount', 'sh', '-euc', script, 'sh', str(root), *map(str, places), *command],
        cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'DESTDIR': str(tree)})
