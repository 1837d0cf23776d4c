/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook-script.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-json.h"
#include "baton-own-file.h"
#include "baton-state-file.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst; HOOK-C - libvirt src/util/virhook.c: in NAME.d whatever is executable
 *    is called, in the order of its name
 *  APPARMOR - libvirt's profile of libvirtd and virtqemud: what is below /etc/libvirt/hooks runs under
 *    that profile itself, what is in /usr/bin leaves it, and nothing in /usr/libexec may be started
 */

/* What Baton has written there, and which directories it made for it. */
#define STATE "libvirt-hook.json"

#define MODE_OF_A_SCRIPT 0755

/* A guest that runs is ended by a hook that fails at the wrong time: whatever is not one of the two is
 * over in the shell already, and so is a program that is there no more. env is there to get out of
 * libvirtd's profile (APPARMOR). */
static const char script[] =
    "#!/bin/sh\n"
    "# Written by Baton: hands graphics cards over to virtual machines that libvirt starts, "
    "and takes\n"
    "# them back. To have it removed: batonctl install-hook --undo\n"
    "case \"$2 $3\" in\n"
    "\"prepare begin\" | \"release end\") ;;\n"
    "*) exit 0 ;;\n"
    "esac\n"
    "[ -x \"" BATON_HELPER_PATH "\" ] || exit 0\n"
    "exec /usr/bin/env \"" BATON_HELPER_PATH "\" libvirt-hook \"$@\" > /dev/null\n";

/* Below /etc, outermost first: those that are not everywhere where libvirt is. */
static const char *const directories[] = { "libvirt/hooks", "libvirt/hooks/qemu.d" };

struct _BatonHookScript
{
  /* borrowed */
  BatonRoot *root;

  gboolean made[G_N_ELEMENTS (directories)]; /* by Baton, as was written down */

  /* owned; NULL: there is no such file */
  char *text;
};

static BatonEnd *
end_foreign (const char *reason)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_ETC, BATON_HOOK_SCRIPT);

  return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_HOOK_FOREIGN_FILE, "file", path,
                        "reason", reason, NULL);
}

static BatonEnd *
end_not_written (const GError *error)
{
  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_HOOK_NOT_WRITTEN, "reason", error->message,
                        NULL);
}

static void
take_directories (BatonHookScript *self, JsonArray *made)
{
  for (guint i = 0; i < baton_json_count (made); i++)
    {
      const char *path = baton_json_node_get_string (json_array_get_element (made, i));

      for (guint j = 0; j < G_N_ELEMENTS (directories); j++)
        if (g_strcmp0 (path, directories[j]) == 0)
          self->made[j] = TRUE;
    }
}

/**
 * baton_hook_script_open:
 * @root: the roots
 * @ret_end: (out): where %NULL is returned: what is in the way, and why
 *
 * Reads it, through no link. What lies there and is not as Baton wrote it is its owner's, and is
 * neither changed nor taken away.
 *
 * Returns: (transfer full) (nullable): the script
 */
BatonHookScript *
baton_hook_script_open (BatonRoot *root, BatonEnd **ret_end)
{
  g_autoptr (BatonHookScript) self = g_new0 (BatonHookScript, 1);
  g_autoptr (JsonNode) state =
      baton_state_read_json (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, NULL);
  JsonObject *object = state != NULL ? json_node_get_object (state) : NULL;
  JsonArray *digests = object != NULL ? baton_json_get_array (object, "digests") : NULL;
  g_autofree char *reason = NULL;

  self->root = root;
  if (object != NULL)
    take_directories (self, baton_json_get_array (object, "directories"));
  if (!baton_own_file_read (root, BATON_HOOK_SCRIPT, &self->text, &reason))
    *ret_end = end_foreign (reason);
  else if (self->text == NULL || g_str_equal (self->text, script) ||
           baton_own_file_is_remembered (digests, self->text))
    return g_steal_pointer (&self);
  else
    *ret_end =
        end_foreign (baton_json_count (digests) > 0 ? "it was changed since Baton wrote it"
                                                    : "Baton did not write it");

  return NULL;
}

/**
 * baton_hook_script_free:
 * @self: (nullable): a script
 */
void
baton_hook_script_free (BatonHookScript *self)
{
  if (self == NULL)
    return;

  g_free (self->text);
  g_free (self);
}

/**
 * baton_hook_script_is_there:
 * @self: a script
 *
 * Returns: whether libvirt finds it
 */
gboolean
baton_hook_script_is_there (BatonHookScript *self)
{
  return self->text != NULL;
}

/* Remembers that either of two texts is Baton's, and the directories that it made. */
static gboolean
remember (BatonHookScript *self, const char *one, const char *other, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  const char *const texts[] = { one, other };
  JsonObject *object = json_object_new ();
  JsonArray *digests = json_array_new ();
  JsonArray *made = json_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *digest = texts[i] != NULL ? baton_own_file_digest (texts[i]) : NULL;

      if (digest != NULL && !baton_own_file_is_remembered (digests, texts[i]))
        json_array_add_string_element (digests, digest);
    }
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    if (self->made[i])
      json_array_add_string_element (made, directories[i]);

  json_object_set_array_member (object, "digests", digests);
  json_object_set_array_member (object, "directories", made);
  json_node_take_object (node, object);
  text = json_to_string (node, FALSE);

  return baton_state_write (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, text,
                            0644, error);
}

/* Those that others have put something into meanwhile stay. */
static void
remove_directories (BatonHookScript *self)
{
  for (guint i = G_N_ELEMENTS (directories); i > 0; i--)
    {
      g_autofree char *parent = g_path_get_dirname (directories[i - 1]);
      g_autofree char *name = g_path_get_basename (directories[i - 1]);
      baton_autofd int dir = -1;

      if (!self->made[i - 1])
        continue;
      dir = baton_state_open_directory (self->root, BATON_ROOT_ETC, parent, FALSE, NULL);
      if (dir >= 0 && unlinkat (dir, name, AT_REMOVEDIR) < 0)
        g_debug ("could not remove '%s': %s, ignoring", name, g_strerror (errno));
    }
}

static gboolean
forget (BatonHookScript *self, GError **error)
{
  remove_directories (self);

  return baton_state_remove (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, error);
}

static gboolean
take_away (BatonHookScript *self, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (BATON_HOOK_SCRIPT);
  g_autofree char *name = g_path_get_basename (BATON_HOOK_SCRIPT);
  g_autofree char *half = g_strdup_printf (".%s.new", name);

  /* The second was left by a power cut in the middle of writing. */
  return baton_state_remove (self->root, BATON_ROOT_ETC, directory, name, error) &&
         baton_state_remove (self->root, BATON_ROOT_ETC, directory, half, error) &&
         forget (self, error);
}

/**
 * baton_hook_script_write:
 * @self: a script
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Writes it, as a whole. What is remembered of it comes first: whatever ends this program, and when, it
 * is known for Baton's.
 *
 * Returns: %TRUE if it is there; else all is as it was
 */
gboolean
baton_hook_script_write (BatonHookScript *self, BatonEnd **ret_end)
{
  g_autofree char *directory = g_path_get_dirname (BATON_HOOK_SCRIPT);
  g_autofree char *name = g_path_get_basename (BATON_HOOK_SCRIPT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    if (!baton_root_exists (self->root, BATON_ROOT_ETC, directories[i]))
      self->made[i] = TRUE;

  if (!remember (self, self->text, script, &error))
    {
      *ret_end = end_not_written (error);
      return FALSE;
    }
  if (!baton_state_write (self->root, BATON_ROOT_ETC, directory, name, script, MODE_OF_A_SCRIPT,
                          &error))
    {
      *ret_end = end_not_written (error);
      /* It may be in its place, and yet not be known to be on the disk. */
      if (self->text == NULL &&
          !baton_state_remove (self->root, BATON_ROOT_ETC, directory, name, NULL))
        g_debug ("could not remove '%s', ignoring", name);
      if (self->text == NULL)
        forget (self, NULL);
      return FALSE;
    }
  /* What is remembered beyond that does no harm. */
  remember (self, script, NULL, NULL);

  return TRUE;
}

/**
 * baton_hook_script_remove:
 * @self: a script
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Takes it away, and with it the directories that were made for it and what is remembered.
 *
 * Returns: %TRUE if nothing of it is left
 */
gboolean
baton_hook_script_remove (BatonHookScript *self, BatonEnd **ret_end)
{
  g_autoptr (GError) error = NULL;

  if (take_away (self, &error))
    return TRUE;
  *ret_end = end_not_written (error);

  return FALSE;
}
