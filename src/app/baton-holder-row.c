/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holder-row.h"

#include <glib/gi18n.h>

#include "baton-app-info.h"
#include "baton-detail-row.h"
#include "baton-json.h"

struct _BatonHolderRow
{
  AdwExpanderRow parent_instance;

  JsonObject *holder; /* owned */
  gboolean can_close;

  /* from the template */
  GtkImage *icon;
  GtkButton *close_button;
  BatonDetailRow *command_row;
  BatonDetailRow *unit_row;
  BatonDetailRow *nodes_row;
  BatonDetailRow *how_row;
};

enum
{
  SIGNAL_CLOSE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonHolderRow, baton_holder_row, ADW_TYPE_EXPANDER_ROW)

static void
on_close_clicked_cb (BatonHolderRow *self)
{
  g_signal_emit (self, signals[SIGNAL_CLOSE], 0);
}

static void
baton_holder_row_dispose (GObject *object)
{
  BatonHolderRow *self = BATON_HOLDER_ROW (object);

  g_clear_pointer (&self->holder, json_object_unref);

  G_OBJECT_CLASS (baton_holder_row_parent_class)->dispose (object);
}

static void
baton_holder_row_class_init (BatonHolderRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = baton_holder_row_dispose;

  /**
   * BatonHolderRow::close:
   *
   * Its Close button was clicked.
   */
  signals[SIGNAL_CLOSE] = g_signal_new ("close", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                        0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (BATON_TYPE_DETAIL_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-holder-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, close_button);
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, command_row);
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, unit_row);
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, nodes_row);
  gtk_widget_class_bind_template_child (widget_class, BatonHolderRow, how_row);
  gtk_widget_class_bind_template_callback (widget_class, on_close_clicked_cb);
}

static void
baton_holder_row_init (BatonHolderRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->can_close = TRUE;
}

/**
 * baton_holder_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonHolderRow *
baton_holder_row_new (void)
{
  return g_object_new (BATON_TYPE_HOLDER_ROW, NULL);
}

typedef struct
{
  const char *how;
  const char *words;
} HowWords;

static const HowWords hows[] = {
  { "fd", N_ ("has it open") },
  { "map", N_ ("has its memory mapped") },
  { "module", N_ ("its driver is in use") },
  { "console", N_ ("shows the text console on it") },
  { "framebuffer", N_ ("draws on it since the computer started") },
  { "vfio", N_ ("has it as a virtual machine’s device") },
};

static char *
describe_how (JsonArray *list)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (hows); i++)
    for (guint j = 0; j < baton_json_count (list); j++)
      {
        JsonNode *node = json_array_get_element (list, j);

        if (JSON_NODE_HOLDS_VALUE (node) &&
            g_strcmp0 (json_node_get_string (node), hows[i].how) == 0)
          g_ptr_array_add (words, (gpointer) _ (hows[i].words));
      }
  g_ptr_array_add (words, NULL);

  return g_strjoinv (", ", (char **) words->pdata);
}

/**
 * baton_holder_row_show:
 * @self: a row
 * @holder: a holder of the contract
 */
void
baton_holder_row_show (BatonHolderRow *self, JsonObject *holder)
{
  g_autofree char *name = baton_app_info_dup_name (holder);
  g_autofree char *summary = baton_app_info_dup_summary (holder);
  g_autofree char *nodes =
      baton_json_join_strings (baton_json_get_array (holder, "nodes"), "\n");
  g_autofree char *how = describe_how (baton_json_get_array (holder, "how"));
  g_autoptr (GIcon) icon = baton_app_info_dup_icon (holder);

  g_return_if_fail (BATON_IS_HOLDER_ROW (self));

  json_object_ref (holder);
  g_clear_pointer (&self->holder, json_object_unref);
  self->holder = holder;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), summary);
  gtk_image_set_from_gicon (self->icon, icon);

  baton_detail_row_set_value (self->command_row, baton_json_get_string (holder, "command"));
  baton_detail_row_set_value (self->unit_row, baton_json_get_string (holder, "unit"));
  baton_detail_row_set_value (self->nodes_row, nodes);
  baton_detail_row_set_value (self->how_row, how);

  gtk_widget_set_visible (GTK_WIDGET (self->close_button),
                          self->can_close && baton_json_get_boolean (holder, "closable"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->close_button),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, name, -1);
}

/**
 * baton_holder_row_get_holder:
 * @self: a row
 *
 * Returns: (transfer none) (nullable): what it shows
 */
JsonObject *
baton_holder_row_get_holder (BatonHolderRow *self)
{
  g_return_val_if_fail (BATON_IS_HOLDER_ROW (self), NULL);

  return self->holder;
}

/**
 * baton_holder_row_set_can_close:
 * @self: a row
 * @can_close: whether it offers to close what may be closed
 */
void
baton_holder_row_set_can_close (BatonHolderRow *self, gboolean can_close)
{
  g_return_if_fail (BATON_IS_HOLDER_ROW (self));

  self->can_close = can_close;
}

/**
 * baton_holder_row_dup_key:
 * @holder: (nullable): a holder of the contract
 *
 * Returns: (transfer full): what tells it from others: a number alone is used again by the kernel
 */
char *
baton_holder_row_dup_key (JsonObject *holder)
{
  gint64 pid = baton_json_get_int (holder, "pid", 0);

  if (pid == 0)
    return g_strdup_printf ("kernel %s", baton_json_get_string (holder, "name"));

  return g_strdup_printf ("%" G_GINT64_FORMAT ":%s", pid,
                          baton_json_get_string (holder, "start_time"));
}
