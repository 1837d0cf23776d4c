/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-edid.h"

#include <string.h>

/* References used below:
 *  E-EDID - VESA Enhanced EDID Standard, release A2: 3.10 display descriptors
 */

#define BASE_BLOCK 128
#define FIRST_DESCRIPTOR 54 /* E-EDID table 3.1 */
#define DESCRIPTOR_BYTES 18
#define N_DESCRIPTORS 4
#define TAG_NAME 0xfc /* E-EDID 3.10.3.4: display product name */
#define TEXT_OFFSET 5
#define TEXT_BYTES 13

static const guint8 header[] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };

/**
 * baton_edid_dup_monitor:
 * @edid: what a connector's `edid` reads
 * @length: its length in bytes, 0 where nothing is plugged in
 *
 * Reads the name that the monitor calls itself by (E-EDID 3.10.3.4). A cheap monitor's
 * text may be anything: only printable ASCII is taken.
 *
 * Returns: (transfer full) (nullable): the name, or %NULL where there is none
 */
char *
baton_edid_dup_monitor (const guint8 *edid, gsize length)
{
  if (length < BASE_BLOCK || memcmp (edid, header, sizeof header) != 0)
    return NULL;

  for (guint i = 0; i < N_DESCRIPTORS; i++)
    {
      const guint8 *descriptor = edid + FIRST_DESCRIPTOR + i * DESCRIPTOR_BYTES;
      g_autoptr (GString) name = g_string_new (NULL);

      /* A pixel clock that is not zero makes it a timing instead. */
      if (descriptor[0] != 0 || descriptor[1] != 0 || descriptor[3] != TAG_NAME)
        continue;

      for (guint j = 0; j < TEXT_BYTES && descriptor[TEXT_OFFSET + j] != '\n'; j++)
        {
          if (g_ascii_isprint (descriptor[TEXT_OFFSET + j]))
            g_string_append_c (name, (char) descriptor[TEXT_OFFSET + j]);
        }
      g_strstrip (name->str);
      if (*name->str != '\0')
        return g_strdup (name->str);
    }

  return NULL;
}
