/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-system.h"

G_BEGIN_DECLS

/* A file with a million claims is no machine's; what is beyond is not looked at. */
#define BATON_MAX_CLAIMS 512

/* baton-system.c */
void baton_system_add_claim (BatonSystem *self,
                             BatonClaimKind kind,
                             const char *address,
                             const char *value,
                             const char *file,
                             guint line);
void baton_system_add_blacklist (BatonSystem *self,
                                 const char *module,
                                 const char *file,
                                 guint line);

/* baton-system-claims.c */
void baton_system_read_command_line (BatonSystem *self);
void baton_system_read_driverctl (BatonSystem *self, BatonRoot *root);
void baton_system_read_programs (BatonSystem *self, BatonRoot *root);

/* More than any script has that somebody wrote. */
#define BATON_MAX_HOOK_BYTES (256 * 1024)

/* baton-system-hooks.c */
GPtrArray *baton_system_list_hook_files (BatonRoot *root, const char *directory);
void baton_system_read_hooks (BatonSystem *self, BatonRoot *root);

/* baton-system-modprobe.c */
void baton_system_read_modprobe (BatonSystem *self, BatonRoot *root);

/* baton-system-modules.c */
void baton_system_read_modules (BatonSystem *self, BatonRoot *root);

/* baton-system-framebuffer.c */
void baton_system_read_framebuffer (BatonSystem *self, BatonRoot *root);

/* baton-system-handoff.c */
void baton_system_read_handoff (BatonSystem *self, BatonRoot *root);

G_END_DECLS
