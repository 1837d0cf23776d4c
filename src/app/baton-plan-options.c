/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-options.h"

#include <glib/gi18n.h>

typedef enum
{
  OPTION_UNTIL_FREE,
  OPTION_LET_OPEN,
  N_OPTIONS,
} Option;

static const char *const option_keys[N_OPTIONS] = { "until-free", "let-open" };

/* What the rows of one call of baton_plan_options_show() need, while it lasts. */
typedef struct
{
  const BatonRequest *request;
  GCallback on_changed;
  GObject *owner;
} Options;

static GtkWidget *
create_option_row (gpointer data)
{
  const Options *self = data;
  BatonOptionRow *row = baton_option_row_new ();

  g_signal_connect_object (row, "notify::active", self->on_changed, self->owner,
                           G_CONNECT_SWAPPED);

  return GTK_WIDGET (row);
}

static void
fill_option_row (GtkWidget *widget, guint index, gpointer data)
{
  const Options *self = data;
  BatonOptionRow *row = BATON_OPTION_ROW (widget);

  g_object_set_data (G_OBJECT (row), "baton-option", (gpointer) option_keys[index]);
  if (index == OPTION_UNTIL_FREE)
    {
      baton_option_row_show (
          row, _ ("Return the card when the virtual machine stops"),
          _ ("Baton waits for a virtual machine that uses the card, and takes "
             "the card back when that has ended."));
      baton_option_row_set_active (row, self->request->until_free);
    }
  else
    {
      baton_option_row_show (row, _ ("Let my own programs use the card"),
                             _ ("For people who start QEMU themselves, without libvirt. The "
                                "permission ends with the return."));
      baton_option_row_set_active (row, self->request->let_open);
    }
}

/**
 * baton_plan_options_show:
 * @section: where they go
 * @request: what they are set to now
 * @offered: whether there is a plan that they could belong to
 * @on_changed: (scope async): handler of `notify::active` of a row, swapped: calls
 *   baton_plan_options_take()
 * @owner: what @on_changed is called on
 *
 * Shows what the owner of a card can choose beside the plan itself, on the way to the guest.
 */
void
baton_plan_options_show (BatonSection *section,
                         const BatonRequest *request,
                         gboolean offered,
                         GCallback on_changed,
                         GObject *owner)
{
  Options self = { request, on_changed, owner };
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  if (request->to == BATON_SIDE_GUEST && offered)
    for (guint i = 0; i < N_OPTIONS; i++)
      g_ptr_array_add (keys, (gpointer) option_keys[i]);

  baton_section_sync (section, keys, create_option_row, fill_option_row, &self);
}

/**
 * baton_plan_options_take:
 * @row: a row that baton_plan_options_show() made
 * @request: takes what it is set to
 *
 * Returns: %TRUE if @request is another one now
 */
gboolean
baton_plan_options_take (BatonOptionRow *row, BatonRequest *request)
{
  const char *option = g_object_get_data (G_OBJECT (row), "baton-option");
  gboolean active = baton_option_row_get_active (row);
  gboolean *field = g_strcmp0 (option, option_keys[OPTION_LET_OPEN]) == 0
                        ? &request->let_open
                        : &request->until_free;

  if (*field == active)
    return FALSE;

  *field = active;
  return TRUE;
}
