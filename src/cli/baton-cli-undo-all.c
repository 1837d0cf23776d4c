/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-run.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "baton-always-run.h"
#include "baton-card-away.h"
#include "baton-notice-unit.h"
#include "baton-text.h"

/* Below the user's settings: what the window remembers of choices. */
#define CHOICES "baton" G_DIR_SEPARATOR_S "always-close.ini"

typedef struct
{
  GMainLoop *loop;
  GError *error;
  gboolean is_done;
} Switching;

/* @sentence is for people: a script reads the result. */
static void
say (BatonCli *cli, const char *sentence)
{
  if (cli->writer == NULL)
    g_print ("%s\n", sentence);
}

static gboolean
unset_always_run (BatonCli *cli, GError **error)
{
  g_autoptr (GPtrArray) ids = baton_always_run_list ();

  for (guint i = 0; i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      g_autofree char *text = NULL;

      if (!baton_always_run_unset (id, error))
        return FALSE;
      /* Translators: the name of an application's desktop entry */
      text = g_strdup_printf (_ ("%s is started as before, on no card of its own."), id);
      say (cli, text);
    }

  return TRUE;
}

static void
on_switched_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Switching *switching = data;

  switching->is_done = baton_notice_unit_switch_finish (result, &switching->error);
  g_main_loop_quit (switching->loop);
}

/* Where the user's systemd cannot be asked, as over ssh, the link is all that it would take away. */
static gboolean
switch_notice_off (BatonCli *cli, GError **error)
{
  g_autofree char *link = baton_notice_unit_dup_link (g_get_user_config_dir ());
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Switching switching = { .loop = loop };

  if (link == NULL)
    return TRUE;
  baton_notice_unit_switch_async (FALSE, NULL, on_switched_cb, &switching);
  g_main_loop_run (loop);
  if (!switching.is_done && g_unlink (link) < 0 && errno != ENOENT)
    {
      g_propagate_error (error, switching.error);
      return FALSE;
    }
  g_clear_error (&switching.error);
  say (cli, _ ("You are told no more of free cards that are used."));

  return TRUE;
}

static gboolean
remove_choices (BatonCli *cli, GError **error)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), CHOICES, NULL);
  g_autofree char *text = NULL;
  int errsv;

  if (g_unlink (path) < 0)
    {
      errsv = errno;
      if (errsv == ENOENT || errsv == ENOTDIR)
        return TRUE;
      /* Translators: the name of a file, and what the system says */
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errsv),
                   _ ("“%s” was not removed: %s"), path, g_strerror (errsv));
      return FALSE;
    }
  /* Translators: the name of a file */
  text = g_strdup_printf (_ ("%s is gone."), path);
  say (cli, text);

  return TRUE;
}

/* Of root's own there is nothing, and with sudo(8) $HOME may be somebody else's. */
static gboolean
undo_own (BatonCli *cli, GError **error)
{
  if (geteuid () == 0 || getuid () != geteuid ())
    return TRUE;

  return unset_always_run (cli, error) && switch_notice_off (cli, error) &&
         ((cli->options & BATON_CLI_SETTINGS) == 0 || remove_choices (cli, error));
}

static int
end_with_card (BatonCli *cli, const BatonCard *card)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "card", (gpointer) baton_card_get_name (card));
  g_hash_table_insert (args, (gpointer) "address", (gpointer) baton_card_get_address (card));

  return baton_cli_end (cli, BATON_EXIT_REFUSED, BATON_CODE_UNDO_ALL_WITH_GUEST, args);
}

static int
end_with_own (BatonCli *cli, const GError *error)
{
  g_autofree char *reason = baton_text_clean (error->message, -1, BATON_MAX_STRING, NULL, NULL);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "reason", reason);

  return baton_cli_end (cli, BATON_EXIT_ERROR, BATON_CODE_UNDO_ALL_OWN_LEFT, args);
}

/**
 * baton_cli_undo_all:
 * @self: the command line
 *
 * Takes everything of Baton's back that outlasts a restart: what is this user's own, then, by the
 * helper, what is the computer's. A card that is away is no reason to ask for a password.
 *
 * Returns: the exit status
 */
int
baton_cli_undo_all (BatonCli *self)
{
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (self->root, NULL);
  const BatonCard *card = machine != NULL ? baton_card_away_find (self->root, machine) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  const char *arguments[] = { "undo-all",
                              (self->options & BATON_CLI_SETTINGS) != 0 ? "--settings" : NULL,
                              NULL };

  if (card != NULL)
    return end_with_card (self, card);
  if (!undo_own (self, &error))
    return end_with_own (self, error);

  output = baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}
