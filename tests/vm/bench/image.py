# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the bench's disk images from Debian packages, and keeps them."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import time

from . import cache, debian

HERE = pathlib.Path(__file__).resolve().parent
FILES = HERE.parent / 'image'
# What only some stories need, and what would cost every run minutes: by flavour, a directory with
# its list.
FLAVOURS = {'plain': None, 'desktops': HERE.parent / 'image-desktops', 'dracut': HERE.parent / 'image-dracut'}
MODULES = HERE.parent / 'modules'

# What no story needs and what would cost seconds to unpack and to copy.
EXCLUDED = [
    '/usr/share/man/*', '/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*',
    '/usr/share/help/*', '/usr/share/gtk-doc/*',
    '/usr/share/icons/Adwaita/cursors/*', '/usr/share/icons/hicolor/*/apps/qemu*',
    '/usr/share/qemu/*.fd', '/usr/share/qemu/edk2*', '/usr/share/qemu/skiboot*',
    '/usr/lib/ipxe/*',
    *(f'{top}/modules/*/kernel/{part}/*'
      for top in ('/lib', '/usr/lib')
      for part in ('drivers/media', 'drivers/net/wireless', 'drivers/net/ethernet',
                   'drivers/infiniband', 'drivers/scsi', 'drivers/ata', 'drivers/staging', 'drivers/iio',
                   'drivers/isdn', 'drivers/mtd', 'drivers/target', 'drivers/bluetooth',
                   'drivers/gpu/drm/amd', 'drivers/gpu/drm/i915', 'drivers/gpu/drm/xe',
                   'drivers/gpu/drm/nouveau', 'fs/btrfs', 'fs/xfs', 'fs/ocfs2', 'fs/nfs',
                   'fs/smb', 'fs/cifs', 'fs/ceph', 'fs/gfs2', 'fs/f2fs', 'fs/reiserfs', 'fs/jfs',
                   'sound/soc', 'sound/usb', 'sound/isa', 'net/bluetooth', 'net/wireless',
                   'net/mac80211', 'net/ceph', 'net/sunrpc')),
]
# What the project itself brings is looked at by stories. radeon needs what talks
# to a television over HDMI, because drm_display_helper does.
INCLUDED = ['/usr/share/doc/baton/*', '/usr/share/man/man?/baton*',
            *(f'{top}/modules/*/kernel/drivers/media/{part}*'
              for top in ('/lib', '/usr/lib') for part in ('cec/', 'rc/rc-core'))]


@dataclasses.dataclass(frozen=True)
class Image:
    """One release's disk, kernel and initial RAM disk."""

    release: str
    directory: pathlib.Path

    @property
    def disk(self):
        return self.directory / 'disk.img'

    @property
    def kernel(self):
        return self.directory / 'vmlinuz'

    @property
    def initrd(self):
        return self.directory / 'initrd.img'


def _packages(release: str, flavour: str) -> list[str]:
    names = []
    for directory in filter(None, (FILES, FLAVOURS[flavour])):
        for line in (directory / 'packages.list').read_text().splitlines():
            name, _, only = line.partition('#')[0].strip().partition(' ')
            if name and (not only or release in only.split()):
                names.append(name)
    return names


def _stem(release: str, flavour: str) -> str:
    return f'image-{release}' if flavour == 'plain' else f'{flavour}-{release}'


def _prune(stem: str):
    """Keeps the images used last; a gigabyte a change would fill a disk.

    More than one, because clones of different states may share the cache. What
    a builder that was killed has left is nobody's: the caller has the lock.
    """
    for unfinished in cache.directory().glob(f'{stem}-*.part'):
        shutil.rmtree(unfinished, ignore_errors=True)
    found = [path for path in cache.directory().glob(f'{stem}-*') if path.is_dir()]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in found[3:]:
        shutil.rmtree(old, ignore_errors=True)


def _command(release, flavour, files, modules, to, sources):
    """What makes the disk, the kernel and its RAM disk of @release in @to."""
    return [
        'mmdebstrap', '--variant=apt', '--format=null', '--quiet', '--components=main',
        '--include=' + ','.join(_packages(release, flavour)),
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        # fsync for every file would take longer than unpacking it.
        '--dpkgopt=force-unsafe-io',
        *(f'--dpkgopt=path-exclude={path}' for path in EXCLUDED),
        *(f'--dpkgopt=path-include={path}' for path in INCLUDED),
        # The kernel's package makes the RAM disk when it is configured, so its
        # settings must be there before.
        f'--essential-hook=copy-in "{files}/initramfs-tools" /etc',
        f'--customize-hook=copy-in "{files}/root/." /',
        '--customize-hook=chroot "$1" /usr/lib/bench/prepare',
        f'--customize-hook=copy-in "{modules}" /usr/src',
        '--customize-hook=chroot "$1" /usr/lib/bench/build-modules',
        f'--customize-hook="{files}/make-disk" "$1" "{to}"',
        debian.RELEASES[release], '/dev/null', *sources,
    ]


def find_or_build(release: str, say, flavour: str = 'plain') -> Image:
    """The image of @release and @flavour, from the cache or made anew from packages."""
    stem = _stem(release, flavour)
    # Named by all that shapes it, but for where this clone happens to lie and
    # which archive is near.
    key = cache.key_of(*_command(release, flavour, 'FILES', 'MODULES', 'TO', []), FILES, MODULES)
    directory = cache.directory() / f'{stem}-{key}'
    image = Image(release, directory)
    with cache.lock(stem):
        if not directory.exists():
            _build(image, flavour, say)
            _prune(stem)
        os.utime(directory)
    return image


def _build(image: Image, flavour: str, say):
    what = image.release if flavour == 'plain' else f'{image.release} with {flavour}'
    started = time.monotonic()
    say(f'image {what}: building from packages')
    unfinished = image.directory.with_suffix('.part')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    command = _command(image.release, flavour, FILES, MODULES, unfinished,
                       debian.sources_for(image.release))
    with open(unfinished / 'build.log', 'wb') as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                              env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    if done.returncode != 0:
        text = (unfinished / 'build.log').read_text(errors='replace')
        raise RuntimeError(f'could not build the image of Debian {what}; mmdebstrap said:\n'
                           + '\n'.join(text.splitlines()[-30:]))
    unfinished.rename(image.directory)
    say(f'image {what}: built in {time.monotonic() - started:.0f} s')
