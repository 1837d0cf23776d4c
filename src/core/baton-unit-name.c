/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-name.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-nvidia.h"
#include "baton-text.h"

/* References used below:
 *  SD-UNIT - systemd.unit(5): names, templates, and the "Unit File Load Path" of system units
 *  SD-SPECIAL - systemd.special(7): units that systemd itself knows
 *  SD-UNITS - systemd's units/: what comes with it
 */

/* SD-UNIT: 255 bytes at most. */
#define MAX_NAME_BYTES 255

#define MAX_UNITS 16

/* Of what is no name, as much as tells which it is. */
#define MAX_SHOWN_BYTES 80

/* A mount or a swap may hold what the computer runs from, and a slice or a scope is whatever others
 * have put in it: nothing of the kind uses a card. */
#define NAME                                                                                   \
  "^[A-Za-z0-9_][A-Za-z0-9:_.\\\\-]*(@[A-Za-z0-9:_.\\\\-]*)?\\.(service|socket|timer|path|"    \
  "target)$"

/* Of a user's systemd: as its owner writes it, and as a step and a note name it, with the user's
 * number, because another one may ask for the card back. */
#define OF_USER "user:"
#define OF_NUMBERED_USER "^user:(0|[1-9][0-9]{0,9}):"

typedef struct
{
  const char *pattern;
  const char *why;
} Protected;

#define BY_HANDOFF "a handoff needs it"
#define BY_DESKTOP "the desktop stands on it"
#define BY_SYSTEM "systemd itself stands on it"

/* What a handoff itself needs, or would end with. Patterns as in GPatternSpec; distributions call
 * the display manager by its program's name as well. */
static const Protected protected_units[] = {
  { "baton-*", BY_HANDOFF },
  { "dbus.*", BY_HANDOFF },
  { "dbus-broker.*", BY_HANDOFF },
  { "dbus-daemon.*", BY_HANDOFF },
  { "polkit.*", BY_HANDOFF },
  { "polkitd.*", BY_HANDOFF },
  { "systemd-*", BY_HANDOFF },
  { "udev.*", BY_HANDOFF },
  { "user@*", BY_DESKTOP },
  { "user-runtime-dir@*", BY_DESKTOP },
  { "accounts-daemon.*", BY_DESKTOP },
  { "display-manager.*", BY_DESKTOP },
  { "gdm.*", BY_DESKTOP },
  { "gdm3.*", BY_DESKTOP },
  { "greetd.*", BY_DESKTOP },
  { "lightdm.*", BY_DESKTOP },
  { "lxdm.*", BY_DESKTOP },
  { "ly.*", BY_DESKTOP },
  { "ly@*", BY_DESKTOP },
  { "nodm.*", BY_DESKTOP },
  { "plasmalogin.*", BY_DESKTOP },
  { "sddm.*", BY_DESKTOP },
  { "slim.*", BY_DESKTOP },
  { "wdm.*", BY_DESKTOP },
  { "xdm.*", BY_DESKTOP },
  { "emergency.*", BY_SYSTEM },
  { "initrd-*", BY_SYSTEM },
  { "rescue.*", BY_SYSTEM },
  { "debug-shell.*", BY_SYSTEM },
  /* SD-SPECIAL: some of these end everything when they are only started. */
  { "basic.target", BY_SYSTEM },
  { "bluetooth.target", BY_SYSTEM },
  { "boot-complete.target", BY_SYSTEM },
  { "cryptsetup*.target", BY_SYSTEM },
  { "ctrl-alt-del.target", BY_SYSTEM },
  { "default.target", BY_SYSTEM },
  { "exit.target", BY_SYSTEM },
  { "factory-reset.target", BY_SYSTEM },
  { "final.target", BY_SYSTEM },
  { "first-boot-complete.target", BY_SYSTEM },
  { "getty*.target", BY_SYSTEM },
  { "graphical.target", BY_SYSTEM },
  { "halt.target", BY_SYSTEM },
  { "hibernate.target", BY_SYSTEM },
  { "hybrid-sleep.target", BY_SYSTEM },
  { "initrd.target", BY_SYSTEM },
  { "integritysetup*.target", BY_SYSTEM },
  { "kbrequest.target", BY_SYSTEM },
  { "kexec.target", BY_SYSTEM },
  { "local-fs*.target", BY_SYSTEM },
  { "machines.target", BY_SYSTEM },
  { "multi-user.target", BY_SYSTEM },
  { "network*.target", BY_SYSTEM },
  { "nss-*.target", BY_SYSTEM },
  { "paths.target", BY_SYSTEM },
  { "poweroff.target", BY_SYSTEM },
  { "printer.target", BY_SYSTEM },
  { "reboot.target", BY_SYSTEM },
  { "remote-*.target", BY_SYSTEM },
  { "rpcbind.target", BY_SYSTEM },
  { "runlevel?.target", BY_SYSTEM },
  { "shutdown.target", BY_SYSTEM },
  { "sigpwr.target", BY_SYSTEM },
  { "sleep.target", BY_SYSTEM },
  { "slices.target", BY_SYSTEM },
  { "smartcard.target", BY_SYSTEM },
  { "sockets.target", BY_SYSTEM },
  { "soft-reboot.target", BY_SYSTEM },
  { "sound.target", BY_SYSTEM },
  { "storage-target-mode.target", BY_SYSTEM },
  { "suspend*.target", BY_SYSTEM },
  { "swap.target", BY_SYSTEM },
  { "sysinit.target", BY_SYSTEM },
  { "system-update*.target", BY_SYSTEM },
  { "time-*.target", BY_SYSTEM },
  { "timers.target", BY_SYSTEM },
  { "tpm2.target", BY_SYSTEM },
  { "umount.target", BY_SYSTEM },
  { "usb-gadget.target", BY_SYSTEM },
  { "veritysetup*.target", BY_SYSTEM },
};

/* What a user's desktop stands on, in his own systemd. */
static const char *const user_units[] = {
  "cinnamon-*", "default.*",     "gnome-session*", "gnome-shell*", "graphical-*", "kwin*",
  "labwc*",     "mate-session*", "niri*",          "org.gnome.*",  "plasma-*",    "river*",
  "session-*",  "startplasma*",  "sway*",          "uwsm*",        "wayland-*",   "wayfire*",
  "wlroots*",   "xdg-*",         "xfce4-session*", "xsession*",    "hyprland*",
};

#define TRANSIENT "systemd/transient"

/* SD-UNIT, in one order or another: all that is asked is whether there is such a file. */
static const struct
{
  BatonRootPart part;
  const char *path;
} directories[] = {
  { BATON_ROOT_ETC, "systemd/system.control" },
  { BATON_ROOT_ETC, "systemd/system" },
  { BATON_ROOT_ETC, "systemd/system.attached" },
  { BATON_ROOT_RUN, "systemd/system.control" },
  { BATON_ROOT_RUN, TRANSIENT },
  { BATON_ROOT_RUN, "systemd/generator.early" },
  { BATON_ROOT_RUN, "systemd/system" },
  { BATON_ROOT_RUN, "systemd/system.attached" },
  { BATON_ROOT_RUN, "systemd/generator" },
  { BATON_ROOT_RUN, "systemd/generator.late" },
  { BATON_ROOT_USR, "local/lib/systemd/system" },
  { BATON_ROOT_USR, "lib/systemd/system" },
  { BATON_ROOT_LIB, "systemd/system" },
};

static const char *
find_protection (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (protected_units); i++)
    if (g_pattern_match_simple (protected_units[i].pattern, name))
      return protected_units[i].why;

  return NULL;
}

static gboolean
stands_user_on (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (user_units); i++)
    if (g_pattern_match_simple (user_units[i], name))
      return TRUE;

  return FALSE;
}

/**
 * baton_unit_name_is_of_user:
 * @name: the name of a unit
 *
 * Returns: whether it is one of a user's systemd, with the user's number or without
 */
gboolean
baton_unit_name_is_of_user (const char *name)
{
  return g_str_has_prefix (name, OF_USER);
}

/**
 * baton_unit_name_dup_for_user:
 * @name: a user's unit, as its owner writes it: `user:scream.service`
 * @uid: a user
 *
 * Returns: (transfer full): as steps and notes name it: `user:1000:scream.service`
 */
char *
baton_unit_name_dup_for_user (const char *name, guint uid)
{
  return g_strdup_printf (OF_USER "%u:%s", uid, name + strlen (OF_USER));
}

/**
 * baton_unit_name_find_plain:
 * @name: as steps and notes name a unit
 * @ret_uid: (out): whose it is; untouched where it is the system's
 *
 * Returns: the name by which its systemd knows it, or %NULL where it is a system unit
 */
const char *
baton_unit_name_find_plain (const char *name, guint *ret_uid)
{
  guint64 uid = 0;
  char *end = NULL;

  if (!g_regex_match_simple (OF_NUMBERED_USER, name, 0, 0))
    return NULL;
  uid = g_ascii_strtoull (name + strlen (OF_USER), &end, 10);
  if (uid == 0 || uid >= G_MAXUINT32)
    return NULL;
  *ret_uid = (guint) uid;

  return end + 1;
}

/**
 * baton_unit_name_dup_fault:
 * @name: the name of a systemd unit, as its owner wrote it
 *
 * Whether Baton may stop and start a unit of that name on its owner's wish: one of the system's or of
 * a user's that has a plain name, and that neither a handoff nor the desktop nor systemd itself
 * stands on.
 *
 * Returns: (transfer full) (nullable): a clause that says why not, for people; %NULL where it may
 */
char *
baton_unit_name_dup_fault (const char *name)
{
  g_autofree char *shown = baton_text_clean (name, -1, MAX_SHOWN_BYTES, NULL, NULL);
  gboolean of_user = baton_unit_name_is_of_user (name);
  guint uid = 0;
  const char *plain = baton_unit_name_find_plain (name, &uid);
  const char *why = NULL;

  if (of_user)
    name = plain != NULL ? plain : name + strlen (OF_USER);
  if (strlen (name) > MAX_NAME_BYTES ||
      !g_regex_match_simple (NAME, name, G_REGEX_DOLLAR_ENDONLY, 0))
    return g_strdup_printf (
        "“%s” is no plain name of a service, socket, timer, path or target, "
        "such as ollama.service",
        shown);
  if (strstr (name, "@.") != NULL)
    return g_strdup_printf ("“%s” is a template: say which instance of it is meant, such as "
                            "name@instance.service",
                            shown);
  if (g_strv_contains (baton_nvidia_list_units (), name))
    return g_strdup_printf (
        "“%s” belongs to NVIDIA’s driver, and Baton stops it by itself where "
        "that is needed",
        shown);
  why = of_user && stands_user_on (name) ? BY_DESKTOP : find_protection (name);

  return why != NULL ? g_strdup_printf ("“%s” is not touched: %s", shown, why) : NULL;
}

/**
 * baton_unit_name_is_good:
 * @name: the name of a systemd unit
 *
 * Returns: whether baton_unit_name_dup_fault() finds nothing
 */
gboolean
baton_unit_name_is_good (const char *name)
{
  g_autofree char *fault = baton_unit_name_dup_fault (name);

  return fault == NULL;
}

/**
 * baton_unit_name_may_be_display_manager:
 * @name: the name of a systemd unit
 *
 * No owner may name it, but a handoff that ends the desktop stops what systemd finds by
 * %BATON_DISPLAY_MANAGER, and nothing else that this is not true of.
 *
 * Returns: whether a display manager could be called so
 */
gboolean
baton_unit_name_may_be_display_manager (const char *name)
{
  const char *why = find_protection (name);

  return strlen (name) <= MAX_NAME_BYTES && g_str_has_suffix (name, ".service") &&
         g_regex_match_simple (NAME, name, G_REGEX_DOLLAR_ENDONLY, 0) &&
         !g_str_has_prefix (name, "user@") && !g_str_has_prefix (name, "user-runtime-dir@") &&
         (why == NULL || g_str_equal (why, BY_DESKTOP));
}

static char *
find_fault_of_list (GStrv units, guint n_units, GStrv others)
{
  if (n_units == 0)
    return g_strdup ("it must name at least one unit; several are separated by “;”");
  if (n_units > MAX_UNITS)
    return g_strdup_printf ("it may name %u units at most", MAX_UNITS);

  for (guint i = 0; i < n_units; i++)
    {
      char *fault = baton_unit_name_dup_fault (units[i]);

      if (fault != NULL)
        return fault;
      if (g_regex_match_simple (OF_NUMBERED_USER, units[i], 0, 0))
        return g_strdup_printf ("“%s” names a user: a user’s unit is that of whoever asks for "
                                "the card, such as user:scream.service",
                                units[i]);
      for (guint j = 0; j < i; j++)
        if (g_str_equal (units[i], units[j]))
          return g_strdup_printf ("“%s” is named twice", units[i]);
      if (others != NULL && g_strv_contains ((const char *const *) others, units[i]))
        return g_strdup_printf ("“%s” cannot be in both “stop-units” and “start-units-guest”",
                                units[i]);
    }

  return NULL;
}

/**
 * baton_unit_name_read_list:
 * @value: names with “;” between them, and perhaps after the last, as in other key files
 * @others: (nullable): names that may not be among them
 * @ret_list: (inout): the names; untouched where there is a fault
 *
 * Returns: (transfer full) (nullable): a clause that says what is wrong with @value, for people
 */
char *
baton_unit_name_read_list (const char *value, GStrv others, GStrv *ret_list)
{
  g_auto (GStrv) words = g_strsplit (value, ";", -1);
  guint n_words = g_strv_length (words);
  char *fault = NULL;

  for (guint i = 0; i < n_words; i++)
    g_strstrip (words[i]);
  if (n_words > 0 && *words[n_words - 1] == '\0')
    g_clear_pointer (&words[--n_words], g_free);

  fault = find_fault_of_list (words, n_words, others);
  if (fault != NULL)
    return fault;
  g_strfreev (*ret_list);
  *ret_list = g_steal_pointer (&words);

  return NULL;
}

/* A link is enough, wherever it leads: a unit's other names are links to its file, and a unit that
 * is masked is one to nowhere. */
static gboolean
has_file (BatonRoot *root, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autofree char *path = g_build_filename (directories[i].path, name, NULL);
      int fd = baton_root_open (root, directories[i].part, path, O_PATH | O_NOFOLLOW, NULL);

      if (fd >= 0)
        {
          close (fd);
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * baton_unit_name_is_installed:
 * @name: a name that is good
 * @root: where to look
 *
 * Everybody may look there, so that a preview without rights finds the same.
 *
 * Returns: whether systemd finds a system unit of that name
 */
gboolean
baton_unit_name_is_installed (const char *name, BatonRoot *root)
{
  const char *at = strchr (name, '@');
  g_autofree char *template = NULL;

  if (has_file (root, name))
    return TRUE;
  if (at == NULL)
    return FALSE;
  template = g_strdup_printf ("%.*s%s", (int) (at - name + 1), name, strrchr (name, '.'));

  return has_file (root, template);
}

/**
 * baton_unit_name_is_transient:
 * @name: the name by which its systemd knows a unit
 * @uid: (nullable): whose systemd that is; %NULL for the system's
 * @root: where to look
 *
 * SD-UNIT: what was asked for with no file of its own, as systemd-run does, is written down there for
 * as long as it runs.
 *
 * Returns: whether nothing is left of it once it is stopped
 */
gboolean
baton_unit_name_is_transient (const char *name, const guint *uid, BatonRoot *root)
{
  g_autofree char *path = uid != NULL ? g_strdup_printf ("user/%u/" TRANSIENT "/%s", *uid, name)
                                      : g_strconcat (TRANSIENT, "/", name, NULL);

  return baton_root_exists (root, BATON_ROOT_RUN, path);
}
