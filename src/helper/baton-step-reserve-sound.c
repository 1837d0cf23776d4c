/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-fd.h"
#include "baton-look-let-go.h"
#include "baton-reservation.h"
#include "baton-steps.h"

/* More users than have a sound server on any desk. */
#define MAX_USERS 16

/* Whether somebody is a sound server who has the function. */
static gboolean
is_server (const BatonHolder *holder, const BatonCard *card, const BatonStep *step)
{
  if (holder->kind != BATON_HOLDER_SOUND || holder->nodes == NULL)
    return FALSE;

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_SOUND && g_str_equal (node->function, step->target) &&
          g_strv_contains ((const char *const *) holder->nodes, node->path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* After apply, which has looked itself. */
  return applied || baton_look_is_let_go (context, step, is_server, trouble);
}

/* The desktop numbers sound cards as the kernel does. */
static char *
find_device (BatonStepContext *context, const BatonStep *step)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", step->target, "/sound", NULL);
  g_autoptr (GPtrArray) names = baton_root_list (context->root, BATON_ROOT_SYS, path, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      guint64 number = 0;

      if (g_str_has_prefix (name, "card") &&
          g_ascii_string_to_unsigned (name + strlen ("card"), 10, 0, G_MAXUINT16, &number,
                                      NULL))
        return g_strdup_printf ("Audio%u", (guint) number);
    }

  return NULL;
}

/* Who cannot be asked may let go all the same, or never have cared: that is looked at next. */
static void
ask (BatonStepContext *context, guint uid, const char *device)
{
  g_autoptr (GError) error = NULL;
  BatonErrand *reservation =
      baton_reservation_new (context->root, context->waiter, uid, device, &error);
  g_autofree char *text = NULL;

  if (reservation != NULL)
    {
      g_ptr_array_add (context->reservations, reservation);
      return;
    }
  text = g_strdup_printf ("The sound server of user %u could not be asked to let go of %s: %s.",
                          uid, device, error->message);
  baton_event_writer_log (context->events, "warning", text);
}

static void
ask_everyone (BatonStepContext *context, GPtrArray *servers, const char *device)
{
  g_autoptr (GHashTable) asked = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < servers->len && g_hash_table_size (asked) < MAX_USERS; i++)
    {
      const BatonHolder *server = g_ptr_array_index (servers, i);

      if (server->uid != 0 && g_hash_table_add (asked, GUINT_TO_POINTER (server->uid)))
        ask (context, server->uid, device);
    }
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autofree char *device = find_device (context, step);
  g_autoptr (GPtrArray) servers = g_ptr_array_new ();
  g_autoptr (BatonHolders) holders = NULL;
  baton_autofd int notes = baton_look_listen_to_closes (context, BATON_LOOK_SOUND);

  holders = baton_look_find (context, step, is_server, servers, trouble);
  if (holders == NULL)
    return BATON_OUTCOME_FAILED;
  if (device != NULL)
    ask_everyone (context, servers, device);

  return baton_look_wait_until_let_go (context, step, is_server, notes, BATON_CODE_SOUND_KEPT,
                                       trouble);
}

static BatonOutcome
let_go (BatonStepContext *context)
{
  if (context->reservations != NULL)
    g_ptr_array_set_size (context->reservations, 0);

  return BATON_OUTCOME_OK;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return let_go (context);
}

static BatonOutcome
finish (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return let_go (context);
}

/* Kept until everything is done or put back: a sound server that finds the name free takes the
 * device again, between our look and the unbind as well. It goes with whoever reserved it, so
 * that after a crash there is nothing to give back. */
const BatonStepClass baton_step_reserve_sound_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
  .finish = finish,
};
