/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-json.h"
#include "baton-plan.h"

#include <string.h>

static const char *const kind_names[BATON_N_STEP_KINDS] = {
  [BATON_STEP_LOG_OUT] = "log-out",
  [BATON_STEP_CLOSE_PROCESS] = "close-process",
  [BATON_STEP_END_SESSION] = "end-session",
  [BATON_STEP_RELEASE_CARD] = "release-card",
  [BATON_STEP_RESERVE_SOUND] = "reserve-sound",
  [BATON_STEP_STOP_UNIT] = "stop-unit",
  [BATON_STEP_HOLD_POWER] = "hold-power",
  [BATON_STEP_LOAD_MODULE] = "load-module",
  [BATON_STEP_SET_OVERRIDE] = "set-override",
  [BATON_STEP_UNLOAD_MODULE] = "unload-module",
  [BATON_STEP_PROVE_UNUSED] = "prove-unused",
  [BATON_STEP_SHOW_CONSOLES] = "show-consoles",
  [BATON_STEP_UNBIND_CONSOLE] = "unbind-console",
  [BATON_STEP_UNBIND] = "unbind",
  [BATON_STEP_RESET] = "reset",
  [BATON_STEP_REMOVE_FUNCTION] = "remove-function",
  [BATON_STEP_RESCAN_BUS] = "rescan-bus",
  [BATON_STEP_BIND] = "bind",
  [BATON_STEP_PLACE_FILE] = "place-file",
  [BATON_STEP_START_UNIT] = "start-unit",
  [BATON_STEP_LET_OPEN] = "let-open",
  [BATON_STEP_START_GUEST] = "start-guest",
  [BATON_STEP_WAIT_GUEST] = "wait-guest",
  [BATON_STEP_VERIFY] = "verify",
};

/**
 * baton_step_kind_to_string:
 * @kind: a kind of step
 *
 * Returns: the word the protocol uses for it, or %NULL for a value that is none
 */
const char *
baton_step_kind_to_string (BatonStepKind kind)
{
  return (guint) kind < BATON_N_STEP_KINDS ? kind_names[kind] : NULL;
}

/**
 * baton_step_kind_from_string:
 * @text: (nullable): the protocol's word
 * @ret_kind: (out caller-allocates): where to store the kind
 *
 * Returns: %TRUE if @ret_kind was set; %FALSE for a word that this version does not know
 */
gboolean
baton_step_kind_from_string (const char *text, BatonStepKind *ret_kind)
{
  for (guint i = 0; i < BATON_N_STEP_KINDS; i++)
    if (g_strcmp0 (text, kind_names[i]) == 0)
      {
        *ret_kind = i;
        return TRUE;
      }

  return FALSE;
}

/**
 * baton_step_new:
 * @kind: what it does
 * @target: what it is done to
 * @detail: (nullable): the rest
 *
 * The place in the plan is left at 0, for whoever puts it into one.
 *
 * Returns: (transfer full): a step
 */
BatonStep *
baton_step_new (BatonStepKind kind, const char *target, const char *detail)
{
  BatonStep *self = g_new0 (BatonStep, 1);

  self->kind = kind;
  self->target = g_strdup (target);
  self->detail = g_strdup (detail);

  return self;
}

/**
 * baton_step_free:
 * @self: (nullable): a step
 */
void
baton_step_free (BatonStep *self)
{
  if (self == NULL)
    return;

  g_free (self->target);
  g_free (self->detail);
  g_free (self->card);
  g_free (self);
}

/**
 * baton_step_dup_id:
 * @self: a step
 *
 * Returns: (transfer full): `KIND:TARGET`, which no other step of its plan has
 */
char *
baton_step_dup_id (const BatonStep *self)
{
  return g_strdup_printf ("%s:%s", kind_names[self->kind], self->target);
}

/**
 * baton_step_get_minutes:
 * @detail: (nullable): the detail of a step that waits for a guest
 *
 * Returns: within how many minutes the guest has to come, as was asked for; 0 where no time was said
 */
guint
baton_step_get_minutes (const char *detail)
{
  guint64 minutes = 0;

  if (detail == NULL || !g_str_has_prefix (detail, BATON_WITHIN) ||
      !g_ascii_string_to_unsigned (detail + strlen (BATON_WITHIN), 10, 1, BATON_MAX_MINUTES,
                                   &minutes, NULL))
    return 0;

  return (guint) minutes;
}

/**
 * baton_step_to_json:
 * @self: a step
 *
 * Returns: (transfer full): the contract's object of it
 */
JsonNode *
baton_step_to_json (const BatonStep *self)
{
  g_autofree char *id = baton_step_dup_id (self);
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_object_set_int_member (object, "n", self->n);
  json_object_set_string_member (object, "id", id);
  json_object_set_string_member (object, "kind", kind_names[self->kind]);
  json_object_set_string_member (object, "target", self->target);
  baton_json_set_string (object, "detail", self->detail);
  baton_json_set_string (object, "card", self->card);
  json_object_set_boolean_member (object, "persistent", self->persistent);

  json_node_take_object (node, object);

  return node;
}

static gboolean
get_count (JsonObject *object, const char *key, guint *ret_count)
{
  gint64 value = 0;

  if (!baton_json_read_int (object, key, &value) || value < 0 || value > G_MAXUINT16)
    return FALSE;

  *ret_count = (guint) value;
  return TRUE;
}

/**
 * baton_step_new_from_json:
 * @node: what baton_step_to_json() made
 * @error: return location for an error
 *
 * Reads a step back, as recovery does from the journal. The id is not believed: it is made
 * from kind and target again and must be the same.
 *
 * Returns: (transfer full): a step, or %NULL with %BATON_ERROR_PARSE
 */
BatonStep *
baton_step_new_from_json (JsonNode *node, GError **error)
{
  g_autoptr (BatonStep) self = NULL;
  g_autofree char *id = NULL;
  BatonStepKind kind = 0;
  JsonObject *object = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "could not read a step: it is no object");
      return NULL;
    }

  object = json_node_get_object (node);
  if (!baton_step_kind_from_string (baton_json_get_string (object, "kind"), &kind))
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "could not read a step: this version does not know its kind");
      return NULL;
    }
  if (baton_json_get_string (object, "target") == NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "could not read a step of kind '%s': it has no target", kind_names[kind]);
      return NULL;
    }

  self = baton_step_new (kind, baton_json_get_string (object, "target"),
                         baton_json_get_string (object, "detail"));
  self->card = g_strdup (baton_json_get_string (object, "card"));
  id = baton_step_dup_id (self);
  if (g_strcmp0 (baton_json_get_string (object, "id"), id) != 0 ||
      !get_count (object, "n", &self->n) ||
      !baton_json_read_boolean (object, "persistent", &self->persistent))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "could not read the step '%s': what stands beside it does not fit", id);
      return NULL;
    }

  return g_steal_pointer (&self);
}
