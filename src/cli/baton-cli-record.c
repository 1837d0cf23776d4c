/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A recorded computer is a directory with the parts of a #BatonRoot below it. Only what core reads
 * is recorded: no serial numbers, no addresses of networks, no names of people. */

#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define MAX_DEPTH 9

typedef struct
{
  BatonRootPart part;
  const char *name; /* of the part's directory in the record */
  const char *path;
} Item;

static const Item files[] = {
  { BATON_ROOT_PROC, "proc", "cpuinfo" }, { BATON_ROOT_PROC, "proc", "meminfo" },
  { BATON_ROOT_PROC, "proc", "modules" }, { BATON_ROOT_PROC, "proc", "iomem" },
  { BATON_ROOT_PROC, "proc", "1/comm" },  { BATON_ROOT_PROC, "proc", "sys/kernel/osrelease" },
};

static const Item trees[] = {
  { BATON_ROOT_ETC, "etc", "modprobe.d" },
  { BATON_ROOT_ETC, "etc", "driverctl.d" },
  { BATON_ROOT_RUN, "run", "modprobe.d" },
  { BATON_ROOT_USR, "usr", "lib/modprobe.d" },
  { BATON_ROOT_LIB, "lib", "modprobe.d" },
  { BATON_ROOT_SYS, "sys", "bus/pci/devices" },
  { BATON_ROOT_SYS, "sys", "kernel/iommu_groups" },
  { BATON_ROOT_SYS, "sys", "class/graphics" },
  { BATON_ROOT_SYS, "sys", "class/iommu" },
  { BATON_ROOT_SYS, "sys", "class/vtconsole" },
};

/* Attributes that core reads. Anything else below a device may be secret (serial numbers), may be
 * large, or may wake a sleeping card when it is read (`config`, `rom`). */
static const char *const attributes[] = {
  "bind",
  "boot_vga",
  "class",
  "control",
  "dev",
  "device",
  "driver_override",
  "edid",
  "enabled",
  "modalias",
  "name",
  "power_state",
  "removable",
  "reset_method",
  "runtime_status",
  "status",
  "subsystem_device",
  "subsystem_vendor",
  "type",
  "uevent",
  "vendor",
};

typedef struct
{
  BatonRoot *root;
  const char *directory;
  GHashTable *seen; /* paths below sys that are recorded already */
  guint n_files;
} Record;

static gboolean
record_tree (Record *self, const Item *item, const char *path, guint depth, GError **error);

static gboolean
is_attribute (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    if (strcmp (attributes[i], name) == 0)
      return TRUE;

  return FALSE;
}

static gboolean
fail (GError **error, const char *format, const char *path)
{
  int errsv = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errsv), "%s “%s”: %s", format,
               path, g_strerror (errsv));

  return FALSE;
}

static gboolean
make_parent (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);

  return g_mkdir_with_parents (parent, 0777) == 0 ||
         fail (error, _ ("could not make the directory"), parent);
}

static gboolean
write_file (Record *self, const char *path, const char *text, gsize length, GError **error)
{
  self->n_files++;

  return make_parent (path, error) &&
         g_file_set_contents_full (path, text, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0644,
                                   error);
}

/* A file that cannot be read is missing from the record as it is missing for this user. */
static gboolean
record_file (Record *self, const Item *item, const char *path, GError **error)
{
  gsize length = 0;
  g_autofree char *text =
      baton_root_read_file (self->root, item->part, path, MAX_FILE_BYTES, &length, NULL);
  g_autofree char *target = g_build_filename (self->directory, item->name, path, NULL);

  return text == NULL || write_file (self, target, text, length, error);
}

/* Turns the link @text at @path into a path from the part's directory. */
static char *
resolve (const char *path, const char *text)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *joined = g_build_filename ("/", parent, text, NULL);
  g_autofree char *canonical = g_canonicalize_filename (joined, "/");

  return g_strdup (canonical + 1);
}

/* The directories of buses and classes hold links to where a device is: those are followed, one
 * deep. Links within a device lead to its neighbours and stay links. */
static gboolean
record_link (Record *self,
             const Item *item,
             const char *path,
             const char *text,
             guint depth,
             GError **error)
{
  g_autofree char *target = g_build_filename (self->directory, item->name, path, NULL);
  g_autofree char *device = resolve (path, text);

  if (!make_parent (target, error))
    return FALSE;
  if (symlink (text, target) < 0 && errno != EEXIST)
    return fail (error, _ ("could not make the link"), target);

  if (item->part != BATON_ROOT_SYS || depth > 0 || !g_str_has_prefix (device, "devices/"))
    return TRUE;

  return record_tree (self, item, device, 1, error);
}

static gboolean
record_entry (Record *self, const Item *item, const char *path, guint depth, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *text = baton_root_read_link (self->root, item->part, path, NULL);
  struct stat status = { 0 };
  int fd = -1;

  if (text != NULL)
    return record_link (self, item, path, text, depth, error);

  fd = baton_root_open (self->root, item->part, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, NULL);
  if (fd < 0)
    return TRUE;
  if (fstat (fd, &status) < 0)
    status.st_mode = 0;
  close (fd);

  if (S_ISDIR (status.st_mode))
    return record_tree (self, item, path, depth + 1, error);
  if (S_ISREG (status.st_mode) && (item->part != BATON_ROOT_SYS || is_attribute (name)))
    return record_file (self, item, path, error);

  return TRUE;
}

static gboolean
record_tree (Record *self, const Item *item, const char *path, guint depth, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;

  if (depth > MAX_DEPTH ||
      (item->part == BATON_ROOT_SYS && !g_hash_table_add (self->seen, g_strdup (path))))
    return TRUE;

  names = baton_root_list (self->root, item->part, path, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *below = g_build_filename (path, g_ptr_array_index (names, i), NULL);

      if (!record_entry (self, item, below, depth, error))
        return FALSE;
    }

  return TRUE;
}

/* The command line without the words that name disks, hosts and users. */
static gboolean
record_command_line (Record *self, GError **error)
{
  static const char *const private_words[] = {
    "root=", "resume=", "rd.", "cryptdevice=", "ip=", "systemd.hostname=", "luks", "nfsroot=",
  };
  g_autofree char *line = baton_root_read_line (self->root, BATON_ROOT_PROC, "cmdline", NULL);
  g_auto (GStrv) words = g_strsplit_set (line != NULL ? line : "", " \t", -1);
  g_autoptr (GString) kept = g_string_new (NULL);
  g_autofree char *path = g_build_filename (self->directory, "proc", "cmdline", NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      gboolean is_private = words[i][0] == '\0';

      for (guint j = 0; j < G_N_ELEMENTS (private_words); j++)
        is_private |= g_str_has_prefix (words[i], private_words[j]);
      if (!is_private)
        g_string_append_printf (kept, "%s%s", kept->len > 0 ? " " : "", words[i]);
    }
  g_string_append_c (kept, '\n');

  return write_file (self, path, kept->str, kept->len, error);
}

static gboolean
record_all (Record *self, GError **error)
{
  if (!record_command_line (self, error))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (!record_file (self, &files[i], files[i].path, error))
      return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (trees); i++)
    if (!record_tree (self, &trees[i], trees[i].path, 0, error))
      return FALSE;

  return TRUE;
}

/**
 * baton_cli_record:
 * @self: the command line
 *
 * Writes what core reads of this computer to a new directory, so that it can become one of our
 * tests.
 *
 * Returns: the exit status
 */
int
baton_cli_record (BatonCli *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Record record = { self->root, self->words[0], seen, 0 };
  g_autoptr (GError) error = NULL;

  if (g_mkdir (record.directory, 0777) < 0)
    fail (&error, _ ("could not make the directory"), record.directory);
  else
    record_all (&record, &error);

  if (error != NULL)
    return baton_cli_refuse (self, error->message);

  if (self->writer != NULL)
    {
      baton_event_writer_hello (self->writer, self->verb, "self");
      baton_event_writer_result (self->writer, BATON_EXIT_DONE, BATON_CODE_LOOKED, NULL, NULL,
                                 0);
      return BATON_EXIT_DONE;
    }

  g_print (ngettext ("Recorded %u file.\n", "Recorded %u files.\n", record.n_files),
           record.n_files);
  g_print ("%s\n",
           _ ("Look through the directory before you give it away: the files below “etc” "
              "are yours as they are."));

  return BATON_EXIT_DONE;
}
