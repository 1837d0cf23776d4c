/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-banner.h"
#include "baton-card-plan.h"

G_BEGIN_DECLS

/**
 * BatonCardNotice:
 * @BATON_CARD_NOTICE_NONE: nothing; the banner is hidden
 * @BATON_CARD_NOTICE_PROBLEM: less than everything can be seen; try again
 * @BATON_CARD_NOTICE_JOURNAL: an earlier handoff is not settled; recover
 * @BATON_CARD_NOTICE_IOMMU: there is no IOMMU; show how it is switched on
 */
typedef enum
{
  BATON_CARD_NOTICE_NONE,
  BATON_CARD_NOTICE_PROBLEM,
  BATON_CARD_NOTICE_JOURNAL,
  BATON_CARD_NOTICE_IOMMU,
} BatonCardNotice;

BatonCardNotice
baton_card_notice_show (BatonBanner *banner, BatonModel *model, BatonCardPlan *plan);

G_END_DECLS
