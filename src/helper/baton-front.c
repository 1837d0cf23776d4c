/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-error.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-waits.h"
#include "baton-lock.h"

/**
 * baton_front_end:
 * @self: the front
 * @status: what the verb came to
 * @code: the code that says it in words
 * @key: (nullable): the code's argument, where it has one
 * @value: (nullable): its value
 *
 * Writes the result.
 *
 * Returns: the exit status
 */
int
baton_front_end (
    BatonFront *self, BatonExit status, BatonCode code, const char *key, const char *value)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  if (key != NULL)
    g_hash_table_insert (args, (gpointer) key, (gpointer) value);

  baton_event_writer_result (self->writer, status, code, args, NULL,
                             (g_get_monotonic_time () - self->begin_us) / 1000);

  return (int) status;
}

/**
 * baton_front_refuse_arguments:
 * @self: the front
 * @reason: what is wrong with them
 *
 * Returns: the exit status
 */
int
baton_front_refuse_arguments (BatonFront *self, const char *reason)
{
  return baton_front_end (self, BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason",
                          reason);
}

/**
 * baton_front_hand:
 * @self: the front
 * @arguments: `SIDE ADDRESS… [consents] --expect DIGEST`
 *
 * Has a handoff carried out by the worker. Only its shape is checked here: the worker looks at
 * the machine afresh, and refuses with a new plan where that is not the one that was shown.
 *
 * Returns: the exit status
 */
int
baton_front_hand (BatonFront *self, const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = baton_request_new_from_arguments (arguments, &error);

  if (request == NULL)
    return baton_front_refuse_arguments (self, error->message);
  if (request->expect == NULL)
    return baton_front_refuse_arguments (
        self, "the digest of the plan that was shown is missing (--expect)");

  request->uid = self->caller->uid;
  return baton_front_carry_out (self, "hand", request);
}

/**
 * baton_front_recover:
 * @self: the front
 * @arguments: none
 *
 * Has the worker settle what a handoff left behind that was cut off.
 *
 * Returns: the exit status
 */
int
baton_front_recover (BatonFront *self, const char *const *arguments)
{
  if (arguments[0] != NULL)
    return baton_front_refuse_arguments (self, "“recover” takes no arguments");

  return baton_front_carry_out (self, "recover", NULL);
}

static gboolean
has_ended (BatonFront *self, const char *id)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (self->root, id, NULL);

  return dir == NULL || baton_handoff_dir_has_ended (dir);
}

static char *
find_handoff (BatonFront *self, GError **error)
{
  g_autofree char *working = baton_lock_read_handoff (self->root);
  g_autoptr (GPtrArray) waiting = NULL;

  if (working != NULL && !has_ended (self, working))
    return g_steal_pointer (&working);

  waiting = baton_handoff_waits_list (self->root);
  if (waiting->len > 1)
    {
      g_autofree char *names = NULL;

      g_ptr_array_add (waiting, NULL);
      names = g_strjoinv (", ", (GStrv) waiting->pdata);
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "several handoffs wait for virtual machines, and “cancel” takes the name of "
                   "one: %s",
                   names);
      return NULL;
    }

  return waiting->len > 0 ? g_strdup (g_ptr_array_index (waiting, 0)) : NULL;
}

/**
 * baton_front_cancel:
 * @self: the front
 * @arguments: the handoff's id, or nothing where only one can be meant: the one that is at work, or
 *   the only one that waits for a virtual machine
 *
 * Asks a handoff that somebody started to stop. One that waits for its worker is asked as well:
 * the worker finds the wish when it comes.
 *
 * Returns: the exit status
 */
int
baton_front_cancel (BatonFront *self, const char *const *arguments)
{
  g_autoptr (BatonHandoffDir) dir = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  if (arguments[0] != NULL && arguments[1] != NULL)
    return baton_front_refuse_arguments (self, "“cancel” takes the name of one handoff");

  id = arguments[0] != NULL ? g_strdup (arguments[0]) : find_handoff (self, &error);
  if (id == NULL && error != NULL)
    return baton_front_refuse_arguments (self, error->message);
  if (id == NULL)
    return baton_front_end (self, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_CANCEL, NULL, NULL);

  dir = baton_handoff_dir_open (self->root, id, &error);
  if (dir == NULL && g_error_matches (error, BATON_ERROR, BATON_ERROR_PARSE))
    return baton_front_refuse_arguments (self, error->message);
  if (dir == NULL || baton_handoff_dir_has_ended (dir))
    return baton_front_end (self, BATON_EXIT_REFUSED, BATON_CODE_NOTHING_TO_CANCEL, NULL, NULL);

  if (!baton_handoff_dir_ask_cancel (dir, &error))
    return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason",
                            error->message);

  return baton_front_end (self, BATON_EXIT_DONE, BATON_CODE_CANCEL_ASKED, "handoff",
                          baton_handoff_dir_get_id (dir));
}
