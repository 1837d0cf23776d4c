/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-model-private.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "baton-json.h"
#include "baton-logout.h"
#include "baton-words.h"

static guint
find_manager (const char *name)
{
  const char *const *names = baton_logout_list_managers ();
  guint i = 0;

  while (strcmp (names[i], name) != 0)
    i++;

  return i;
}

static void
on_manager_appeared_cb (GDBusConnection *bus,
                        const char *name,
                        const char *owner,
                        gpointer data)
{
  BatonModel *self = data;

  g_set_object (&self->session_bus, bus);
  self->has_manager[find_manager (name)] = TRUE;
}

static void
on_manager_vanished_cb (GDBusConnection *bus, const char *name, gpointer data)
{
  ((BatonModel *) data)->has_manager[find_manager (name)] = FALSE;
}

/* Listens for who could log this user out: nobody is waited for when a plan is wanted. */
void
baton_model_look_for_managers (BatonModel *self)
{
  const char *const *names = baton_logout_list_managers ();

  if (getuid () == 0 || self->manager_watches[0] != 0)
    return;
  for (guint i = 0; names[i] != NULL; i++)
    self->manager_watches[i] =
        g_bus_watch_name (G_BUS_TYPE_SESSION, names[i], G_BUS_NAME_WATCHER_FLAGS_NONE,
                          on_manager_appeared_cb, on_manager_vanished_cb, self, NULL);
}

void
baton_model_forget_managers (BatonModel *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->manager_watches); i++)
    g_clear_handle_id (&self->manager_watches[i], g_bus_unwatch_name);
  g_clear_object (&self->session_bus);
}

/**
 * baton_model_can_log_out:
 *
 * Returns: %TRUE if this user's session manager can be asked for an ordinary logout
 */
gboolean
baton_model_can_log_out (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (self->has_manager); i++)
    if (self->has_manager[i])
      return TRUE;

  return FALSE;
}

/* Then the handoff would wait for what nobody was asked for. */
static void
on_asked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonModel) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  g_autofree char *text = NULL;

  if (baton_logout_ask_finish (G_DBUS_CONNECTION (source), result, &error))
    return;
  reason = baton_words_embed (error->message);
  /* Translators: %s is a reason */
  text = g_strdup_printf (_ ("The desktop could not be asked to log you out: %s"), reason);
  g_signal_emit_by_name (self, "message", text);
  baton_model_cancel (self);
}

/* Of our own handoff alone: who follows somebody else's is not logged out for it. */
void
baton_model_answer_step (BatonModel *self, BatonEvent *event)
{
  if (self->session_bus != NULL &&
      baton_logout_is_asked_by (baton_json_get_string (event->object, "id"),
                                baton_json_get_string (event->object, "state")))
    baton_logout_ask_async (self->session_bus, NULL, on_asked_cb, g_object_ref (self));
}
