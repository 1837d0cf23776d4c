/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-options.h"

#include <glib/gi18n.h>
#include <string.h>

#include "baton-json.h"
#include "baton-minutes-row.h"
#include "baton-option-row.h"
#include "baton-words.h"

typedef enum
{
  OPTION_UNTIL_FREE,
  OPTION_MINUTES,
  OPTION_LET_OPEN,
  N_OPTIONS,
} Option;

static const char *const option_keys[N_OPTIONS] = { "until-free", "minutes", "let-open" };

/* Before the name of a virtual machine that can be started. */
#define GUEST "guest:"

#define LET_OPEN_OFFER "let-open-offer"
#define START_GUEST_OFFER "start-guest-offer"

/* What the rows of one call of baton_plan_options_show() need, while it lasts. */
typedef struct
{
  const BatonRequest *request;
  JsonObject *plan;
  GPtrArray *keys;
  GCallback on_changed;
  GObject *owner;
  AdwActionRow *minutes_row; /* borrowed: NULL before it was filled */
} Options;

/* While nothing but this card shows the desktop, nobody sees what is waited for. */
static gboolean
takes_last_screen (JsonObject *plan)
{
  static const char *const codes[] = { "only-display", "screen-goes", "screen-goes-within",
                                       NULL };
  JsonArray *findings = baton_json_get_array (plan, "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      const char *code = baton_json_get_string (baton_json_nth_object (findings, i), "code");

      if (code != NULL && g_strv_contains (codes, code))
        return TRUE;
    }

  return FALSE;
}

/* A virtual machine that Baton starts has the card from its start on. What is asked for is shown, whatever
 * has become of the screens meanwhile. */
static gboolean
offers_minutes (const BatonRequest *request, JsonObject *plan)
{
  return request->until_free && request->start_guest == NULL &&
         (request->within_minutes > 0 || takes_last_screen (plan));
}

static GtkWidget *
create_option_row (guint index, gpointer data)
{
  const Options *self = data;
  gboolean is_number =
      g_str_equal (g_ptr_array_index (self->keys, index), option_keys[OPTION_MINUTES]);
  GtkWidget *row =
      is_number ? GTK_WIDGET (baton_minutes_row_new ()) : GTK_WIDGET (baton_option_row_new ());

  g_signal_connect_object (row, is_number ? "notify::minutes" : "notify::active",
                           self->on_changed, self->owner, G_CONNECT_SWAPPED);

  return row;
}

/* What the helper does with a last screen where no time was said. */
static guint
get_minutes (const BatonRequest *request)
{
  return request->within_minutes > 0 ? request->within_minutes : 1;
}

static void
fill_guest_row (BatonOptionRow *row, const char *guest, const BatonRequest *request)
{
  g_autofree char *embedded = baton_words_embed (guest);
  /* Translators: %s is the name of a virtual machine */
  g_autofree char *title = g_strdup_printf (_ ("Start “%s”"), embedded);

  baton_option_row_show (row, title,
                         _ ("Baton starts the virtual machine when the card is ready, and "
                            "returns the card when it has stopped."));
  baton_option_row_set_active (row, g_strcmp0 (request->start_guest, guest) == 0);
}

static void
fill_until_free_row (BatonOptionRow *row, const BatonRequest *request, JsonObject *plan)
{
  gboolean has_end = request->start_guest == NULL && takes_last_screen (plan);

  baton_option_row_show (
      row, _ ("Return the card when the virtual machine stops"),
      has_end ? _ ("Baton takes the card back when the virtual machine has ended, "
                   "or when none has used it within the minutes that you choose.")
              : _ ("Baton waits for a virtual machine that uses the card, and takes "
                   "the card back when that has ended."));
  baton_option_row_set_active (row, request->until_free);
}

static void
fill_option_row (GtkWidget *row, guint index, gpointer data)
{
  Options *self = data;
  const char *key = g_ptr_array_index (self->keys, index);

  g_object_set_data_full (G_OBJECT (row), "baton-option", g_strdup (key), g_free);
  if (g_str_has_prefix (key, GUEST))
    {
      fill_guest_row (BATON_OPTION_ROW (row), key + strlen (GUEST), self->request);
    }
  else if (g_str_equal (key, option_keys[OPTION_UNTIL_FREE]))
    {
      fill_until_free_row (BATON_OPTION_ROW (row), self->request, self->plan);
    }
  else if (g_str_equal (key, option_keys[OPTION_MINUTES]))
    {
      self->minutes_row = ADW_ACTION_ROW (row);
      baton_minutes_row_set_minutes (BATON_MINUTES_ROW (row), get_minutes (self->request));
    }
  else
    {
      baton_option_row_show (BATON_OPTION_ROW (row), _ ("Let my own programs use the card"),
                             _ ("For people who start QEMU themselves, without libvirt. The "
                                "permission ends with the return."));
      baton_option_row_set_active (BATON_OPTION_ROW (row), self->request->let_open);
    }
}

static void
add_guests (GPtrArray *keys, JsonArray *findings)
{
  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *guest = baton_json_get_string (finding, "subject");

      if (guest != NULL &&
          g_strcmp0 (baton_json_get_string (finding, "code"), START_GUEST_OFFER) == 0)
        g_ptr_array_add (keys, g_strconcat (GUEST, guest, NULL));
    }
}

/**
 * baton_plan_options_is_offer:
 * @finding: a finding
 *
 * Returns: %TRUE if it is shown as something to choose, and not as a finding
 */
gboolean
baton_plan_options_is_offer (JsonObject *finding)
{
  const char *code = baton_json_get_string (finding, "code");

  return g_strcmp0 (code, LET_OPEN_OFFER) == 0 || g_strcmp0 (code, START_GUEST_OFFER) == 0;
}

/**
 * baton_plan_options_show:
 * @section: where they go
 * @request: what they are set to now
 * @plan: (nullable): the plan, which knows what can be started
 * @offered: whether there is a plan that they could belong to
 * @on_changed: (scope async): handler of the `notify` of a row that was changed, swapped: calls
 *   baton_plan_options_take()
 * @owner: what @on_changed is called on
 *
 * Shows what the owner of a card can choose beside the plan itself, on the way to the guest.
 *
 * Returns: (transfer none) (nullable): the row that says how long a virtual machine has to come
 */
AdwActionRow *
baton_plan_options_show (BatonSection *section,
                         const BatonRequest *request,
                         JsonObject *plan,
                         gboolean offered,
                         GCallback on_changed,
                         GObject *owner)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  Options self = { request, plan, keys, on_changed, owner, NULL };

  if (request->to == BATON_SIDE_GUEST && offered)
    {
      add_guests (keys, baton_json_get_array (plan, "findings"));
      for (guint i = 0; i < N_OPTIONS; i++)
        if (i != OPTION_MINUTES || offers_minutes (request, plan))
          g_ptr_array_add (keys, g_strdup (option_keys[i]));
    }

  baton_section_sync (section, keys, create_option_row, fill_option_row, &self);

  return self.minutes_row;
}

/**
 * baton_plan_options_choose_return:
 * @request: from now on the card comes back by itself
 * @plan: (nullable): the plan that was shown
 * @minutes_chosen: how long a virtual machine has to come, where that is said
 *
 * Returns: %TRUE if @request is another one now
 */
gboolean
baton_plan_options_choose_return (BatonRequest *request, JsonObject *plan, guint minutes_chosen)
{
  if (request->until_free)
    return FALSE;

  request->until_free = TRUE;
  request->within_minutes = offers_minutes (request, plan) ? minutes_chosen : 0;
  return TRUE;
}

/* One virtual machine at most is started with a card. */
static gboolean
take_guest (BatonRequest *request, const char *guest, gboolean active)
{
  if ((g_strcmp0 (request->start_guest, guest) == 0) == active)
    return FALSE;

  g_free (request->start_guest);
  request->start_guest = active ? g_strdup (guest) : NULL;
  return TRUE;
}

static gboolean
take_flag (BatonRequest *request, const char *option, gboolean active)
{
  gboolean *field = g_str_equal (option, option_keys[OPTION_LET_OPEN]) ? &request->let_open
                                                                       : &request->until_free;

  if (*field == active)
    return FALSE;

  *field = active;
  return TRUE;
}

static gboolean
take_minutes (BatonRequest *request, guint minutes, guint *minutes_chosen)
{
  if (get_minutes (request) == minutes)
    return FALSE;

  request->within_minutes = *minutes_chosen = minutes;
  return TRUE;
}

static gboolean
take_switch (BatonOptionRow *row, const char *option, BatonRequest *request)
{
  gboolean active = baton_option_row_get_active (row);

  return g_str_has_prefix (option, GUEST)
             ? take_guest (request, option + strlen (GUEST), active)
             : take_flag (request, option, active);
}

/**
 * baton_plan_options_take:
 * @row: a row that baton_plan_options_show() made
 * @request: takes what it is set to
 * @plan: (nullable): the plan that it was shown with
 * @minutes_chosen: (inout): how long a virtual machine has to come, where that is said
 *
 * Returns: %TRUE if @request is another one now
 */
gboolean
baton_plan_options_take (GtkWidget *row,
                         BatonRequest *request,
                         JsonObject *plan,
                         guint *minutes_chosen)
{
  const char *option = g_object_get_data (G_OBJECT (row), "baton-option");

  if (BATON_IS_MINUTES_ROW (row))
    return take_minutes (request, baton_minutes_row_get_minutes (BATON_MINUTES_ROW (row)),
                         minutes_chosen);

  if (!take_switch (BATON_OPTION_ROW (row), option, request))
    return FALSE;

  request->within_minutes = offers_minutes (request, plan) ? *minutes_chosen : 0;
  return TRUE;
}
