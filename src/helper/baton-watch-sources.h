/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"

G_BEGIN_DECLS

#define BATON_WATCH_MAX_PIDFDS 1024

/**
 * BatonWatchChange: what may look different now
 */
typedef enum
{
  BATON_WATCH_MACHINE = 1 << 0,
  BATON_WATCH_HOLDERS = 1 << 1,
} BatonWatchChange;

typedef void (*BatonWatchFunc) (guint changes, gpointer data);

/**
 * BatonWatchSources:
 *
 * Everything that tells of a change by itself: device events, the card's nodes being opened and
 * closed, and the end of the processes that have them.
 */
typedef struct _BatonWatchSources BatonWatchSources;

BatonWatchSources *
baton_watch_sources_new (BatonRoot *root, BatonWatchFunc func, gpointer data, GError **error);
void baton_watch_sources_free (BatonWatchSources *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonWatchSources, baton_watch_sources_free)

void baton_watch_sources_rest (BatonWatchSources *self);
void baton_watch_sources_listen (BatonWatchSources *self);
void baton_watch_sources_follow_nodes (BatonWatchSources *self, BatonMachine *machine);
void baton_watch_sources_follow_processes (BatonWatchSources *self, GPtrArray *holders);

G_END_DECLS
