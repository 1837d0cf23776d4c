/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that a helper sends: split into lines, parsed, taken in by a view, and passed on. */
#include "config.h"

#include "baton-line-splitter.h"
#include "baton-view.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
read_view (BatonView *view)
{
  JsonArray *cards = baton_view_get_cards (view);

  baton_view_find_card (view, "0000:01:00.0");
  baton_view_get_holders (view, "0000:01:00.0");
  baton_view_get_groups (view);
  g_assert_true (cards == NULL || json_array_get_length (cards) <= 65536);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (BatonLineSplitter) splitter = baton_line_splitter_new (BATON_MAX_LINE_IN);
  g_autoptr (BatonView) view = baton_view_new ();
  int fd = open ("/dev/null", O_WRONLY | O_CLOEXEC);
  BatonEventWriter *writer = baton_event_writer_new (fd, NULL);

  baton_line_splitter_push (splitter, (const char *) data, size);
  baton_line_splitter_push (splitter, "\n", 1);

  for (;;)
    {
      g_autoptr (GBytes) line = baton_line_splitter_pop (splitter);
      g_autoptr (BatonEvent) event = NULL;
      gsize length = 0;
      const char *bytes = line != NULL ? g_bytes_get_data (line, &length) : NULL;

      if (line == NULL)
        break;
      if (bytes == NULL)
        bytes = "";

      event = baton_event_parse (bytes, (gssize) length, NULL);
      g_assert_cmpint (baton_event_writer_relay (writer, bytes, (gssize) length), ==,
                       event != NULL);
      if (event != NULL)
        baton_view_feed (view, event);
    }

  read_view (view);
  baton_event_writer_free (writer);
  close (fd);

  return 0;
}
