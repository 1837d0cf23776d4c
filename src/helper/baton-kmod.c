/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kmod.h"

#include <errno.h>
#include <string.h>

/* References used below:
 *  DEBIAN - packages nvidia-kernel-support and nvidia-*-kernel-dkms: there is no nvidia.ko, but a
 *    nvidia-current.ko, and /etc/modprobe.d/nvidia.conf leads to it:
 *      install nvidia modprobe -i nvidia-current $CMDLINE_OPTS
 *      install nvidia-drm modprobe nvidia-modeset ; modprobe -i nvidia-current-drm $CMDLINE_OPTS
 *  MODPROBE-D - modprobe.d(5), "install": $CMDLINE_OPTS stands for the options of the module that
 *    was asked for; modprobe(8), --ignore-install
 *  MODINFO-NAME - Linux scripts/mod/modpost.c, add_header(): the name that a module has once it is
 *    loaded stands in its file, whatever that is called
 */

#define MAX_DEPTH 8

static const char opts_word[] = "$CMDLINE_OPTS";

static int add_inserts (KmodContext *context,
                        const char *name,
                        const char *options,
                        guint depth,
                        GPtrArray *inserts);

static void
free_insert (BatonInsert *self)
{
  kmod_module_unref (self->module);
  g_free (self->options);
  g_free (self);
}

static void
take_insert (GPtrArray *inserts, KmodModule *module, const char *options, unsigned int flags)
{
  BatonInsert *insert = g_new0 (BatonInsert, 1);

  insert->module = module;
  insert->options = options != NULL && *options != '\0' ? g_strdup (options) : NULL;
  insert->flags = flags;
  g_ptr_array_add (inserts, insert);
}

static char *
join_options (const char *first, const char *second)
{
  if (first == NULL || *first == '\0')
    return g_strdup (second);
  if (second == NULL || *second == '\0')
    return g_strdup (first);

  return g_strconcat (first, " ", second, NULL);
}

/* One call of modprobe, out of a line. */
typedef struct
{
  const char *name;  /* (nullable) */
  gboolean own_file; /* the module itself, not what a line makes of it */
  GString *options;
} Call;

static void
clear_call (Call *call)
{
  if (call->options != NULL)
    g_string_free (call->options, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, clear_call)

static gboolean
is_made_of (const char *word, const char *more)
{
  for (const char *c = word; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr (more, *c) == NULL)
      return FALSE;

  return *word != '\0';
}

static void
add_option (Call *call, const char *option)
{
  if (option == NULL || *option == '\0')
    return;
  if (call->options->len > 0)
    g_string_append_c (call->options, ' ');
  g_string_append (call->options, option);
}

static gboolean
read_word (Call *call, const char *word, const char *options)
{
  if (call->name == NULL && (g_str_equal (word, "-q") || g_str_equal (word, "--quiet")))
    return TRUE;
  if (call->name == NULL &&
      (g_str_equal (word, "-i") || g_str_equal (word, "--ignore-install")))
    {
      call->own_file = TRUE;
      return TRUE;
    }
  if (call->name == NULL)
    {
      call->name = word;
      return *word != '-' && is_made_of (word, "_-");
    }
  if (g_str_equal (word, opts_word))
    {
      add_option (call, options);
      return TRUE;
    }
  add_option (call, word);

  return strchr (word, '=') != NULL && is_made_of (word, "_-.,:=");
}

static int
run_call (KmodContext *context,
          const char *text,
          const char *options,
          guint depth,
          GPtrArray *inserts)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  g_auto (Call) call = { .options = g_string_new (NULL) };
  g_autoptr (KmodModule) module = NULL;
  gboolean begun = FALSE;
  int result;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (*words[i] == '\0')
        continue;
      if (begun ? !read_word (&call, words[i], options)
                : !g_str_equal (words[i], "modprobe") &&
                      !g_str_has_suffix (words[i], "/modprobe"))
        return ENOENT;
      begun = TRUE;
    }
  if (call.name == NULL)
    return ENOENT;
  if (!call.own_file)
    return add_inserts (context, call.name, call.options->str, depth + 1, inserts);

  result = kmod_module_new_from_name_lookup (context, call.name, &module);
  if (result < 0 || module == NULL)
    return result < 0 ? -result : ENOENT;
  take_insert (inserts, g_steal_pointer (&module), call.options->str,
               KMOD_PROBE_IGNORE_COMMAND);

  return 0;
}

/* The line is not given to a shell, in which root would run whatever it says: only what is nothing
 * but modprobe, called once or more, is understood (DEBIAN). */
static int
follow_line (KmodContext *context,
             const char *line,
             const char *options,
             guint depth,
             GPtrArray *inserts)
{
  g_auto (GStrv) parts = g_strsplit (line, "&&", -1);
  g_autofree char *joined = g_strjoinv (";", parts);
  g_auto (GStrv) calls = g_strsplit (joined, ";", -1);
  int result = 0;

  for (guint i = 0; result == 0 && calls[i] != NULL; i++)
    result = run_call (context, calls[i], options, depth, inserts);

  return result;
}

static int
look_further (KmodContext *context,
              const char *name,
              const char *options,
              guint depth,
              GPtrArray *inserts)
{
  struct kmod_list *list = NULL;
  g_autoptr (KmodModule) module = NULL;
  g_autofree char *all = NULL;
  const char *line;
  int result = kmod_module_new_from_lookup (context, name, &list);

  if (result < 0 || list == NULL)
    return result < 0 ? -result : ENOENT;
  module = kmod_module_get_module (list);
  kmod_module_unref_list (list);
  /* One that is on its way is inserted once more: the kernel waits for it then (kernel/module/main.c,
   * add_unformed_module()). */
  if (kmod_module_get_initstate (module) == KMOD_MODULE_LIVE)
    return 0;
  line = kmod_module_get_install_commands (module);
  if (line == NULL)
    {
      take_insert (inserts, g_steal_pointer (&module), options, 0);
      return 0;
    }
  all = join_options (kmod_module_get_options (module), options);

  return follow_line (context, line, all, depth, inserts);
}

static int
add_inserts (KmodContext *context,
             const char *name,
             const char *options,
             guint depth,
             GPtrArray *inserts)
{
  g_autoptr (KmodModule) module = NULL;
  int result;

  if (depth >= MAX_DEPTH)
    return ELOOP;
  result = kmod_module_new_from_name_lookup (context, name, &module);
  if (result < 0)
    return -result;
  if (module == NULL)
    return look_further (context, name, options, depth, inserts);
  take_insert (inserts, g_steal_pointer (&module), options, 0);

  return 0;
}

/**
 * baton_kmod_list_inserts:
 * @context: where to look
 * @name: a module, from a closed list or from what the helper read itself
 * @options: (nullable): parameters that go before those of modprobe.d(5)
 * @ret_inserts: (out) (transfer full) (element-type BatonInsert): what is inserted for it
 *
 * Finds out what has to be inserted so that @name is there: the module's own file, or, where
 * there is none, what an "install" line of modprobe.d(5) leads to (DEBIAN). What is loaded already
 * is left out there.
 *
 * Returns: 0, or an errno
 */
int
baton_kmod_list_inserts (KmodContext *context,
                         const char *name,
                         const char *options,
                         GPtrArray **ret_inserts)
{
  *ret_inserts = g_ptr_array_new_with_free_func ((GDestroyNotify) free_insert);

  return add_inserts (context, name, options, 0, *ret_inserts);
}

/**
 * baton_kmod_dup_loaded_name:
 * @module: a module
 *
 * Returns: (transfer full): the name that it has in the kernel (MODINFO-NAME)
 */
char *
baton_kmod_dup_loaded_name (KmodModule *module)
{
  struct kmod_list *list = NULL;
  struct kmod_list *item;
  char *name = NULL;

  if (kmod_module_get_path (module) != NULL && kmod_module_get_info (module, &list) >= 0)
    {
      kmod_list_foreach (item, list)
      {
        if (name == NULL && strcmp (kmod_module_info_get_key (item), "name") == 0)
          name = g_strdup (kmod_module_info_get_value (item));
      }
      kmod_module_info_free_list (list);
    }

  return name != NULL ? name : g_strdup (kmod_module_get_name (module));
}
