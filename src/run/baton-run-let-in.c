/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run-let-in.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* References used below:
 *  UNSECURE - glibc, sysdeps/generic/unsecvars.h: what the loader takes away from a program that has
 *    rights of its own, and from whatever that becomes
 */

/* Those that begin so. Steam, for one, needs LD_PRELOAD and LD_LIBRARY_PATH for its games. */
static const char *const prefixes[] = { "LD_", "MALLOC_" };

static const char *const names[] = {
  "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES",      "LOCALDOMAIN", "LOCPATH",
  "NIS_PATH",   "NLSPATH",     "RES_OPTIONS",    "RESOLV_HOST_CONF", "TMPDIR",      "TZDIR",
};

static gboolean
is_taken_away (const char *variable)
{
  gsize length = strcspn (variable, "=");

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (variable, prefixes[i]))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == length && strncmp (variable, names[i], length) == 0)
      return TRUE;

  return FALSE;
}

/* Asked first, so that a refusal can be said in the user's language, and on the screen. */
static BatonGrantStatus
check (const char *grant)
{
  const char *const argv[] = { grant, BATON_GRANT_CHECK, NULL };
  int wait_status = 0;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL,
                     NULL, &wait_status, NULL) ||
      !WIFEXITED (wait_status) || WEXITSTATUS (wait_status) > BATON_GRANT_NO_RIGHT)
    return BATON_GRANT_FAILED;

  return (BatonGrantStatus) WEXITSTATUS (wait_status);
}

/**
 * baton_run_let_in:
 * @grant: path of baton-grant
 * @argv: as in main()
 *
 * Becomes this program anew, with the same words and in the group that may open the cards that
 * programs are kept off.
 *
 * Returns: why not, where it did not
 */
BatonGrantStatus
baton_run_let_in (const char *grant, char **argv)
{
  BatonGrantStatus status = check (grant);
  g_auto (GStrv) environment = NULL;
  g_autoptr (GPtrArray) words = NULL;

  if (status != BATON_GRANT_POSSIBLE)
    return status;

  environment = g_get_environ ();
  words = g_ptr_array_new ();
  g_ptr_array_add (words, (gpointer) grant);
  for (char **variable = environment; *variable != NULL; variable++)
    if (is_taken_away (*variable))
      g_ptr_array_add (words, *variable);
  g_ptr_array_add (words, (gpointer) "--");
  for (char **word = argv + 1; *word != NULL; word++)
    g_ptr_array_add (words, *word);
  g_ptr_array_add (words, NULL);
  execv (grant, (char **) words->pdata);

  return BATON_GRANT_FAILED;
}

/**
 * baton_run_describe_refusal:
 * @status: what baton_run_let_in() returned
 *
 * Returns: why a program was not let in, with the names in it as {names}
 */
const char *
baton_run_describe_refusal (BatonGrantStatus status)
{
  /* Of what started this program, and of all that it starts: none has more rights than that. */
  if (status == BATON_GRANT_NO_RIGHT && prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
    /* Translators: in these sentences {card}, {program} and {grant} stand for names; keep them. */
    return _ ("programs are kept off {card}, and “{program}” was not started: baton-run was "
              "started by something that lets no program have more rights than itself, as a "
              "sandbox does (no_new_privs); start it from outside");

  switch (status)
    {
    case BATON_GRANT_NOT_FOR_YOU:
      return _ ("programs are kept off {card}, and “{program}” was not started: baton-run lets "
                "in only what those start who may use another card of this computer; log in at "
                "its own screen, or ask its administrator to put you into the group “render”");
    case BATON_GRANT_NO_GROUP:
      return _ ("programs are kept off {card}, and “{program}” was not started: the card "
                "belongs to the system group “baton-cards”, which is not there; ask an "
                "administrator to run “systemd-sysusers”");
    case BATON_GRANT_NO_RIGHT:
      return _ ("programs are kept off {card}, and “{program}” was not started: {grant} has "
                "lost its right to let any in; ask an administrator to run “setcap "
                "cap_setgid=p {grant}”, or to install Baton again");
    case BATON_GRANT_FAILED:
    case BATON_GRANT_POSSIBLE:
    default:
      return _ ("programs are kept off {card}, and “{program}” was not started: {grant}, which "
                "lets them in, does not work; ask an administrator to install Baton again");
    }
}
