/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <sys/stat.h>

G_BEGIN_DECLS

/* Below `/etc`: where Xorg reads every file whose name ends in `.conf`, in the order of their names. */
#define BATON_XORG_DIRECTORY "X11/xorg.conf.d"

/* Below `/var`: what is to be put back, a file a card. Who may read it is root alone, and everybody may
 * know that it is there. */
#define BATON_XORG_STATE_DIRECTORY "lib/baton/xorg"

/* Behind the name of a file that Xorg is not to read for a while. */
#define BATON_XORG_ASIDE_SUFFIX ".baton-aside"

/* Far more than anybody has ever set in Xorg. */
#define BATON_XORG_MAX_BYTES 65536

/**
 * BatonXorgUse:
 * @BATON_XORG_HOST: what Xorg reads while the host has the card, in its own directory
 * @BATON_XORG_GUEST: what it reads while a guest has it, which is copied there
 */
typedef enum
{
  BATON_XORG_HOST,
  BATON_XORG_GUEST,
} BatonXorgUse;

char *baton_xorg_file_find_name_fault (const char *path, BatonXorgUse use);
char *baton_xorg_file_find_fault (BatonRoot *root, const char *path, BatonXorgUse use);
char *baton_xorg_file_find_obstacle (BatonRoot *root, const char *card);
int baton_xorg_file_open_directory (BatonRoot *root, char **ret_reason);
char *baton_xorg_file_read (
    BatonRoot *root, const char *path, gsize *ret_length, mode_t *ret_mode, char **ret_reason);
char *baton_xorg_file_read_fd (int fd, gsize *ret_length, int *ret_errno);

char *baton_xorg_file_build_name (const char *card);
char *baton_xorg_file_build_state_name (const char *card);
gboolean baton_xorg_file_is_noted (BatonRoot *root, const char *card);

G_END_DECLS
