/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-reopen.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-desktop-app.h"
#include "baton-error.h"
#include "baton-process.h"
#include "baton-reopen-scope.h"
#include "baton-text.h"

/* References used below:
 *  PROC5  - proc(5): /proc/pid/exe of a program whose file was replaced ends in " (deleted)"
 *  LOGIND - sd-login(3): /run/systemd/sessions/ID is there as long as the session
 *  SPAWN  - glib/gspawn.c: the child setup runs last before exec(), when the standard descriptors
 *    are in place, and may do what signal-safety(7) allows
 */

#define MAX_NAME 64

/* What names a session. Where that has ended, the one of who asks takes its place. */
static const char *const session_variables[] = {
  "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_ID", NULL,
};

/**
 * baton_reopened_free:
 * @self: (nullable): what became of a program
 *
 * Frees @self.
 */
void
baton_reopened_free (BatonReopened *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->reason);
  g_free (self);
}

/* What is inside of a Flatpak or a Snap cannot be started from outside. */
static gboolean
is_boxed (const BatonClosedProgram *program)
{
  return program->unit != NULL && (g_str_has_prefix (program->unit, "app-flatpak-") ||
                                   g_str_has_prefix (program->unit, "snap."));
}

/**
 * baton_reopen_dup_name:
 * @program: a program
 *
 * Returns: (transfer full): its name as its user knows it, fit to be shown
 */
char *
baton_reopen_dup_name (const BatonClosedProgram *program)
{
  g_autoptr (GDesktopAppInfo) app = program->obstacle == BATON_CLOSED_OTHER_USER
                                        ? NULL
                                        : baton_desktop_app_find (program->app_id);

  return baton_text_clean (app != NULL ? g_app_info_get_display_name (G_APP_INFO (app))
                                       : program->name,
                           -1, MAX_NAME, NULL, NULL);
}

/* An upgraded program is started from the file that has come in its place (PROC5). */
static char *
dup_file (const BatonClosedProgram *program)
{
  static const char deleted[] = " (deleted)";
  const char *path = program->executable;

  if (g_str_has_suffix (path, deleted) && !g_file_test (path, G_FILE_TEST_EXISTS))
    return g_strndup (path, strlen (path) - strlen (deleted));

  return g_strdup (path);
}

static gboolean
is_same_file (const char *a, const char *b)
{
  struct stat one;
  struct stat other;

  return stat (a, &one) == 0 && stat (b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

/* By the path that it calls itself by, where that leads to its file: a link may give it its name. */
static char *
dup_executable (const BatonClosedProgram *program)
{
  g_autofree char *file = dup_file (program);
  const char *own = program->arguments[0];
  g_autofree char *found =
      own != NULL && *own != '\0' && (*own == '/' || strchr (own, '/') == NULL)
          ? g_find_program_in_path (own)
          : NULL;

  return found != NULL && is_same_file (found, file) ? g_steal_pointer (&found)
                                                     : g_steal_pointer (&file);
}

static gboolean
is_terminal_there (BatonRoot *root, const BatonClosedProgram *program)
{
  const char *leader = strchr (program->terminal, ' ');
  const char *start_time = leader != NULL ? strchr (leader, ':') : NULL;
  g_autoptr (BatonProcess) process = NULL;

  if (start_time == NULL)
    return FALSE;
  process = baton_process_new (root, (int) g_ascii_strtoll (leader + 1, NULL, 10), NULL);

  return process != NULL && g_strcmp0 (process->start_time, start_time + 1) == 0;
}

static char *
dup_missing_file (const BatonClosedProgram *program)
{
  g_autofree char *executable = dup_executable (program);
  g_autofree char *shown = NULL;

  if (!g_file_test (executable, G_FILE_TEST_IS_EXECUTABLE))
    {
      shown = baton_text_clean (executable, -1, BATON_PROCESS_MAX_COMMAND, NULL, NULL);
      /* Translators: the path of a program */
      return g_strdup_printf (_ ("there is no program at %s any more"), shown);
    }
  if (!g_file_test (program->directory, G_FILE_TEST_IS_DIR))
    {
      shown = baton_text_clean (program->directory, -1, BATON_PROCESS_MAX_COMMAND, NULL, NULL);
      /* Translators: the path of a directory */
      return g_strdup_printf (_ ("the directory that it ran in is gone: %s"), shown);
    }

  return NULL;
}

/**
 * baton_reopen_dup_reason:
 * @root: where processes are looked at
 * @program: a program
 *
 * Returns: (transfer full) (nullable): a clause: why it cannot be started again; %NULL where nothing
 *   is in the way
 */
char *
baton_reopen_dup_reason (BatonRoot *root, const BatonClosedProgram *program)
{
  g_autoptr (GDesktopAppInfo) app = NULL;

  switch (program->obstacle)
    {
    case BATON_CLOSED_OTHER_USER:
      return g_strdup (_ ("it belongs to another user"));
    case BATON_CLOSED_SERVICE:
      /* Translators: the name of a systemd unit */
      return g_strdup_printf (_ ("it is a service: systemctl start %s"), program->unit);
    case BATON_CLOSED_CONTAINER:
      return g_strdup (_ ("it ran in a container, which is to be started instead"));
    case BATON_CLOSED_TOO_LONG:
      return g_strdup (_ ("its command line is longer than Baton keeps"));
    case BATON_CLOSED_UNREADABLE:
      return g_strdup (_ ("it could not be read what it was started with"));
    case BATON_CLOSED_POSSIBLE:
    default:
      break;
    }

  app = baton_desktop_app_find (program->app_id);
  if (app != NULL)
    return NULL;
  if (is_boxed (program) || program->sessions != NULL)
    return g_strdup (_ ("the application is not installed any more"));
  if (program->executable == NULL || program->directory == NULL || *program->arguments == NULL)
    return g_strdup (_ ("it could not be read what it was started with"));
  if (program->terminal != NULL && !is_terminal_there (root, program))
    return g_strdup (_ ("the terminal that it ran in is gone"));

  return dup_missing_file (program);
}

static gboolean
is_of_session (const char *assignment)
{
  g_autofree char *name = g_strndup (assignment, strcspn (assignment, "="));

  return g_strv_contains (session_variables, name);
}

static gboolean
is_session_there (BatonRoot *root, const BatonClosedProgram *program)
{
  const char *id = g_environ_getenv (program->variables, "XDG_SESSION_ID");
  g_autofree char *path = NULL;

  if (id == NULL || *id == '\0' || strchr (id, '/') != NULL || *id == '.')
    return FALSE;
  path = g_strconcat ("systemd/sessions/", id, NULL);

  return baton_root_exists (root, BATON_ROOT_RUN, path);
}

/* What a program of this user is given, and of the program's own what names its session and cards. */
static GStrv
build_environment (BatonRoot *root, const BatonClosedProgram *program)
{
  GStrv environment = g_get_environ ();
  gboolean is_there = is_session_there (root, program);

  for (guint i = 0; program->variables[i] != NULL; i++)
    {
      const char *equals = strchr (program->variables[i], '=');
      g_autofree char *name =
          equals != NULL ? g_strndup (program->variables[i], equals - program->variables[i])
                         : NULL;

      if (name != NULL && (is_there || !is_of_session (program->variables[i])))
        environment = g_environ_setenv (environment, name, equals + 1, TRUE);
    }

  return environment;
}

typedef struct
{
  const char *directory;
  int terminal_fd;
} Setup;

/* Only what is safe between fork() and exec() (SPAWN). The program has nothing of a terminal's job
 * control, and is none of ours. */
static void
set_up_cb (gpointer data)
{
  const Setup *setup = data;

  setsid ();
  signal (SIGPIPE, SIG_DFL);
  if (setup->terminal_fd >= 0)
    {
      dup2 (setup->terminal_fd, STDOUT_FILENO);
      dup2 (setup->terminal_fd, STDERR_FILENO);
    }
  if (setup->directory != NULL && chdir (setup->directory) < 0)
    return;
}

typedef struct
{
  GDBusConnection *bus; /* borrowed */
  const BatonClosedProgram *program;
} Move;

static void
on_started_cb (GDesktopAppInfo *app, GPid pid, gpointer data)
{
  const Move *move = data;

  baton_reopen_scope_move (move->bus, pid, move->program->app_id);
}

static gboolean
start_app (GDesktopAppInfo *app,
           BatonRoot *root,
           const BatonClosedProgram *program,
           GDBusConnection *bus,
           GError **error)
{
  g_autoptr (GAppLaunchContext) context = g_app_launch_context_new ();
  g_auto (GStrv) environment = build_environment (root, program);
  Setup setup = { program->directory, -1 };
  Move move = { bus, program };

  for (guint i = 0; program->variables[i] != NULL; i++)
    {
      g_autofree char *name =
          g_strndup (program->variables[i], strcspn (program->variables[i], "="));
      const char *value = g_environ_getenv (environment, name);

      if (value != NULL)
        g_app_launch_context_setenv (context, name, value);
    }

  return g_desktop_app_info_launch_uris_as_manager (
      app, NULL, context,
      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, set_up_cb,
      &setup, on_started_cb, &move, error);
}

/* What it says goes to the terminal where it was started. It reads nothing there: that is the
 * shell's by now. */
static int
open_terminal (const BatonClosedProgram *program)
{
  guint64 number =
      g_ascii_strtoull (program->terminal != NULL ? program->terminal : "0", NULL, 10);
  /* Linux fs/proc/array.c, new_encode_dev(): minor in bits 31 to 20 and 7 to 0 */
  guint minor = (guint) ((number & 0xff) | ((number >> 12) & 0xfff00));
  guint major = (guint) ((number >> 8) & 0xfff);
  g_autofree char *path = NULL;

  /* Linux Documentation/admin-guide/devices.txt: 136 to 143 are pseudo-terminals */
  if (major < 136 || major > 143)
    return -1;
  path = g_strdup_printf ("/dev/pts/%u", (major - 136) * 256 + minor);

  return open (path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
}

static gboolean
start_program (BatonRoot *root,
               const BatonClosedProgram *program,
               GDBusConnection *bus,
               GError **error)
{
  g_autofree char *executable = dup_executable (program);
  g_auto (GStrv) environment = build_environment (root, program);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  Setup setup = { NULL, open_terminal (program) };
  gboolean is_started;
  GPid pid = 0;

  /* The file, and what the program takes for its own name. */
  g_ptr_array_add (arguments, executable);
  for (guint i = 0; program->arguments[i] != NULL; i++)
    g_ptr_array_add (arguments, program->arguments[i]);
  g_ptr_array_add (arguments, NULL);
  is_started = g_spawn_async (program->directory, (char **) arguments->pdata, environment,
                              G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_STDOUT_TO_DEV_NULL |
                                  G_SPAWN_STDERR_TO_DEV_NULL,
                              set_up_cb, &setup, &pid, error);
  if (setup.terminal_fd >= 0)
    close (setup.terminal_fd);
  if (is_started)
    baton_reopen_scope_move (bus, pid, NULL);

  return is_started;
}

static char *
start (BatonRoot *root, const BatonClosedProgram *program, GDBusConnection *bus)
{
  g_autofree char *reason = baton_reopen_dup_reason (root, program);
  g_autoptr (GDesktopAppInfo) app = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_started;

  if (reason != NULL)
    return g_steal_pointer (&reason);

  app = baton_desktop_app_find (program->app_id);
  is_started = app != NULL ? start_app (app, root, program, bus, &error)
                           : start_program (root, program, bus, &error);

  return is_started
             ? NULL
             : baton_text_clean (error->message, -1, BATON_PROCESS_MAX_COMMAND, NULL, NULL);
}

/**
 * baton_reopen:
 * @root: where processes and sessions are looked at
 * @programs: (element-type BatonClosedProgram): what was closed, see baton_closed_list()
 *
 * Starts the programs again, as the user who runs this program: an application by its desktop entry,
 * and what has none with the arguments and in the directory that it had. Blocks for as long as that
 * takes; a window calls it in a thread.
 *
 * Returns: (transfer full) (element-type BatonReopened): what became of each
 */
GPtrArray *
baton_reopen (BatonRoot *root, GPtrArray *programs)
{
  GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_reopened_free);
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);

  for (guint i = 0; i < programs->len; i++)
    {
      const BatonClosedProgram *program = g_ptr_array_index (programs, i);
      BatonReopened *result = g_new0 (BatonReopened, 1);

      result->name = baton_reopen_dup_name (program);
      result->reason = start (root, program, bus);
      g_ptr_array_add (results, result);
    }
  /* What D-Bus starts was only asked for. */
  if (bus != NULL)
    g_dbus_connection_flush_sync (bus, NULL, NULL);

  return results;
}

/**
 * baton_reopen_describe:
 * @results: (element-type BatonReopened): what became of each program
 * @args: where to put the code's arguments; frees its values
 *
 * Returns: one code for all of them
 */
BatonCode
baton_reopen_describe (GPtrArray *results, GHashTable *args)
{
  g_autoptr (GString) started = g_string_new (NULL);
  g_autoptr (GString) problems = g_string_new (NULL);

  for (guint i = 0; i < results->len; i++)
    {
      const BatonReopened *result = g_ptr_array_index (results, i);
      GString *list = result->reason == NULL ? started : problems;

      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", result->name);
      if (result->reason != NULL)
        g_string_append_printf (list, " (%s)", result->reason);
    }
  g_hash_table_insert (args, (gpointer) "programs", g_strdup (started->str));
  g_hash_table_insert (args, (gpointer) "problems", g_strdup (problems->str));
  if (problems->len == 0)
    return BATON_CODE_REOPENED;

  return started->len > 0 ? BATON_CODE_REOPENED_IN_PART : BATON_CODE_NOT_REOPENED;
}
