/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonNoticeUse:
 * @program: what tells a program from others: its desktop id, else the process's name (hostile)
 * @name: the process's name (hostile)
 * @app_id: (nullable): its desktop id without `.desktop` (hostile)
 * @on_purpose: somebody has sent it to this card
 *
 * One process that uses a card.
 */
typedef struct
{
  char *program;
  char *name;
  char *app_id;
  gboolean on_purpose;
} BatonNoticeUse;

void baton_notice_use_free (BatonNoticeUse *self);

/**
 * BatonNoticeCard:
 * @address: a card that could be handed over
 * @uses: (element-type BatonNoticeUse): who uses it
 */
typedef struct
{
  char *address;
  GPtrArray *uses;
} BatonNoticeCard;

BatonNoticeCard *baton_notice_card_new (const char *address);
void baton_notice_card_free (BatonNoticeCard *self);

/**
 * BatonNoticeEvent:
 * @has_started: the program uses a card that was free; else it was told so of it, and it uses the card
 *   no longer
 * @card: the card's address
 * @program: as in #BatonNoticeUse
 * @name: likewise; %NULL for one that has let go
 * @app_id: likewise
 */
typedef struct
{
  gboolean has_started;
  char *card;
  char *program;
  char *name;
  char *app_id;
} BatonNoticeEvent;

void baton_notice_event_free (BatonNoticeEvent *self);

/**
 * BatonNoticeNews:
 *
 * What was seen of the cards up to now, which decides what is news.
 */
typedef struct _BatonNoticeNews BatonNoticeNews;

BatonNoticeNews *baton_notice_news_new (void);
void baton_notice_news_free (BatonNoticeNews *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonNoticeNews, baton_notice_news_free)

GPtrArray *baton_notice_news_see (BatonNoticeNews *self, GPtrArray *cards);

G_END_DECLS
