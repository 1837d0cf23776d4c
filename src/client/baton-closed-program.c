/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closed-program.h"

#include <string.h>

#include "baton-json.h"

#define STEP_PREFIX "close-process:"

static const struct
{
  BatonClosedObstacle obstacle;
  const char *text;
} obstacle_names[] = {
  { BATON_CLOSED_POSSIBLE, "none" },     { BATON_CLOSED_OTHER_USER, "other-user" },
  { BATON_CLOSED_SERVICE, "service" },   { BATON_CLOSED_CONTAINER, "container" },
  { BATON_CLOSED_TOO_LONG, "too-long" }, { BATON_CLOSED_UNREADABLE, "unreadable" },
};

/**
 * baton_closed_program_free:
 * @self: (nullable): a program
 *
 * Frees @self.
 */
void
baton_closed_program_free (BatonClosedProgram *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->closes);
  g_free (self->name);
  g_free (self->app_id);
  g_free (self->unit);
  g_free (self->executable);
  g_strfreev (self->arguments);
  g_free (self->directory);
  g_strfreev (self->variables);
  g_free (self->terminal);
  g_strfreev (self->sessions);
  g_free (self);
}

/**
 * baton_closed_program_has_step:
 * @self: a program
 * @step_id: id of a step
 *
 * Returns: %TRUE if the step is the one that closes it
 */
gboolean
baton_closed_program_has_step (const BatonClosedProgram *self, const char *step_id)
{
  return g_str_has_prefix (step_id, STEP_PREFIX) &&
         g_strv_contains ((const char *const *) self->closes, step_id + strlen (STEP_PREFIX));
}

/* Paths and arguments are bytes, and JSON has text alone. */
static char *
encode (const char *bytes)
{
  return g_base64_encode ((const guchar *) bytes, strlen (bytes));
}

static void
set_bytes (JsonObject *object, const char *key, const char *bytes)
{
  g_autofree char *encoded = bytes != NULL ? encode (bytes) : NULL;

  baton_json_set_string (object, key, encoded);
}

static void
set_list (JsonObject *object, const char *key, GStrv list)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    {
      g_autofree char *encoded = encode (list[i]);

      json_array_add_string_element (array, encoded);
    }
  json_object_set_array_member (object, key, array);
}

/**
 * baton_closed_program_to_json:
 * @self: a program
 *
 * Returns: (transfer full): it, to be kept
 */
JsonObject *
baton_closed_program_to_json (const BatonClosedProgram *self)
{
  JsonObject *object = json_object_new ();

  set_list (object, "closes", self->closes);
  set_bytes (object, "name", self->name);
  set_bytes (object, "app_id", self->app_id);
  set_bytes (object, "unit", self->unit);
  set_bytes (object, "executable", self->executable);
  set_list (object, "arguments", self->arguments);
  set_bytes (object, "directory", self->directory);
  set_list (object, "variables", self->variables);
  set_bytes (object, "terminal", self->terminal);
  json_object_set_string_member (object, "obstacle", obstacle_names[self->obstacle].text);
  json_object_set_boolean_member (object, "closed", self->is_closed);
  if (self->sessions != NULL)
    {
      set_list (object, "sessions", self->sessions);
      json_object_set_boolean_member (object, "told", self->is_told);
    }

  return object;
}

/* Returns: %FALSE where it is no bytes that a process can be started with */
static gboolean
decode (const char *encoded, char **ret_bytes)
{
  gsize length = 0;
  g_autofree guchar *bytes = g_base64_decode (encoded, &length);

  if (memchr (bytes, '\0', length) != NULL)
    return FALSE;
  *ret_bytes = g_strndup ((const char *) bytes, length);

  return TRUE;
}

static gboolean
read_bytes (JsonObject *object, const char *key, char **ret_bytes)
{
  const char *encoded = baton_json_get_string (object, key);

  return encoded == NULL || decode (encoded, ret_bytes);
}

static gboolean
read_list (JsonObject *object, const char *key, GStrv *ret_list)
{
  JsonArray *array = baton_json_get_array (object, key);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (array == NULL)
    return FALSE;
  for (guint i = 0; i < baton_json_count (array); i++)
    {
      const char *encoded = baton_json_node_get_string (json_array_get_element (array, i));
      g_autofree char *bytes = NULL;

      if (encoded == NULL || !decode (encoded, &bytes))
        return FALSE;
      g_strv_builder_add (builder, bytes);
    }
  *ret_list = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
read_obstacle (JsonObject *object, BatonClosedObstacle *ret_obstacle)
{
  const char *text = baton_json_get_string (object, "obstacle");

  for (guint i = 0; i < G_N_ELEMENTS (obstacle_names); i++)
    if (g_strcmp0 (obstacle_names[i].text, text) == 0)
      {
        *ret_obstacle = obstacle_names[i].obstacle;
        return TRUE;
      }

  return FALSE;
}

/**
 * baton_closed_program_new_from_json:
 * @object: (nullable): what baton_closed_program_to_json() gave
 *
 * Returns: (transfer full) (nullable): the program; %NULL where @object is none
 */
BatonClosedProgram *
baton_closed_program_new_from_json (JsonObject *object)
{
  g_autoptr (BatonClosedProgram) self = g_new0 (BatonClosedProgram, 1);

  if (object == NULL || !read_list (object, "closes", &self->closes) ||
      !read_bytes (object, "name", &self->name) || self->name == NULL ||
      !read_bytes (object, "app_id", &self->app_id) ||
      !read_bytes (object, "unit", &self->unit) ||
      !read_bytes (object, "executable", &self->executable) ||
      !read_list (object, "arguments", &self->arguments) ||
      !read_bytes (object, "directory", &self->directory) ||
      !read_list (object, "variables", &self->variables) ||
      !read_bytes (object, "terminal", &self->terminal) ||
      !read_obstacle (object, &self->obstacle) ||
      (json_object_has_member (object, "sessions") &&
       !read_list (object, "sessions", &self->sessions)))
    return NULL;
  self->is_told = baton_json_get_boolean (object, "told");
  self->is_closed = baton_json_get_boolean (object, "closed");

  return g_steal_pointer (&self);
}
