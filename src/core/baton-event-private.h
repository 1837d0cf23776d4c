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

void baton_event_writer_emit (BatonEventWriter *self,
                              const char *type,
                              JsonObject *body,
                              const char *const *lists);

JsonObject *baton_event_parse_object (const char *line, gssize length, GError **error);

G_END_DECLS
