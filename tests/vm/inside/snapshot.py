# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the whole machine, to hold one moment against another.

What is compared is what a handoff may touch and what it must not: links,
overrides, power, modules, units, device files, and every file below the
places that Baton knows.
"""

import glob
import grp
import hashlib
import os
import pwd
import re
import select
import stat
import subprocess

import inhibitors
import sysfs

PLACES = ['/run/baton', '/var/lib/baton', '/etc']
# These change by themselves while a machine runs.
PASSING = {'/etc/mtab', '/etc/resolv.conf', '/etc/.updated', '/etc/cups', '/etc/machine-id'}

# What the files held when they were read last; an agent lives as long as a boot.
_known = {}


def take():
    """Everything at once, as plain values."""
    # What drivers and udev still have to do would be taken for a difference.
    for address, function in sysfs.functions().items():
        if function['driver'] == 'snd_hda_intel':
            sysfs.wait_for_sound(address)
    subprocess.run(['udevadm', 'settle', '--timeout=60'], check=False)
    _wait_for_guards()
    return {
        'functions': {address: _lasting(function)
                      for address, function in sysfs.functions().items()},
        'modules': sorted(line.split()[0] for line in open('/proc/modules')),
        'units': _units(),
        'dev': _device_files(),
        'files': _files(),
        'consoles': {path: sysfs.read(path)
                     for path in sorted(glob.glob('/sys/class/vtconsole/*/bind'))},
        'workers': workers(),
        'inhibitors': inhibitors.held(),
    }


def _lasting(function):
    """Without the numbers that a driver, or the order of two cards, gives at each bind."""
    return {**function,
            'nodes': sorted(re.sub(r'[0-9]+', 'N', node) for node in function['nodes'])}


def _units():
    listed = subprocess.run(
        ['systemctl', 'list-units', '--all', '--plain', '--no-legend', '--full',
         '--type=service,socket,target,timer,mount'],
        capture_output=True, text=True, check=True).stdout
    units = {}
    for line in listed.splitlines():
        name, _, active, sub, *_ = line.split()
        # Transient ones are the stories' own commands; sound.target comes and goes
        # with the sound device, some time after udev is done with that.
        if re.match(r'(run-|sound\.target|baton-worker@|baton-guest@|user-runtime|systemd-|user@|polkit|modprobe@)', name):
            continue
        if active in ('active', 'failed'):
            units[name] = f'{active} {sub}'
    return units


def _device_files():
    """Kind, owner and mode of every node; numbers are the drivers' business."""
    found = []
    for directory in ('/dev/dri', '/dev/snd', '/dev/vfio', '/dev/dri/by-path', '/dev/snd/by-path'):
        for path in glob.glob(f'{directory}/*'):
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found.append(path)
            elif not stat.S_ISDIR(status.st_mode):
                # A guest's group keeps its number, which is its name.
                name = path if directory == '/dev/vfio' else re.sub(r'[0-9]+', 'N', path)
                found.append(f'{name} {status.st_mode:o} {_name(pwd.getpwuid, status.st_uid)} '
                             f'{_name(grp.getgrgid, status.st_gid)} {_acl(path)}')
    return sorted(found)


def _name(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def _acl(path):
    try:
        return os.getxattr(path, 'system.posix_acl_access', follow_symlinks=False).hex()
    except OSError:
        return ''


def _files():
    found = {}
    for place in PLACES:
        for directory, _, names in os.walk(place):
            for name in [*names, '.']:
                path = os.path.normpath(os.path.join(directory, name))
                if path in PASSING:
                    continue
                try:
                    status = os.lstat(path)
                    found[path] = (f'{status.st_mode:o} {status.st_uid} {status.st_gid} '
                                   + _content(path, status))
                except FileNotFoundError:
                    continue
    return found


def _content(path, status):
    """What is in a file, read again only where its times or its place have changed."""
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(status.st_mode):
        return ''
    stamp = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    known = _known.get(path)
    if known is None or known[0] != stamp:
        with open(path, 'rb') as file:
            known = _known[path] = stamp, hashlib.sha256(file.read()).hexdigest()[:16]
    return known[1]


def workers():
    """Programs of Baton that run as root now, other than watchers."""
    return sorted(' '.join(arguments) for arguments in _helpers().values())


def _helpers():
    """{pid: arguments}"""
    found = {}
    for path in glob.glob('/proc/[0-9]*'):
        try:
            with open(f'{path}/cmdline', errors='replace') as file:
                arguments = file.read().rstrip('\0').split('\0')
            uid = os.stat(path).st_uid
        except OSError:
            continue
        if os.path.basename(arguments[0]) == 'baton-helper' and uid == 0:
            found[int(os.path.basename(path))] = arguments
    return found


def _wait_for_guards():
    """Who watches over a card of a guest's ends by itself, some time after the card is back."""
    for pid, arguments in _helpers().items():
        if arguments[1] != 'guard':
            continue
        if sysfs.link(f'{sysfs.DEVICES}/{arguments[2]}/driver') == 'vfio-pci':
            continue
        try:
            select.select([os.pidfd_open(pid)], [], [], 30)
        except ProcessLookupError:
            pass
