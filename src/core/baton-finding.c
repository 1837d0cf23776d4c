/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include "baton-json.h"
#include "baton-text.h"

/* Longer than any sentence that a person reads, far below the contract's limit of a string. */
#define MAX_VALUE_BYTES 1024

/*
 * The arguments are what the code's sentences ask for, no more and no less: a key that is
 * missing would be read as "{key}" by somebody, and one too many never.
 */
static gboolean
has_exactly_the_arguments (BatonCode code, GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  guint n_args = 0;

  for (; info->args[n_args] != NULL; n_args++)
    if (!g_hash_table_contains (args, info->args[n_args]))
      return FALSE;

  return g_hash_table_size (args) == n_args;
}

/*
 * Makes a finding. The arguments' keys and values follow, then NULL. Values may be bytes that
 * others chose (names of processes, guests and files). They are made fit to be shown here,
 * because findings go further than the event writer, which would do it too: into the journal,
 * notifications and the report.
 */
BatonFinding *
baton_finding_new (BatonCode code, const char *subject, ...)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  BatonFinding *self = g_new0 (BatonFinding, 1);
  const char *key = NULL;
  va_list list;

  self->code = code;
  self->consent = info->consent;
  self->subject = g_strdup (subject);
  self->args = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  va_start (list, subject);
  while ((key = va_arg (list, const char *)) != NULL)
    {
      const char *value = va_arg (list, const char *);

      g_hash_table_insert (
          self->args, g_strdup (key),
          baton_text_clean (value != NULL ? value : "", -1, MAX_VALUE_BYTES, NULL, NULL));
    }
  va_end (list);

  g_warn_if_fail (has_exactly_the_arguments (code, self->args));

  return self;
}

/**
 * baton_finding_free:
 * @self: (nullable): a finding
 */
void
baton_finding_free (BatonFinding *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->args);
  g_free (self->subject);
  g_free (self);
}

/**
 * baton_finding_get_severity:
 * @self: a finding
 *
 * Returns: how much it weighs, which its code alone decides
 */
BatonSeverity
baton_finding_get_severity (const BatonFinding *self)
{
  return baton_code_get_info (self->code)->severity;
}

/**
 * baton_finding_dup_text:
 * @self: a finding
 *
 * Returns: (transfer full): the fact and who is behind it, in English
 */
char *
baton_finding_dup_text (const BatonFinding *self)
{
  return baton_code_dup_text (self->code, self->args);
}

/**
 * baton_finding_dup_remedy:
 * @self: a finding
 *
 * Returns: (transfer full) (nullable): what to do about it, in English
 */
char *
baton_finding_dup_remedy (const BatonFinding *self)
{
  return baton_code_dup_remedy (self->code, self->args);
}

/* Whether it keeps the plan from being carried out as it was requested. */
gboolean
baton_finding_blocks (const BatonFinding *self)
{
  return baton_finding_get_severity (self) == BATON_SEVERITY_BLOCKER && !self->granted;
}

/* Whether no consent could set it aside. */
gboolean
baton_finding_blocks_for_good (const BatonFinding *self)
{
  return baton_finding_blocks (self) && self->consent == BATON_CONSENT_NONE;
}

/* The contract's object of one finding (DESIGN: a finding). */
JsonNode *
baton_finding_to_json (const BatonFinding *self)
{
  const BatonCodeInfo *info = baton_code_get_info (self->code);
  g_autofree char *text = baton_finding_dup_text (self);
  g_autofree char *remedy = baton_finding_dup_remedy (self);
  JsonObject *args = json_object_new ();
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  for (guint i = 0; info->args[i] != NULL; i++)
    json_object_set_string_member (args, info->args[i],
                                   g_hash_table_lookup (self->args, info->args[i]));

  json_object_set_string_member (object, "severity", baton_severity_to_string (info->severity));
  json_object_set_string_member (object, "code", info->name);
  json_object_set_object_member (object, "args", args);
  baton_json_set_string (object, "consent", baton_consent_to_string (self->consent));
  baton_json_set_string (object, "subject", self->subject);
  json_object_set_string_member (object, "text", text);
  baton_json_set_string (object, "remedy", remedy);

  json_node_take_object (node, object);

  return node;
}
