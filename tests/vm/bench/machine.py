# SPDX-License-Identifier: GPL-3.0-or-later
"""One running bench: a QEMU with an IOMMU, real drivers and our agent in it."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess

from . import cache, channel, topology

# Emulated, a boot takes 20 s on an idle machine; a loaded one may take longer.
BOOT_TIMEOUT = 240


LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """A runner that is killed leaves no machine behind to eat the processor."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Monitor:
    """QEMU's own control socket."""

    def __init__(self, connected):
        self._socket = connected
        self._socket.settimeout(30)
        self._stream = self._socket.makefile('rwb')
        self._stream.readline()
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        request = {'execute': name, 'arguments': arguments}
        self._stream.write(json.dumps(request).encode() + b'\n')
        self._stream.flush()
        while True:
            answer = json.loads(self._stream.readline())
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise RuntimeError(f'{name}: {answer["error"]["desc"]}')

    def wait_event(self, name, timeout):
        """Waits until QEMU tells of this, such as the end of a shutdown (RESET); no command comes between."""
        self._socket.settimeout(timeout)
        try:
            while json.loads(self._stream.readline()).get('event') != name:
                pass
        finally:
            self._socket.settimeout(30)

    def tell(self, line, timeout):
        """A command of the monitor that people type at, which says only what went wrong."""
        self._socket.settimeout(timeout)
        try:
            said = self.command('human-monitor-command', **{'command-line': line}).strip()
        finally:
            self._socket.settimeout(30)
        if said:
            raise RuntimeError(f'{line}: {said}')

    def close(self):
        self._socket.close()


# The firmware and its settings, which it may write to and nobody keeps.
UEFI = ('CODE', 'readonly=on'), ('VARS', 'snapshot=on')

# What a RAM disk that is made in the machine may be larger than the image's own.
INITRD_ROOM = 96 << 20

# Enough for a desktop, its programs and a guest.
MEMORY_MB = 2048
# So that what runs at the same time on a real machine does here.
PROCESSORS = 2


# Where it is emulated, a processor that carries out a thousand million instructions in each second of its
# own clock, which is less than any that people have cards in. Whatever it computes takes as long by that
# clock as it would there, and a sleep takes a second of it; however fast or busy the computer below is.
# QEMU counts for one processor alone: with two, Linux does not come up.
COUNTED = ['-icount', 'shift=0,align=off']


def accelerator(image, counted=False) -> list[str]:
    """KVM where it really runs a kernel, else QEMU's own translator.

    /dev/kvm proves nothing: where it is itself emulated it may open, start,
    and then hang or fail in the middle of a boot. So a kernel is booted once,
    to the panic that follows an init that ends, and the answer kept for this
    boot of this computer.
    """
    with open('/proc/sys/kernel/random/boot_id') as file:
        remembered = cache.directory() / f'accelerator-{file.read().strip()}'
    if not remembered.exists():
        remembered.write_text('kvm' if _kvm_boots(image) else 'tcg')
    if remembered.read_text() == 'kvm':
        return ['-machine', 'q35,accel=kvm,kernel-irqchip=split', '-cpu', 'host']
    # Interrupt remapping and the in-kernel APIC exclude each other; five-level
    # page tables only make every walk of the translator longer. Where strings
    # are said to be moved fast (erms, fsrm) Linux clears and copies each page
    # byte by byte, which the translator carries out one by one.
    return ['-machine', 'q35,kernel-irqchip=off',
            '-accel', f'tcg,thread={"single" if counted else "multi"},tb-size=512', *(COUNTED if counted else []),
            '-cpu', 'max,la57=off,erms=off,fsrm=off']


def _kvm_boots(image) -> bool:
    try:
        open('/dev/kvm', 'r+b', buffering=0).close()
    except OSError:
        return False
    command = ['qemu-system-x86_64', '-machine', 'q35,accel=kvm,kernel-irqchip=split',
               '-cpu', 'host', '-m', '1024', '-smp', '2', '-nodefaults', '-display', 'none',
               '-device', 'intel-iommu,intremap=on', '-no-reboot', '-serial', 'stdio',
               '-kernel', str(image.kernel), '-initrd', str(image.initrd),
               '-append', 'console=ttyS0 panic=-1 rdinit=/bin/true']
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return False
    return b'Attempted to kill init' in done.stdout


def _words_for(machine_options) -> str:
    """What to tell the kernel about what it runs on.

    A translator has nothing to guard against speculation, and its clock counts
    alike on every processor, which Linux does not believe: it would ask a timer
    of the board for each look at the time. Both together are a twelfth of it all.
    """
    return 'mitigations=off tsc=reliable ' if 'tcg' in ' '.join(machine_options) else ''


class Machine:
    """A bench that is up; its disk is thrown away with it."""

    def __init__(self, image, topology_name, logs, share, *, display='none', desktop=True,
                 memory_mb=MEMORY_MB, processors=PROCESSORS, own_disks=False, counted=False):
        self.image = image
        self.topology = topology_name
        self._share = share
        self._display = display
        self._desktop = desktop
        self._memory_mb = memory_mb
        self._counted = counted
        self._processors = 1 if counted else processors
        self._logs = logs
        self._starts = 0
        # Which boot each moment is of that was kept.
        self._boots = {}
        logs.mkdir(parents=True, exist_ok=True)
        self._own = self._copy_disks() if own_disks else {}
        self._errors = open(logs / 'qemu.log', 'wb')
        self._traffic = open(logs / 'agent.log', 'wb')
        self._start()

    def _start(self):
        self._starts += 1
        self.console = self._logs / ('console.log' if self._starts == 1 else f'console-{self._starts}.log')
        # Connected before QEMU starts, so that there is nothing to wait for.
        monitor, theirs_monitor = socket.socketpair()
        agent, theirs_agent = socket.socketpair()
        with theirs_monitor, theirs_agent:
            fds = theirs_monitor.fileno(), theirs_agent.fileno()
            self._process = subprocess.Popen(self._command(*fds), pass_fds=fds,
                                             stdin=subprocess.DEVNULL,
                                             stdout=self._errors, stderr=self._errors,
                                             preexec_fn=_die_with_parent)
        self.channel = channel.Channel(agent, self._traffic)
        try:
            self.monitor = Monitor(monitor)
            self.channel.wait_hello(BOOT_TIMEOUT)
        except BaseException as error:
            self.stop()
            errors = (self._logs / 'qemu.log').read_text(errors='replace')
            raise channel.Lost(f'the bench did not start: {error}\n{errors[-2000:]}') from error

    def start_as(self, topology_name):
        """Waits until it has shut down, and starts it with other devices. Its disks have to be its own."""
        assert self._own, 'what it has written would be gone'
        try:
            self._process.wait(BOOT_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise channel.Lost('the bench did not shut down') from error
        self._hang_up()
        self.topology = topology_name
        self._start()
        self._come_to_rest()

    def _copy_disks(self):
        """Its disk and its RAM disk, for itself.

        The RAM disk is a drive of it as well (serial number "initrd"): QEMU maps the file, and reads it
        anew at every reset, so that what the machine writes there is what it starts from then. Linux
        takes no offence at zeros behind it.
        """
        own = {name: self._logs / f'{name}.img' for name in ('disk', 'initrd')}
        # What is empty in it stays empty, unlike with shutil.
        subprocess.run(['cp', '--sparse=always', '--reflink=auto', self.image.disk, own['disk']], check=True)
        shutil.copyfile(self.image.initrd, own['initrd'])
        os.truncate(own['initrd'], self.image.initrd.stat().st_size + INITRD_ROOM)
        return own

    def _command(self, monitor_fd, agent_fd):
        shape = topology.TOPOLOGIES[self.topology]
        target = 'graphical.target' if self._desktop else 'multi-user.target'
        devices = [part for device in shape.devices for part in ('-device', device)]
        firmware = [f'if=pflash,unit={unit},format=raw,file=/usr/share/OVMF/OVMF_{part}_4M.fd,{how}'
                    for unit, (part, how) in enumerate(UEFI)] if shape.uefi else []
        spare = [f'file={self.image.disk},format=raw,if=none,id=spare,snapshot=on'] if shape.spare else []
        runs_on = accelerator(self.image, self._counted)
        # Not by themselves, but by their names.
        late = f'modprobe.blacklist={",".join(shape.late)} ' if shape.late else ''
        # What the bench writes to its disk ends with it.
        disk = (f'file={self._own["disk"]},format=raw' if self._own
                else f'file={self.image.disk},format=raw,snapshot=on')
        initrd = ['-drive', f'file={self._own["initrd"]},format=raw,if=none,id=initrd',
                  '-device', 'virtio-blk-pci,drive=initrd,serial=initrd,addr=14.0'] if self._own else []
        return [
            'qemu-system-x86_64', *runs_on,
            '-m', str(self._memory_mb), '-smp', str(self._processors), '-nodefaults',
            '-no-user-config',
            '-display', self._display,
            '-device', 'intel-iommu,intremap=on,caching-mode=on',
            '-kernel', str(self.image.kernel), '-initrd', str(self._own.get('initrd', self.image.initrd)),
            '-append', f'root=/dev/vda rw console=ttyS0 loglevel=5 audit=0 panic=-1 '
                       f'{_words_for(runs_on)}systemd.show_status=0 systemd.unit={target} {late}{shape.kernel}',
            '-drive', f'{disk},if=none,id=disk',
            '-device', 'virtio-blk-pci,drive=disk,addr=10.0',
            '-fsdev', f'local,id=share,path={self._share},security_model=none,readonly=on',
            '-device', 'virtio-9p-pci,fsdev=share,mount_tag=bench,addr=11.0',
            '-serial', f'file:{self.console}',
            '-chardev', f'socket,id=monitor,fd={monitor_fd}', '-mon', 'chardev=monitor,mode=control',
            '-device', 'virtio-serial-pci,addr=12.0',
            '-chardev', f'socket,id=agent,fd={agent_fd}',
            '-device', 'virtserialport,chardev=agent,name=bench',
            '-audiodev', 'none,id=sound',
            '-device', 'qemu-xhci,id=usb,addr=13.0', '-device', 'usb-tablet,bus=usb.0',
            *initrd, *(part for drive in (*firmware, *spare) for part in ('-drive', drive)), *devices,
        ]

    def power_cut(self):
        """Cuts the power in the middle of whatever it does, and boots again."""
        self.monitor.command('system_reset')
        self.wait_boot()

    def wait_boot(self):
        """Waits until it has started anew and come to rest."""
        self.channel.wait_hello(BOOT_TIMEOUT)
        self._come_to_rest()

    def _come_to_rest(self):
        self.wait_ready()
        # The agent is up before other units are that the boot has still to start.
        self.channel.call('setup.wait_booted', timeout=BOOT_TIMEOUT)

    def wait_ready(self):
        """Waits until the boot has come to rest.

        Drivers bind while udev works through the devices, and a session that
        comes up gets access to every card's nodes: a story that began before
        would take either for its own doing.
        """
        if self._desktop:
            self.channel.wait_session()
        self.channel.call('setup.settle', late=topology.TOPOLOGIES[self.topology].late)

    def keep(self, moment):
        """Keeps what it is at this @moment, memory and disk, to come back to; returns whether that can be kept.

        It takes half a second, and a boot a minute where it is emulated. A disk of its own has no room for
        it, and the share must not be mounted meanwhile.
        """
        if self._own or not topology.TOPOLOGIES[self.topology].keeps:
            return False
        self.channel.call('setup.leave_share')
        try:
            self.monitor.tell(f'savevm {moment}', BOOT_TIMEOUT)
        finally:
            self.channel.call('setup.enter_share')
        self._boots[moment] = self.channel.boot_id
        return True

    def come_back(self, moment):
        """As if nothing had happened since then."""
        self.monitor.tell(f'loadvm {moment}', BOOT_TIMEOUT)
        # Its answer comes behind all that was said since.
        self.channel.call('setup.enter_share')
        self.channel.go_back(self._boots[moment])

    def screenshot(self, path):
        """The boot display's picture, as a person would see it."""
        self.monitor.command('screendump', filename=str(path), format='png')

    def wait(self):
        """Waits until somebody closes its window or shuts it down."""
        self._process.wait()

    def stop(self):
        """Ends the machine at once; nothing in it is kept."""
        self._process.kill()
        self._process.wait()
        self._hang_up()
        self._errors.close()
        for copy in self._own.values():
            copy.unlink(missing_ok=True)

    def _hang_up(self):
        for name in ('monitor', 'channel'):
            if hasattr(self, name):
                getattr(self, name).close()
