/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* Below /var/lib/baton: for which cards Baton does what somebody had set up by hand, and where that is
 * by now. */
#define BATON_ADOPTED_FILE "adoptions.json"

/* Below /etc: where that is, by card and path. */
#define BATON_ADOPTED_DIRECTORY "baton/adopted"

GStrv baton_adopted_list_cards (BatonRoot *root);

G_END_DECLS
