/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <unistd.h>

struct _BatonCliAgent
{
  GSubprocess *process; /* owned */
};

/* pkttyagent(1) closes its --notify-fd when it is registered, and when it cannot be: either way
 * there is nothing more to wait for. */
static void
wait_until_registered (int fd)
{
  char byte = 0;
  gssize n_read = 0;

  do
    n_read = read (fd, &byte, 1);
  while (n_read > 0 || (n_read < 0 && errno == EINTR));
}

/**
 * baton_cli_agent_start:
 * @cli: the command line
 *
 * Sees to it that a password can be asked for in this terminal. pkexec's own text agent answers
 * every password with "No session for cookie" on Debian 12 (polkit pull request 423), so pkttyagent
 * is registered for this process, which is what polkit asks for as the parent of pkexec.
 *
 * In a desktop's terminal `--fallback` lets the desktop's own agent go first. Elsewhere it must not
 * be given: polkitd forgets an agent that is a fallback where the caller has no session (measured
 * with polkit 122: "No authentication agent found").
 *
 * Returns: (transfer full) (nullable): the agent, %NULL where none is needed or to be had
 */
BatonCliAgent *
baton_cli_agent_start (BatonCli *cli)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  const char *argv[] = { "pkttyagent", "--notify-fd", "3", "--process", pid, NULL, NULL };
  BatonCliAgent *self = NULL;
  int fds[2];

  if (geteuid () == 0 || !cli->interactive)
    return NULL;
  if (pipe2 (fds, O_CLOEXEC) < 0)
    return NULL;

  if (g_getenv ("DISPLAY") != NULL || g_getenv ("WAYLAND_DISPLAY") != NULL)
    argv[5] = "--fallback";

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_subprocess_launcher_take_fd (launcher, fds[1], 3);
  process = g_subprocess_launcher_spawnv (launcher, argv, NULL);
  g_clear_object (&launcher);

  if (process == NULL)
    {
      close (fds[0]);
      g_printerr ("batonctl: %s\n",
                  _ ("A password cannot be asked for in this terminal, because "
                     "pkttyagent is not installed. Try with sudo instead."));
      return NULL;
    }

  wait_until_registered (fds[0]);
  close (fds[0]);

  self = g_new0 (BatonCliAgent, 1);
  self->process = g_steal_pointer (&process);

  return self;
}

/**
 * baton_cli_agent_stop:
 * @self: (nullable) (transfer full): an agent
 */
void
baton_cli_agent_stop (BatonCliAgent *self)
{
  if (self == NULL)
    return;

  g_subprocess_send_signal (self->process, SIGTERM);
  g_object_unref (self->process);
  g_free (self);
}
