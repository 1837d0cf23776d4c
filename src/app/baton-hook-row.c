/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook-row.h"

#include <glib/gi18n.h>

#include "baton-client-result.h"
#include "baton-libvirt-hook.h"
#include "baton-result-words.h"

/* The switch of libvirt's hook. */
struct _BatonHookRow
{
  AdwActionRow parent_instance;

  gboolean is_showing; /* what changes now was not changed by the user */
  gboolean is_running;

  /* owned */
  BatonRoot *root;
  BatonHelperClient *client; /* NULL where nobody can be asked */
  GCancellable *cancellable;

  /* from the template */
  GtkSwitch *hook_switch;
};

G_DEFINE_FINAL_TYPE (BatonHookRow, baton_hook_row, ADW_TYPE_ACTION_ROW)

static void
set_active (BatonHookRow *self, gboolean is_active)
{
  self->is_showing = TRUE;
  gtk_switch_set_active (self->hook_switch, is_active);
  self->is_showing = FALSE;
}

/* @text: (nullable): what there is to say; else what the switch is for */
static void
say (BatonHookRow *self, const char *text)
{
  adw_action_row_set_subtitle (
      ADW_ACTION_ROW (self),
      text != NULL
          ? text
          : _ ("Each that libvirt starts gets the cards that its own settings name, and "
               "gives them back when it has stopped"));
}

static void
on_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonHookRow) self = data;
  g_autoptr (GError) error = NULL;
  JsonObject *end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);
  g_autofree char *text =
      end != NULL ? baton_result_words_dup_text (end) : g_strdup (error->message);

  /* The window is gone: nobody is left to tell. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->is_running = FALSE;
  baton_hook_row_look (self);
  say (self, text);
  g_clear_pointer (&end, json_object_unref);
}

static void
on_switched_cb (BatonHookRow *self)
{
  const char *option = gtk_switch_get_active (self->hook_switch) ? NULL : "--undo";
  const char *const arguments[] = { "install-hook", option, NULL };

  if (self->is_showing || self->is_running)
    return;

  self->is_running = TRUE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->hook_switch), FALSE);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  say (self, _ ("An administrator’s password is asked for."));
  baton_helper_client_run_async (self->client, arguments, self->cancellable, on_ended_cb,
                                 g_object_ref (self));
}

/* The window is closed, and a password that is still being asked for is asked for no longer. */
static void
baton_hook_row_unroot (GtkWidget *widget)
{
  BatonHookRow *self = BATON_HOOK_ROW (widget);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);

  GTK_WIDGET_CLASS (baton_hook_row_parent_class)->unroot (widget);
}

static void
baton_hook_row_dispose (GObject *object)
{
  BatonHookRow *self = BATON_HOOK_ROW (object);

  g_clear_object (&self->client);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->root, baton_root_unref);

  G_OBJECT_CLASS (baton_hook_row_parent_class)->dispose (object);
}

static void
baton_hook_row_class_init (BatonHookRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_hook_row_dispose;
  widget_class->unroot = baton_hook_row_unroot;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-hook-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonHookRow, hook_switch);
  gtk_widget_class_bind_template_callback (widget_class, on_switched_cb);
}

static void
baton_hook_row_init (BatonHookRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  say (self, NULL);
}

/**
 * baton_hook_row_set_client:
 * @self: a row
 * @root: where libvirt's files are
 * @client: (nullable) (transfer none): what has the hook installed and removed, and runs nothing else;
 *   %NULL where it is only shown
 */
void
baton_hook_row_set_client (BatonHookRow *self, BatonRoot *root, BatonHelperClient *client)
{
  g_return_if_fail (BATON_IS_HOOK_ROW (self));

  self->root = baton_root_ref (root);
  if (client != NULL)
    self->client = g_object_ref (client);
  baton_hook_row_look (self);
}

/**
 * baton_hook_row_look:
 * @self: a row
 *
 * Shows what holds. Where there is no libvirt, there is nothing to show.
 */
void
baton_hook_row_look (BatonHookRow *self)
{
  BatonLibvirtHook hook;

  g_return_if_fail (BATON_IS_HOOK_ROW (self));

  if (self->is_running)
    return;

  hook = baton_libvirt_hook_look (self->root);
  set_active (self, hook == BATON_LIBVIRT_HOOK_THERE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->hook_switch), self->client != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), hook != BATON_LIBVIRT_HOOK_NO_LIBVIRT);
}
