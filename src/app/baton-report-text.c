/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-report-text.h"

#include "baton-json.h"

static void
add_line (GString *text, const char *key, const char *value)
{
  if (value != NULL && *value != '\0')
    g_string_append_printf (text, "%s: %s\n", key, value);
}

/**
 * baton_report_text_build:
 * @report: (nullable): a report of the contract
 *
 * A report is copied to be sent to somebody who can help: it is in English, says codes and
 * addresses, and names no user.
 *
 * Returns: (transfer full): the report as plain text
 */
char *
baton_report_text_build (JsonObject *report)
{
  GString *text = g_string_new ("Baton " BATON_VERSION "\n");
  JsonArray *steps = baton_json_get_array (report, "steps");
  g_autofree char *cards =
      baton_json_join_strings (baton_json_get_array (report, "cards"), ", ");
  g_autoptr (GDateTime) at =
      g_date_time_new_from_unix_utc (baton_json_get_int (report, "at", 0));
  g_autofree char *when = at != NULL ? g_date_time_format_iso8601 (at) : NULL;

  add_line (text, "cards", cards);
  add_line (text, "to", baton_json_get_string (report, "to"));
  add_line (text, "at", baton_json_get_int (report, "at", 0) > 0 ? when : NULL);
  add_line (text, "state", baton_json_get_string (report, "state"));
  add_line (text, "code", baton_json_get_string (report, "code"));
  add_line (text, "text", baton_json_get_string (report, "text"));
  add_line (text, "at step", baton_json_get_string (report, "at_step"));
  g_string_append_printf (text, "elapsed: %" G_GINT64_FORMAT " ms\n",
                          baton_json_get_int (report, "elapsed_ms", 0));

  for (guint i = 0; i < baton_json_count (steps); i++)
    {
      JsonObject *step = baton_json_nth_object (steps, i);
      const char *state = baton_json_get_string (step, "state");
      const char *said = baton_json_get_string (step, "text");

      g_string_append_printf (text, "  %-8s %s", state != NULL ? state : "-",
                              baton_json_get_string (step, "id"));
      if (said != NULL)
        g_string_append_printf (text, ": %s", said);
      g_string_append_c (text, '\n');
    }

  return g_string_free (text, FALSE);
}
