/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-edid.h"

#include <string.h>

#define BLOCK 128

static void
start_block (guint8 *block)
{
  static const guint8 header[] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };

  memset (block, 0, BLOCK);
  memcpy (block, header, sizeof header);
}

static void
set_descriptor (guint8 *block, guint n, guint8 tag, const char *text)
{
  guint8 *descriptor = block + 54 + n * 18;

  descriptor[3] = tag;
  memset (descriptor + 5, ' ', 13);
  memcpy (descriptor + 5, text, MIN (strlen (text), 13));
}

static void
test_names (void)
{
  static const struct
  {
    const char *text;
    const char *monitor;
  } rows[] = {
    { "DELL U2720Q\n ", "DELL U2720Q" },
    { "ThirteenChars", "ThirteenChars" },
    { "  LG \n", "LG" },
    { "\n", NULL },
    { "             ", NULL },
    { "a\x1b[31mb\n", "a[31mb" },
    { "\xff\xfe\xfd\n", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 block[BLOCK];
      g_autofree char *monitor = NULL;

      g_test_message ("row %u", i);
      start_block (block);
      set_descriptor (block, 1, 0xff, "SERIAL12345\n");
      set_descriptor (block, 2, 0xfc, rows[i].text);
      monitor = baton_edid_dup_monitor (block, sizeof block);
      g_assert_cmpstr (monitor, ==, rows[i].monitor);
    }
}

static void
test_refuses (void)
{
  guint8 block[BLOCK];

  start_block (block);
  set_descriptor (block, 0, 0xfc, "Name\n");
  g_assert_null (baton_edid_dup_monitor (block, 0));
  g_assert_null (baton_edid_dup_monitor (block, BLOCK - 1));

  /* A timing may have any bytes where a descriptor has its tag. */
  block[54] = 0x02;
  g_assert_null (baton_edid_dup_monitor (block, sizeof block));

  start_block (block);
  set_descriptor (block, 0, 0xfc, "Name\n");
  block[1] = 0;
  g_assert_null (baton_edid_dup_monitor (block, sizeof block));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/edid/names", test_names);
  g_test_add_func ("/core/edid/refuses", test_refuses);

  return g_test_run ();
}
