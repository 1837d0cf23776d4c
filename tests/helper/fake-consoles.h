/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mock-machine.h"

G_BEGIN_DECLS

/* The kernel's virtual consoles: what is asked of them is asked of a file in the place of /dev/tty0, which
 * tells how they stand, and what is written to one of them is in a file of its own. */

#define FAKE_CONSOLE_NONE 0

/* @shown: the one on the screen; @taken: those that somebody has open, a bit each; @stays: who has the
 * screen does not let go of it. */
void fake_consoles_add (MockMachine *machine, guint shown, guint taken, gboolean stays);
/* The last screen goes: nothing shows them any more. */
void fake_consoles_hide (MockMachine *machine);

/* Each is drawn on framebuffer 0, until it is told to be drawn elsewhere. @falls_back: they have something
 * else that they could go to. */
void fake_consoles_draw (MockMachine *machine, gboolean falls_back);
/* What they are drawn on cannot be changed any more. */
void fake_consoles_refuse (MockMachine *machine);
/* Returns: number of the framebuffer that all of them are drawn on, or -1 where that differs */
int fake_consoles_get_framebuffer (MockMachine *machine);

guint fake_consoles_get_shown (MockMachine *machine);
/* The last one that was let go of, or %FAKE_CONSOLE_NONE. */
guint fake_consoles_get_freed (MockMachine *machine);
char *fake_consoles_dup_text (MockMachine *machine, guint console);

G_END_DECLS
