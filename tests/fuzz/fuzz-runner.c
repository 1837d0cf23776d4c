/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-runner CORPUS: gives the target each file of the corpus, whole, cut at every byte, and
 * changed in ways that are the same in every run. */
#include "config.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define N_CHANGES 3000

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What parsers of JSON and of arguments look at. */
static const char telling[] = "{}[]\",:\\/#\n\0\x80\xff-+.0eEutfn ";

static void
give (const guint8 *data, gsize size)
{
  /* A copy of exactly that size: the sanitizer sees who reads on. */
  g_autofree guint8 *copy = g_memdup2 (data, MAX (size, 1));

  LLVMFuzzerTestOneInput (copy, size);
}

static void
change (GByteArray *bytes, GRand *rand)
{
  guint where = (guint) g_rand_int_range (rand, 0, (gint32) MAX (bytes->len, 1));
  guint8 byte = (guint8) telling[g_rand_int_range (rand, 0, sizeof telling - 1)];
  guint length = (guint) g_rand_int_range (rand, 1, 64);

  if (bytes->len == 0)
    {
      g_byte_array_append (bytes, &byte, 1);
      return;
    }

  switch (g_rand_int_range (rand, 0, 5))
    {
    case 0:
      bytes->data[where] = byte;
      break;
    case 1:
      bytes->data[where] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
      break;
    case 2:
      length = MIN (bytes->len - where, length);
      g_byte_array_remove_range (bytes, where, length);
      break;
    case 3:
      length = MIN (bytes->len - where, length);
      {
        g_autofree guint8 *piece = g_memdup2 (bytes->data + where, length);

        g_byte_array_append (bytes, piece, length);
      }
      break;
    default:
      g_byte_array_set_size (bytes, where + 1);
      break;
    }
}

static void
run_file (const char *path, const char *name)
{
  g_autofree char *contents = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_str_hash (name));
  gsize size = 0;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  for (gsize i = 0; i <= MIN (size, 2048); i++)
    give ((const guint8 *) contents, i);
  give ((const guint8 *) contents, size);

  for (guint i = 0; i < N_CHANGES; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      guint n_changes = (guint) g_rand_int_range (rand, 1, 6);

      g_byte_array_append (bytes, (const guint8 *) contents, (guint) size);
      for (guint j = 0; j < n_changes; j++)
        change (bytes, rand);
      give (bytes->data, bytes->len);
    }
}

static void
test_corpus (gconstpointer data)
{
  const char *directory = data;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n_files = 0;

  g_assert_nonnull (dir);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_test_message ("%s", name);
      run_file (path, name);
      n_files++;
    }
  g_assert_cmpuint (n_files, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_data_func ("/fuzz/corpus", argv[1], test_corpus);

  return g_test_run ();
}
