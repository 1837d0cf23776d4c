/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "baton-kmod.h"

/* libkmod, libkmod-index.c: what its binary indexes begin with, and what stands in an offset beside
 * the offset. */
#define INDEX_MAGIC 0xB007F457U
#define INDEX_VERSION 0x00020001U
#define NODE_VALUES 0x40000000U
#define NODE_CHILDREN 0x20000000U

/* No module that anybody has loaded, so that it does not matter where this runs. Sorted. */
static const char *const files[][2] = {
  { "btx_current", "updates/btx-current.ko:" },
  { "btx_current_drm", "updates/btx-current-drm.ko: updates/btx-current.ko" },
  { "btx_current_modeset", "updates/btx-current-modeset.ko: updates/btx-current.ko" },
  { "btx_plain", "updates/btx-plain.ko:" },
};

static const char lines[] =
    "install btx modprobe -i btx-current $CMDLINE_OPTS\n"
    "install btx-modeset modprobe btx ; modprobe -i btx-current-modeset $CMDLINE_OPTS\n"
    "install btx-drm /sbin/modprobe btx-modeset && modprobe --ignore-install btx-current-drm "
    "fbdev=1 $CMDLINE_OPTS\n"
    "install btx-mute modprobe -q -i btx-current\n"
    "install btx-shell modprobe -i btx-current $CMDLINE_OPTS; touch /run/pwned\n"
    "install btx-trick modprobe -i btx-current $(touch /run/pwned)\n"
    "install btx-pipe modprobe -i btx-current a=1|sh\n"
    "install btx-none modprobe -i btx-missing $CMDLINE_OPTS\n"
    "install btx-empty modprobe\n"
    "install btx-off /bin/true\n"
    "install btx-circle modprobe btx-ring\n"
    "install btx-ring modprobe btx-circle\n"
    "alias btx-other btx-plain\n"
    "options btx a=1\n"
    "options btx-modeset b=\"x; y\"\n";

static void
put_u32 (GByteArray *bytes, guint32 number)
{
  guint32 big_endian = GUINT32_TO_BE (number);

  g_byte_array_append (bytes, (const guint8 *) &big_endian, sizeof big_endian);
}

/* The node of all names from @first to before @end, which begin with the same @depth letters; one
 * letter to a node. Children stand before their parents. */
static guint32
put_node (GByteArray *bytes, guint first, guint end, guint depth)
{
  guint32 children[128] = { 0 };
  guchar low = 127;
  guchar high = 0;
  gboolean is_name = files[first][0][depth] == '\0';
  guint32 offset;

  for (guint i = first + (is_name ? 1 : 0); i < end;)
    {
      guchar letter = (guchar) files[i][0][depth];
      guint next = i;

      while (next < end && (guchar) files[next][0][depth] == letter)
        next++;
      children[letter] = put_node (bytes, i, next, depth + 1);
      low = MIN (low, letter);
      high = MAX (high, letter);
      i = next;
    }

  offset = bytes->len | (is_name ? NODE_VALUES : 0) | (high > 0 ? NODE_CHILDREN : 0);
  if (high > 0)
    {
      g_byte_array_append (bytes, &low, 1);
      g_byte_array_append (bytes, &high, 1);
      for (guchar letter = low; letter <= high; letter++)
        put_u32 (bytes, children[letter]);
    }
  if (is_name)
    {
      put_u32 (bytes, 1);
      put_u32 (bytes, 0);
      g_byte_array_append (bytes, (const guint8 *) files[first][1],
                           (guint) strlen (files[first][1]) + 1);
    }

  return offset;
}

typedef struct
{
  char *directory;
  KmodContext *context;
} Fixture;

static void
write_file (const Fixture *self, const char *name, const void *text, gsize length)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, (gssize) length, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GByteArray) index = g_byte_array_new ();
  g_autofree char *conf = NULL;
  const char *paths[2] = { NULL };
  guint32 root;

  self->directory = g_dir_make_tmp ("baton-kmod-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  put_u32 (index, INDEX_MAGIC);
  put_u32 (index, INDEX_VERSION);
  put_u32 (index, 0);
  root = GUINT32_TO_BE (put_node (index, 0, G_N_ELEMENTS (files), 0));
  memcpy (index->data + 2 * sizeof root, &root, sizeof root);
  write_file (self, "modules.dep.bin", index->data, index->len);
  write_file (self, "modprobe.conf", lines, strlen (lines));
  conf = g_build_filename (self->directory, "modprobe.conf", NULL);
  paths[0] = conf;
  self->context = kmod_new (self->directory, paths);
  g_assert_nonnull (self->context);
  kmod_set_log_priority (self->context, 0);
}

static void
tear_down (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const names[] = { "modules.dep.bin", "modprobe.conf" };

  kmod_unref (self->context);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->directory, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (self->directory);
  g_free (self->directory);
}

/* As `NAME OPTIONS`, with a bang where lines of modprobe.d are not to be followed again. */
static char *
dup_inserts (GPtrArray *inserts)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < inserts->len; i++)
    {
      const BatonInsert *insert = g_ptr_array_index (inserts, i);

      g_string_append_printf (
          text, "%s%s%s%s%s", i > 0 ? " / " : "", kmod_module_get_name (insert->module),
          insert->flags == KMOD_PROBE_IGNORE_COMMAND ? "!" : "",
          insert->options != NULL ? " " : "", insert->options != NULL ? insert->options : "");
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_followed (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  static const struct
  {
    const char *name;
    const char *options;
    const char *inserts;
  } rows[] = {
    { "btx_plain", NULL, "btx_plain" },
    { "btx-plain", "x=1", "btx_plain x=1" },
    { "btx-other", "x=1", "btx_plain x=1" },
    { "btx-current", "x=1", "btx_current x=1" },
    { "btx", NULL, "btx_current! a=1" },
    { "btx", "a=2 c=\"p; q\"", "btx_current! a=1 a=2 c=\"p; q\"" },
    { "btx_modeset", "x=1", "btx_current! a=1 / btx_current_modeset! b=\"x; y\" x=1" },
    { "btx_drm", "x=1",
      "btx_current! a=1 / btx_current_modeset! b=\"x; y\" / btx_current_drm! fbdev=1 x=1" },
    { "btx_mute", "x=1", "btx_current!" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) inserts = NULL;
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i].name);
      g_assert_cmpint (
          baton_kmod_list_inserts (self->context, rows[i].name, rows[i].options, &inserts), ==,
          0);
      text = dup_inserts (inserts);
      g_assert_cmpstr (text, ==, rows[i].inserts);
    }
}

/* What is more than modprobe is not understood by half. */
static void
test_refused (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  static const struct
  {
    const char *name;
    int result;
  } rows[] = {
    { "btx-shell", ENOENT }, { "btx-trick", ENOENT },   { "btx-pipe", ENOENT },
    { "btx-none", ENOENT },  { "btx-empty", ENOENT },   { "btx-off", ENOENT },
    { "btx-circle", ELOOP }, { "btx-nowhere", ENOENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) inserts = NULL;

      g_test_message ("%s", rows[i].name);
      g_assert_cmpint (baton_kmod_list_inserts (self->context, rows[i].name, NULL, &inserts),
                       ==, rows[i].result);
    }
}

/* Without a file to read there is the name that libkmod has for it. */
static void
test_loaded_name (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (KmodModule) module = NULL;
  g_autofree char *name = NULL;

  g_assert_cmpint (kmod_module_new_from_name_lookup (self->context, "btx-plain", &module), >=,
                   0);
  g_assert_nonnull (module);
  name = baton_kmod_dup_loaded_name (module);
  g_assert_cmpstr (name, ==, "btx_plain");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/helper/kmod/followed", Fixture, NULL, set_up, test_followed, tear_down);
  g_test_add ("/helper/kmod/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/helper/kmod/loaded-name", Fixture, NULL, set_up, test_loaded_name, tear_down);

  return g_test_run ();
}
