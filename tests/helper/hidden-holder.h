/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In a process of its own that does nothing else: more threads than the search for holders looks at,
 * each with a descriptor table of its own, and @fd is open in the last of them alone, and in the
 * caller. Anybody may do that (unshare(2), CLONE_FILES). */
void hidden_holder_keep (int fd);

G_END_DECLS
