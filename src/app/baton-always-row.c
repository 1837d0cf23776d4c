/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-always-row.h"

#include <glib/gi18n.h>

#include "baton-program-id.h"
#include "baton-words.h"

struct _BatonAlwaysRow
{
  AdwActionRow parent_instance;

  char *program; /* owned */

  /* from the template */
  GtkImage *icon;
  GtkButton *remove_button;
};

enum
{
  SIGNAL_REMOVE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonAlwaysRow, baton_always_row, ADW_TYPE_ACTION_ROW)

static void
on_remove_clicked_cb (BatonAlwaysRow *self)
{
  g_signal_emit (self, signals[SIGNAL_REMOVE], 0);
}

static void
baton_always_row_finalize (GObject *object)
{
  BatonAlwaysRow *self = BATON_ALWAYS_ROW (object);

  g_free (self->program);

  G_OBJECT_CLASS (baton_always_row_parent_class)->finalize (object);
}

static void
baton_always_row_class_init (BatonAlwaysRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_always_row_finalize;

  /**
   * BatonAlwaysRow::remove:
   *
   * Its button was clicked.
   */
  signals[SIGNAL_REMOVE] = g_signal_new ("remove", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-always-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonAlwaysRow, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonAlwaysRow, remove_button);
  gtk_widget_class_bind_template_callback (widget_class, on_remove_clicked_cb);
}

static void
baton_always_row_init (BatonAlwaysRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_always_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonAlwaysRow *
baton_always_row_new (void)
{
  return g_object_new (BATON_TYPE_ALWAYS_ROW, NULL);
}

/**
 * baton_always_row_show:
 * @self: a row
 * @program: what is always closed, see baton_program_id_dup()
 * @can_remove: whether that can be changed now
 */
void
baton_always_row_show (BatonAlwaysRow *self, const char *program, gboolean can_remove)
{
  g_autofree char *name = baton_program_id_dup_name (program);
  g_autofree char *embedded = baton_words_embed (name);
  g_autofree char *label = NULL;
  g_autoptr (GIcon) icon = baton_program_id_dup_icon (program);

  g_return_if_fail (BATON_IS_ALWAYS_ROW (self));

  if (g_strcmp0 (self->program, program) != 0)
    {
      g_free (self->program);
      self->program = g_strdup (program);
    }

  /* Translators: the name of a program, which is no longer closed without a warning */
  label = g_strdup_printf (_ ("Remove “%s”"), embedded);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  gtk_image_set_from_gicon (self->icon, icon);
  gtk_widget_set_sensitive (GTK_WIDGET (self->remove_button), can_remove);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove_button),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/**
 * baton_always_row_get_program:
 *
 * Returns: (nullable): what it shows
 */
const char *
baton_always_row_get_program (BatonAlwaysRow *self)
{
  g_return_val_if_fail (BATON_IS_ALWAYS_ROW (self), NULL);

  return self->program;
}
