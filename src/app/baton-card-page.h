/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define BATON_TYPE_CARD_PAGE (baton_card_page_get_type ())
G_DECLARE_FINAL_TYPE (BatonCardPage, baton_card_page, BATON, CARD_PAGE, GtkBox)

BatonCardPage *baton_card_page_new (BatonModel *model, const char *address);
const char *baton_card_page_get_address (BatonCardPage *self);
BatonPreview *baton_card_page_get_preview (BatonCardPage *self);
void baton_card_page_refresh (BatonCardPage *self, guint what);
void baton_card_page_replan (BatonCardPage *self);
void baton_card_page_press (BatonCardPage *self);
void baton_card_page_open_plan (BatonCardPage *self, BatonSide to);
void baton_card_page_return (BatonCardPage *self);
void baton_card_page_keep_off (BatonCardPage *self);
void baton_card_page_reopen (BatonCardPage *self);
char *baton_card_page_dup_refusal (BatonCardPage *self);

G_END_DECLS
