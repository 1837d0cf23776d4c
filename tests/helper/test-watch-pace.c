/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-pace.h"

#define BEGAN_US G_GINT64_CONSTANT (5000000000)

/* In milliseconds after the look began. */
static const struct
{
  const char *name;
  gint64 ended;
  gint64 now;
  guint wait;
} cases[] = {
  { "event-right-after", 20, 20, 980 },
  { "event-half-a-second-later", 20, 520, 480 },
  { "event-long-after", 20, 60000, 0 },
  { "look-of-half-a-second", 500, 500, 4500 },
  { "event-in-the-middle-of-its-pause", 500, 3000, 2000 },
  { "look-that-waited-for-somebody-stuck", 10000, 10000, 30000 },
  { "look-that-took-no-time", 0, 0, 1000 },
};

static void
test_wait (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  g_assert_cmpuint (
      baton_watch_pace_get_wait (BEGAN_US, BEGAN_US + cases[i].ended * G_TIME_SPAN_MILLISECOND,
                                 BEGAN_US + cases[i].now * G_TIME_SPAN_MILLISECOND),
      ==, cases[i].wait);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/helper/watch-pace/%s", cases[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_wait);
    }

  return g_test_run ();
}
