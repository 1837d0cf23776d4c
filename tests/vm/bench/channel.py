# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's end of the line to the agent inside the machine."""

import json
import queue
import threading
import time


class Lost(Exception):
    """The machine did not answer in time, or is gone."""


class Failed(Exception):
    """A function called inside the machine raised."""


class Process:
    """A program running inside the machine."""

    def __init__(self, channel, number, argv):
        self._channel = channel
        self._number = number
        self._messages = queue.Queue()
        self._lines = []
        self._half = ''
        self.argv = argv
        self.pid = None
        self.status = None
        self.out = ''
        self.err = ''

    def _take(self, message):
        if 'pid' in message:
            self.pid = message['pid']
        self.err += message.get('err', '')
        if 'out' in message:
            self.out += message['out']
            *lines, self._half = (self._half + message['out']).split('\n')
            self._lines += lines
        if 'exit' in message:
            self.status = message['exit']

    def _pump(self, until):
        try:
            message = self._messages.get(timeout=max(0, until - time.monotonic()))
        except queue.Empty:
            message = None
        if message is None:
            raise Lost(f'{" ".join(self.argv)} gave no sign in time; it printed:\n'
                       f'{self.out[-2000:]}{self.err[-2000:]}')
        if 'lost' in message:
            raise Lost(message['lost'])
        self._take(message)

    def lines(self, timeout=120):
        """Its lines as they come, until it ends."""
        while True:
            while self._lines:
                yield self._lines.pop(0)
            if self.status is not None and self._messages.empty():
                if self._half:
                    half, self._half = self._half, ''
                    yield half
                return
            # From now: whoever reads may have taken his time since the last line.
            self._pump(time.monotonic() + timeout)

    def wait(self, timeout=120):
        """Waits for its end and returns itself."""
        until = time.monotonic() + timeout
        while self.status is None:
            self._pump(until)
        return self

    def started(self, timeout=30):
        """Waits until its pid is known."""
        until = time.monotonic() + timeout
        while self.pid is None and self.status is None:
            self._pump(until)
        return self

    def write(self, text):
        self._channel.send(id=self._number, op='stdin', data=text)

    def close_stdin(self):
        self._channel.send(id=self._number, op='eof')

    def signal(self, number):
        self._channel.send(id=self._number, op='signal', number=int(number))


class Channel:
    """A socket to the agent; anything that is waited for has a deadline."""

    def __init__(self, connected, log):
        self._socket = connected
        self._writing = threading.Lock()
        self._waiting = {}
        self._number = 0
        self._log = log
        self._hellos = queue.Queue()
        self._session = threading.Event()
        self.boot_id = None
        threading.Thread(target=self._read, daemon=True).start()

    def close(self):
        self._socket.close()

    def send(self, **message):
        with self._writing:
            self._socket.sendall(json.dumps(message).encode() + b'\n')

    def _read(self):
        with self._socket.makefile('rb') as stream:
            while True:
                try:
                    line = stream.readline()
                except (OSError, ValueError):
                    line = b''
                if not line:
                    self._drop_all('the machine is gone')
                    return
                self._log.write(line)
                try:
                    message = json.loads(line)
                except ValueError:
                    continue  # half a line of a boot that was cut off
                if 'hello' in message:
                    self._session.clear()
                    self._drop_all('the machine was started anew')
                    self._hellos.put(message['hello'])
                elif 'session' in message:
                    self._session.set()
                elif message.get('id') in self._waiting:
                    self._waiting[message['id']].put(message)

    def _drop_all(self, why):
        waiting, self._waiting = self._waiting, {}
        for messages in waiting.values():
            messages.put({'lost': why})

    def go_back(self, boot_id):
        """To this boot: nobody is there any more who would answer what was asked, or has said hello since."""
        self._drop_all('the machine is as it was before that')
        while not self._hellos.empty():
            self._hellos.get()
        self.boot_id = boot_id

    def wait_hello(self, timeout):
        """Waits until the agent of a fresh boot says hello."""
        try:
            self.boot_id = self._hellos.get(timeout=timeout)
        except queue.Empty:
            raise Lost(f'the machine did not come up within {timeout} s') from None

    def check_same_boot(self):
        """Raises if the machine has started anew by itself."""
        if not self._hellos.empty():
            raise Lost('the machine started anew by itself: its kernel fell over')

    def wait_session(self, timeout=180):
        """Waits until the desktop of user u is up."""
        if not self._session.wait(timeout):
            raise Lost(f'the desktop did not come up within {timeout} s')

    def spawn(self, argv, *, user=None, env=None, cwd=None):
        """Starts a program; @user starts it in that user's real session."""
        self._number += 1
        process = Process(self, self._number, [str(arg) for arg in argv])
        self._waiting[self._number] = process._messages
        self.send(id=self._number, op='spawn', argv=process.argv, user=user, env=env, cwd=cwd)
        return process

    def call(self, name, timeout=120, **args):
        """Calls MODULE.FUNCTION of tests/vm/inside and returns its value."""
        self._number += 1
        number, messages = self._number, queue.Queue()
        self._waiting[number] = messages
        self.send(id=number, op='call', name=name, args=args)
        try:
            message = messages.get(timeout=timeout)
        except queue.Empty:
            raise Lost(f'{name} did not return within {timeout} s') from None
        finally:
            self._waiting.pop(number, None)
        if 'lost' in message:
            raise Lost(message['lost'])
        if 'error' in message:
            raise Failed(message['error'])
        return message['value']
