/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run-entry.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#include "baton-pci-address.h"

#define KEY_CARD "X-Baton-Card"
#define COMMAND "baton-run --notify "
#define ACTION_PREFIX "Desktop Action "

/* What would have the program started without its command line, or on the card that the desktop
 * takes for the other one (Desktop Entry Specification 1.5; KIO's KRunToken). */
static const char *const overruled[] = {
  "DBusActivatable",
  "PrefersNonDefaultGPU",
  "X-KDE-RunOnDiscreteGpu",
};

/* What follows a command of ours; else all of it. */
static const char *
skip_own_command (const char *command)
{
  const char *end;

  if (!g_str_has_prefix (command, COMMAND))
    return command;
  end = strstr (command, " -- ");

  return end != NULL ? end + strlen (" -- ") : command;
}

static void
set_command (GKeyFile *entry, const char *group, const char *address)
{
  g_autofree char *command =
      g_key_file_get_string (entry, group, G_KEY_FILE_DESKTOP_KEY_EXEC, NULL);
  g_autofree char *wrapped = NULL;

  if (command == NULL)
    return;
  wrapped = g_strconcat (COMMAND, address, " -- ", skip_own_command (command), NULL);
  g_key_file_set_string (entry, group, G_KEY_FILE_DESKTOP_KEY_EXEC, wrapped);
}

/**
 * baton_run_entry_set_card:
 * @entry: an application's desktop entry, changed in place
 * @address: a card
 * @error: return location for an error
 *
 * Has everything that the entry starts run on the card, by baton-run(1), and on no other.
 *
 * Returns: whether it can be: %FALSE where the entry names no command
 */
gboolean
baton_run_entry_set_card (GKeyFile *entry, const char *address, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (entry, NULL);

  g_return_val_if_fail (baton_pci_address_is_valid (address), FALSE);

  if (!g_key_file_has_key (entry, G_KEY_FILE_DESKTOP_GROUP, G_KEY_FILE_DESKTOP_KEY_EXEC, NULL))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("its entry in the menu names no command"));
      return FALSE;
    }

  for (guint i = 0; groups[i] != NULL; i++)
    if (strcmp (groups[i], G_KEY_FILE_DESKTOP_GROUP) == 0 ||
        g_str_has_prefix (groups[i], ACTION_PREFIX))
      set_command (entry, groups[i], address);
  for (guint i = 0; i < G_N_ELEMENTS (overruled); i++)
    g_key_file_remove_key (entry, G_KEY_FILE_DESKTOP_GROUP, overruled[i], NULL);
  g_key_file_set_string (entry, G_KEY_FILE_DESKTOP_GROUP, KEY_CARD, address);

  return TRUE;
}

/**
 * baton_run_entry_dup_card:
 * @entry: a desktop entry
 *
 * Returns: (transfer full) (nullable): the card that Baton made the entry for; %NULL where it is not
 *   Baton's
 */
char *
baton_run_entry_dup_card (GKeyFile *entry)
{
  g_autofree char *address =
      g_key_file_get_string (entry, G_KEY_FILE_DESKTOP_GROUP, KEY_CARD, NULL);

  if (address == NULL || !baton_pci_address_is_valid (address))
    return NULL;

  return g_steal_pointer (&address);
}
