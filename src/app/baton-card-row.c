/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-row.h"

#include "baton-json.h"
#include "baton-place-words.h"
#include "baton-words.h"

struct _BatonCardRow
{
  GtkListBoxRow parent_instance;

  char *address; /* owned */

  /* from the template */
  GtkImage *icon;
  GtkLabel *name_label;
  GtkLabel *place_label;
};

G_DEFINE_FINAL_TYPE (BatonCardRow, baton_card_row, GTK_TYPE_LIST_BOX_ROW)

static void
baton_card_row_finalize (GObject *object)
{
  BatonCardRow *self = BATON_CARD_ROW (object);

  g_free (self->address);

  G_OBJECT_CLASS (baton_card_row_parent_class)->finalize (object);
}

static void
baton_card_row_class_init (BatonCardRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_card_row_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-card-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonCardRow, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonCardRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, BatonCardRow, place_label);
}

static void
baton_card_row_init (BatonCardRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_card_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonCardRow *
baton_card_row_new (void)
{
  return g_object_new (BATON_TYPE_CARD_ROW, NULL);
}

/**
 * baton_card_row_show:
 * @self: a row
 * @card: a card of the contract
 * @cards: (nullable): every card of the machine
 * @refusal: (nullable): why it cannot be handed over; it is dimmed then
 */
void
baton_card_row_show (BatonCardRow *self,
                     JsonObject *card,
                     JsonArray *cards,
                     const char *refusal)
{
  g_autofree char *name = baton_words_dup_card_name (card, cards);
  g_autofree char *place = refusal != NULL ? g_strdup (refusal) : baton_place_words_dup (card);

  g_return_if_fail (BATON_IS_CARD_ROW (self));

  g_free (self->address);
  self->address = g_strdup (baton_json_get_string (card, "address"));

  gtk_image_set_from_icon_name (self->icon, baton_place_words_get_icon (card));
  gtk_label_set_label (self->name_label, name);
  gtk_label_set_label (self->place_label, place);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, place, -1);
  if (refusal != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->name_label), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name_label), "dim-label");
}

/**
 * baton_card_row_get_address:
 *
 * Returns: (nullable): address of the card that it shows
 */
const char *
baton_card_row_get_address (BatonCardRow *self)
{
  g_return_val_if_fail (BATON_IS_CARD_ROW (self), NULL);

  return self->address;
}
