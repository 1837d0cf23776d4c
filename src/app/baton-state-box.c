/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-state-box.h"

#include "baton-place-words.h"
#include "baton-root.h"
#include "baton-words.h"

struct _BatonStateBox
{
  GtkBox parent_instance;

  /* from the template */
  GtkWidget *place_box;
  GtkImage *icon;
  GtkLabel *title_label;
  GtkLabel *detail_label;
  BatonHandoffView *handoff_view;

  /* owned */
  char *boot_id;
};

G_DEFINE_FINAL_TYPE (BatonStateBox, baton_state_box, GTK_TYPE_BOX)

static void
baton_state_box_finalize (GObject *object)
{
  g_free (BATON_STATE_BOX (object)->boot_id);
  G_OBJECT_CLASS (baton_state_box_parent_class)->finalize (object);
}

static void
baton_state_box_class_init (BatonStateBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_state_box_finalize;

  g_type_ensure (BATON_TYPE_HANDOFF_VIEW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-state-box.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonStateBox, place_box);
  gtk_widget_class_bind_template_child (widget_class, BatonStateBox, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonStateBox, title_label);
  gtk_widget_class_bind_template_child (widget_class, BatonStateBox, detail_label);
  gtk_widget_class_bind_template_child (widget_class, BatonStateBox, handoff_view);
}

static void
baton_state_box_init (BatonStateBox *self)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  if (root != NULL)
    self->boot_id =
        baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);
}

/**
 * baton_state_box_show_place:
 * @self: a box
 * @card: a card of the contract
 * @holders: (nullable): who holds it
 * @report: (nullable): the last report
 *
 * Says where the card is.
 */
void
baton_state_box_show_place (BatonStateBox *self,
                            JsonObject *card,
                            JsonObject *holders,
                            JsonObject *report)
{
  g_autofree char *title = baton_place_words_dup (card);
  g_autofree char *detail = baton_place_words_dup_detail (card, holders, report, self->boot_id);

  g_return_if_fail (BATON_IS_STATE_BOX (self));

  gtk_image_set_from_icon_name (self->icon, baton_place_words_get_icon (card));
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->detail_label, detail);
}

/**
 * baton_state_box_show_handoff:
 * @self: a box
 * @model: the window's model
 * @handoff: (nullable): what goes on with the card, or has ended; %NULL for nothing
 *
 * While something goes on with the card, that takes the place of where it is.
 */
void
baton_state_box_show_handoff (BatonStateBox *self, BatonModel *model, BatonHandoff *handoff)
{
  g_return_if_fail (BATON_IS_STATE_BOX (self));

  baton_handoff_view_show (self->handoff_view, model, handoff);
  gtk_widget_set_visible (GTK_WIDGET (self->handoff_view), handoff != NULL);
  gtk_widget_set_visible (self->place_box, handoff == NULL);
}

/**
 * baton_state_box_get_handoff_view:
 *
 * Returns: (transfer none): the part that shows a handoff
 */
BatonHandoffView *
baton_state_box_get_handoff_view (BatonStateBox *self)
{
  return self->handoff_view;
}
