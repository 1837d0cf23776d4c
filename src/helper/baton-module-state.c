/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-module-state.h"

#include <string.h>

#include "baton-nvidia.h"

/* References used below:
 *  SYSFS-MODULE - Linux kernel/module/sysfs.c: `initstate` of what is loaded, none of what is built
 *    in; kernel/params.c: /sys/module/M/parameters, where charp without a value reads "(null)"
 *  PARSE-ARGS - Linux kernel/params.c, next_arg(): blanks end a value unless it is quoted, and
 *    nothing stands for a quote inside of one
 *  NV-PARAMS - open-gpu-kernel-modules kernel-open/nvidia/nv-procfs.c, nv_procfs_read_params(): what
 *    the parameters NVreg_NAME are, as `NAME: value`, with quotes around text; sysfs has none of them,
 *    because nv-linux.h declares them all with no permissions, as int or as charp
 */

#define NV_PARAMETERS "driver/nvidia/params"
#define NV_PREFIX "NVreg_"
#define NV_MAX_BYTES 65536

#define NO_TEXT "(null)"
#define MAX_PARAMETERS 256
#define MAX_VALUE_BYTES 1024

static gboolean
is_name (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '_')
      return FALSE;

  return *text != '\0' && strlen (text) < 64;
}

static gboolean
is_value (const char *text)
{
  return *text != '\0' && strlen (text) <= MAX_VALUE_BYTES && !g_str_equal (text, NO_TEXT) &&
         g_utf8_validate (text, -1, NULL);
}

/* A value that could end in the middle, or begin another one, is not handed on (PARSE-ARGS), nor is
 * a number that is none of those that the parameter takes (NV-PARAMS): they are missed afterwards. */
static gboolean
can_be_given (const char *name, const char *value)
{
  guint64 number;

  for (const char *c = value; *c != '\0'; c++)
    if (!g_ascii_isprint (*c) || *c == '"')
      return FALSE;

  return !g_str_has_prefix (name, NV_PREFIX) ||
         !g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &number, NULL) ||
         number <= G_MAXINT;
}

static char *
build_path (const char *name, const char *below)
{
  char *path = g_strconcat ("module/", name, below, NULL);

  /* The kernel writes `-` in names as `_`. */
  g_strdelimit (path + strlen ("module/"), "-", '_');

  return path;
}

/**
 * baton_module_state_is_loaded:
 * @root: the roots
 * @name: a module
 *
 * Returns: whether it is loaded and past its init, or built in (SYSFS-MODULE)
 */
gboolean
baton_module_state_is_loaded (BatonRoot *root, const char *name)
{
  g_autofree char *directory = build_path (name, "");
  g_autofree char *state_path = build_path (name, "/initstate");
  g_autofree char *state = NULL;

  if (!baton_root_exists (root, BATON_ROOT_SYS, directory))
    return FALSE;
  state = baton_root_read_line (root, BATON_ROOT_SYS, state_path, NULL);

  return state == NULL || g_str_equal (state, "live");
}

static BatonModuleState *
module_state_new (const char *name)
{
  BatonModuleState *self = g_new0 (BatonModuleState, 1);

  self->name = g_strdup (name);
  self->parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
baton_module_state_free (BatonModuleState *self)
{
  g_free (self->name);
  g_hash_table_unref (self->parameters);
  g_free (self);
}

static void
take_parameter (BatonModuleState *self, const char *name, const char *value)
{
  if (is_name (name) && value != NULL && is_value (value) &&
      g_hash_table_size (self->parameters) < MAX_PARAMETERS)
    g_hash_table_insert (self->parameters, g_strdup (name), g_strdup (value));
}

/* Adds what NVIDIA's driver tells by itself. */
static void
take_nvidia_parameters (BatonModuleState *self, BatonRoot *root)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, NV_PARAMETERS, NV_MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], ": ", 2);
      g_autofree char *name = words[0] != NULL ? g_strconcat (NV_PREFIX, words[0], NULL) : NULL;
      char *value = words[0] != NULL ? words[1] : NULL;
      gsize length = value != NULL ? strlen (value) : 0;

      if (length >= 2 && value[0] == '"' && value[length - 1] == '"')
        {
          value[length - 1] = '\0';
          value++;
        }
      if (name != NULL && !g_hash_table_contains (self->parameters, name))
        take_parameter (self, name, value);
    }
}

static char *
read_parameter (BatonRoot *root, const char *module, const char *name)
{
  g_autofree char *below = g_strconcat ("/parameters/", name, NULL);
  g_autofree char *path = build_path (module, below);

  return baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);
}

/**
 * baton_module_state_read:
 * @root: the roots
 * @name: a module
 *
 * Returns: (transfer full) (nullable): how it was loaded, %NULL where it is not
 */
BatonModuleState *
baton_module_state_read (BatonRoot *root, const char *name)
{
  g_autofree char *path = build_path (name, "/parameters");
  g_autoptr (GPtrArray) names = NULL;
  BatonModuleState *self;

  if (!baton_module_state_is_loaded (root, name))
    return NULL;
  self = module_state_new (name);
  names = baton_root_list (root, BATON_ROOT_SYS, path, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *value = read_parameter (root, name, names->pdata[i]);

      take_parameter (self, names->pdata[i], value);
    }
  if (g_str_equal (name, BATON_NVIDIA_DRIVER))
    take_nvidia_parameters (self, root);

  return self;
}

/**
 * baton_module_state_to_json:
 * @self: a module's state
 *
 * Returns: (transfer full): what baton_module_state_new_from_json() reads
 */
JsonNode *
baton_module_state_to_json (const BatonModuleState *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *parameters = json_object_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->parameters);
  while (g_hash_table_iter_next (&iter, &name, &value))
    json_object_set_string_member (parameters, name, value);
  json_object_set_string_member (object, "name", self->name);
  json_object_set_object_member (object, "parameters", parameters);
  json_node_take_object (node, object);

  return node;
}

static const char *
get_string (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                 json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/**
 * baton_module_state_new_from_json:
 * @node: (nullable): what was written down
 *
 * Returns: (transfer full) (nullable): the state; %NULL where @node is none
 */
BatonModuleState *
baton_module_state_new_from_json (JsonNode *node)
{
  JsonObject *object =
      node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name =
      object != NULL ? get_string (json_object_get_member (object, "name")) : NULL;
  JsonNode *parameters = object != NULL ? json_object_get_member (object, "parameters") : NULL;
  BatonModuleState *self;
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  if (name == NULL || !is_name (name) || parameters == NULL ||
      !JSON_NODE_HOLDS_OBJECT (parameters))
    return NULL;

  self = module_state_new (name);
  json_object_iter_init (&iter, json_node_get_object (parameters));
  while (json_object_iter_next (&iter, &key, &value))
    take_parameter (self, key, get_string (value));

  return self;
}

static GList *
list_names (const BatonModuleState *self)
{
  return g_list_sort (g_hash_table_get_keys (self->parameters), (GCompareFunc) strcmp);
}

/**
 * baton_module_state_dup_options:
 * @self: a module's state
 *
 * Returns: (transfer full): `name=value` for each parameter, as libkmod takes them beside those
 *   of modprobe.d(5)
 */
char *
baton_module_state_dup_options (const BatonModuleState *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GList) names = list_names (self);

  for (GList *item = names; item != NULL; item = item->next)
    {
      const char *value = g_hash_table_lookup (self->parameters, item->data);
      const char *quote = strchr (value, ' ') != NULL ? "\"" : "";

      if (can_be_given (item->data, value))
        g_string_append_printf (text, "%s%s=%s%s%s", text->len > 0 ? " " : "",
                                (char *) item->data, quote, value, quote);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_module_state_dup_difference:
 * @self: how a module was loaded before
 * @root: the roots
 *
 * Returns: (transfer full) (nullable): `name=value` for each parameter that has another value now;
 *   %NULL where all are as they were
 */
char *
baton_module_state_dup_difference (const BatonModuleState *self, BatonRoot *root)
{
  g_autoptr (BatonModuleState) after = baton_module_state_read (root, self->name);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GList) names = list_names (self);

  for (GList *item = names; item != NULL; item = item->next)
    {
      const char *now =
          after != NULL ? g_hash_table_lookup (after->parameters, item->data) : NULL;

      if (g_strcmp0 (now, g_hash_table_lookup (self->parameters, item->data)) != 0)
        g_string_append_printf (text, "%s%s=%s", text->len > 0 ? ", " : "", (char *) item->data,
                                now != NULL ? now : "?");
    }

  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}
