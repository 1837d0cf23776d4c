/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook-installation.h"

#include <string.h>

#include "baton-bus.h"
#include "baton-front-start.h"
#include "baton-hook-script.h"
#include "baton-machine.h"
#include "baton-systemd-job.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst: the daemon looks for its hooks when it starts; guests run on
 *    when it is restarted
 *  SD-UNIT - org.freedesktop.systemd1(5), a unit's property ActiveState
 */

#define LIBVIRT "libvirt"
#define HOOKS "/etc/libvirt/hooks/"

#define SYSTEMD_UNIT "org.freedesktop.systemd1.Unit"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define PATIENCE_MS 10000

/* One for all, and one for QEMU alone: a computer has one of them. */
static const char *const daemons[] = { "libvirtd.service", "virtqemud.service" };

static GVariant *
call (GDBusConnection *connection,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type)
{
  return g_dbus_connection_call_sync (connection, BATON_SYSTEMD_NAME, path, interface, method,
                                      arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE_MS, NULL, NULL);
}

static gboolean
is_running (GDBusConnection *connection, const char *unit)
{
  g_autoptr (GVariant) path = call (connection, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER,
                                    "GetUnit", g_variant_new ("(s)", unit), "(o)");
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;
  const char *object = NULL;

  /* What is not loaded does not run (SD-UNIT). */
  if (path == NULL)
    return FALSE;
  g_variant_get (path, "(&o)", &object);
  reply = call (connection, object, PROPERTIES, "Get",
                g_variant_new ("(ss)", SYSTEMD_UNIT, "ActiveState"), "(v)");
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
         !g_str_equal (g_variant_get_string (value, NULL), "inactive") &&
         !g_str_equal (g_variant_get_string (value, NULL), "failed");
}

/* Returns: (nullable): the daemon that runs since before the script came, and may not know of it */
static const char *
find_daemon (BatonRoot *root)
{
  g_autoptr (GDBusConnection) connection = NULL;

  if (baton_front_has_systemd (root))
    connection = baton_bus_connect_system (root, NULL);
  if (connection == NULL)
    return daemons[0];

  for (guint i = 0; i < G_N_ELEMENTS (daemons); i++)
    if (is_running (connection, daemons[i]))
      return daemons[i];

  return NULL;
}

/* Two hands on one card disturb each other, and only its owner knows what else a script of his does. */
static void
warn_of_others (BatonRoot *root, BatonEventWriter *events)
{
  g_autoptr (BatonMachine) machine = baton_machine_new (root, NULL);
  GPtrArray *claims = machine != NULL ? machine->system->claims : NULL;

  for (guint i = 0; claims != NULL && i < claims->len; i++)
    {
      const BatonClaim *claim = g_ptr_array_index (claims, i);

      for (guint j = 0; j < machine->cards->len; j++)
        {
          BatonCard *card = g_ptr_array_index (machine->cards, j);
          g_autofree char *text = NULL;

          if (claim->kind != BATON_CLAIM_HOOK || !g_str_has_prefix (claim->file, HOOKS) ||
              !baton_card_travels (card, claim->address))
            continue;
          text = g_strdup_printf ("%s names %s (%s) in line %u: what it does to the card and "
                                  "what Baton does disturb each other. Take that out of it, or "
                                  "move it elsewhere.",
                                  claim->file, baton_card_get_name (card), claim->address,
                                  claim->line);
          baton_event_writer_log (events, "warning", text);
        }
    }
}

static BatonEnd *
install (BatonRoot *root, BatonEventWriter *events, BatonHookScript *script)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_ETC, BATON_HOOK_SCRIPT);
  const char *daemon = NULL;
  BatonEnd *end = NULL;

  if (!baton_root_exists (root, BATON_ROOT_ETC, LIBVIRT))
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_HOOK_NO_LIBVIRT, NULL);
  if (!baton_hook_script_write (script, &end))
    return end;

  warn_of_others (root, events);
  daemon = find_daemon (root);
  if (daemon != NULL)
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_HOOK_INSTALLED_LATER, "file", path,
                          "unit", daemon, NULL);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_HOOK_INSTALLED, "file", path, NULL);
}

/**
 * baton_hook_installation_change:
 * @root: the roots
 * @events: where warnings go
 * @undo: it is taken away again
 *
 * Has libvirt call Baton when a guest starts and when it has ended, or puts back every byte of that.
 * libvirtd is not restarted here: guests may run, and when it suits their owner is his to say.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_hook_installation_change (BatonRoot *root, BatonEventWriter *events, gboolean undo)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonHookScript) script = baton_hook_script_open (root, &end);
  gboolean was_there = script != NULL && baton_hook_script_is_there (script);

  if (script == NULL)
    return end;
  if (!undo)
    return install (root, events, script);
  if (!baton_hook_script_remove (script, &end))
    return end;

  return baton_end_new (BATON_EXIT_DONE,
                        was_there ? BATON_CODE_HOOK_REMOVED : BATON_CODE_HOOK_NOT_INSTALLED,
                        NULL);
}

/**
 * baton_hook_installation_take_back:
 * @undo: what is taken back
 *
 * Has libvirt call Baton no more. Whoever calls holds the lock.
 */
void
baton_hook_installation_take_back (BatonUndo *undo)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonHookScript) script = baton_hook_script_open (undo->root, &end);
  gboolean was_there = script != NULL && baton_hook_script_is_there (script);

  if (script == NULL || !baton_hook_script_remove (script, &end))
    {
      baton_undo_add_end (undo, BATON_HOOK_SCRIPT, end);
      return;
    }
  if (!was_there)
    return;
  baton_undo_add_gone (undo, BATON_HOOK_SCRIPT);
  baton_undo_say (undo, BATON_CODE_HOOK_REMOVED, NULL);
}
