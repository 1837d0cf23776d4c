/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-trouble.h"

#include <stdarg.h>

#include "baton-error.h"
#include "baton-event.h"
#include "baton-text.h"

static void
add_args (GHashTable *args, const char *key, va_list list)
{
  for (; key != NULL; key = va_arg (list, const char *))
    {
      const char *value = va_arg (list, const char *);

      g_hash_table_insert (args, g_strdup (key), g_strdup (value != NULL ? value : "?"));
    }
}

static GHashTable *
args_new_empty (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/**
 * baton_args_new:
 * @key: (nullable): key of the first value, followed by it and by further pairs, then %NULL
 * @...: values and keys
 *
 * Returns: (transfer full) (element-type utf8 utf8): arguments of a code
 */
GHashTable *
baton_args_new (const char *key, ...)
{
  GHashTable *args = args_new_empty ();
  va_list list;

  va_start (list, key);
  add_args (args, key, list);
  va_end (list);

  return args;
}

/**
 * baton_trouble_set:
 * @self: where it is noted
 * @code: what went wrong
 * @errsv: the kernel's errno, or 0
 * @...: keys and values of the code's arguments, then %NULL
 *
 * The first trouble is kept: what follows from it explains nothing.
 */
void
baton_trouble_set (BatonTrouble *self, BatonCode code, int errsv, ...)
{
  va_list list;

  if (self == NULL || self->code != BATON_CODE_NONE)
    return;

  self->code = code;
  self->errsv = errsv;
  self->args = args_new_empty ();
  va_start (list, errsv);
  add_args (self->args, va_arg (list, const char *), list);
  va_end (list);
}

/**
 * baton_trouble_set_refused:
 * @self: where it is noted
 * @refused: what to say where the kernel refuses, but for the reason; empty afterwards
 * @errsv: the kernel's errno, or 0
 * @reason: why, in a few words
 *
 * The first trouble is kept here, too.
 */
void
baton_trouble_set_refused (BatonTrouble *self,
                           BatonTrouble *refused,
                           int errsv,
                           const char *reason)
{
  if (self == NULL || self->code != BATON_CODE_NONE || refused->code == BATON_CODE_NONE)
    return;

  *self = *refused;
  *refused = (BatonTrouble) BATON_TROUBLE_INIT;
  self->errsv = errsv;
  g_hash_table_insert (self->args, g_strdup ("reason"), g_strdup (reason));
}

/**
 * baton_trouble_set_from_error:
 * @self: where it is noted
 * @refused: what to say unless the device is gone or another one
 * @error: why a file could not be opened or read
 * @address: of which device
 */
void
baton_trouble_set_from_error (BatonTrouble *self,
                              BatonTrouble *refused,
                              const GError *error,
                              const char *address)
{
  if (g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    baton_trouble_set (self, BATON_CODE_DEVICE_GONE, 0, "address", address, NULL);
  else if (g_error_matches (error, BATON_ERROR, BATON_ERROR_MISMATCH))
    baton_trouble_set (self, BATON_CODE_IDENTITY_CHANGED, 0, "address", address, NULL);
  else
    baton_trouble_set_refused (self, refused, 0, error->message);
}

/**
 * baton_trouble_set_difference:
 * @self: where it is noted
 * @subject: what was looked at
 * @expected: (nullable): what it should be; %NULL where there should be nothing, such as no driver
 * @found: (nullable): what it is
 */
void
baton_trouble_set_difference (BatonTrouble *self,
                              const char *subject,
                              const char *expected,
                              const char *found)
{
  baton_trouble_set (self, BATON_CODE_NOT_AS_EXPECTED, 0, "subject", subject, "expected",
                     expected != NULL ? expected : "none", "found",
                     found != NULL ? found : "none", NULL);
}

/**
 * baton_trouble_move:
 * @self: (nullable): where it is noted
 * @other: what went wrong; empty afterwards if @self has taken it
 *
 * The first trouble is kept here, too.
 */
void
baton_trouble_move (BatonTrouble *self, BatonTrouble *other)
{
  if (self == NULL || self->code != BATON_CODE_NONE)
    return;

  *self = *other;
  *other = (BatonTrouble) BATON_TROUBLE_INIT;
}

/**
 * baton_trouble_copy:
 * @self: a trouble
 *
 * Returns: (transfer full): the same trouble; its arguments are shared
 */
BatonTrouble *
baton_trouble_copy (const BatonTrouble *self)
{
  BatonTrouble *copy = g_new (BatonTrouble, 1);

  *copy = *self;
  if (copy->args != NULL)
    g_hash_table_ref (copy->args);

  return copy;
}

void
baton_trouble_clear (BatonTrouble *self)
{
  g_clear_pointer (&self->args, g_hash_table_unref);
  self->code = BATON_CODE_NONE;
  self->errsv = 0;
}

void
baton_trouble_free (BatonTrouble *self)
{
  baton_trouble_clear (self);
  g_free (self);
}

/**
 * baton_trouble_dup_text:
 * @self: a trouble
 *
 * Returns: (transfer full): its sentence, empty where there is none
 */
char *
baton_trouble_dup_text (const BatonTrouble *self)
{
  if (self->code == BATON_CODE_NONE)
    return g_strdup ("");

  return baton_code_dup_text (self->code, self->args);
}

/**
 * baton_trouble_to_json:
 * @self: a trouble
 *
 * Returns: (transfer full): its `errno`, `code`, `args` and `text`, each null where there is none
 */
JsonObject *
baton_trouble_to_json (const BatonTrouble *self)
{
  const BatonCodeInfo *info = baton_code_get_info (self->code);
  JsonObject *object = json_object_new ();
  g_autofree char *text = info != NULL ? baton_trouble_dup_text (self) : NULL;

  if (self->errsv != 0)
    json_object_set_int_member (object, "errno", self->errsv);
  else
    json_object_set_null_member (object, "errno");
  if (info == NULL)
    {
      json_object_set_null_member (object, "code");
      json_object_set_null_member (object, "args");
      json_object_set_null_member (object, "text");
      return object;
    }
  json_object_set_string_member (object, "code", info->name);
  json_object_set_object_member (object, "args",
                                 baton_event_code_args_to_json (self->code, self->args));
  json_object_set_string_member (object, "text", text);

  return object;
}
