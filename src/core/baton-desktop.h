/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* The name by which systemd finds whichever display manager a system has (systemd.special(7)). */
#define BATON_DISPLAY_MANAGER "display-manager.service"

/**
 * BatonSession:
 * @id: logind's name of it: `2`, `c1`
 * @uid: whose it is
 * @user: his name, raw bytes, or his number as text
 * @type: what it shows: `x11`, `wayland`, `tty`, …, or %NULL
 * @seat: the seat that it is at, or %NULL where it has none, as over ssh
 * @service: the PAM service that opened it: `login`, `lightdm`, …, or %NULL
 *
 * One login session.
 */
typedef struct
{
  char *id;
  guint uid;
  char *user;
  char *type;
  char *seat;
  char *service;
} BatonSession;

void baton_session_free (BatonSession *self);
gboolean baton_session_is_graphical (const BatonSession *self);
gboolean baton_session_is_of_login_screen (const BatonSession *self);
gboolean baton_session_keeps_user (const BatonSession *self);
gboolean baton_session_id_is_valid (const char *id);
char *baton_session_dup_scope (const char *id);

/**
 * BatonSessionGuest:
 * @pid: its process
 * @guest: name of the virtual machine, raw bytes (hostile)
 * @uid: whose it is
 * @unit: the systemd unit that it is in, or %NULL
 * @of_user: @unit is one of that user's own systemd
 *
 * A virtual machine that somebody runs for himself, and that may end with his session.
 */
typedef struct
{
  int pid;
  char *guest;
  guint uid;
  char *unit;
  gboolean of_user;
} BatonSessionGuest;

void baton_session_guest_free (BatonSessionGuest *self);

/**
 * BatonDesktop:
 * @display_manager: (nullable): the unit that %BATON_DISPLAY_MANAGER leads to, or %NULL where there is
 *   none
 * @sessions: (element-type BatonSession): those of this computer
 * @guests: (element-type BatonSessionGuest): virtual machines that run in a user's control groups
 * @lingering: (element-type uint): users whose systemd runs on without a session
 * @has_ssh: somebody could log in over the network
 *
 * Who uses the desktop, and what starts it. Everybody may read it, so that a look without rights makes
 * the same plan.
 */
typedef struct
{
  char *display_manager;
  GPtrArray *sessions;
  GPtrArray *guests;
  GArray *lingering;
  gboolean has_ssh;
} BatonDesktop;

BatonDesktop *baton_desktop_new (BatonRoot *root);
BatonDesktop *baton_desktop_new_empty (void);
void baton_desktop_free (BatonDesktop *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonDesktop, baton_desktop_free)

const BatonSession *baton_desktop_find_session (const BatonDesktop *self, const char *id);

G_END_DECLS
