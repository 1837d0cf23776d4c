# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench's hand inside the machine: does what the host asks, as root.

Requests and answers are JSON lines on a virtio-serial port, so nothing has to
be guessed from a console, and nothing waits longer than it takes:

    {"id": 1, "op": "spawn", "argv": [...], "env": {...}, "user": null}
    {"id": 1, "op": "stdin", "data": "..."}      {"id": 1, "op": "eof"}
    {"id": 1, "op": "signal", "number": 15}
    {"id": 2, "op": "call", "name": "snapshot.take", "args": {...}}

    {"id": 1, "out": "..."}  {"id": 1, "err": "..."}  {"id": 1, "exit": 0}
    {"id": 2, "value": ...}  or  {"id": 2, "error": "..."}

A module whose functions are called lies beside this file.
"""

import importlib
import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import traceback

PORT = '/dev/virtio-ports/bench'
SESSION = '/run/bench/session'

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def make_place():
    """A control group for what is started: much of it is Python too, and is no worker of the agent's."""
    with open('/proc/self/cgroup') as file:
        own = file.read().strip().partition('::')[2]
    place = f'/sys/fs/cgroup{own}/started'
    os.makedirs(place, exist_ok=True)
    return f'{place}/cgroup.procs'


def in_session_of(user):
    """What starts a command in the user's real session.

    His own manager is asked as himself. As root that takes a login for each command, and seconds where the
    machine is emulated; but whoever has no manager yet gets one by it.
    """
    known = pwd.getpwnam(user)
    place = f'/run/user/{known.pw_uid}'
    if not os.path.exists(f'{place}/bus'):
        return ['systemd-run', f'--machine={user}@.host', '--user']
    return ['setpriv', f'--reuid={known.pw_uid}', f'--regid={known.pw_gid}', '--init-groups',
            'env', f'XDG_RUNTIME_DIR={place}', 'systemd-run', '--user']


class Agent:
    def __init__(self):
        self._port = os.open(PORT, os.O_RDWR | os.O_CLOEXEC)
        self._writing = threading.Lock()
        self._children = {}
        self._place = make_place()

    def send(self, **message):
        # Bytes that are no UTF-8 travel as lone surrogates, which JSON escapes.
        data = memoryview(json.dumps(message).encode() + b'\n')
        with self._writing:
            while data:
                data = data[os.write(self._port, data):]

    def serve(self):
        with open('/proc/sys/kernel/random/boot_id') as file:
            # The empty line ends whatever the last boot was writing when it ended.
            os.write(self._port, b'\n')
            self.send(hello=file.read().strip(), release=os.uname().release)
        threading.Thread(target=self._watch_session, daemon=True).start()
        pending = b''
        while True:
            data = os.read(self._port, 65536)
            if not data:
                raise SystemExit('the host closed the port')
            *lines, pending = (pending + data).split(b'\n')
            for line in filter(None, lines):
                self._take(json.loads(line))

    def _take(self, request):
        number, op = request['id'], request['op']
        if op == 'call':
            threading.Thread(target=self._call, args=(number, request), daemon=True).start()
        elif op == 'spawn':
            self._spawn(number, request)
        elif number in self._children:
            child = self._children[number]
            if op == 'stdin':
                try:
                    child.stdin.write(request['data'].encode(errors='surrogateescape'))
                    child.stdin.flush()
                except BrokenPipeError:
                    pass  # the program has ended, as its exit status will say
            elif op == 'eof':
                child.stdin.close()
            elif op == 'signal':
                os.kill(child.pid, request['number'])

    def _call(self, number, request):
        module, _, function = request['name'].partition('.')
        try:
            called = getattr(importlib.import_module(module), function)
            self.send(id=number, value=called(**request.get('args') or {}))
        except BaseException:
            self.send(id=number, error=traceback.format_exc())

    def _spawn(self, number, request):
        argv = list(request['argv'])
        env = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
               'LANG': 'C.UTF-8', 'HOME': '/root', **(request.get('env') or {})}
        user = request.get('user')
        if user:
            # A command in the user's real session: local and active for polkit.
            settings = [f'--setenv={key}={value}'
                        for key, value in (request.get('env') or {}).items()]
            argv = [*in_session_of(user), '--pipe', '--wait', '--quiet', '--collect', *settings, '--',
                    # systemd puts variables of its own in their place.
                    *(part.replace('$', '$$') for part in argv)]
        try:
            child = subprocess.Popen(
                argv, env=env, cwd=request.get('cwd') or '/', stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                preexec_fn=self._prepare)
        except OSError as error:
            self.send(id=number, err=f'{argv[0]}: {error.strerror}\n', pid=None)
            self.send(id=number, exit=127)
            return
        self._children[number] = child
        self.send(id=number, pid=child.pid)
        threading.Thread(target=self._follow, args=(number, child), daemon=True).start()

    def _prepare(self):
        """In what is started, before it is that."""
        # Python ignores it, and what is started must not inherit that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        with open(self._place, 'w') as place:
            place.write('0')

    def _follow(self, number, child):
        def relay(stream, key):
            while data := os.read(stream.fileno(), 65536):
                self.send(id=number, **{key: data.decode(errors='surrogateescape')})
            stream.close()
        readers = [threading.Thread(target=relay, args=(stream, key), daemon=True)
                   for stream, key in ((child.stdout, 'out'), (child.stderr, 'err'))]
        for reader in readers:
            reader.start()
        # The exit is told when the program ends: a child of it may keep the
        # streams open for as long as it likes.
        status = child.wait()
        for reader in readers:
            reader.join(timeout=1)
        self.send(id=number, exit=status)

    def _watch_session(self):
        """Passes on that the desktop is up, which its autostart writes here."""
        if not os.path.exists(SESSION):
            os.mkfifo(SESSION)
            os.chmod(SESSION, 0o622)
        # Open for writing too, so that it has no end.
        with open(os.open(SESSION, os.O_RDWR | os.O_CLOEXEC)) as fifo:
            for line in fifo:
                self.send(session=line.strip())


if __name__ == '__main__':
    Agent().serve()
