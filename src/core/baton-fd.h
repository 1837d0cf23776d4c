/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <errno.h>
#include <unistd.h>

#include <glib.h>

G_BEGIN_DECLS

/**
 * baton_fd_clear:
 * @fd: (inout): a descriptor, or -1
 *
 * Closes @fd and leaves -1 there. Keeps errno, so that it can stand between a failure and its
 * message. (GLib has g_clear_fd() from 2.76 on only.)
 */
static inline void
baton_fd_clear (int *fd)
{
  int errsv = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = errsv;
}

/* A descriptor that closes itself at the end of its block: `baton_autofd int fd = -1;` */
#define baton_autofd __attribute__ ((cleanup (baton_fd_clear)))

static inline int
baton_fd_steal (int *fd)
{
  int stolen = *fd;

  *fd = -1;

  return stolen;
}

G_END_DECLS
