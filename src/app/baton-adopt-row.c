/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopt-row.h"

#include <glib/gi18n.h>

#include "baton-adopt-window.h"
#include "baton-adopt-words.h"
#include "baton-json.h"

/* Opens what is set up by hand for a card. */
struct _BatonAdoptRow
{
  AdwActionRow parent_instance;

  /* owned */
  BatonModel *model;
  char *address;
};

G_DEFINE_FINAL_TYPE (BatonAdoptRow, baton_adopt_row, ADW_TYPE_ACTION_ROW)

static void
on_activated_cb (BatonAdoptRow *self)
{
  BatonAdoptWindow *window = baton_adopt_window_new (self->model, self->address);

  gtk_window_set_transient_for (GTK_WINDOW (window),
                                GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_window_present (GTK_WINDOW (window));
}

static void
baton_adopt_row_dispose (GObject *object)
{
  BatonAdoptRow *self = BATON_ADOPT_ROW (object);

  g_clear_object (&self->model);

  G_OBJECT_CLASS (baton_adopt_row_parent_class)->dispose (object);
}

static void
baton_adopt_row_finalize (GObject *object)
{
  BatonAdoptRow *self = BATON_ADOPT_ROW (object);

  g_free (self->address);

  G_OBJECT_CLASS (baton_adopt_row_parent_class)->finalize (object);
}

static void
baton_adopt_row_class_init (BatonAdoptRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_adopt_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_adopt_row_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-adopt-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, on_activated_cb);
}

static void
baton_adopt_row_init (BatonAdoptRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_adopt_row_set_card:
 * @self: a row
 * @model: what asks the helper
 * @address: the card that it is about
 */
void
baton_adopt_row_set_card (BatonAdoptRow *self, BatonModel *model, const char *address)
{
  g_return_if_fail (BATON_IS_ADOPT_ROW (self));

  g_set_object (&self->model, model);
  g_free (self->address);
  self->address = g_strdup (address);
}

/**
 * baton_adopt_row_show:
 * @self: a row
 * @card: the card
 *
 * Returns: whether there is something to show: what is set up by hand, or was and can be put back
 */
gboolean
baton_adopt_row_show (BatonAdoptRow *self, JsonObject *card)
{
  gboolean is_adopted = baton_json_get_boolean (card, "adopted");
  g_autoptr (GPtrArray) lines = NULL;
  g_autofree char *summary = NULL;

  g_return_val_if_fail (BATON_IS_ADOPT_ROW (self), FALSE);

  lines = baton_adopt_words_list (baton_model_get_view (self->model), self->address);
  summary = baton_adopt_words_dup_summary (is_adopted, lines->len);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), is_adopted
                                                                 ? _ ("Put the Setup Back…")
                                                                 : _ ("Adopt This Setup…"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), summary);

  return is_adopted || lines->len > 0;
}
