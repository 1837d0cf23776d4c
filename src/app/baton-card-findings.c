/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-page-private.h"

#include <glib/gi18n.h>

#include "baton-close-dialog.h"
#include "baton-finding-words.h"
#include "baton-how-window.h"
#include "baton-json.h"
#include "baton-plan-options.h"
#include "baton-section-rows.h"

static void
on_finding_verb_cb (gpointer data, BatonFindingRow *row)
{
  BatonCardPage *self = data;
  JsonObject *finding = baton_finding_row_get_finding (row);
  GtkWidget *root = GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self)));

  switch (baton_finding_words_get_verb (finding))
    {
    case BATON_FINDING_VERB_CLOSE:
      {
        JsonObject *args = baton_json_get_object (finding, "args");
        const char *pid = baton_json_get_string (args, "pid");
        JsonArray *list =
            baton_json_get_array (baton_card_plan_get_holders (self->plan), "holders");

        for (guint i = 0; pid != NULL && i < baton_json_count (list); i++)
          {
            JsonObject *holder = baton_json_nth_object (list, i);

            if (baton_json_get_int (holder, "pid", 0) == g_ascii_strtoll (pid, NULL, 10))
              baton_close_dialog_present (GTK_WINDOW (root), holder);
          }
        break;
      }
    case BATON_FINDING_VERB_SHOW_GROUP:
      {
        JsonObject *args = baton_json_get_object (finding, "args");
        const char *group = baton_json_get_string (args, "group");

        gtk_widget_activate_action (GTK_WIDGET (self), "win.show-group", "s",
                                    group != NULL ? group : "");
        break;
      }
    case BATON_FINDING_VERB_SHOW_HOW:
      baton_how_window_present (GTK_WINDOW (root), finding);
      break;
    case BATON_FINDING_VERB_RECOVER:
      baton_model_recover (self->model);
      break;
    case BATON_FINDING_VERB_RETURN:
      /* The page's button leads the other way: most of the card is here. */
      baton_card_page_open_plan (self, BATON_SIDE_HOST);
      break;
    case BATON_FINDING_VERB_COME_BACK:
    case BATON_FINDING_VERB_SET_TIME:
      /* Where it is chosen. */
      baton_card_page_open_plan (self, BATON_SIDE_GUEST);
      break;
    case BATON_FINDING_VERB_NONE:
    default:
      break;
    }
}

static void
show_findings (BatonCardPage *self, BatonSection *section, gboolean notes)
{
  JsonArray *findings =
      baton_json_get_array (baton_card_plan_get_plan (self->plan), "findings");
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  gboolean any_blocker = FALSE;

  for (guint i = 0; i < baton_json_count (findings) && !baton_card_plan_is_busy (self->plan);
       i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *code = baton_json_get_string (finding, "code");
      gboolean is_note = g_strcmp0 (baton_json_get_string (finding, "severity"), "note") == 0;

      /* The state box already says where the card is. An offer belongs to the plan. */
      if (is_note != notes || g_strcmp0 (code, "already-there") == 0 ||
          baton_plan_options_is_offer (finding))
        continue;

      any_blocker |= g_strcmp0 (baton_json_get_string (finding, "severity"), "blocker") == 0;
      g_ptr_array_add (shown, finding);
    }

  if (!notes)
    baton_section_set_title (section, any_blocker ? _ ("In the Way") : _ ("Warnings"));
  baton_section_show_findings (section, shown, baton_card_plan_get_holders (self->plan),
                               BATON_ALL_FINDING_VERBS, on_finding_verb_cb, G_OBJECT (self));
}

/* What is in the way, and apart from it what is good to know. */
void
baton_card_page_show_findings (BatonCardPage *self)
{
  show_findings (self, self->findings_section, FALSE);
  show_findings (self, self->notes_section, TRUE);
}

/* Returns: %TRUE if somebody has to decide about @plan before it is carried out */
gboolean
baton_card_page_needs_answer (JsonObject *plan)
{
  JsonArray *findings = baton_json_get_array (plan, "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    if (g_strcmp0 (baton_json_get_string (baton_json_nth_object (findings, i), "severity"),
                   "note") != 0)
      return TRUE;

  return plan == NULL || baton_json_count (baton_json_get_array (plan, "steps")) == 0;
}

/**
 * baton_card_page_dup_refusal:
 * @self: a page
 *
 * Returns: (transfer full) (nullable): why the card cannot be handed over however its owner
 *   decides, or %NULL
 */
char *
baton_card_page_dup_refusal (BatonCardPage *self)
{
  JsonArray *findings =
      baton_json_get_array (baton_card_plan_get_plan (self->plan), "findings");

  if (self->verb != BATON_VERB_SEE_WHY)
    return NULL;

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);

      if (g_strcmp0 (baton_json_get_string (finding, "severity"), "blocker") == 0 &&
          baton_json_get_string (finding, "consent") == NULL)
        return baton_finding_words_dup_title (finding,
                                              baton_card_plan_get_holders (self->plan));
    }

  return NULL;
}
