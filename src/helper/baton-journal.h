/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_JOURNAL_NAME "journal"
#define BATON_JOURNAL_BYTES (256 * 1024)

/**
 * BatonJournal:
 *
 * What a running handoff has done so far, on disk: `/var/lib/baton/journal`. A header, then one
 * record before and one after each effect.
 */
typedef struct _BatonJournal BatonJournal;

BatonJournal *baton_journal_new (BatonRoot *root, JsonNode *header, GError **error);
gboolean baton_journal_append (BatonJournal *self, JsonNode *record, GError **error);
gboolean
baton_journal_append_step (BatonJournal *self, guint n, const char *state, GError **error);
void baton_journal_free (BatonJournal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonJournal, baton_journal_free)

/**
 * BatonJournalContent:
 * @header: the header, or %NULL where not even that can be read
 * @records: (element-type JsonNode): what was recorded after it, in order
 * @torn: it ends in bytes that are no whole record: one more effect, or several, may have begun
 * @length: bytes up to the end of the last whole record
 */
typedef struct
{
  JsonNode *header;
  GPtrArray *records;
  gboolean torn;
  gsize length;
  guint32 crc;
} BatonJournalContent;

BatonJournalContent *baton_journal_parse (const void *bytes, gsize length);
void baton_journal_content_free (BatonJournalContent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonJournalContent, baton_journal_content_free)

BatonJournal *
baton_journal_open (BatonRoot *root, BatonJournalContent **ret_content, GError **error);
gboolean baton_journal_exists (BatonRoot *root);
gboolean baton_journal_remove (BatonRoot *root, GError **error);
gboolean baton_journal_set_aside (BatonRoot *root, GError **error);

G_END_DECLS
