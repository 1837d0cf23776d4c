/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>
#include <sys/stat.h>

#include <libkmod.h>

/* References used below:
 *  MODULE-SYSFS - Linux kernel/module/main.c: `srcversion` and `version` of a loaded module
 *  BUILD-ID - Linux kernel/module/sysfs.c, add_notes_attrs(): the note as it stands in the file
 *  MODULES-DEP - modules.dep(5)
 *  INITSTATE - Linux kernel/module/sysfs.c: `initstate` of what was loaded from a file, none of what is
 *    built in
 */

#define MAX_INDEX_BYTES (16 * 1024 * 1024)
#define MAX_MODULE_BYTES (256 * 1024 * 1024)
#define MAX_NOTE_BYTES 4096

/* Sizes of name and content, type, and the name "GNU" with its end: what every build id begins with
 * (elf(5), Nhdr). */
#define NOTE_HEAD_BYTES 16

/* What tells one version of a module from another: srcversion is a sum over its sources, without what
 * its makers give away as an object only, and version is what they call it. A module has them where
 * its kernel or its makers want it so (MODULE-SYSFS), and is the same where all it has are; one that
 * has neither is told by the id of its build. */
static const char *const marks[] = { "srcversion", "version" };

typedef enum
{
  FILE_IS_LOADED,
  FILE_IS_OTHER,
  FILE_IS_GONE,
  FILE_IS_UNTOLD, /* nothing in it, or nothing in memory, tells */
} Answer;

/* What the files of one kernel are looked up with. */
typedef struct
{
  BatonRoot *root;
  char *directory;     /* owned: of the running kernel's modules, below BATON_ROOT_LIB */
  char *index;         /* owned: text of modules.dep */
  guint64 boot_time_s; /* when the computer was started, in seconds since 1970, or 0 */
  gboolean removed; /* the kernel that runs has no modules any more, and perhaps others have */
  struct kmod_ctx *kmod;
} Files;

static gboolean
is_named (const char *path, const char *module)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *wanted = g_strdelimit (g_strdup (module), "-", '_');
  char *end = strstr (name, ".ko");

  if (end == NULL)
    return FALSE;
  *end = '\0';
  g_strdelimit (name, "-", '_');

  return g_str_equal (name, wanted) ||
         (g_str_equal (module, BATON_NVIDIA_DRIVER) && baton_nvidia_is_driver_file (name));
}

/* The files that modprobe may load it from: the index has a line "PATH: …" for each (MODULES-DEP).
 * There are several where Debian's packages for old and new cards of NVIDIA's are side by side. One
 * outside of the directory is not looked at. */
static GStrv
list_files (const Files *files, const char *module, gboolean *ret_is_elsewhere)
{
  g_autoptr (GStrvBuilder) found = g_strv_builder_new ();

  *ret_is_elsewhere = FALSE;
  for (const char *line = files->index; line != NULL && *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      const char *colon = memchr (line, ':', (gsize) (end - line));

      if (colon != NULL && colon > line)
        {
          g_autofree char *path = g_strndup (line, (gsize) (colon - line));
          g_autofree char *below = g_build_filename (files->directory, path, NULL);
          gboolean is_outside = *path == '/';

          if (is_named (path, module) && !is_outside)
            g_strv_builder_add (found, below);
          *ret_is_elsewhere |= is_named (path, module) && is_outside;
        }
      line = *end == '\n' ? end + 1 : end;
    }

  return g_strv_builder_end (found);
}

static guint64
read_boot_time (BatonRoot *root)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, "stat", MAX_INDEX_BYTES, NULL, NULL);
  const char *line = text != NULL ? strstr (text, "\nbtime ") : NULL;

  return line != NULL ? g_ascii_strtoull (line + strlen ("\nbtime "), NULL, 10) : 0;
}

/* A file that has not been touched since the computer was started is the one that was loaded. A
 * package keeps the times that its files were made with, but none keeps the time of the change. */
static gboolean
is_older_than_boot (const Files *files, const char *below)
{
  g_autofree char *path = baton_root_build_path (files->root, BATON_ROOT_LIB, below);
  struct stat info;

  return stat (path, &info) < 0 || (guint64) info.st_ctime < files->boot_time_s;
}

/* The index is made anew whenever a module is installed, so an old one says that none was, and most
 * looks end there. */
static void
open_files (Files *files, const char *release)
{
  static const char *const no_config[] = { NULL };
  g_autofree char *index = NULL;

  files->directory = g_build_filename ("modules", release, NULL);
  index = g_build_filename (files->directory, "modules.dep", NULL);
  files->boot_time_s = read_boot_time (files->root);
  files->removed = !baton_root_exists (files->root, BATON_ROOT_LIB, index) &&
                   baton_root_exists (files->root, BATON_ROOT_LIB, "modules");
  if (is_older_than_boot (files, index))
    return;
  files->index =
      baton_root_read_file (files->root, BATON_ROOT_LIB, index, MAX_INDEX_BYTES, NULL, NULL);
  files->kmod = kmod_new (NULL, no_config);
  if (files->kmod != NULL)
    kmod_set_log_priority (files->kmod, 0);
}

static void
close_files (Files *files)
{
  g_free (files->directory);
  g_free (files->index);
  if (files->kmod != NULL)
    kmod_unref (files->kmod);
}

static char *
read_mark_of_file (const Files *files, const char *path, const char *mark)
{
  struct kmod_module *module = NULL;
  struct kmod_list *list = NULL;
  struct kmod_list *item;
  char *value = NULL;

  if (files->kmod == NULL || kmod_module_new_from_path (files->kmod, path, &module) < 0)
    return NULL;
  if (kmod_module_get_info (module, &list) >= 0)
    {
      kmod_list_foreach (item, list)
      {
        if (value == NULL && strcmp (kmod_module_info_get_key (item), mark) == 0)
          value = g_strdup (kmod_module_info_get_value (item));
      }
      kmod_module_info_free_list (list);
    }
  kmod_module_unref (module);

  return value;
}

/* The one in memory is known by its note (BUILD-ID), which its file has as well, unless it is packed:
 * what a packed file holds is not looked for. */
static Answer
compare_build_ids (const Files *files, const char *module, const char *below)
{
  g_autofree char *attribute =
      g_strconcat ("module/", module, "/notes/.note.gnu.build-id", NULL);
  g_autofree char *text = NULL;
  g_autofree char *note = NULL;
  gsize note_length = 0;
  gsize length = 0;

  note = baton_root_read_file (files->root, BATON_ROOT_SYS, attribute, MAX_NOTE_BYTES,
                               &note_length, NULL);
  if (note == NULL || note_length <= NOTE_HEAD_BYTES)
    return FILE_IS_UNTOLD;
  text = baton_root_read_file (files->root, BATON_ROOT_LIB, below, MAX_MODULE_BYTES, &length,
                               NULL);
  if (text == NULL || memmem (text, length, note, NOTE_HEAD_BYTES) == NULL)
    return FILE_IS_UNTOLD;

  return memmem (text, length, note, note_length) != NULL ? FILE_IS_LOADED : FILE_IS_OTHER;
}

/* Whether the file @below is another one than @module was loaded from. The module itself is never
 * asked for anything, and never loaded. */
static Answer
compare_file (const Files *files, const char *module, const char *below)
{
  g_autofree char *path = baton_root_build_path (files->root, BATON_ROOT_LIB, below);
  gboolean told = FALSE;

  if (!baton_root_exists (files->root, BATON_ROOT_LIB, below))
    return FILE_IS_GONE;
  if (is_older_than_boot (files, below))
    return FILE_IS_LOADED;
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autofree char *attribute = g_strconcat ("module/", module, "/", marks[i], NULL);
      g_autofree char *loaded =
          baton_root_read_line (files->root, BATON_ROOT_SYS, attribute, NULL);
      g_autofree char *on_disk = NULL;

      if (loaded == NULL || *loaded == '\0')
        continue;
      on_disk = read_mark_of_file (files, path, marks[i]);
      if (on_disk != NULL && strcmp (on_disk, loaded) != 0)
        return FILE_IS_OTHER;
      told |= on_disk != NULL;
    }

  return told ? FILE_IS_LOADED : compare_build_ids (files, module, below);
}

/* What is built in never had a file (INITSTATE), and of a tree that does not say when its computer was
 * started, which is a recorded one, nobody says that it has all files. */
static gboolean
had_file (const Files *files, const char *module)
{
  g_autofree char *state = g_build_filename ("module", module, "initstate", NULL);

  return files->boot_time_s > 0 && baton_root_exists (files->root, BATON_ROOT_SYS, state);
}

static Answer
compare (const Files *files, const char *module)
{
  gboolean is_elsewhere;
  g_auto (GStrv) paths = list_files (files, module, &is_elsewhere);
  Answer answer = is_elsewhere ? FILE_IS_LOADED : FILE_IS_GONE;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      answer = compare_file (files, module, paths[i]);
      if (answer == FILE_IS_LOADED)
        break;
    }

  return answer == FILE_IS_GONE && !had_file (files, module) ? FILE_IS_LOADED : answer;
}

/* The driver that a display has, or those that it might come back to. */
static void
add_modules (GHashTable *modules, const BatonFunction *display)
{
  if (display->driver_module != NULL)
    g_hash_table_add (modules, g_strdup (display->driver_module));
  for (guint i = 0; display->modules != NULL && display->modules[i] != NULL; i++)
    g_hash_table_add (modules, g_strdup (baton_nvidia_get_module (display->modules[i])));
}

/* Says which drivers of cards are loaded and have another file by now, as after an upgrade, or none, as
 * after the kernel that runs was removed; and of which nobody can say it. */
void
baton_look_find_replaced_modules (BatonLook *self, BatonMachine *machine)
{
  g_autoptr (GHashTable) modules =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) replaced = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) untold = g_strv_builder_new ();
  const char *release = machine->system->kernel_release;
  Files files = { .root = self->root };
  GHashTableIter iter;
  gpointer name;

  if (release != NULL && strchr (release, '/') == NULL && machine->cards->len > 0)
    open_files (&files, release);
  for (guint i = 0; (files.index != NULL || files.removed) && i < machine->cards->len; i++)
    add_modules (modules, ((BatonCard *) g_ptr_array_index (machine->cards, i))->display);

  g_hash_table_iter_init (&iter, modules);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      Answer answer = strchr (name, '/') == NULL ? compare (&files, name) : FILE_IS_LOADED;

      if (answer != FILE_IS_LOADED)
        g_strv_builder_add (answer == FILE_IS_UNTOLD ? untold : replaced, name);
    }
  close_files (&files);

  g_strfreev (machine->system->modules_replaced);
  machine->system->modules_replaced = g_strv_builder_end (replaced);
  g_strfreev (machine->system->modules_untold);
  machine->system->modules_untold = g_strv_builder_end (untold);
}
