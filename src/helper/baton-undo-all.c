/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-undo-all.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "baton-adopt.h"
#include "baton-boot-claim.h"
#include "baton-card-away.h"
#include "baton-claim.h"
#include "baton-fd.h"
#include "baton-holders.h"
#include "baton-hook-installation.h"
#include "baton-hook-script.h"
#include "baton-isolation.h"
#include "baton-kept-off-environment.h"
#include "baton-kept-off.h"
#include "baton-profile.h"
#include "baton-state-file.h"

/* What baton_state_write() leaves beside each of these where the power is cut, below /etc. */
static const char *const written[] = {
  BATON_KEPT_OFF_RULES, BATON_KEPT_OFF_ENVIRONMENT, BATON_KEPT_OFF_PROFILE, BATON_HOOK_SCRIPT,
  BATON_BOOT_CLAIMS,    BATON_CLAIM_MKINITCPIO,     BATON_PROFILE_FILE,
};

static BatonEnd *
end_look_failed (const GError *error)
{
  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                        NULL);
}

/* Without Baton nobody would know how the card was, or that something is to be settled. */
static BatonEnd *
find_obstacle (BatonRoot *root, BatonMachine *machine)
{
  const BatonCard *card = baton_card_away_find (root, machine);

  if (machine->system->journal)
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_UNDO_ALL_UNSETTLED, NULL);
  if (card != NULL)
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_UNDO_ALL_WITH_GUEST, "card",
                          baton_card_get_name (card), "address", baton_card_get_address (card),
                          NULL);

  return NULL;
}

static void
remove_file (BatonUndo *undo, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) error = NULL;

  if (baton_state_remove (undo->root, BATON_ROOT_ETC, directory, name, &error))
    baton_undo_add_gone (undo, path);
  else
    baton_undo_add_left (undo, path, error->message);
}

/* They are their owner's, who may have written every line of them by hand. */
static void
take_settings_back (BatonUndo *undo, gboolean settings)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_ETC, BATON_PROFILE_FILE);
  g_autofree char *text = NULL;

  if (!baton_root_exists (undo->root, BATON_ROOT_ETC, BATON_PROFILE_FILE))
    return;
  if (settings)
    {
      remove_file (undo, BATON_PROFILE_FILE);
      return;
    }
  text = g_strdup_printf ("Your settings in %s stay: “batonctl undo-all --settings” takes "
                          "them away as well.",
                          path);
  baton_event_writer_log (undo->events, "info", text);
}

static void
remove_halves (BatonUndo *undo)
{
  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autofree char *directory = g_path_get_dirname (written[i]);
      g_autofree char *name = g_path_get_basename (written[i]);
      g_autofree char *part = g_strdup_printf (".%s.new", name);
      g_autofree char *half = g_str_equal (directory, ".")
                                  ? g_strdup (part)
                                  : g_build_filename (directory, part, NULL);

      if (baton_root_exists (undo->root, BATON_ROOT_ETC, half))
        remove_file (undo, half);
    }
}

/* systemd made it for the claims (ConfigurationDirectory=), and what else may be in it is not ours. */
static void
remove_directory (BatonRoot *root)
{
  g_autofree char *name = g_path_get_dirname (BATON_BOOT_CLAIMS);
  baton_autofd int dir = baton_state_open_directory (root, BATON_ROOT_ETC, ".", FALSE, NULL);

  if (dir >= 0 && unlinkat (dir, name, AT_REMOVEDIR) < 0)
    g_debug ("could not remove '%s': %s, ignoring", name, g_strerror (errno));
}

static char *
join (GPtrArray *files)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < files->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            (const char *) g_ptr_array_index (files, i));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static BatonEnd *
end (const BatonUndo *undo)
{
  g_autofree char *gone = join (undo->gone);
  g_autofree char *left = join (undo->left);

  if (undo->left->len > 0)
    return baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_UNDONE_IN_PART, "left", left, NULL);
  if (undo->gone->len > 0)
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_ALL_UNDONE, "files", gone, NULL);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_UNDO, NULL);
}

/**
 * baton_undo_all:
 * @root: the roots
 * @events: where it is told what becomes of each part
 * @settings: the settings are taken away, too
 *
 * Takes back everything of Baton's that outlasts a restart, as before it is removed: what was moved aside
 * first, which the boot images have a copy of, then the hook of libvirt's, so that no card is asked for
 * meanwhile, and what takes longest last. What cannot be
 * taken back, or is not Baton's any more, keeps nothing else from it. Whoever calls holds the lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_undo_all (BatonRoot *root, BatonEventWriter *events, gboolean settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) holders = baton_holders_look (root, &machine, &error);
  g_autoptr (BatonUndo) undo = NULL;
  BatonEnd *obstacle = NULL;

  if (holders == NULL)
    return end_look_failed (error);
  obstacle = find_obstacle (root, machine);
  if (obstacle != NULL)
    return obstacle;

  undo = baton_undo_new (root, events, machine);
  baton_adopt_take_back (undo);
  baton_hook_installation_take_back (undo);
  baton_isolation_take_back (undo);
  baton_claim_take_back (undo);
  take_settings_back (undo, settings);
  remove_halves (undo);
  remove_directory (root);

  return end (undo);
}
