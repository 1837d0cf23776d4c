/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-closes.h"

#include "baton-error.h"
#include "baton-json.h"
#include "baton-text.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_named (BatonCli *cli, gint64 pid)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, pid);

  return cli->closes != NULL && g_strv_contains ((const char *const *) cli->closes, text);
}

/* Returns: %TRUE if it is a consent that @request did not hold yet */
static gboolean
add_close (BatonRequest *request, gint64 pid, const char *start_time)
{
  if (pid <= 1 || pid > G_MAXINT || start_time == NULL ||
      baton_request_allows_close (request, (int) pid, start_time))
    return FALSE;

  baton_request_add_close (request, (int) pid, start_time);

  return TRUE;
}

/**
 * baton_cli_add_closes:
 * @cli: the command line
 * @request: what is asked for; the processes to close are added to it
 * @holders: (nullable): who uses a card
 *
 * Consents to those that `--close` and `--close-all` mean.
 */
void
baton_cli_add_closes (BatonCli *cli, BatonRequest *request, JsonObject *holders)
{
  JsonArray *list = baton_json_get_array (holders, "holders");

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);
      gint64 pid = baton_json_get_int (holder, "pid", 0);
      const char *start_time = baton_json_get_string (holder, "start_time");
      gboolean is_meant = is_named (cli, pid) || ((cli->options & BATON_CLI_CLOSE_ALL) != 0 &&
                                                  baton_json_get_boolean (holder, "closable"));

      if (is_meant)
        add_close (request, pid, start_time);
    }
}

/* The subject of a finding that asks for this consent is the process, as PID:START. */
static gboolean
add_found (BatonCli *cli, BatonRequest *request, JsonObject *finding)
{
  const char *subject = baton_json_get_string (finding, "subject");
  char *colon = NULL;
  gint64 pid = 0;

  if (g_strcmp0 (baton_json_get_string (finding, "consent"), "close") != 0 || subject == NULL)
    return FALSE;

  pid = g_ascii_strtoll (subject, &colon, 10);
  if (*colon != ':' || !(is_named (cli, pid) || (cli->options & BATON_CLI_CLOSE_ALL) != 0))
    return FALSE;

  return add_close (request, pid, colon + 1);
}

/**
 * baton_cli_add_found:
 * @cli: the command line
 * @request: what was asked for; the processes to close are added to it
 * @view: what the helper said, who sees everybody's processes
 *
 * Where the preview was made without the helper, the plan of the helper that refuses is the first
 * to name the processes of other users. Those that were to be closed by `--close` or `--close-all`
 * can be consented to now.
 *
 * Returns: %TRUE if there were any
 */
gboolean
baton_cli_add_found (BatonCli *cli, BatonRequest *request, BatonView *view)
{
  JsonArray *findings = baton_json_get_array (baton_view_get_plan (view), "findings");
  gboolean is_more = FALSE;

  for (guint i = 0; i < baton_json_count (findings); i++)
    is_more |= add_found (cli, request, baton_json_nth_object (findings, i));

  return is_more;
}

static gboolean
has_close (const BatonRequest *request, const char *text)
{
  for (guint i = 0; i < request->closes->len; i++)
    {
      g_autofree char *pid = g_strdup_printf (
          "%d", ((const BatonClose *) g_ptr_array_index (request->closes, i))->pid);

      if (strcmp (pid, text) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Whether the helper will say more, and what it says can be acted upon: one output of the protocol
 * has one `result`, and its reader decides. */
static gboolean
is_looked_up_later (BatonCli *cli, const char *text)
{
  return cli->writer == NULL && (cli->options & BATON_CLI_DRY_RUN) == 0 &&
         g_strcmp0 (cli->verb, "plan") != 0 &&
         g_ascii_string_to_unsigned (text, 10, 2, G_MAXINT, NULL, NULL);
}

/**
 * baton_cli_check_closes:
 * @cli: the command line
 * @request: what is asked for
 * @is_own_look: whether it was looked without the helper
 * @error: return location for an error
 *
 * A process that was named and is not there is a mistake worth a word: the consent may be meant for
 * another.
 *
 * Returns: %FALSE if there is such a one, and nobody who looks later will find it
 */
gboolean
baton_cli_check_closes (BatonCli *cli,
                        const BatonRequest *request,
                        gboolean is_own_look,
                        GError **error)
{
  for (guint i = 0; cli->closes != NULL && cli->closes[i] != NULL; i++)
    {
      g_autofree char *clean = baton_text_clean (cli->closes[i], -1, 32, NULL, NULL);

      if (has_close (request, cli->closes[i]))
        continue;

      if (is_own_look && is_looked_up_later (cli, cli->closes[i]))
        {
          g_autofree char *note = g_strdup_printf (
              _ ("no process “%s” that you can see is using the card: Baton looks for it with "
                 "full rights before it changes anything"),
              clean);

          g_printerr ("batonctl: %s\n", note);
          continue;
        }

      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   is_own_look
                       ? _ ("no process “%s” that you can see is using the card: with sudo, "
                            "processes of other users are seen as well")
                       : _ ("no process “%s” that can be seen is using the card"),
                   clean);
      return FALSE;
    }

  return TRUE;
}
