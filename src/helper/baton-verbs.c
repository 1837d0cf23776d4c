/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-verbs.h"

#include <signal.h>
#include <unistd.h>

#include "baton-drop.h"
#include "baton-guard.h"
#include "baton-hook.h"
#include "baton-recover.h"
#include "baton-worker.h"

/* Eight cards and a consent for each of a thousand processes are fewer. */
#define MAX_ARGUMENTS 4096

/* One action of polkit for each, chosen by the first argument alone (pkexec(1), exec.argv1): no
 * argument after it widens what somebody was asked for. A test holds the two against each other. */
static const BatonVerb verbs[] = {
  { "adopt", FALSE, baton_front_adopt },
  { "cancel", FALSE, baton_front_cancel },
  { "claim", FALSE, baton_front_claim },
  { "configure", FALSE, baton_front_configure },
  { "hand", FALSE, baton_front_hand },
  { "install-hook", FALSE, baton_front_install_hook },
  { "isolate", FALSE, baton_front_isolate },
  { "plan", TRUE, baton_front_plan },
  { "recover", FALSE, baton_front_recover },
  { "undo-all", FALSE, baton_front_undo_all },
  { "watch", TRUE, baton_front_watch },
};

/**
 * baton_verbs_get:
 * @ret_n_verbs: (out): how many there are
 *
 * Returns: (array length=ret_n_verbs): what callers may ask for
 */
const BatonVerb *
baton_verbs_get (guint *ret_n_verbs)
{
  *ret_n_verbs = G_N_ELEMENTS (verbs);
  return verbs;
}

static const BatonVerb *
find_verb (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_strcmp0 (verbs[i].name, name) == 0)
      return &verbs[i];

  return NULL;
}

/* What PID 1 starts (the units in data/systemd), and libvirtd. They have no action, so that
 * polkit's general one would stand for them: through pkexec they are unknown. */
static gboolean
run_for_system (
    BatonRoot *root, const BatonCaller *caller, int argc, char **argv, int *ret_status)
{
  if (caller->through_pkexec || argc < 2)
    return FALSE;

  if (argc == 3 && g_str_equal (argv[1], "work"))
    *ret_status = baton_worker_run (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "settings"))
    *ret_status = baton_worker_run_settings (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "isolation"))
    *ret_status = baton_worker_run_isolation (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "installation"))
    *ret_status = baton_worker_run_installation (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "claiming"))
    *ret_status = baton_worker_run_claim (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "adopting"))
    *ret_status = baton_worker_run_adoption (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "undoing"))
    *ret_status = baton_worker_run_undo_all (root, argv[2]);
  else if (argc == 3 && g_str_equal (argv[1], "guard"))
    *ret_status = baton_guard_run (root, argv[2]);
  else if (argc == 2 && g_str_equal (argv[1], "settle"))
    *ret_status = baton_recover_run (root);
  else if (g_str_equal (argv[1], "libvirt-hook"))
    *ret_status = baton_hook_run (root, argc - 2, (const char *const *) argv + 2);
  else
    return FALSE;

  return TRUE;
}

/* Ctrl-C and Ctrl-Z are for the program that the user talks to, which knows what to ask of us. */
static void
ignore_the_terminal (void)
{
  signal (SIGINT, SIG_IGN);
  signal (SIGQUIT, SIG_IGN);
  signal (SIGTSTP, SIG_IGN);
}

/**
 * baton_helper_run:
 * @root: the roots
 * @caller: who asks
 * @argc: how many arguments there are
 * @argv: the arguments, which may be anybody's
 *
 * Does what the first argument says.
 *
 * Returns: the exit status: never 126, 127 or more, which are pkexec's
 */
int
baton_helper_run (BatonRoot *root, const BatonCaller *caller, int argc, char **argv)
{
  g_autoptr (BatonEventWriter) writer = baton_event_writer_new (STDOUT_FILENO, NULL);
  g_autoptr (GError) error = NULL;
  BatonFront front = { root, caller, writer, g_get_monotonic_time (), FALSE };
  const BatonVerb *verb = argc >= 2 ? find_verb (argv[1]) : NULL;
  gboolean dropped = TRUE;
  int status;

  if (run_for_system (root, caller, argc, argv, &status))
    return status;

  ignore_the_terminal ();
  if (verb != NULL && verb->looks_only)
    dropped = baton_drop_rights (caller->uid, &error);

  baton_event_writer_hello (writer, verb != NULL ? verb->name : NULL, "helper");
  if (baton_event_writer_is_gone (writer))
    {
      g_printerr ("baton-helper: nothing was done, because there is nobody to tell: standard "
                  "output is closed\n");
      return BATON_EXIT_ERROR;
    }

  if (verb == NULL)
    return baton_front_refuse_arguments (&front, "its verb is missing or unknown");
  if (argc - 2 > MAX_ARGUMENTS)
    return baton_front_refuse_arguments (&front, "it has too many arguments");
  if (!dropped)
    return baton_front_end (&front, BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason",
                            error->message);

  return verb->run (&front, (const char *const *) argv + 2);
}
