/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-look.h"
#include "baton-reservation.h"
#include "baton-steps.h"
#include "baton-text.h"

/* More users than have a sound server on any desk. */
#define MAX_USERS 16

static gboolean
has_node (const BatonHolder *holder, const BatonCard *card, const char *function)
{
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_SOUND && g_str_equal (node->function, function) &&
          holder->nodes != NULL &&
          g_strv_contains ((const char *const *) holder->nodes, node->path))
        return TRUE;
    }

  return FALSE;
}

/* Whose sound servers have the function, as it is now. */
static BatonHolders *
look (BatonStepContext *context,
      const BatonStep *step,
      GPtrArray *ret_servers,
      BatonTrouble *trouble)
{
  g_autoptr (BatonHolders) holders = NULL;
  const BatonCard *card = NULL;

  if (!baton_look_again (context, trouble))
    return NULL;
  card = baton_look_find_card (context, trouble);
  holders = card != NULL ? baton_look_at_holders (context, trouble) : NULL;
  g_ptr_array_set_size (ret_servers, 0);
  for (guint i = 0; holders != NULL && i < holders->holders->len; i++)
    {
      BatonHolder *holder = g_ptr_array_index (holders->holders, i);

      if (holder->kind == BATON_HOLDER_SOUND && has_node (holder, card, step->target))
        g_ptr_array_add (ret_servers, holder);
    }

  return g_steal_pointer (&holders);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) servers = g_ptr_array_new ();
  g_autoptr (BatonHolders) holders = NULL;

  /* After apply, which has looked itself. */
  if (applied)
    return TRUE;
  holders = look (context, step, servers, trouble);

  return holders != NULL && servers->len == 0;
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

static void
set_kept (BatonTrouble *trouble, const BatonHolder *server)
{
  g_autofree char *name = baton_text_clean (server->name, -1, 128, NULL, NULL);
  g_autofree char *pid = g_strdup_printf ("%d", server->pid);
  g_autofree char *nodes = g_strjoinv (", ", server->nodes);

  baton_trouble_set (trouble, BATON_CODE_SOUND_KEPT, 0, "name", name, "pid", pid, "nodes",
                     nodes, NULL);
}

/* Each close of a sound device is a reason to look. */
static BatonOutcome
wait_until_free (BatonStepContext *context,
                 const BatonStep *step,
                 int notes,
                 BatonTrouble *trouble)
{
  gint64 deadline_us = g_get_monotonic_time () + BATON_LOOK_SOUND_PATIENCE_US;

  for (;;)
    {
      g_autoptr (GPtrArray) servers = g_ptr_array_new ();
      g_autoptr (BatonHolders) holders = NULL;
      char buffer[4096] __attribute__ ((aligned (8)));

      while (read (notes, buffer, sizeof buffer) > 0)
        ;
      holders = look (context, step, servers, trouble);
      if (holders == NULL)
        return BATON_OUTCOME_FAILED;
      if (servers->len == 0)
        return BATON_OUTCOME_OK;
      switch (baton_waiter_wait (context->waiter, notes, deadline_us, TRUE))
        {
        case BATON_WAIT_READY:
          break;
        case BATON_WAIT_CANCELLED:
          return BATON_OUTCOME_CANCELLED;
        case BATON_WAIT_TIMEOUT:
        default:
          set_kept (trouble, g_ptr_array_index (servers, 0));
          return BATON_OUTCOME_FAILED;
        }
    }
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autofree char *device = find_device (context, step);
  g_autoptr (GPtrArray) servers = g_ptr_array_new ();
  g_autoptr (BatonHolders) holders = NULL;
  baton_autofd int notes = baton_look_listen_to_sound (context);

  holders = look (context, step, servers, trouble);
  if (holders == NULL)
    return BATON_OUTCOME_FAILED;
  if (device != NULL)
    ask_everyone (context, servers, device);

  return wait_until_free (context, step, notes, trouble);
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
