/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_NOTICE_ROW (baton_notice_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonNoticeRow, baton_notice_row, BATON, NOTICE_ROW, AdwActionRow)

G_END_DECLS
