/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonFindingVerb: the one thing that a finding's row offers to do
 */
typedef enum
{
  BATON_FINDING_VERB_NONE,
  BATON_FINDING_VERB_CLOSE,
  BATON_FINDING_VERB_SHOW_GROUP,
  BATON_FINDING_VERB_SHOW_HOW,
  BATON_FINDING_VERB_RECOVER,
  BATON_FINDING_VERB_RETURN,
  BATON_FINDING_VERB_COME_BACK,
  BATON_FINDING_VERB_SET_TIME,
} BatonFindingVerb;

char *baton_finding_words_dup_title (JsonObject *finding, JsonObject *holders);
char *baton_finding_words_dup_detail (JsonObject *finding, JsonObject *holders);
BatonFindingVerb baton_finding_words_get_verb (JsonObject *finding);
const char *baton_finding_words_get_verb_label (BatonFindingVerb verb);
const char *baton_finding_words_get_severity_label (const char *severity);
const char *baton_finding_words_get_severity_icon (const char *severity);
char *baton_finding_words_dup_key (JsonObject *finding);

G_END_DECLS
