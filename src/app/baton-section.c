/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-section.h"

#define ROW_KEY "baton-row-key"

struct _BatonSection
{
  GtkBox parent_instance;

  char *title;     /* owned */
  gboolean folded; /* its list is behind an expander */

  /* from the template */
  GtkLabel *heading;
  GtkListBox *list;

  GtkExpander *expander; /* borrowed: a child, where folded */
};

enum
{
  PROP_TITLE = 1,
  PROP_FOLDED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BatonSection, baton_section, GTK_TYPE_BOX)

static GtkWidget *
find_row (GtkListBox *list, const char *key)
{
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    if (g_strcmp0 (g_object_get_data (G_OBJECT (row), ROW_KEY), key) == 0)
      return row;

  return NULL;
}

static void
remove_rows_without_key (GtkListBox *list, GPtrArray *keys)
{
  GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (list));

  while (row != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (row);

      if (!g_ptr_array_find_with_equal_func (keys, g_object_get_data (G_OBJECT (row), ROW_KEY),
                                             g_str_equal, NULL))
        gtk_list_box_remove (list, row);
      row = next;
    }
}

/* A list box cannot move a row. One that leaves the window for a moment loses the focus, which is
 * whoever's it is that reads it by the keyboard. */
static void
move_row (GtkListBox *list, GtkWidget *row, int index)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (list));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  gboolean has_focus = focus != NULL && (focus == row || gtk_widget_is_ancestor (focus, row));

  g_object_ref (row);
  gtk_list_box_remove (list, row);
  gtk_list_box_insert (list, row, index);
  if (has_focus)
    gtk_widget_grab_focus (focus);
  g_object_unref (row);
}

/**
 * baton_list_sync:
 * @list: a list box whose rows were all made here
 * @keys: (element-type utf8): what tells the items apart, in order
 * @create: makes a row for a new key
 * @fill: puts an item into its row
 * @data: for both
 *
 * Makes @list show one row for each of @keys. A row whose key was there before stays the very same
 * widget, so that the focus, an open expander and a screen reader's place survive when the machine
 * changes under the reader's eyes.
 */
void
baton_list_sync (GtkListBox *list,
                 GPtrArray *keys,
                 BatonSectionCreate create,
                 BatonSectionFill fill,
                 gpointer data)
{
  remove_rows_without_key (list, keys);

  for (guint i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);
      GtkWidget *there = GTK_WIDGET (gtk_list_box_get_row_at_index (list, (int) i));
      GtkWidget *row = find_row (list, key);

      if (row == NULL)
        {
          row = create (i, data);
          g_object_set_data_full (G_OBJECT (row), ROW_KEY, g_strdup (key), g_free);
          gtk_list_box_insert (list, row, (int) i);
        }
      else if (row != there)
        move_row (list, row, (int) i);

      fill (row, i, data);
    }
}

/**
 * baton_section_sync:
 * @self: a section
 * @keys: (element-type utf8): what tells the items apart, in order
 * @create: makes a row for a new key
 * @fill: puts an item into its row
 * @data: for both
 *
 * As baton_list_sync(). A section without items is not shown.
 */
void
baton_section_sync (BatonSection *self,
                    GPtrArray *keys,
                    BatonSectionCreate create,
                    BatonSectionFill fill,
                    gpointer data)
{
  g_return_if_fail (BATON_IS_SECTION (self));

  baton_list_sync (self->list, keys, create, fill, data);
  gtk_widget_set_visible (GTK_WIDGET (self), keys->len > 0);
}

/* GTK 4.8 takes no name for a screen reader from an expander's label. */
static void
on_expander_label_changed_cb (GtkExpander *expander)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (expander), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  gtk_expander_get_label (expander), -1);
}

static void
fold (BatonSection *self)
{
  GtkWidget *list = GTK_WIDGET (self->list);

  self->expander = GTK_EXPANDER (gtk_expander_new (NULL));
  g_signal_connect (self->expander, "notify::label", G_CALLBACK (on_expander_label_changed_cb),
                    NULL);
  g_object_bind_property (self, "title", self->expander, "label", G_BINDING_SYNC_CREATE);
  gtk_widget_add_css_class (GTK_WIDGET (self->expander), "baton-fold");

  g_object_ref (list);
  gtk_box_remove (GTK_BOX (self), list);
  gtk_widget_set_margin_top (list, 6);
  gtk_expander_set_child (self->expander, list);
  /* A folded expander takes its child out of the window, and hands it the focus all the same as
   * long as it is visible (gtk_expander_focus() of GTK 4). */
  g_object_bind_property (self->expander, "expanded", list, "visible", G_BINDING_SYNC_CREATE);
  g_object_unref (list);

  gtk_widget_set_visible (GTK_WIDGET (self->heading), FALSE);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->expander));
}

static void
baton_section_constructed (GObject *object)
{
  BatonSection *self = BATON_SECTION (object);

  G_OBJECT_CLASS (baton_section_parent_class)->constructed (object);

  if (self->folded)
    fold (self);
}

static void
baton_section_finalize (GObject *object)
{
  BatonSection *self = BATON_SECTION (object);

  g_free (self->title);

  G_OBJECT_CLASS (baton_section_parent_class)->finalize (object);
}

static void
baton_section_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  BatonSection *self = BATON_SECTION (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_FOLDED:
      g_value_set_boolean (value, self->folded);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_section_set_property (GObject *object,
                            guint prop_id,
                            const GValue *value,
                            GParamSpec *pspec)
{
  BatonSection *self = BATON_SECTION (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      baton_section_set_title (self, g_value_get_string (value));
      break;
    case PROP_FOLDED:
      self->folded = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
baton_section_class_init (BatonSectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = baton_section_constructed;
  object_class->finalize = baton_section_finalize;
  object_class->get_property = baton_section_get_property;
  object_class->set_property = baton_section_set_property;

  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                    G_PARAM_STATIC_STRINGS);
  properties[PROP_FOLDED] = g_param_spec_boolean ("folded", NULL, NULL, FALSE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                      G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/batongpu/Baton/ui/baton-section.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonSection, heading);
  gtk_widget_class_bind_template_child (widget_class, BatonSection, list);
}

static void
baton_section_init (BatonSection *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_section_set_title:
 * @self: a section
 * @title: (nullable): its heading
 */
void
baton_section_set_title (BatonSection *self, const char *title)
{
  g_return_if_fail (BATON_IS_SECTION (self));

  if (g_strcmp0 (self->title, title) == 0)
    return;

  g_free (self->title);
  self->title = g_strdup (title);
  /* A list says what it lists; its rows say the rest. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title != NULL ? title : "", -1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}
