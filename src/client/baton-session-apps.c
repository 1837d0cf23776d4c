/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-session-apps.h"

#include <string.h>

#include "baton-closed-program.h"
#include "baton-desktop-app.h"
#include "baton-desktop.h"
#include "baton-process-unit.h"
#include "baton-process.h"

/* References used below:
 *  DESKTOPS  - systemd.io/DESKTOP_ENVIRONMENTS, "XDG standardization for applications": GNOME and KDE
 *              give each application a scope or a service below user@UID.service
 *  GENERATOR - systemd-xdg-autostart-generator(8): app-NAME@autostart.service
 *  AUTOSTART - Desktop Application Autostart Specification: `autostart` below each configuration
 *              directory; the first entry of a name counts, and `Hidden` says that it is none
 *  ENTRY     - Desktop Entry Specification, "The Exec key": `%u` and its like are no arguments
 *  COMM      - proc(5): /proc/pid/comm has at most 15 characters
 */

#define MAX_CGROUP 16384
#define COMM_LENGTH 15
#define AUTOSTARTED_SUFFIX "@autostart.service"

typedef struct
{
  /* borrowed */
  BatonRoot *root;

  guint uid;
  BatonDesktop *desktop; /* owned */
  GHashTable
      *autostarted; /* owned; ids and names of programs that the session starts by itself */
  GHashTable
      *executables; /* owned; name of a program file to a desktop id, NULL until it is needed */
  GPtrArray *apps;  /* owned; BatonClosedProgram */
  GPtrArray *start_times; /* owned; of the process of each that is its first */
} Look;

static void
look_clear (Look *self)
{
  g_clear_pointer (&self->desktop, baton_desktop_free);
  g_clear_pointer (&self->autostarted, g_hash_table_unref);
  g_clear_pointer (&self->executables, g_hash_table_unref);
  g_clear_pointer (&self->apps, g_ptr_array_unref);
  g_clear_pointer (&self->start_times, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

/* What runs any number of programs names none. */
static gboolean
is_interpreter (const char *name)
{
  static const char *const names[] = { "bash",         "dash", "env",  "flatpak",
                                       "gapplication", "java", "perl", "sh",
                                       "pkexec",       "snap", "wine", NULL };

  return g_strv_contains (names, name) || g_str_has_prefix (name, "python");
}

/* Returns: (transfer full) (nullable): the program file's name that tells the entry's program */
static char *
dup_executable_name (GDesktopAppInfo *app)
{
  const char *executable = g_app_info_get_executable (G_APP_INFO (app));
  g_autofree char *name = executable != NULL ? g_path_get_basename (executable) : NULL;

  return name != NULL && !is_interpreter (name) ? g_steal_pointer (&name) : NULL;
}

static void
read_autostarted (Look *self, const char *config_directory, GHashTable *seen)
{
  g_autofree char *path = g_build_filename (config_directory, "autostart", NULL);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autoptr (GDesktopAppInfo) app = NULL;
      g_autofree char *executable = NULL;

      if (!g_str_has_suffix (name, ".desktop") || !g_hash_table_add (seen, g_strdup (name)))
        continue;
      app = g_desktop_app_info_new_from_filename (file);
      if (app == NULL || g_desktop_app_info_get_is_hidden (app))
        continue;
      g_hash_table_add (self->autostarted,
                        g_strndup (name, strlen (name) - strlen (".desktop")));
      executable = dup_executable_name (app);
      if (executable != NULL)
        g_hash_table_add (self->autostarted, g_steal_pointer (&executable));
    }
}

static void
find_autostarted (Look *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *const *directories = g_get_system_config_dirs ();

  self->autostarted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  read_autostarted (self, g_get_user_config_dir (), seen);
  for (guint i = 0; directories[i] != NULL; i++)
    read_autostarted (self, directories[i], seen);
}

/* Whether it can be told from its program alone that the application runs: `panel --preferences` is
 * no panel, and a text program is its terminal's. */
static gboolean
is_told_by_program (GDesktopAppInfo *app)
{
  const char *command = g_app_info_get_commandline (G_APP_INFO (app));
  g_auto (GStrv) words = NULL;

  if (command == NULL || g_desktop_app_info_get_boolean (app, "Terminal") ||
      !g_shell_parse_argv (command, NULL, &words, NULL))
    return FALSE;
  for (guint i = 1; words[i] != NULL; i++)
    if (*words[i] != '%')
      return FALSE;

  return TRUE;
}

static char *
dup_id (GAppInfo *app)
{
  const char *id = g_app_info_get_id (app);

  return id != NULL && g_str_has_suffix (id, ".desktop")
             ? g_strndup (id, strlen (id) - strlen (".desktop"))
             : NULL;
}

/* A name that two entries share tells of none of them, unless one bears it. */
static void
add_executable (Look *self, GDesktopAppInfo *app)
{
  g_autofree char *name = dup_executable_name (app);
  g_autofree char *id = dup_id (G_APP_INFO (app));
  const char *known;

  if (name == NULL || id == NULL || g_desktop_app_info_get_nodisplay (app) ||
      !is_told_by_program (app))
    return;
  known = g_hash_table_lookup (self->executables, name);
  if (known == NULL)
    g_hash_table_insert (self->executables, g_steal_pointer (&name), g_steal_pointer (&id));
  else if (strcmp (known, name) != 0)
    {
      g_autofree char *kept = strcmp (id, name) == 0 ? g_strdup (id) : g_strdup ("");

      g_hash_table_insert (self->executables, g_steal_pointer (&name), g_steal_pointer (&kept));
    }
}

static const char *
find_by_executable (Look *self, const char *name)
{
  const char *id;

  if (self->executables == NULL)
    {
      g_autolist (GAppInfo) apps = g_app_info_get_all ();

      self->executables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      for (GList *link = apps; link != NULL; link = link->next)
        if (G_IS_DESKTOP_APP_INFO (link->data))
          add_executable (self, link->data);
    }
  id = g_hash_table_lookup (self->executables, name);

  return id != NULL && *id != '\0' ? id : NULL;
}

static char *
read_cgroup (BatonRoot *root, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d/cgroup", pid);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_CGROUP, NULL, NULL);

  return text != NULL ? baton_process_parse_cgroup (text) : NULL;
}

/* Where no desktop gives them control groups of their own. A script's name is that of its process. */
static char *
dup_app_by_program (Look *self, const BatonProcess *process)
{
  g_autofree char *path = g_strdup_printf ("%d/exe", process->pid);
  g_autofree char *executable = baton_root_read_link (self->root, BATON_ROOT_PROC, path, NULL);
  g_autofree char *name = executable != NULL ? g_path_get_basename (executable) : NULL;
  const char *id = name != NULL ? find_by_executable (self, name) : NULL;

  if (id == NULL && strlen (process->name) < COMM_LENGTH)
    id = find_by_executable (self, process->name);

  return g_strdup (id);
}

static gboolean
is_offered (Look *self, const char *app_id)
{
  g_autoptr (GDesktopAppInfo) app = baton_desktop_app_find (app_id);
  g_autofree char *executable = NULL;

  /* Baton is what offers it. */
  if (app == NULL || g_desktop_app_info_get_nodisplay (app) ||
      strcmp (app_id, BATON_APP_ID) == 0 || g_hash_table_contains (self->autostarted, app_id))
    return FALSE;
  executable = dup_executable_name (app);

  return executable == NULL || !g_hash_table_contains (self->autostarted, executable);
}

static const BatonSession *
find_session_of_unit (Look *self, const char *unit)
{
  for (guint i = 0; i < self->desktop->sessions->len; i++)
    {
      const BatonSession *session = g_ptr_array_index (self->desktop->sessions, i);
      g_autofree char *scope = baton_session_dup_scope (session->id);

      if (session->uid == self->uid && session->seat != NULL && strcmp (scope, unit) == 0)
        return session;
    }

  return NULL;
}

/* What is below a user's own systemd goes with whichever of his desktops ends. */
static GStrv
list_desktops (Look *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < self->desktop->sessions->len; i++)
    {
      const BatonSession *session = g_ptr_array_index (self->desktop->sessions, i);

      if (session->uid == self->uid && session->seat != NULL &&
          baton_session_is_graphical (session))
        g_strv_builder_add (builder, session->id);
    }

  return g_strv_builder_end (builder);
}

/* Returns: (transfer full) (nullable): the application that the process is of; with @ret_sessions
 * set to those with which it ends */
static char *
find_app (Look *self, const BatonProcess *process, GStrv *ret_sessions)
{
  g_autofree char *cgroup = read_cgroup (self->root, process->pid);
  g_auto (BatonProcessUnit) unit = { 0 };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const BatonSession *session;
  g_autofree char *app_id = NULL;

  baton_process_unit_parse (&unit, cgroup);
  if (unit.unit == NULL)
    return NULL;
  if (unit.app_id != NULL && strstr (cgroup, "/user@") != NULL)
    {
      if (g_str_has_suffix (unit.unit, AUTOSTARTED_SUFFIX))
        return NULL;
      *ret_sessions = list_desktops (self);
      return g_steal_pointer (&unit.app_id);
    }

  session = find_session_of_unit (self, unit.unit);
  app_id = session != NULL ? dup_app_by_program (self, process) : NULL;
  if (app_id == NULL)
    return NULL;
  g_strv_builder_add (builder, session->id);
  *ret_sessions = g_strv_builder_end (builder);

  return g_steal_pointer (&app_id);
}

static BatonClosedProgram *
build_program (const BatonProcess *process, const char *app_id, GStrv *sessions)
{
  BatonClosedProgram *program = g_new0 (BatonClosedProgram, 1);
  g_autoptr (GStrvBuilder) closes = g_strv_builder_new ();
  g_autofree char *close = g_strdup_printf ("%d:%s", process->pid, process->start_time);

  g_strv_builder_add (closes, close);
  program->closes = g_strv_builder_end (closes);
  program->name = g_strdup (process->name);
  program->app_id = g_strdup (app_id);
  program->arguments = g_new0 (char *, 1);
  program->variables = g_new0 (char *, 1);
  program->sessions = g_steal_pointer (sessions);
  /* Where the menu starts it. */
  program->directory = g_strdup (g_get_home_dir ());

  return program;
}

/* One for each application, and of its processes the first: what else it has come from that. */
static void
take (Look *self, const BatonProcess *process, const char *app_id, GStrv *sessions)
{
  guint i;

  for (i = 0; i < self->apps->len; i++)
    if (strcmp (((BatonClosedProgram *) self->apps->pdata[i])->app_id, app_id) == 0)
      break;
  if (i < self->apps->len && g_ascii_strtoull (self->start_times->pdata[i], NULL, 10) <=
                                 g_ascii_strtoull (process->start_time, NULL, 10))
    return;
  if (i < self->apps->len)
    {
      g_ptr_array_remove_index (self->apps, i);
      g_ptr_array_remove_index (self->start_times, i);
    }
  g_ptr_array_add (self->apps, build_program (process, app_id, sessions));
  g_ptr_array_add (self->start_times, g_strdup (process->start_time));
}

static void
look_at (Look *self, int pid)
{
  g_autoptr (BatonProcess) process = baton_process_new (self->root, pid, NULL);
  g_auto (GStrv) sessions = NULL;
  g_autofree char *app_id = NULL;

  if (process == NULL || process->uid != self->uid || process->is_kernel_thread)
    return;
  app_id = find_app (self, process, &sessions);
  if (app_id != NULL && *sessions != NULL && is_offered (self, app_id))
    take (self, process, app_id, &sessions);
}

static int
compare_apps (gconstpointer a, gconstpointer b)
{
  const BatonClosedProgram *left = *(const BatonClosedProgram *const *) a;
  const BatonClosedProgram *right = *(const BatonClosedProgram *const *) b;

  return strcmp (left->app_id, right->app_id);
}

/**
 * baton_session_apps_list:
 * @root: where to look
 * @uid: whose
 *
 * Looks which applications of the menu a user has open in his sessions: by the control groups that
 * desktops give them (DESKTOPS), and where a desktop gives none, by their programs. The shell, panels
 * and what a session starts by itself (AUTOSTART, GENERATOR) are none: the next one has its own. Reads
 * nothing that a hanging process could withhold.
 *
 * Returns: (transfer full) (element-type BatonClosedProgram): one for each application, by its id
 */
GPtrArray *
baton_session_apps_list (BatonRoot *root, guint uid)
{
  g_auto (Look) self = { .root = root, .uid = uid };
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_PROC, "", NULL);

  self.apps = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  self.start_times = g_ptr_array_new_with_free_func (g_free);
  self.desktop = baton_desktop_new (root);
  find_autostarted (&self);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      guint64 pid;

      if (g_ascii_string_to_unsigned (names->pdata[i], 10, 2, G_MAXINT, &pid, NULL))
        look_at (&self, (int) pid);
    }
  g_ptr_array_sort (self.apps, compare_apps);

  return g_steal_pointer (&self.apps);
}
