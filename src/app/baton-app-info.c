/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-app-info.h"

#include <glib/gi18n.h>

#include "baton-desktop-app.h"
#include "baton-json.h"
#include "baton-words.h"

static GDesktopAppInfo *
find_app (JsonObject *holder)
{
  return baton_desktop_app_find (baton_json_get_string (holder, "app_id"));
}

/**
 * baton_app_info_dup_name:
 * @holder: (nullable): a holder of the contract
 *
 * Returns: (transfer full): the app's name as the user knows it, else the process's
 */
char *
baton_app_info_dup_name (JsonObject *holder)
{
  g_autoptr (GDesktopAppInfo) app = find_app (holder);
  const char *name = baton_json_get_string (holder, "name");

  if (app != NULL)
    return g_strdup (g_app_info_get_display_name (G_APP_INFO (app)));

  if (name != NULL && *name != '\0')
    return g_strdup (name);

  if (g_strcmp0 (baton_json_get_string (holder, "kind"), "kernel") == 0)
    return g_strdup (_ ("The system itself"));

  return g_strdup (_ ("Unnamed program"));
}

/**
 * baton_app_info_dup_icon:
 * @holder: (nullable): a holder of the contract
 *
 * Returns: (transfer full): the app's icon, else one for its kind
 */
GIcon *
baton_app_info_dup_icon (JsonObject *holder)
{
  g_autoptr (GDesktopAppInfo) app = find_app (holder);
  const char *kind = baton_json_get_string (holder, "kind");
  GIcon *icon = app != NULL ? g_app_info_get_icon (G_APP_INFO (app)) : NULL;

  if (icon != NULL)
    return g_object_ref (icon);

  if (g_strcmp0 (kind, "vm") == 0)
    return g_themed_icon_new ("baton-guest-symbolic");
  if (g_strcmp0 (kind, "sound") == 0)
    return g_themed_icon_new ("baton-sound-symbolic");
  if (g_strcmp0 (kind, "compositor") == 0 || g_strcmp0 (kind, "display-server") == 0)
    return g_themed_icon_new ("baton-host-symbolic");
  if (g_strcmp0 (kind, "kernel") == 0 || g_strcmp0 (kind, "service") == 0)
    return g_themed_icon_new ("baton-service-symbolic");

  return g_themed_icon_new ("baton-program-symbolic");
}

typedef struct
{
  const char *prefix;
  const char *words;
} Use;

/* Device files in words; a longer prefix stands before a shorter one. */
static const Use uses[] = {
  { "dri/card", N_ ("screens") },      { "dri/render", N_ ("rendering") },
  { "fb", N_ ("text console") },       { "snd/", N_ ("sound") },
  { "i2c-", N_ ("monitor settings") }, { "vfio/", N_ ("whole card") },
  { "nvidia", N_ ("rendering") },
};

/**
 * baton_app_info_dup_uses:
 * @nodes: (nullable): paths of device files
 *
 * Returns: (transfer full): what they are for, in words, each once
 */
char *
baton_app_info_dup_uses (JsonArray *nodes)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (guint i = 0; i < baton_json_count (nodes); i++)
    {
      JsonNode *node = json_array_get_element (nodes, i);
      const char *path = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      const char *found = _ ("another part");
      /* Past the leading directory, whatever it is called. */
      const char *rest = path != NULL && *path == '/' ? strchr (path + 1, '/') : NULL;

      for (guint j = 0; rest != NULL && j < G_N_ELEMENTS (uses); j++)
        if (g_str_has_prefix (rest + 1, uses[j].prefix))
          {
            found = _ (uses[j].words);
            break;
          }

      if (!g_ptr_array_find_with_equal_func (words, found, g_str_equal, NULL))
        g_ptr_array_add (words, (gpointer) found);
    }
  g_ptr_array_add (words, NULL);

  return g_strjoinv (", ", (char **) words->pdata);
}

/**
 * baton_app_info_dup_summary:
 * @holder: (nullable): a holder of the contract
 *
 * Returns: (transfer full): process, number, user and what it uses, in one line
 */
char *
baton_app_info_dup_summary (JsonObject *holder)
{
  g_autofree char *what = baton_app_info_dup_uses (baton_json_get_array (holder, "nodes"));
  const char *process = baton_json_get_string (holder, "name");
  const char *owner = baton_json_get_string (holder, "user");
  g_autofree char *name = baton_words_embed (process != NULL ? process : "?");
  g_autofree char *user = baton_words_embed (owner != NULL ? owner : "?");
  const char *inside = baton_json_get_string (holder, "container");
  const char *engine = baton_json_get_string (holder, "engine");
  g_autofree char *container = inside != NULL ? baton_words_embed (inside) : NULL;
  int pid = (int) baton_json_get_int (holder, "pid", 0);

  if (pid == 0)
    /* Translators: what the kernel itself uses of a card: a list such as "text console" */
    return *what != '\0' ? g_strdup_printf (_ ("Uses: %s"), what)
                         : g_strdup (_ ("Part of the kernel"));

  if (container != NULL)
    /* Translators: a process's name, its number, the name of a container and of what runs it, such as
     * "Docker", and a list of what it uses of the card, such as "rendering, sound" */
    return g_strdup_printf (_ ("%s · process %d in the container “%s” of %s · uses: %s"), name,
                            pid, container, engine != NULL ? engine : "?", what);

  /* Translators: a process's name, its number, its user's name, and a list of what it uses of the
   * card, such as "rendering, sound" */
  return g_strdup_printf (_ ("%s · process %d of %s · uses: %s"), name, pid, user, what);
}
