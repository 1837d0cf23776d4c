/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of modprobe's and as a hook of libvirt's. What is adopted is gone when it is looked
 * for again, and every line that is not is there still. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "baton-handmade.h"
#include "mock-machine.h"

#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define FILE_NAME "modprobe.d/vfio.conf"
#define HOOK "libvirt/hooks/qemu"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static MockMachine *mock;

static void
free_mock (void)
{
  mock_machine_free (mock);
}

static void
make_mock (void)
{
  mock = mock_machine_new ();
  mock_machine_add_gpu (mock, "0000:00:02.0", "1");
  mock_machine_add_function (mock, CARD, 0x030000, "10de:1b80:1462:3362", NULL, "2", "nvidia");
  mock_machine_add_function (mock, SOUND, 0x040300, "10de:10f0:1462:3362", NULL, "2",
                             "snd_hda_intel");
  atexit (free_mock);
}

/* Of the machine only its files are another every time. */
static GPtrArray *
find (BatonMachine *machine)
{
  return baton_handmade_find (mock_machine_get_root (mock), machine);
}

static gboolean
is_taken (GPtrArray *found, guint number)
{
  for (guint i = 0; i < found->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (found, i);

      if (one->move == BATON_HANDMADE_LINE && number >= one->line && number <= one->last_line)
        return TRUE;
    }

  return FALSE;
}

/* Every line that is not taken, in order, and nothing cut of the last one. */
static void
check_left (GPtrArray *found, const char *text, gsize length, const char *left, gsize n_left)
{
  gsize at_left = 0;
  guint number = 0;

  for (gsize at = 0; at < length;)
    {
      const char *end = memchr (text + at, '\n', length - at);
      gsize n = end != NULL ? (gsize) (end - text) + 1 - at : length - at;

      if (!is_taken (found, ++number))
        {
          const char *there = at_left <= n_left
                                  ? memmem (left + at_left, n_left - at_left, text + at, n)
                                  : NULL;

          g_assert_nonnull (there);
          at_left = (gsize) (there - left) + n;
        }
      at += n;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static BatonMachine *machine;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) of_card = NULL;
  g_autofree char *digest = NULL;
  g_autofree char *left = NULL;
  gsize n_left = 0;

  if (mock == NULL)
    {
      make_mock ();
      machine = mock_machine_look (mock);
    }
  mock_machine_write_bytes (mock, "etc/" FILE_NAME, data, size);
  mock_machine_write_bytes (mock, "etc/" HOOK, data, size);

  found = find (machine);
  of_card = baton_handmade_list_of_card (found, CARD);
  digest = baton_handmade_dup_digest (found, CARD);
  g_assert_true ((digest == NULL) == (of_card->len == 0));
  left = baton_handmade_rewrite (of_card, FILE_NAME, (const char *) data, size, &n_left);
  if (left != NULL)
    check_left (of_card, (const char *) data, size, left, n_left);

  mock_machine_write_bytes (mock, "etc/" FILE_NAME, left != NULL ? left : "", n_left);
  mock_machine_remove (mock, "etc/" HOOK);
  again = find (machine);
  for (guint i = 0; i < again->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (again, i);

      g_assert_true (strcmp (one->card, CARD) != 0 || one->move == BATON_HANDMADE_BY_HAND);
    }

  return 0;
}
