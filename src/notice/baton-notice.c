/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice.h"

#include "baton-notice-desktop.h"
#include "baton-notice-look.h"
#include "baton-notice-news.h"
#include "baton-notice-nodes.h"

/* Many programs open every card for a moment, to see what there is: who stays is looked for when
 * nothing has been opened or closed for as long as this. */
#define QUIET_MS 2000

/* Who opens it again and again for so long uses it as well. */
#define MAX_WAITS 5

typedef struct
{
  BatonRoot *root; /* borrowed */

  /* owned */
  BatonNoticeNodes *nodes;
  BatonNoticeNews *news;
  BatonNoticeDesktop *desktop;
  guint timer;
  guint n_waits;
} Notice;

/* A look for names reads the names of all PCI devices there are: only news need them. */
static void
tell (Notice *self, const BatonNoticeEvent *event)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (self->root, &error);
  const BatonCard *card =
      machine != NULL ? baton_machine_find_card (machine, event->card) : NULL;

  /* It has gone meanwhile, and its nodes with it. */
  if (card != NULL)
    baton_notice_desktop_tell (self->desktop, event, card);
}

static void
look (Notice *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new_to_check (self->root, &error);
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GPtrArray) cards = NULL;
  g_autoptr (GPtrArray) events = NULL;

  if (machine != NULL)
    {
      paths = baton_notice_look_list_nodes (self->root, machine);
      if (!baton_notice_nodes_follow (self->nodes, paths, &error))
        {
          g_printerr ("baton-notice: %s\n", error->message);
          g_clear_error (&error);
        }
      cards = baton_notice_look (self->root, machine, &error);
    }
  baton_notice_nodes_listen (self->nodes);
  if (cards == NULL)
    {
      g_printerr ("baton-notice: %s\n", error->message);
      return;
    }

  events = baton_notice_news_see (self->news, cards);
  for (guint i = 0; i < events->len; i++)
    {
      const BatonNoticeEvent *event = g_ptr_array_index (events, i);

      if (event->has_started)
        tell (self, event);
      else
        baton_notice_desktop_withdraw (self->desktop, event);
    }
}

static gboolean
on_quiet_cb (gpointer data)
{
  Notice *self = data;

  if (baton_notice_nodes_take (self->nodes) && ++self->n_waits < MAX_WAITS)
    return G_SOURCE_CONTINUE;

  self->timer = 0;
  look (self);

  return G_SOURCE_REMOVE;
}

static void
on_news_cb (gpointer data)
{
  Notice *self = data;

  if (self->timer != 0)
    return;

  baton_notice_nodes_rest (self->nodes);
  self->n_waits = 0;
  self->timer = g_timeout_add (QUIET_MS, on_quiet_cb, self);
}

/**
 * baton_notice_run:
 * @root: what is looked at
 * @bus: the session's bus
 * @loop: until when
 *
 * Tells its user when something begins to use a card that was free, and takes it back when that
 * ends. Between the events of the cards it does nothing, and wakes for nothing.
 */
void
baton_notice_run (BatonRoot *root, GDBusConnection *bus, GMainLoop *loop)
{
  Notice self = { .root = root };

  self.nodes = baton_notice_nodes_new (on_news_cb, &self);
  self.news = baton_notice_news_new ();
  self.desktop = baton_notice_desktop_new (bus);
  look (&self);

  g_main_loop_run (loop);

  g_clear_handle_id (&self.timer, g_source_remove);
  baton_notice_desktop_withdraw_all (self.desktop);
  baton_notice_desktop_free (self.desktop);
  baton_notice_news_free (self.news);
  baton_notice_nodes_free (self.nodes);
}
