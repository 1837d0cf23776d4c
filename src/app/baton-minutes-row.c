/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-minutes-row.h"

#include "baton-request.h"

struct _BatonMinutesRow
{
  AdwActionRow parent_instance;

  guint minutes;

  /* from the template */
  GtkSpinButton *minutes_spin;
};

enum
{
  PROP_MINUTES = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BatonMinutesRow, baton_minutes_row, ADW_TYPE_ACTION_ROW)

/* The wheel that moves a plan under the pointer would change it on the way. */
static void
leave_wheel_alone (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}

static void
on_value_changed_cb (BatonMinutesRow *self)
{
  baton_minutes_row_set_minutes (self,
                                 (guint) gtk_spin_button_get_value_as_int (self->minutes_spin));
}

static void
baton_minutes_row_get_property (GObject *object,
                                guint prop_id,
                                GValue *value,
                                GParamSpec *pspec)
{
  BatonMinutesRow *self = BATON_MINUTES_ROW (object);

  switch (prop_id)
    {
    case PROP_MINUTES:
      g_value_set_uint (value, self->minutes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_minutes_row_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  BatonMinutesRow *self = BATON_MINUTES_ROW (object);

  switch (prop_id)
    {
    case PROP_MINUTES:
      baton_minutes_row_set_minutes (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_minutes_row_class_init (BatonMinutesRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = baton_minutes_row_get_property;
  object_class->set_property = baton_minutes_row_set_property;

  properties[PROP_MINUTES] =
      g_param_spec_uint ("minutes", NULL, NULL, 1, BATON_MAX_MINUTES, 1,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-minutes-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonMinutesRow, minutes_spin);
  gtk_widget_class_bind_template_callback (widget_class, on_value_changed_cb);
}

static void
baton_minutes_row_init (BatonMinutesRow *self)
{
  self->minutes = 1;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_spin_button_set_range (self->minutes_spin, 1, BATON_MAX_MINUTES);
  leave_wheel_alone (GTK_WIDGET (self->minutes_spin));
}

/**
 * baton_minutes_row_new:
 *
 * Returns: (transfer floating): a row with the minutes that a virtual machine has to come
 */
BatonMinutesRow *
baton_minutes_row_new (void)
{
  return g_object_new (BATON_TYPE_MINUTES_ROW, NULL);
}

guint
baton_minutes_row_get_minutes (BatonMinutesRow *self)
{
  g_return_val_if_fail (BATON_IS_MINUTES_ROW (self), 1);

  return self->minutes;
}

/**
 * baton_minutes_row_set_minutes:
 * @self: a row
 * @minutes: 1 to %BATON_MAX_MINUTES
 *
 * Shows @minutes. A number that is being typed stays as it is where they are the same as before.
 */
void
baton_minutes_row_set_minutes (BatonMinutesRow *self, guint minutes)
{
  g_return_if_fail (BATON_IS_MINUTES_ROW (self));
  g_return_if_fail (minutes >= 1 && minutes <= BATON_MAX_MINUTES);

  if (self->minutes == minutes)
    return;

  self->minutes = minutes;
  gtk_spin_button_set_value (self->minutes_spin, minutes);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MINUTES]);
}
