/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-option-row.h"

struct _BatonOptionRow
{
  AdwActionRow parent_instance;

  gboolean active;

  /* from the template */
  GtkSwitch *option_switch;
};

enum
{
  PROP_ACTIVE = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BatonOptionRow, baton_option_row, ADW_TYPE_ACTION_ROW)

static void
baton_option_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  BatonOptionRow *self = BATON_OPTION_ROW (object);

  switch (prop_id)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, self->active);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_option_row_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  BatonOptionRow *self = BATON_OPTION_ROW (object);

  switch (prop_id)
    {
    case PROP_ACTIVE:
      baton_option_row_set_active (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_option_row_class_init (BatonOptionRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = baton_option_row_get_property;
  object_class->set_property = baton_option_row_set_property;

  properties[PROP_ACTIVE] = g_param_spec_boolean ("active", NULL, NULL, FALSE,
                                                  G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                      G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-option-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonOptionRow, option_switch);
}

static void
baton_option_row_init (BatonOptionRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_option_row_new:
 *
 * Returns: (transfer floating): a row with a switch
 */
BatonOptionRow *
baton_option_row_new (void)
{
  return g_object_new (BATON_TYPE_OPTION_ROW, NULL);
}

/**
 * baton_option_row_show:
 * @self: a row
 * @title: what is offered
 * @subtitle: what it means
 */
void
baton_option_row_show (BatonOptionRow *self, const char *title, const char *subtitle)
{
  g_return_if_fail (BATON_IS_OPTION_ROW (self));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->option_switch),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

gboolean
baton_option_row_get_active (BatonOptionRow *self)
{
  g_return_val_if_fail (BATON_IS_OPTION_ROW (self), FALSE);

  return self->active;
}

void
baton_option_row_set_active (BatonOptionRow *self, gboolean active)
{
  g_return_if_fail (BATON_IS_OPTION_ROW (self));

  active = !!active;
  if (self->active == active)
    return;

  self->active = active;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ACTIVE]);
}
