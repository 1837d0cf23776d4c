/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-banner.h"

/* libadwaita 1.3 has AdwBanner; Baton promises to run with 1.2. */
struct _BatonBanner
{
  GtkBox parent_instance;

  /* from the template */
  GtkRevealer *revealer;
  GtkLabel *label;
  GtkButton *button;
  GtkLabel *button_label;
};

enum
{
  SIGNAL_CLICKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonBanner, baton_banner, GTK_TYPE_BOX)

static void
on_button_clicked_cb (BatonBanner *self)
{
  g_signal_emit (self, signals[SIGNAL_CLICKED], 0);
}

static void
baton_banner_class_init (BatonBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  /**
   * BatonBanner::clicked:
   *
   * Its button was clicked.
   */
  signals[SIGNAL_CLICKED] =
      g_signal_new ("clicked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/batongpu/Baton/ui/baton-banner.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonBanner, revealer);
  gtk_widget_class_bind_template_child (widget_class, BatonBanner, label);
  gtk_widget_class_bind_template_child (widget_class, BatonBanner, button);
  gtk_widget_class_bind_template_child (widget_class, BatonBanner, button_label);
  gtk_widget_class_bind_template_callback (widget_class, on_button_clicked_cb);
}

static void
baton_banner_init (BatonBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_banner_show:
 * @self: a banner
 * @text: what is the matter
 * @button_label: (nullable): label of its button, %NULL for none
 */
void
baton_banner_show (BatonBanner *self, const char *text, const char *button_label)
{
  g_return_if_fail (BATON_IS_BANNER (self));

  gtk_label_set_label (self->label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->button), button_label != NULL);
  if (button_label != NULL)
    gtk_label_set_label (self->button_label, button_label);
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
}

/**
 * baton_banner_hide:
 * @self: a banner
 */
void
baton_banner_hide (BatonBanner *self)
{
  g_return_if_fail (BATON_IS_BANNER (self));

  gtk_revealer_set_reveal_child (self->revealer, FALSE);
}
