/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holder-service.h"

#include <string.h>

#include "baton-unit-name.h"

/* References used below:
 *  MAIN - systemd src/core/unit.c, unit_search_main_pid(): the main process of a service that does
 *         not say it itself is the only one in the unit's control group whose parent is systemd; of
 *         two it takes none
 *  USER - systemd's user@.service: the systemd of a user is in init.scope below it, and adopts what
 *         has lost its parent there (PR_SET_CHILD_SUBREAPER, src/core/main.c)
 */

#define MAX_CGROUP_BYTES 16384

#define OF_USER "user:"
#define USER_MANAGER "/user@%u.service/"
#define INIT_SCOPE "init.scope"
#define SYSTEM_MANAGER 1

/* What a computer cannot be without, or whoever hands a card over from afar: not even where it uses one
 * is it stopped, which who names it in his settings may want (baton-unit-name.c has what he may not).
 * Patterns as in GPatternSpec. */
static const char *const kept_units[] = {
  "NetworkManager*", "connman.*", "console-getty.*", "dhcpcd*",  "elogind.*",       "getty@*",
  "iwd.*",           "libvirt*",  "networking.*",    "seatd.*",  "serial-getty@*",  "ssh.*",
  "ssh@*",           "sshd.*",    "sshd@*",          "virt*d.*", "wpa_supplicant*",
};

static gboolean
is_kept (const char *unit)
{
  for (guint i = 0; i < G_N_ELEMENTS (kept_units); i++)
    if (g_pattern_match_simple (kept_units[i], unit))
      return TRUE;

  return FALSE;
}

static char *
read_cgroup (BatonRoot *root, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d/cgroup", pid);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_CGROUP_BYTES, NULL, NULL);

  return text != NULL ? baton_process_parse_cgroup (text) : NULL;
}

static char *
read_program (BatonRoot *root, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d/exe", pid);

  return baton_root_read_link (root, BATON_ROOT_PROC, path, NULL);
}

/* Whether @cgroup is that of the unit itself: what a service has divided among others below it is
 * nothing of its own. */
static gboolean
is_own_group (const char *cgroup, const char *unit)
{
  const char *name = strrchr (cgroup, '/');

  return name != NULL && g_str_equal (name + 1, unit);
}

/* USER. Returns: (nullable): the group of the systemd of @uid, where @cgroup is below that */
static char *
dup_manager_group (const char *cgroup, guint uid)
{
  g_autofree char *name = g_strdup_printf (USER_MANAGER, uid);
  const char *at = strstr (cgroup, name);

  if (at == NULL)
    return NULL;

  return g_strdup_printf ("%.*s%s%s", (int) (at - cgroup), cgroup, name, INIT_SCOPE);
}

/* @manager_group: that of a user's systemd, or %NULL for the system's */
static gboolean
is_child_of_manager (BatonRoot *root, const BatonProcess *process, const char *manager_group)
{
  g_autofree char *cgroup = NULL;

  if (manager_group == NULL || process->parent <= SYSTEM_MANAGER)
    return manager_group == NULL && process->parent == SYSTEM_MANAGER;
  cgroup = read_cgroup (root, process->parent);

  return g_strcmp0 (cgroup, manager_group) == 0;
}

/* MAIN. Returns: (nullable): the main process of the unit whose control group that is */
static BatonProcess *
find_main (BatonRoot *root, const char *cgroup, const char *manager_group)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_PROC, ".", NULL);
  g_autoptr (BatonProcess) found = NULL;

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      guint64 pid = 0;
      g_autofree char *other = NULL;
      g_autoptr (BatonProcess) process = NULL;

      if (!g_ascii_string_to_unsigned (names->pdata[i], 10, 2, G_MAXINT, &pid, NULL))
        continue;
      other = read_cgroup (root, (int) pid);
      if (g_strcmp0 (other, cgroup) != 0)
        continue;
      process = baton_process_new (root, (int) pid, NULL);
      if (process == NULL || !is_child_of_manager (root, process, manager_group))
        continue;
      if (found != NULL)
        return NULL;
      found = g_steal_pointer (&process);
    }

  return g_steal_pointer (&found);
}

/* By the program's file, and by the name where that may not be read. */
static gboolean
runs_the_same (BatonRoot *root, const BatonProcess *process, const BatonProcess *main)
{
  g_autofree char *program = read_program (root, process->pid);
  g_autofree char *other = read_program (root, main->pid);

  if (program != NULL && other != NULL)
    return g_str_equal (program, other);

  return g_strcmp0 (process->name, main->name) == 0;
}

/* What was made for one run alone, as systemd-run does, is gone once it is stopped. */
static gboolean
may_be_stopped (BatonRoot *root, const char *unit, gboolean of_user, guint uid)
{
  g_autofree char *name = g_strconcat (of_user ? OF_USER : "", unit, NULL);

  return g_str_has_suffix (unit, ".service") && !is_kept (unit) &&
         baton_unit_name_is_good (name) &&
         !baton_unit_name_is_transient (unit, of_user ? &uid : NULL, root) &&
         (of_user || baton_unit_name_is_installed (unit, root));
}

/**
 * baton_holder_service_find_main:
 * @root: where it was found
 * @process: who has a card
 * @unit: the unit that it runs in
 * @of_user: it is one of a user's own systemd
 *
 * A service that is to let a card go is stopped as a whole: systemd may start it again where its
 * process alone is ended. That is for the service itself alone, its main process and workers of the
 * same program. What a service has started of others, as cron its jobs, is no part of it.
 *
 * What is said is what can be seen in `/proc`, where everybody sees the same; systemd itself is to be
 * asked before a service is stopped (MAIN).
 *
 * Returns: the main process's number where @process is it or its worker, and Baton may stop and start
 *   @unit; else 0
 */
int
baton_holder_service_find_main (BatonRoot *root,
                                const BatonProcess *process,
                                const char *unit,
                                gboolean of_user)
{
  g_autofree char *manager_group = NULL;
  g_autoptr (BatonProcess) main = NULL;

  if (process->cgroup == NULL || unit == NULL || !is_own_group (process->cgroup, unit))
    return 0;
  if (of_user)
    manager_group = dup_manager_group (process->cgroup, process->uid);
  if ((of_user && manager_group == NULL) || !may_be_stopped (root, unit, of_user, process->uid))
    return 0;
  main = find_main (root, process->cgroup, manager_group);
  if (main == NULL || (main->pid != process->pid && !runs_the_same (root, process, main)))
    return 0;

  return main->pid;
}
