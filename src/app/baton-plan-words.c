/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-words.h"

#include <glib/gi18n.h>

#include "baton-json.h"

/* A service that is stopped because it uses the card names who of it does (BatonStep). */
static gboolean
stops_service (JsonObject *step)
{
  return g_strcmp0 (baton_json_get_string (step, "kind"), "stop-unit") == 0 &&
         baton_json_get_string (step, "detail") != NULL;
}

/* One application may be in the way as several processes, and is closed by one step. A plan has no
 * steps as long as a consent is missing. */
static void
count_closes (JsonObject *plan, BatonPlanSummary *summary)
{
  JsonArray *steps = baton_json_get_array (plan, "steps");

  if (baton_json_count (steps) == 0)
    return;
  summary->n_closes = 0;
  summary->n_services = 0;
  for (guint i = 0; i < baton_json_count (steps); i++)
    {
      JsonObject *step = baton_json_nth_object (steps, i);

      if (stops_service (step))
        summary->n_services++;
      else if (g_strcmp0 (baton_json_get_string (step, "kind"), "close-process") == 0)
        summary->n_closes++;
    }
  summary->n_closes += summary->n_services;
}

static gboolean
closes_services_alone (const BatonPlanSummary *summary)
{
  return summary->n_closes > 0 && summary->n_services == summary->n_closes;
}

/**
 * baton_plan_words_summarise:
 * @plan: (nullable): a plan of the contract
 * @ret_summary: (out caller-allocates): what it comes to
 */
void
baton_plan_words_summarise (JsonObject *plan, BatonPlanSummary *ret_summary)
{
  JsonArray *findings = baton_json_get_array (plan, "findings");
  BatonPlanSummary summary = { 0 };
  guint n_screens = 0;

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *consent = baton_json_get_string (finding, "consent");
      gboolean blocks = g_strcmp0 (baton_json_get_string (finding, "severity"), "blocker") == 0;

      if (g_strcmp0 (consent, "close") == 0)
        {
          summary.n_closes++;
          summary.n_services +=
              g_strcmp0 (baton_json_get_string (finding, "code"), "in-use-whole-service") == 0;
        }
      else if (g_strcmp0 (consent, "may-not-return") == 0)
        summary.may_not_return = TRUE;
      else if (g_strcmp0 (consent, "end-session") == 0)
        summary.ends_session = TRUE;
      else if (blocks && consent == NULL)
        summary.n_blockers++;
      if (g_strcmp0 (baton_json_get_string (finding, "code"), "only-display") == 0)
        n_screens++;
    }
  summary.offers_options = summary.n_blockers == n_screens;

  if (baton_json_get_boolean (plan, "ends_session"))
    summary.ends_session = TRUE;
  count_closes (plan, &summary);

  *ret_summary = summary;
}

/**
 * baton_plan_words_is_destructive:
 * @summary: what a plan comes to
 *
 * Returns: %TRUE if something is lost by it that this user has not chosen to lose each time
 */
gboolean
baton_plan_words_is_destructive (const BatonPlanSummary *summary)
{
  return (summary->n_closes > 0 && !summary->as_always) || summary->may_not_return ||
         summary->ends_session;
}

/* Each consent that is given is named: a risk is not taken in the shadow of a loss. */
static char *
dup_risky_button (const BatonPlanSummary *summary)
{
  if (summary->ends_session)
    return g_strdup (_ ("_Log Out and Hand Over Anyway"));

  if (closes_services_alone (summary))
    return g_strdup_printf (ngettext ("_Stop %u Service and Hand Over Anyway",
                                      "_Stop %u Services and Hand Over Anyway",
                                      summary->n_services),
                            summary->n_services);

  if (summary->n_closes > 0)
    return g_strdup_printf (ngettext ("C_lose %u App and Hand Over Anyway",
                                      "C_lose %u Apps and Hand Over Anyway", summary->n_closes),
                            summary->n_closes);

  return g_strdup (_ ("_Hand Over Anyway"));
}

/**
 * baton_plan_words_dup_button:
 * @summary: what the plan comes to
 * @to: where it takes the card
 * @when_free: it waits for the virtual machine first
 *
 * Returns: (transfer full): label of the button, which carries the consent: it names what is lost
 */
char *
baton_plan_words_dup_button (const BatonPlanSummary *summary, BatonSide to, gboolean when_free)
{
  gboolean to_guest = to == BATON_SIDE_GUEST;

  /* Only the way to a guest asks for it: what comes back is back. */
  if (summary->may_not_return && to_guest)
    return dup_risky_button (summary);

  if (summary->ends_session)
    return g_strdup (to_guest ? _ ("_Log Out and Hand Over") : _ ("_Log Out and Return"));

  if (closes_services_alone (summary) && to_guest)
    return g_strdup_printf (ngettext ("_Stop %u Service and Hand Over",
                                      "_Stop %u Services and Hand Over", summary->n_services),
                            summary->n_services);

  if (summary->n_closes > 0)
    return g_strdup_printf (to_guest
                                ? ngettext ("C_lose %u App and Hand Over",
                                            "C_lose %u Apps and Hand Over", summary->n_closes)
                                : ngettext ("C_lose %u App and Return",
                                            "C_lose %u Apps and Return", summary->n_closes),
                            summary->n_closes);

  if (when_free)
    return g_strdup (_ ("_Return When It Stops"));

  return g_strdup (to_guest ? _ ("_Hand Over") : _ ("_Return"));
}

static char *
describe_blocked (const BatonPlanSummary *summary, BatonSide to)
{
  if (to == BATON_SIDE_GUEST)
    return g_strdup_printf (
        ngettext ("The card cannot be handed over: %u thing is in the way.",
                  "The card cannot be handed over: %u things are in the way.",
                  summary->n_blockers),
        summary->n_blockers);

  return g_strdup_printf (ngettext ("The card cannot be returned: %u thing is in the way.",
                                    "The card cannot be returned: %u things are in the way.",
                                    summary->n_blockers),
                          summary->n_blockers);
}

static char *
describe_risk (const BatonPlanSummary *summary)
{
  if (summary->ends_session)
    return g_strdup (
        _ ("Your session ends, and what is not saved in it is lost. The card may not "
           "come back before this computer is restarted."));

  if (closes_services_alone (summary))
    return g_strdup_printf (
        ngettext ("%u service is stopped. The card may not come back before this computer is "
                  "restarted.",
                  "%u services are stopped. The card may not come back before this computer is "
                  "restarted.",
                  summary->n_services),
        summary->n_services);

  if (summary->n_closes > 0)
    return g_strdup_printf (
        ngettext ("%u app closes. The card may not come back before this computer is "
                  "restarted.",
                  "%u apps close. The card may not come back before this computer is "
                  "restarted.",
                  summary->n_closes),
        summary->n_closes);

  return g_strdup (_ ("The card may not come back before this computer is restarted."));
}

static char *
describe_closes (const BatonPlanSummary *summary)
{
  if (closes_services_alone (summary))
    return g_strdup_printf (
        ngettext ("%u service is stopped, and started again when the card is back. The desktop "
                  "keeps running.",
                  "%u services are stopped, and started again when the card is back. The "
                  "desktop keeps running.",
                  summary->n_services),
        summary->n_services);

  if (summary->as_always && summary->n_closes == 1 && summary->closed_app != NULL)
    /* Translators: the name of an application */
    return g_strdup_printf (
        _ ("%s is closed, as always for this card. The desktop keeps running."),
        summary->closed_app);

  if (summary->as_always)
    return g_strdup_printf (
        ngettext ("%u app is closed, as always for this card. The desktop keeps running.",
                  "%u apps are closed, as always for this card. The desktop keeps running.",
                  summary->n_closes),
        summary->n_closes);

  return g_strdup_printf (ngettext ("%u app closes. The desktop keeps running.",
                                    "%u apps close. The desktop keeps running.",
                                    summary->n_closes),
                          summary->n_closes);
}

/* What will happen, in a sentence or two. */
static char *
describe_consequence (const BatonPlanSummary *summary,
                      BatonSide to,
                      gboolean when_free,
                      guint n_steps)
{
  gboolean to_guest = to == BATON_SIDE_GUEST;

  if (summary->n_blockers > 0)
    return describe_blocked (summary, to);

  if (n_steps == 0)
    return g_strdup (_ ("The card is there already. There is nothing to do."));

  if (summary->may_not_return && to_guest)
    return describe_risk (summary);

  if (summary->ends_session)
    return g_strdup (_ ("Your session ends, and what is not saved in it is lost."));

  if (summary->n_closes > 0)
    return describe_closes (summary);

  if (when_free)
    return g_strdup (
        _ ("The card comes back as soon as the virtual machine has stopped. Nothing "
           "else changes."));

  return g_strdup (to_guest ? _ ("The card goes to virtual machines. No app closes, and the "
                                 "desktop keeps running.")
                            : _ ("The card comes back to this computer. No app closes, and the "
                                 "desktop keeps running."));
}

static gint64
find_elapsed_ms (JsonObject *report, const char *card, BatonSide to)
{
  JsonArray *durations = baton_json_get_array (report, "durations");

  for (guint i = 0; i < baton_json_count (durations); i++)
    {
      JsonObject *duration = baton_json_nth_object (durations, i);

      if (g_strcmp0 (baton_json_get_string (duration, "card"), card) == 0 &&
          g_strcmp0 (baton_json_get_string (duration, "to"), baton_side_to_string (to)) == 0)
        return baton_json_get_int (duration, "elapsed_ms", -1);
    }

  return -1;
}

/**
 * baton_plan_words_dup_duration:
 * @report: (nullable): the last report
 * @card: address of a card
 * @to: where it is to go
 *
 * Returns: (transfer full) (nullable): how long it took the last time, as a sentence; %NULL if it
 *   has not gone there yet
 */
char *
baton_plan_words_dup_duration (JsonObject *report, const char *card, BatonSide to)
{
  gint64 elapsed_ms = find_elapsed_ms (report, card, to);
  guint seconds = (guint) CLAMP (elapsed_ms / 1000 + (elapsed_ms % 1000 >= 500), 1, G_MAXINT);
  guint minutes = (seconds + 30) / 60;

  if (elapsed_ms < 0)
    return NULL;

  /* A figure of the last time, which nobody takes for a promise to the second. */
  if (seconds < 100)
    return g_strdup_printf (ngettext ("About %u second.", "About %u seconds.", seconds),
                            seconds);

  return g_strdup_printf (ngettext ("About %u minute.", "About %u minutes.", minutes), minutes);
}

/**
 * baton_plan_words_dup_prospect:
 * @summary: what the plan comes to
 * @request: what it was made for
 * @n_steps: number of its steps
 * @report: (nullable): the last report
 *
 * Returns: (transfer full): what will happen, and how long it took the last time
 */
char *
baton_plan_words_dup_prospect (const BatonPlanSummary *summary,
                               const BatonRequest *request,
                               guint n_steps,
                               JsonObject *report)
{
  g_autofree char *consequence =
      describe_consequence (summary, request->to, request->when_free, n_steps);
  g_autofree char *duration = NULL;

  /* How long a virtual machine runs is not foreseen. */
  if (summary->n_blockers == 0 && n_steps > 0 && !request->when_free)
    duration = baton_plan_words_dup_duration (report, request->cards[0], request->to);
  if (duration == NULL)
    return g_steal_pointer (&consequence);

  /* Translators: two whole sentences: what will happen, and how long it takes */
  return g_strdup_printf (C_ ("consequence and duration", "%s %s"), consequence, duration);
}

/**
 * baton_plan_words_add_consents:
 * @plan: (nullable): a plan of the contract
 * @request: what it was made for; takes the consents
 *
 * Adds what the button of the plan would consent to: closing each process that was shown, by its
 * number and start time, the end of the session, and the risk that the card stays away.
 *
 * Returns: %TRUE if @request is another one now
 */
gboolean
baton_plan_words_add_consents (JsonObject *plan, BatonRequest *request)
{
  JsonArray *findings = baton_json_get_array (plan, "findings");
  gboolean changed = FALSE;

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *consent = baton_json_get_string (finding, "consent");
      const char *subject = baton_json_get_string (finding, "subject");

      if (g_strcmp0 (consent, "close") == 0 && subject != NULL && strchr (subject, ':') != NULL)
        {
          int pid = (int) g_ascii_strtoll (subject, NULL, 10);
          const char *start_time = strchr (subject, ':') + 1;

          if (pid > 0 && !baton_request_allows_close (request, pid, start_time))
            {
              baton_request_add_close (request, pid, start_time);
              changed = TRUE;
            }
        }
      else if (g_strcmp0 (consent, "may-not-return") == 0 && !request->may_not_return)
        {
          request->may_not_return = TRUE;
          changed = TRUE;
        }
      else if (g_strcmp0 (consent, "end-session") == 0 && !request->end_session)
        {
          request->end_session = TRUE;
          changed = TRUE;
        }
    }

  return changed;
}
