/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-row.h"

#include <glib/gi18n.h>

#include "baton-notice-unit.h"
#include "baton-text.h"

/* The switch of this user's notifications, which asks its systemd what holds as soon as it is there. */
struct _BatonNoticeRow
{
  AdwActionRow parent_instance;

  gboolean is_showing; /* what changes now was not changed by the user */

  /* owned */
  GCancellable *cancellable;

  /* from the template */
  GtkSwitch *notice_switch;
};

G_DEFINE_FINAL_TYPE (BatonNoticeRow, baton_notice_row, ADW_TYPE_ACTION_ROW)

static void
set_active (BatonNoticeRow *self, gboolean is_active)
{
  self->is_showing = TRUE;
  gtk_switch_set_active (self->notice_switch, is_active);
  self->is_showing = FALSE;
}

static void
say (BatonNoticeRow *self, const GError *error)
{
  g_autofree char *text =
      error != NULL
          ? baton_text_to_sentence (error->message)
          : g_strdup (_ ("As long as it is used, it cannot be handed to a virtual machine. Of "
                         "programs that you run on the card yourself nothing is said."));

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), text);
}

static void
on_looked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonNoticeRow) self = data;
  g_autoptr (GError) error = NULL;
  gboolean is_on = FALSE;
  gboolean is_known = baton_notice_unit_look_finish (result, &is_on, &error);

  /* The window is gone, and nobody left to tell. */
  if (g_cancellable_is_cancelled (self->cancellable))
    return;

  set_active (self, is_on);
  gtk_widget_set_sensitive (GTK_WIDGET (self->notice_switch), is_known);
  say (self, error);
}

static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonNoticeRow) self = data;
  g_autoptr (GError) error = NULL;
  gboolean is_done = baton_notice_unit_switch_finish (result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;

  if (!is_done)
    set_active (self, !gtk_switch_get_active (self->notice_switch));
  gtk_widget_set_sensitive (GTK_WIDGET (self->notice_switch), TRUE);
  say (self, error);
}

static void
on_switched_cb (BatonNoticeRow *self)
{
  if (self->is_showing)
    return;

  gtk_widget_set_sensitive (GTK_WIDGET (self->notice_switch), FALSE);
  /* To the end, whether the window stays or not: half of it would be neither on nor off. */
  baton_notice_unit_switch_async (gtk_switch_get_active (self->notice_switch), NULL, on_done_cb,
                                  g_object_ref (self));
}

static void
baton_notice_row_unroot (GtkWidget *widget)
{
  g_cancellable_cancel (BATON_NOTICE_ROW (widget)->cancellable);

  GTK_WIDGET_CLASS (baton_notice_row_parent_class)->unroot (widget);
}

static void
baton_notice_row_finalize (GObject *object)
{
  g_object_unref (BATON_NOTICE_ROW (object)->cancellable);

  G_OBJECT_CLASS (baton_notice_row_parent_class)->finalize (object);
}

static void
baton_notice_row_class_init (BatonNoticeRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_notice_row_finalize;
  widget_class->unroot = baton_notice_row_unroot;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-notice-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonNoticeRow, notice_switch);
  gtk_widget_class_bind_template_callback (widget_class, on_switched_cb);
}

static void
baton_notice_row_init (BatonNoticeRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  say (self, NULL);
  baton_notice_unit_look_async (self->cancellable, on_looked_cb, g_object_ref (self));
}
