# SPDX-License-Identifier: GPL-3.0-or-later
"""How much there is of what a handoff could leave behind: one number for each thing."""

import collections
import glob
import os
import re
import subprocess

import inhibitors
import snapshot

# Those whom a handoff talks to, or who look at every device that comes and goes.
DAEMONS = ('systemd', 'systemd-logind', 'systemd-udevd', 'systemd-journald', 'polkitd',
           'dbus-daemon')

# Transient units of the stories' own commands.
OWN_UNITS = re.compile(r'run-|session-|user@|user-runtime-dir@')

KERNEL = {'groups': '/sys/kernel/iommu_groups/*', 'vfio nodes': '/dev/vfio/*',
          'functions': '/sys/bus/pci/devices/*', 'drm': '/sys/class/drm/*',
          'sound': '/sys/class/sound/*', 'modules': '/sys/module/*'}


def take(watch):
    """{what: how many}, now that everything has come to rest. @watch is a process of ours."""
    # It waits for the drivers, for udev and for whoever watched over the card.
    snapshot.take()
    counts = {}
    for name, pid in [*_daemons(), *((f'watch {number}', pid)
                                     for number, pid in enumerate(_family(watch)))]:
        counts[f'descriptors of {name}'] = len(os.listdir(f'/proc/{pid}/fd'))
    for path in glob.glob('/sys/module/*/refcnt'):
        with open(path) as file:
            counts[f'uses of {path.split("/")[3]}'] = int(file.read())
    for name, pattern in KERNEL.items():
        counts[f'kernel: {name}'] = len(glob.glob(pattern))
    counts |= _units()
    counts['inhibitors'] = len(inhibitors.held())
    counts['processes of Baton'] = len(snapshot.workers())
    for top in ('/etc', '/tmp', '/var/lib/baton'):
        counts[f'files in {top}'] = _files(top)
    for entry in os.scandir('/run'):
        if entry.is_dir(follow_symlinks=False):
            counts[f'files in {entry.path}'] = _files(entry.path)
    return counts


def _comm(pid):
    try:
        with open(f'/proc/{pid}/comm') as file:
            return file.read().rstrip('\n')
    except OSError:
        return None


def _parent(pid):
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            return int(file.read().rpartition(b')')[2].split()[1])
    except OSError:
        return None


def _daemons():
    """The system's own: the first of each name, since a user's come later."""
    found = {}
    for pid in sorted(int(name) for name in os.listdir('/proc') if name.isdigit()):
        # A name in comm is cut at 15 characters.
        for name in DAEMONS:
            if _comm(pid) == name[:15]:
                found.setdefault(name, pid)
    return found.items()


def _family(pid):
    """@pid and what it has started, and so on."""
    family = [pid]
    for other in sorted(int(name) for name in os.listdir('/proc') if name.isdigit()):
        if _parent(other) in family:
            family.append(other)
    return family


def _units():
    listed = subprocess.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', '--full'],
                            capture_output=True, text=True, check=True).stdout
    counts = collections.Counter()
    for line in listed.splitlines():
        name, _, active, *_ = line.split()
        if not OWN_UNITS.match(name):
            counts[f'units: {active} .{name.rpartition(".")[2]}'] += 1
    jobs = subprocess.run(['systemctl', 'list-jobs', '--no-legend'], capture_output=True, text=True,
                          check=True).stdout
    return {**counts, 'jobs of systemd': len([line for line in jobs.splitlines() if line.strip()])}


def _files(top):
    return sum(len(files) + len(below) for _, below, files in os.walk(top))
