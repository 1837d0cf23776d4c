/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-notice.h"

#include <glib/gi18n.h>

#include "baton-client-result.h"
#include "baton-finding-words.h"
#include "baton-json.h"
#include "baton-result-words.h"

/**
 * baton_card_notice_show:
 * @banner: where it is shown
 * @model: the window's model
 * @plan: the plan of the card whose page it is
 *
 * Shows what is to be known before anything on the page: the first that holds.
 *
 * Returns: what the banner's button is about
 */
BatonCardNotice
baton_card_notice_show (BatonBanner *banner, BatonModel *model, BatonCardPlan *plan)
{
  JsonObject *problem = baton_model_get_problem (model);
  JsonObject *machine = baton_view_get_machine (baton_model_get_view (model));
  JsonObject *iommu = baton_json_get_object (machine, "iommu");

  if (problem != NULL)
    {
      BatonCode code = baton_client_result_get_code (problem);
      g_autofree char *text =
          code == BATON_CODE_NOT_AUTHORISED || code == BATON_CODE_DISMISSED
              ? g_strdup (_ ("Not everything can be seen: this session may not look with full "
                             "rights."))
              : baton_result_words_dup_text (problem);

      baton_banner_show (banner, text, _ ("_Try Again"));
      return BATON_CARD_NOTICE_PROBLEM;
    }

  if (baton_card_plan_find_finding (plan, "journal-unfinished") != NULL &&
      baton_model_get_handoff (model) == NULL)
    {
      baton_banner_show (banner, _ ("An earlier handoff was cut off and is not settled yet."),
                         _ ("Reco_ver"));
      return BATON_CARD_NOTICE_JOURNAL;
    }

  if (iommu != NULL && !baton_json_get_boolean (iommu, "enabled"))
    {
      JsonObject *finding = baton_card_plan_find_finding (plan, "iommu-off");
      g_autofree char *text = finding != NULL ? baton_finding_words_dup_title (finding, NULL)
                                              : g_strdup (_ ("IOMMU is off"));

      baton_banner_show (banner, text, finding != NULL ? _ ("Show Ho_w…") : NULL);
      return BATON_CARD_NOTICE_IOMMU;
    }

  baton_banner_hide (banner);
  return BATON_CARD_NOTICE_NONE;
}
