/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "handoff-story.h"

G_BEGIN_DECLS

/* Which sentence a person gets for which trouble: every act of a handoff meets one fault, and the
 * step that fails for it says what the table says, and nothing else. */
typedef struct
{
  const char *name;
  const char *version; /* of NVIDIA's driver, or NULL for a card of another vendor */
  const char *side;
  FakeFault fault;
  int errsv;
  const char *expected; /* "STEP CODE ERRNO", sorted, one a line */
  const char *settings; /* the card's section in baton.conf, or NULL */
  gboolean parked;      /* nobody knows how it stood before */
} CodesRow;

void codes_test_each_act (gconstpointer row);

G_END_DECLS
