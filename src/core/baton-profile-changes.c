/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-changes.h"

#include <string.h>

#include "baton-error.h"
#include "baton-pci-address.h"
#include "baton-text.h"

#define MAX_KEY_BYTES 64
#define MAX_QUOTED 64

static gboolean
refuse (GError **error, const char *text, const char *reason)
{
  g_autofree char *clean = baton_text_clean (text, -1, MAX_QUOTED, NULL, NULL);

  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "“%s” %s", clean, reason);

  return FALSE;
}

static gboolean
is_key (const char *text, gsize length)
{
  return length > 0 && length <= MAX_KEY_BYTES && g_ascii_islower (*text) &&
         strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

static gboolean
is_plain (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return g_unichar_isprint (c) && type != G_UNICODE_LINE_SEPARATOR &&
         type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* What would be more than one line of the file, or would not be read back as it was given. */
static const char *
find_fault (const char *value)
{
  if (strnlen (value, BATON_PROFILE_MAX_VALUE_BYTES + 1) > BATON_PROFILE_MAX_VALUE_BYTES)
    return "is too long: a value has 1024 bytes at most";
  if (!g_utf8_validate (value, -1, NULL))
    return "is not text in UTF-8";
  for (const char *at = value; *at != '\0'; at = g_utf8_next_char (at))
    if (!is_plain (g_utf8_get_char (at)))
      return "holds a character that cannot be printed: a value is a single line of text";
  if (g_ascii_isspace (value[0]) ||
      (value[0] != '\0' && g_ascii_isspace (value[strlen (value) - 1])))
    return "begins or ends with a space";

  return NULL;
}

static gboolean
take_change (GPtrArray *keys, GPtrArray *values, const char *argument, GError **error)
{
  const char *equals = strchr (argument, '=');
  const char *fault = NULL;

  if (equals == NULL || !is_key (argument, (gsize) (equals - argument)))
    return refuse (error, argument,
                   "is no change: one is KEY=VALUE, such as return-method=bind");

  fault = find_fault (equals + 1);
  if (fault != NULL)
    return refuse (error, argument, fault);

  g_ptr_array_add (keys, g_strndup (argument, (gsize) (equals - argument)));
  g_ptr_array_add (values, g_strdup (equals + 1));
  for (guint i = 0; i + 1 < keys->len; i++)
    if (g_str_equal (keys->pdata[i], keys->pdata[keys->len - 1]))
      return refuse (error, argument, "changes a key that another argument changes already");

  return TRUE;
}

/**
 * baton_profile_changes_new_from_arguments:
 * @arguments: (array zero-terminated=1): `ADDRESS KEY=VALUE…`, as anybody may have written them
 * @error: return location for an error
 *
 * Reads what is to change. Fails with %BATON_ERROR_PARSE where the address is none in full, where
 * nothing is to change, or where a value is not one line of printable text.
 *
 * Returns: (transfer full): the changes
 */
BatonProfileChanges *
baton_profile_changes_new_from_arguments (const char *const *arguments, GError **error)
{
  g_autoptr (BatonProfileChanges) self = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  guint n = g_strv_length ((GStrv) arguments);

  if (n == 0 || !baton_pci_address_is_valid (arguments[0]))
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "a card is named by its full PCI address, such as 0000:01:00.0");
      return NULL;
    }
  if (n == 1 || n - 1 > BATON_PROFILE_MAX_CHANGES)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "after the address come 1 to %d changes, such as return-method=bind",
                   BATON_PROFILE_MAX_CHANGES);
      return NULL;
    }

  for (guint i = 1; i < n; i++)
    if (!take_change (keys, values, arguments[i], error))
      return NULL;

  g_ptr_array_add (keys, NULL);
  g_ptr_array_add (values, NULL);
  self = g_new0 (BatonProfileChanges, 1);
  self->card = g_strdup (arguments[0]);
  self->keys = (GStrv) g_ptr_array_free (g_steal_pointer (&keys), FALSE);
  self->values = (GStrv) g_ptr_array_free (g_steal_pointer (&values), FALSE);

  return g_steal_pointer (&self);
}

/**
 * baton_profile_changes_to_arguments:
 * @self: changes
 *
 * Returns: (transfer full): what baton_profile_changes_new_from_arguments() reads
 */
GStrv
baton_profile_changes_to_arguments (const BatonProfileChanges *self)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup (self->card));
  for (guint i = 0; self->keys[i] != NULL; i++)
    g_ptr_array_add (arguments, g_strconcat (self->keys[i], "=", self->values[i], NULL));
  g_ptr_array_add (arguments, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&arguments), FALSE);
}

/**
 * baton_profile_changes_free:
 * @self: (nullable): changes
 */
void
baton_profile_changes_free (BatonProfileChanges *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_strfreev (self->keys);
  g_strfreev (self->values);
  g_free (self);
}

/**
 * baton_profile_changes_name:
 * @self: changes
 * @key: a key
 *
 * Returns: whether @key is one of those that are to change
 */
gboolean
baton_profile_changes_name (const BatonProfileChanges *self, const char *key)
{
  return g_strv_contains ((const char *const *) self->keys, key);
}
