# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's driver on this machine: the stand-ins, their nodes and their service."""

import os
import pathlib
import shutil
import subprocess

STAND_INS = pathlib.Path('/usr/lib/bench/modules/nvidia')
UPDATES = pathlib.Path('/lib/modules', os.uname().release, 'updates')
MAJOR = 195
# The driver's services, and what each of them has open.
SERVICES = (('nvidia-persistenced', '/dev/nvidia0'), ('nvidia-powerd', '/dev/nvidiactl'))

# What they are loaded with by hand, other than modprobe would by itself.
LOADED = (('nvidia', ('NVreg_EnableMSI=0', 'NVreg_RegistryDwords="RMa=1; RMb=2"')),
          ('nvidia-modeset', ('disable_hdmi_frl=1',)),
          ('nvidia-uvm', ('uvm_perf_prefetch_threshold=7',)),
          ('nvidia-drm', ('modeset=1', 'fbdev=0')), ('nvidia-peermem', ('peerdirect_support=1',)))
# As Debian's packages have it (nvidia-kernel-support), which give the files names of their own.
DEBIAN_VERSION = '550.163.01'
DEBIAN_CONF = pathlib.Path('/etc/modprobe.d/nvidia.conf')
DEBIAN_LINES = '''\
install nvidia modprobe -i nvidia-current $CMDLINE_OPTS
install nvidia-modeset modprobe nvidia ; modprobe -i nvidia-current-modeset $CMDLINE_OPTS
install nvidia-drm modprobe nvidia-modeset ; modprobe -i nvidia-current-drm $CMDLINE_OPTS
install nvidia-uvm modprobe nvidia ; modprobe -i nvidia-current-uvm $CMDLINE_OPTS
install nvidia-peermem modprobe nvidia ; modprobe -i nvidia-current-peermem $CMDLINE_OPTS
remove nvidia modprobe -r -i nvidia-drm nvidia-modeset nvidia-peermem nvidia-uvm nvidia
remove nvidia-modeset modprobe -r -i nvidia-drm nvidia-modeset
alias char-major-195* nvidia
alias pci:v000010DEd*sv*sd*bc03sc02i00* nvidia
alias pci:v000010DEd*sv*sd*bc03sc00i00* nvidia
'''
# What nvidia's own parameters are, which are not in sysfs.
PARAMS = pathlib.Path('/proc/driver/nvidia/params')


def _run(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def install(version):
    """Puts the modules of @version where modprobe finds them, loads them and makes the nodes."""
    UPDATES.mkdir(exist_ok=True)
    debian = version == DEBIAN_VERSION
    for module in (STAND_INS / version).glob('*.ko'):
        name = module.name.replace('nvidia', 'nvidia-current', 1) if debian else module.name
        shutil.copy(module, UPDATES / name)
    if debian:
        DEBIAN_CONF.write_text(DEBIAN_LINES)
    _run('depmod')
    load()
    make_nodes()


def load():
    """Loads what is not loaded, as somebody did who wanted other parameters than the usual."""
    for name, options in LOADED:
        _run('modprobe', name, *options)


def make_nodes():
    """The real ones are made by nvidia-modprobe, from the numbers in /proc/devices."""
    words = [line.split() for line in open('/proc/devices')]
    numbers = {name: int(number) for number, *names in filter(None, words) for name in names
               if number.isdigit()}
    nodes = {'nvidia0': (MAJOR, 0), 'nvidia1': (MAJOR, 1), 'nvidiactl': (MAJOR, 255),
             'nvidia-modeset': (MAJOR, 254), 'nvidia-uvm': (numbers['nvidia-uvm'], 0),
             'nvidia-caps/nvidia-cap1': (numbers['nvidia-caps'], 1)}
    for name, (major, minor) in nodes.items():
        path = f'/dev/{name}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.exists(path):
            os.unlink(path)
        os.mknod(path, 0o666 | 0o020000, os.makedev(major, minor))


def start_services():
    """Keep the first card in use."""
    for name, node in SERVICES:
        # A copy, for its name: that is what the service's process is known by.
        program = f'/usr/local/sbin/{name}'
        shutil.copy('/usr/bin/sleep', program)
        pathlib.Path('/etc/systemd/system', f'{name}.service').write_text(
            # Started when it runs, as the real ones are, which fork only then.
            f'[Service]\nType=exec\nExecStart={program} infinity\nStandardInput=file:{node}\n')
    _run('systemctl', 'daemon-reload')
    _run('systemctl', 'start', *(name for name, _ in SERVICES))


def load_display_part(fbdev):
    """Loads the display part anew, with or without framebuffers of its own."""
    name, options = next(loaded for loaded in LOADED if loaded[0] == 'nvidia-drm')
    # Modprobe would take away what it stands on as well.
    _run('rmmod', name)
    _run('modprobe', name, *options[:-1], f'fbdev={fbdev}')


def uninstall():
    """Ends its services and takes its modules away, so that another version can come."""
    _run('systemctl', 'stop', *(name for name, _ in SERVICES))
    for name, _ in reversed(LOADED):
        _run('modprobe', '-r', name)
    DEBIAN_CONF.unlink(missing_ok=True)
    for module in UPDATES.glob('nvidia*.ko'):
        module.unlink()


def upgrade(version):
    """Puts the driver of @version in the place of the one that is loaded, as a package does."""
    shutil.copy(STAND_INS / version / 'nvidia.ko', UPDATES / 'nvidia-current.ko')
    _run('depmod')


def state():
    """What must be again as it was: modules with their parameters, and the services."""
    modules = {}
    for name, _ in LOADED:
        directory = pathlib.Path('/sys/module', name.replace('-', '_'))
        if directory.exists():
            modules[directory.name] = {path.name: path.read_text().strip()
                                       for path in sorted(directory.glob('parameters/*'))
                                       if path.name != 'wakes'
                                       and path.stat().st_mode & 0o400}
    if 'nvidia' in modules:
        modules['nvidia']['params'] = PARAMS.read_text()
    active = {name: subprocess.run(['systemctl', 'is-active', name], capture_output=True,
                                   text=True).stdout.strip() for name, _ in SERVICES}
    return {'modules': modules, 'services': active}


def set_parameter(parameter, value):
    """A switch of the stand-in: `stuck` or `persistence`."""
    pathlib.Path('/sys/module/nvidia/parameters', parameter).write_text(str(value))
