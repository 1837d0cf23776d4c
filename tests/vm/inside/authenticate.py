# SPDX-License-Identifier: GPL-3.0-or-later
"""authenticate.py ANSWER: a polkit agent of the desktop's session, by script.

ANSWER is the password that it types, "dismiss", or "wait" to leave the question
open until a line comes on stdin, which is typed then. It prints "registered" when
polkit knows it, then "asked ACTION" for each question, and ends with stdin.
"""

import os
import pwd
import subprocess
import sys

from gi.repository import Gio, GLib

AUTHORITY = ('org.freedesktop.PolicyKit1', '/org/freedesktop/PolicyKit1/Authority',
             'org.freedesktop.PolicyKit1.Authority')
PATH = '/bench/agent'
HELPER = '/usr/lib/polkit-1/polkit-agent-helper-1'
CANCELLED = 'org.freedesktop.PolicyKit1.Error.Cancelled'

INTERFACE = '''<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
  <method name="BeginAuthentication">
    <arg type="s" name="action" direction="in"/><arg type="s" name="message" direction="in"/>
    <arg type="s" name="icon" direction="in"/><arg type="a{ss}" name="details" direction="in"/>
    <arg type="s" name="cookie" direction="in"/>
    <arg type="a(sa{sv})" name="identities" direction="in"/>
  </method>
  <method name="CancelAuthentication"><arg type="s" name="cookie" direction="in"/></method>
</interface></node>'''


def type_password(user, cookie, password):
    """One conversation with the helper that asks PAM, as every agent has it."""
    with subprocess.Popen([HELPER, user], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1) as helper:
        helper.stdin.write(cookie + '\n')
        for line in helper.stdout:
            if line.startswith('PAM_PROMPT'):
                helper.stdin.write(password + '\n')
            elif line.strip() in ('SUCCESS', 'FAILURE'):
                break


def main(answer):
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    loop = GLib.MainLoop()
    open_questions = []

    def type_in(question, password):
        invocation, cookie, identities = question
        users = [pwd.getpwuid(identity[1]['uid']).pw_name
                 for identity in identities if identity[0] == 'unix-user']
        type_password(users[0], cookie, password)
        # What the helper told polkitd decides; the agent only says it is done.
        invocation.return_value(None)

    def on_input(_channel, _condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
        elif open_questions:
            type_in(open_questions.pop(), line.strip())
        return bool(line)

    def on_method_call(_bus, _sender, _path, _interface, method, arguments, invocation):
        if method == 'CancelAuthentication':
            invocation.return_value(None)
            return
        action, _message, _icon, _details, cookie, identities = arguments.unpack()
        print('asked', action, flush=True)
        question = invocation, cookie, identities
        if answer == 'wait':
            open_questions.append(question)
            return
        if answer == 'dismiss':
            invocation.return_dbus_error(CANCELLED, 'dismissed')
            return
        type_in(question, answer)

    bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0],
                        on_method_call)
    session = subprocess.run(
        ['loginctl', 'show-user', str(os.getuid()), '--property=Display', '--value'],
        check=True, capture_output=True, text=True).stdout.strip()
    subject = GLib.Variant('(sa{sv})', ('unix-session', {'session-id': GLib.Variant('s', session)}))
    bus.call_sync(*AUTHORITY, 'RegisterAuthenticationAgent',
                  GLib.Variant.new_tuple(subject, GLib.Variant('s', 'C.UTF-8'),
                                         GLib.Variant('s', PATH)),
                  None, Gio.DBusCallFlags.NONE, -1, None)
    print('registered', flush=True)
    GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT,
                      GLib.IOCondition.HUP | GLib.IOCondition.IN, on_input)
    loop.run()


if __name__ == '__main__':
    main(sys.argv[1])
