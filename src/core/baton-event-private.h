/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-json.h"

G_BEGIN_DECLS

/**
 * BatonEncodeLimits: how much of a value may be written
 * @max_string: bytes of UTF-8 in one string
 * @max_items: items of one array
 */
typedef struct
{
  gsize max_string;
  guint max_items;
} BatonEncodeLimits;

void baton_event_encode_node (GString *out, JsonNode *node, const BatonEncodeLimits *limits);
void baton_event_encode_members (GString *out,
                                 JsonObject *object,
                                 const char *const *except,
                                 const BatonEncodeLimits *limits);
char *baton_event_encode_fitting (JsonNode *node, gsize max_bytes);

/* A relayed line is written again with a sequence number of its own, which may have more digits:
 * what is written first leaves that much room. */
#define BATON_LINE_SLACK 64

gint64 baton_event_get_boottime_ms (void);
void baton_event_append_members (GString *line, const char *object);

const char *baton_event_writer_get_handoff (BatonEventWriter *self);
guint64 baton_event_writer_begin_snap (BatonEventWriter *self);
GString *baton_event_writer_begin_line (BatonEventWriter *self,
                                        const char *type,
                                        gint64 t_ms,
                                        const char *handoff);
void baton_event_writer_end_line (BatonEventWriter *self, GString *line);
void baton_event_writer_emit_pages (BatonEventWriter *self,
                                    const char *type,
                                    JsonObject *body,
                                    const char *const *lists);
void baton_event_writer_emit (BatonEventWriter *self,
                              const char *type,
                              JsonObject *body,
                              const char *const *lists);

JsonObject *baton_event_parse_object (const char *line, gssize length, GError **error);

G_END_DECLS
