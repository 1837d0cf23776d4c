/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-pace.h"

/* However many events come, the machine is looked at once in this time. */
#define LOOK_EVERY_MS 1000

/* A watch looks for a tenth of the time. On a computer that has its hands full a look takes long,
 * and watches that went on from one look to the next would be what it has them full with. */
#define PAUSES 9

/* Nor is anybody shown what is older than this. */
#define LONGEST_PAUSE_MS 30000

/**
 * baton_watch_pace_get_wait:
 * @began_us: when the last look began, in microseconds of a clock that only goes on
 * @ended_us: when it ended
 * @now_us: what that clock says now
 *
 * Returns: in how many milliseconds the next look may begin
 */
guint
baton_watch_pace_get_wait (gint64 began_us, gint64 ended_us, gint64 now_us)
{
  gint64 pause_us =
      MIN (PAUSES * (ended_us - began_us), LONGEST_PAUSE_MS * G_TIME_SPAN_MILLISECOND);
  gint64 next_us =
      MAX (began_us + LOOK_EVERY_MS * G_TIME_SPAN_MILLISECOND, ended_us + pause_us);

  return (guint) (MAX (next_us - now_us, 0) / G_TIME_SPAN_MILLISECOND);
}
