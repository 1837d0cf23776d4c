/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-desktop.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-process-kind.h"
#include "baton-process-unit.h"
#include "baton-process.h"

/* References used below:
 *  SD-LOGIN  - systemd's src/login/logind-session.c, session_save(), and src/libsystemd/sd-login/:
 *              one file a session, which sd_session_get_type() and its like read
 *  SD-ALIAS  - systemd.special(7): display-manager.service is a link to the unit
 *  SD-LINGER - loginctl(1), enable-linger: a file a user
 *  TCP       - Linux Documentation/networking/proc_net_tcp.rst: local address and port in hexadecimal
 *              digits, and a state, 0A for one that listens
 */

#define SESSIONS "systemd/sessions"
/* SD-LOGIN: since systemd 256 a user's own systemd is a session of its own, which keeps nobody there. */
#define USER_MANAGER "systemd-user"

#define LINGER "lib/systemd/linger"
#define MAX_SESSION_BYTES 16384
#define MAX_SESSIONS 256

#define MAX_TCP_BYTES (1024 * 1024)
#define TCP_LISTEN "0A"
#define SSH_PORT ":0016"

/* Where an administrator's link lies, and where a distribution's may. */
static const struct
{
  BatonRootPart part;
  const char *path;
} alias_places[] = {
  { BATON_ROOT_ETC, "systemd/system/" BATON_DISPLAY_MANAGER },
  { BATON_ROOT_RUN, "systemd/system/" BATON_DISPLAY_MANAGER },
  { BATON_ROOT_USR, "lib/systemd/system/" BATON_DISPLAY_MANAGER },
  { BATON_ROOT_LIB, "systemd/system/" BATON_DISPLAY_MANAGER },
};

/**
 * baton_session_free:
 * @self: (nullable): a session
 */
void
baton_session_free (BatonSession *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->user);
  g_free (self->type);
  g_free (self->seat);
  g_free (self->service);
  g_free (self);
}

/**
 * baton_session_is_graphical:
 * @self: a session
 *
 * Returns: whether logind knows that it draws; one in which somebody has started a desktop by hand
 *   may still be called a terminal
 */
gboolean
baton_session_is_graphical (const BatonSession *self)
{
  static const char *const types[] = { "x11", "wayland", "mir", NULL };

  return self->type != NULL && g_strv_contains (types, self->type);
}

/**
 * baton_session_is_of_login_screen:
 * @self: a session
 *
 * Returns: whether a display manager opened it, and not somebody who logged in on a text console or over
 *   the network
 */
gboolean
baton_session_is_of_login_screen (const BatonSession *self)
{
  static const char *const others[] = {
    "login", "remote", "sshd", "su", "sudo", USER_MANAGER, NULL,
  };

  return self->service != NULL && !g_strv_contains (others, self->service);
}

/**
 * baton_session_keeps_user:
 * @self: a session
 *
 * Returns: whether the user's own systemd runs for as long as it lasts
 */
gboolean
baton_session_keeps_user (const BatonSession *self)
{
  return g_strcmp0 (self->service, USER_MANAGER) != 0;
}

/**
 * baton_session_id_is_valid:
 * @id: text from anywhere
 *
 * Returns: whether logind could call a session so: a number, after `c` where it was not the kernel's
 *   audit that gave it (SD-LOGIN)
 */
gboolean
baton_session_id_is_valid (const char *id)
{
  return g_regex_match_simple ("^c?(0|[1-9][0-9]{0,9})$", id, G_REGEX_DOLLAR_ENDONLY, 0);
}

/**
 * baton_session_dup_scope:
 * @id: name of a session
 *
 * Returns: (transfer full): the systemd unit that all its processes begin in
 */
char *
baton_session_dup_scope (const char *id)
{
  return g_strdup_printf ("session-%s.scope", id);
}

/**
 * baton_session_guest_free:
 * @self: (nullable): a virtual machine of a user
 */
void
baton_session_guest_free (BatonSessionGuest *self)
{
  if (self == NULL)
    return;

  g_free (self->guest);
  g_free (self->unit);
  g_free (self);
}

static char *
dup_value (GStrv lines, const char *key)
{
  gsize length = strlen (key);

  for (guint i = 0; lines[i] != NULL; i++)
    if (strncmp (lines[i], key, length) == 0 && lines[i][length] == '=' &&
        lines[i][length + 1] != '\0')
      return g_strdup (lines[i] + length + 1);

  return NULL;
}

static BatonSession *
read_session (BatonRoot *root, const char *id)
{
  g_autofree char *path = g_build_filename (SESSIONS, id, NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_SESSION_BYTES, NULL, NULL);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;
  g_autofree char *uid = lines != NULL ? dup_value (lines, "UID") : NULL;
  BatonSession *self;
  guint64 number = 0;

  if (uid == NULL || !g_ascii_string_to_unsigned (uid, 10, 0, G_MAXUINT32 - 1, &number, NULL))
    return NULL;

  self = g_new0 (BatonSession, 1);
  self->id = g_strdup (id);
  self->uid = (guint) number;
  self->user = dup_value (lines, "USER");
  if (self->user == NULL)
    self->user = g_strdup (uid);
  self->type = dup_value (lines, "TYPE");
  self->seat = dup_value (lines, "SEAT");
  self->service = dup_value (lines, "SERVICE");

  return self;
}

static int
compare_sessions (gconstpointer a, gconstpointer b)
{
  const BatonSession *left = *(const BatonSession *const *) a;
  const BatonSession *right = *(const BatonSession *const *) b;

  return strcmp (left->id, right->id);
}

static void
read_sessions (BatonDesktop *self, BatonRoot *root)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_RUN, SESSIONS, NULL);

  for (guint i = 0; names != NULL && i < names->len && self->sessions->len < MAX_SESSIONS; i++)
    {
      const char *name = names->pdata[i];
      BatonSession *session =
          baton_session_id_is_valid (name) ? read_session (root, name) : NULL;

      if (session != NULL)
        g_ptr_array_add (self->sessions, session);
    }
  g_ptr_array_sort (self->sessions, compare_sessions);
}

static char *
find_display_manager (BatonRoot *root)
{
  for (guint i = 0; i < G_N_ELEMENTS (alias_places); i++)
    {
      char *name =
          baton_root_read_link_name (root, alias_places[i].part, alias_places[i].path, NULL);

      if (name != NULL && g_str_has_suffix (name, ".service"))
        return name;
      /* What is masked leads to /dev/null, and a file may bear the name itself. */
      if (name != NULL)
        {
          g_free (name);
          return NULL;
        }
      if (baton_root_exists (root, alias_places[i].part, alias_places[i].path))
        return g_strdup (BATON_DISPLAY_MANAGER);
    }

  return NULL;
}

static void
add_guest (BatonDesktop *self, const BatonProcess *process)
{
  g_auto (BatonProcessUnit) unit = { 0 };
  BatonSessionGuest *guest;

  if (process->cgroup == NULL || !g_str_has_prefix (process->cgroup, "/user.slice/"))
    return;
  baton_process_unit_parse (&unit, process->cgroup);
  if (baton_process_find_kind (process, &unit, FALSE) != BATON_HOLDER_VM)
    return;

  guest = g_new0 (BatonSessionGuest, 1);
  guest->pid = process->pid;
  guest->guest = baton_process_dup_guest_name (process, &unit);
  if (guest->guest == NULL)
    guest->guest = g_strdup (process->name);
  guest->uid = process->uid;
  guest->unit = g_steal_pointer (&unit.unit);
  guest->of_user = strstr (process->cgroup, "/user@") != NULL;
  g_ptr_array_add (self->guests, guest);
}

/* By the names that everybody may read; nothing else is read of what is none. */
static void
read_guests (BatonDesktop *self, BatonRoot *root)
{
  g_autoptr (GPtrArray) pids = baton_root_list (root, BATON_ROOT_PROC, "", NULL);

  for (guint i = 0; pids != NULL && i < pids->len; i++)
    {
      const char *pid = pids->pdata[i];
      g_autofree char *path = g_build_filename (pid, "comm", NULL);
      g_autofree char *name = NULL;
      g_autoptr (BatonProcess) process = NULL;
      int dir_fd;

      if (!g_ascii_isdigit (*pid))
        continue;
      name = baton_root_read_line (root, BATON_ROOT_PROC, path, NULL);
      if (name == NULL || !baton_process_name_is_vm (name))
        continue;
      dir_fd = baton_root_open (root, BATON_ROOT_PROC, pid, O_PATH | O_DIRECTORY, NULL);
      if (dir_fd < 0)
        continue;
      process = baton_process_read_at (dir_fd, (int) g_ascii_strtoll (pid, NULL, 10), NULL);
      close (dir_fd);
      if (process != NULL)
        add_guest (self, process);
    }
}

/* A user may linger whose session is not known by name: files are named by users. */
static void
read_lingering (BatonDesktop *self, BatonRoot *root)
{
  for (guint i = 0; i < self->sessions->len; i++)
    {
      const BatonSession *session = self->sessions->pdata[i];
      g_autofree char *path = g_build_filename (LINGER, session->user, NULL);

      if (strchr (session->user, '/') == NULL && baton_root_exists (root, BATON_ROOT_VAR, path))
        g_array_append_val (self->lingering, session->uid);
    }
}

/* Two lines of TCP: "  0: 00000000:0016 00000000:0000 0A …" */
static gboolean
has_listener (BatonRoot *root, const char *path)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_TCP_BYTES, NULL, NULL);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  for (guint i = 1; lines != NULL && lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (g_strstrip (lines[i]), " ", 5);

      if (g_strv_length (words) >= 4 && g_str_has_suffix (words[1], SSH_PORT) &&
          g_str_equal (words[3], TCP_LISTEN))
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_desktop_new_empty:
 *
 * Returns: (transfer full): a computer at which nobody has logged in, and which has no login screen
 */
BatonDesktop *
baton_desktop_new_empty (void)
{
  BatonDesktop *self = g_new0 (BatonDesktop, 1);

  self->sessions = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_session_free);
  self->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_session_guest_free);
  self->lingering = g_array_new (FALSE, FALSE, sizeof (guint));

  return self;
}

/**
 * baton_desktop_new:
 * @root: where to look
 *
 * Looks who uses the desktop, without asking anybody: a preview may not talk to others.
 *
 * Returns: (transfer full): the desktop; empty where nothing is known of it
 */
BatonDesktop *
baton_desktop_new (BatonRoot *root)
{
  BatonDesktop *self = baton_desktop_new_empty ();

  self->display_manager = find_display_manager (root);
  read_sessions (self, root);
  read_lingering (self, root);
  if (self->sessions->len > 0)
    read_guests (self, root);
  self->has_ssh = has_listener (root, "self/net/tcp") || has_listener (root, "self/net/tcp6");

  return self;
}

/**
 * baton_desktop_free:
 * @self: (nullable): a desktop
 */
void
baton_desktop_free (BatonDesktop *self)
{
  if (self == NULL)
    return;

  g_free (self->display_manager);
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->guests);
  g_array_unref (self->lingering);
  g_free (self);
}

/**
 * baton_desktop_find_session:
 * @self: a desktop
 * @id: name of a session
 *
 * Returns: (transfer none) (nullable): the session
 */
const BatonSession *
baton_desktop_find_session (const BatonDesktop *self, const char *id)
{
  for (guint i = 0; i < self->sessions->len; i++)
    {
      const BatonSession *session = self->sessions->pdata[i];

      if (g_str_equal (session->id, id))
        return session;
    }

  return NULL;
}
