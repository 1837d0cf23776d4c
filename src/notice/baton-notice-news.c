/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-news.h"

struct _BatonNoticeNews
{
  gboolean has_seen; /* there was a look before */

  /* owned */
  GHashTable *cards; /* address -> Past */
};

/* One card, as it was at the last look. */
typedef struct
{
  /* owned */
  GHashTable *programs; /* who used it */
  GHashTable *told;     /* of whom it was told */
} Past;

/**
 * baton_notice_use_free:
 * @self: (nullable): a use
 */
void
baton_notice_use_free (BatonNoticeUse *self)
{
  if (self == NULL)
    return;

  g_free (self->program);
  g_free (self->name);
  g_free (self->app_id);
  g_free (self);
}

/**
 * baton_notice_card_new:
 * @address: a card's address
 *
 * Returns: (transfer full): a card that nobody uses
 */
BatonNoticeCard *
baton_notice_card_new (const char *address)
{
  BatonNoticeCard *self = g_new0 (BatonNoticeCard, 1);

  self->address = g_strdup (address);
  self->uses = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_notice_use_free);

  return self;
}

/**
 * baton_notice_card_free:
 * @self: (nullable): a card
 */
void
baton_notice_card_free (BatonNoticeCard *self)
{
  if (self == NULL)
    return;

  g_free (self->address);
  g_ptr_array_unref (self->uses);
  g_free (self);
}

/**
 * baton_notice_event_free:
 * @self: (nullable): an event
 */
void
baton_notice_event_free (BatonNoticeEvent *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_free (self->program);
  g_free (self->name);
  g_free (self->app_id);
  g_free (self);
}

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static Past *
new_past (void)
{
  Past *self = g_new0 (Past, 1);

  self->programs = new_set ();
  self->told = new_set ();

  return self;
}

static void
free_past (gpointer data)
{
  Past *self = data;

  g_hash_table_unref (self->programs);
  g_hash_table_unref (self->told);
  g_free (self);
}

static void
add_start (GPtrArray *events, const char *card, const BatonNoticeUse *use)
{
  BatonNoticeEvent *event = g_new0 (BatonNoticeEvent, 1);

  event->has_started = TRUE;
  event->card = g_strdup (card);
  event->program = g_strdup (use->program);
  event->name = g_strdup (use->name);
  event->app_id = g_strdup (use->app_id);
  g_ptr_array_add (events, event);
}

/* Of those that were told of, who is not among @programs any more; %NULL: nobody is. */
static void
add_ends (GPtrArray *events, const char *card, Past *past, GHashTable *programs)
{
  GHashTableIter iter;
  gpointer program;

  g_hash_table_iter_init (&iter, past->told);
  while (g_hash_table_iter_next (&iter, &program, NULL))
    {
      BatonNoticeEvent *event;

      if (programs != NULL && g_hash_table_contains (programs, program))
        continue;
      event = g_new0 (BatonNoticeEvent, 1);
      event->card = g_strdup (card);
      event->program = g_strdup (program);
      g_ptr_array_add (events, event);
      g_hash_table_iter_remove (&iter);
    }
}

static GHashTable *
collect_programs (const BatonNoticeCard *card)
{
  GHashTable *programs = new_set ();

  for (guint i = 0; i < card->uses->len; i++)
    {
      const BatonNoticeUse *use = g_ptr_array_index (card->uses, i);

      g_hash_table_add (programs, g_strdup (use->program));
    }

  return programs;
}

/* Whoever used it is gone: it may have been free for less than it takes to look. */
static gboolean
was_free (const Past *past, GHashTable *programs)
{
  GHashTableIter iter;
  gpointer program;

  g_hash_table_iter_init (&iter, past->programs);
  while (g_hash_table_iter_next (&iter, &program, NULL))
    if (g_hash_table_contains (programs, program))
      return FALSE;

  return TRUE;
}

/* Each of its processes was: one alone may have been started by another that was not. */
static gboolean
is_on_purpose (const BatonNoticeCard *card, const char *program)
{
  for (guint i = 0; i < card->uses->len; i++)
    {
      const BatonNoticeUse *use = g_ptr_array_index (card->uses, i);

      if (g_str_equal (use->program, program) && !use->on_purpose)
        return FALSE;
    }

  return TRUE;
}

static void
see_card (BatonNoticeNews *self, const BatonNoticeCard *card, GPtrArray *events)
{
  g_autoptr (GHashTable) programs = collect_programs (card);
  Past *past = g_hash_table_lookup (self->cards, card->address);
  gboolean is_news = past != NULL ? was_free (past, programs) : self->has_seen;

  if (past == NULL)
    {
      past = new_past ();
      g_hash_table_insert (self->cards, g_strdup (card->address), past);
    }

  add_ends (events, card->address, past, programs);
  for (guint i = 0; is_news && i < card->uses->len; i++)
    {
      const BatonNoticeUse *use = g_ptr_array_index (card->uses, i);

      if (!is_on_purpose (card, use->program) &&
          g_hash_table_add (past->told, g_strdup (use->program)))
        add_start (events, card->address, use);
    }

  g_hash_table_unref (past->programs);
  past->programs = g_steal_pointer (&programs);
}

static gboolean
has_card (GPtrArray *cards, const char *address)
{
  for (guint i = 0; i < cards->len; i++)
    if (g_str_equal (((const BatonNoticeCard *) cards->pdata[i])->address, address))
      return TRUE;

  return FALSE;
}

/**
 * baton_notice_news_new:
 *
 * Returns: (transfer full): somebody who has seen nothing yet
 */
BatonNoticeNews *
baton_notice_news_new (void)
{
  BatonNoticeNews *self = g_new0 (BatonNoticeNews, 1);

  self->cards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_past);

  return self;
}

/**
 * baton_notice_news_free:
 * @self: (nullable): what was seen
 */
void
baton_notice_news_free (BatonNoticeNews *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->cards);
  g_free (self);
}

/**
 * baton_notice_news_see:
 * @self: what was seen up to now
 * @cards: (element-type BatonNoticeCard): the cards that could be handed over, and who uses them now
 *
 * It is news when a card that was free is used: when nobody of those who used it at the look before
 * does. A card that was not there then was free. The first look is no news, and neither is who joins
 * others, or was sent to the card on purpose. Of a program it is told once until it lets go.
 *
 * Returns: (transfer full) (element-type BatonNoticeEvent): the news
 */
GPtrArray *
baton_notice_news_see (BatonNoticeNews *self, GPtrArray *cards)
{
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) (gpointer) baton_notice_event_free);
  GHashTableIter iter;
  gpointer address;
  gpointer past;

  g_hash_table_iter_init (&iter, self->cards);
  while (g_hash_table_iter_next (&iter, &address, &past))
    if (!has_card (cards, address))
      {
        add_ends (events, address, past, NULL);
        g_hash_table_iter_remove (&iter);
      }

  for (guint i = 0; i < cards->len; i++)
    see_card (self, g_ptr_array_index (cards, i), events);
  self->has_seen = TRUE;

  return events;
}
