/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closed-look.h"

#include <string.h>

#include "baton-error.h"
#include "baton-process-container.h"
#include "baton-process-unit.h"
#include "baton-process.h"

/* References used below:
 *  PROC5 - proc(5): /proc/pid/stat, fields 6 and 7 are the session and its terminal; cmdline and
 *    environ have a NUL after each string; exe and cwd are links
 *  ARGS  - Linux fs/proc/base.c, get_mm_cmdline(): cmdline and environ are read from the process's
 *    own memory, whose lock it may have while it hangs
 */

#define MAX_STAT 8192
#define MAX_CGROUP 16384
/* Far more than a command line that somebody typed, and little to keep. */
#define MAX_ARGUMENTS (128 * 1024)
#define MAX_ENVIRONMENT (2 * 1024 * 1024)

/* Positions after the name, which is field 2 (PROC5). */
#define STAT_SESSION (6 - 3)
#define STAT_TERMINAL (7 - 3)

/* Long for a process that answers. Who does not is asked for nothing more. */
#define PATIENCE_US (2 * G_USEC_PER_SEC)

/* Where it was shown, and on which card it drew: what else it was given may be secret, and is its
 * session's business. */
static const char *const kept_variables[] = {
  "CUDA_VISIBLE_DEVICES",
  "DISPLAY",
  "DRI_PRIME",
  "LIBGL_ALWAYS_SOFTWARE",
  "LIBVA_DRIVER_NAME",
  "MESA_LOADER_DRIVER_OVERRIDE",
  "MESA_VK_DEVICE_SELECT",
  "MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE",
  "VDPAU_DRIVER",
  "VK_DRIVER_FILES",
  "VK_ICD_FILENAMES",
  "VK_LOADER_DRIVERS_DISABLE",
  "VK_LOADER_DRIVERS_SELECT",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "XDG_SESSION_ID",
  "__EGL_VENDOR_LIBRARY_DIRS",
  "__EGL_VENDOR_LIBRARY_FILENAMES",
  "__GLX_VENDOR_LIBRARY_NAME",
  "__NV_PRIME_RENDER_OFFLOAD",
  "__NV_PRIME_RENDER_OFFLOAD_PROVIDER",
  "__VK_LAYER_NV_optimus",
};

static char *
read_of_process (
    BatonRoot *root, int pid, const char *file, gsize max, gsize *ret_length, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%d/%s", pid, file);

  return baton_root_read_file (root, BATON_ROOT_PROC, path, max, ret_length, error);
}

static char *
read_link_of_process (BatonRoot *root, int pid, const char *file)
{
  g_autofree char *path = g_strdup_printf ("%d/%s", pid, file);

  return baton_root_read_link (root, BATON_ROOT_PROC, path, NULL);
}

static char *
read_cgroup (BatonRoot *root, int pid)
{
  g_autofree char *text = read_of_process (root, pid, "cgroup", MAX_CGROUP, NULL, NULL);

  return text != NULL ? baton_process_parse_cgroup (text) : NULL;
}

/* Of strings with a NUL after each, those that @is_kept says; %NULL for all. */
static GStrv
split (const char *text, gsize length, gboolean (*is_kept) (const char *string))
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize start = 0; start < length; start += strlen (text + start) + 1)
    if (is_kept == NULL || is_kept (text + start))
      g_strv_builder_add (builder, text + start);

  return g_strv_builder_end (builder);
}

static gboolean
is_kept_variable (const char *assignment)
{
  g_autofree char *name = g_strndup (assignment, strcspn (assignment, "="));

  for (guint i = 0; i < G_N_ELEMENTS (kept_variables); i++)
    if (strcmp (kept_variables[i], name) == 0)
      return TRUE;

  return FALSE;
}

/* The device's number alone would name another terminal as soon as this one is closed: they are
 * given out again. Who leads its session is there as long as it. */
static char *
dup_terminal (BatonRoot *root, int pid)
{
  gsize length = 0;
  g_autofree char *stat = read_of_process (root, pid, "stat", MAX_STAT, &length, NULL);
  const char *end = stat != NULL ? memrchr (stat, ')', length) : NULL;
  g_auto (GStrv) fields = end != NULL ? g_strsplit (end + 1, " ", -1) : NULL;
  g_autoptr (BatonProcess) leader = NULL;
  const char *session;

  /* The first is what stands before the first space: nothing. */
  if (fields == NULL || g_strv_length (fields) <= STAT_TERMINAL + 1 ||
      strcmp (fields[STAT_TERMINAL + 1], "0") == 0)
    return NULL;
  session = fields[STAT_SESSION + 1];
  leader = baton_process_new (root, (int) g_ascii_strtoll (session, NULL, 10), NULL);

  return g_strdup_printf ("%s %s:%s", fields[STAT_TERMINAL + 1], session,
                          leader != NULL ? leader->start_time : "0");
}

static gboolean
is_in_container (const char *cgroup)
{
  const char *engine = NULL;
  g_autofree char *name = NULL;

  return baton_process_container_parse (cgroup, &engine, &name);
}

/* Of @self, which may be in a container's or a service's hands. */
static BatonClosedObstacle
look_at_place (const BatonProcess *process,
               const BatonProcessUnit *unit,
               const char *cgroup,
               guint uid)
{
  if (process->uid != uid)
    return BATON_CLOSED_OTHER_USER;
  if (is_in_container (cgroup))
    return BATON_CLOSED_CONTAINER;

  return unit->is_service ? BATON_CLOSED_SERVICE : BATON_CLOSED_POSSIBLE;
}

static void
look_at_start (BatonClosedProgram *self, BatonRoot *root, int pid)
{
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  g_autofree char *arguments =
      read_of_process (root, pid, "cmdline", MAX_ARGUMENTS, &length, &error);
  g_autofree char *environment = NULL;

  g_strfreev (self->arguments);
  self->arguments = split (arguments, length, NULL);
  self->executable = read_link_of_process (root, pid, "exe");
  self->directory = read_link_of_process (root, pid, "cwd");
  self->terminal = dup_terminal (root, pid);
  length = 0;
  environment = read_of_process (root, pid, "environ", MAX_ENVIRONMENT, &length, NULL);
  g_strfreev (self->variables);
  self->variables = split (environment, length, is_kept_variable);

  if (g_error_matches (error, BATON_ERROR, BATON_ERROR_TOO_LARGE))
    self->obstacle = BATON_CLOSED_TOO_LONG;
  else if (self->arguments[0] == NULL || self->executable == NULL || self->directory == NULL)
    self->obstacle = BATON_CLOSED_UNREADABLE;
}

static gboolean
is_older (const BatonProcess *a, const BatonProcess *b)
{
  return g_ascii_strtoull (a->start_time, NULL, 10) <
         g_ascii_strtoull (b->start_time, NULL, 10);
}

/* What was started first of an application is what its other processes come from: it is what is
 * closed with them (DESIGN §6). */
static BatonProcess *
find_first (BatonRoot *root, const char *cgroup, guint uid)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_PROC, "", NULL);
  g_autoptr (BatonProcess) first = NULL;

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      guint64 pid;
      g_autofree char *other = NULL;
      g_autoptr (BatonProcess) process = NULL;

      if (!g_ascii_string_to_unsigned (names->pdata[i], 10, 2, G_MAXINT, &pid, NULL))
        continue;
      other = read_cgroup (root, (int) pid);
      if (g_strcmp0 (other, cgroup) != 0)
        continue;
      process = baton_process_new (root, (int) pid, NULL);
      if (process == NULL || process->uid != uid ||
          (first != NULL && !is_older (process, first)))
        continue;
      g_clear_pointer (&first, baton_process_free);
      first = g_steal_pointer (&process);
    }

  return g_steal_pointer (&first);
}

static void
add_close (BatonClosedProgram *self, const char *close)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (self->closes != NULL)
    g_strv_builder_addv (builder, (const char **) self->closes);
  g_strv_builder_add (builder, close);
  g_strfreev (self->closes);
  self->closes = g_strv_builder_end (builder);
}

/* One consent covers a whole application. */
static BatonClosedProgram *
find_application (GPtrArray *programs, const char *scope)
{
  for (guint i = 0; scope != NULL && i < programs->len; i++)
    {
      BatonClosedProgram *program = g_ptr_array_index (programs, i);

      if (g_strcmp0 (program->unit, scope) == 0 && program->obstacle != BATON_CLOSED_OTHER_USER)
        return program;
    }

  return NULL;
}

static BatonClosedProgram *
look_at_program (BatonRoot *root,
                 BatonProcess *process,
                 const BatonProcessUnit *unit,
                 const char *cgroup,
                 guint uid)
{
  BatonClosedProgram *self = g_new0 (BatonClosedProgram, 1);
  g_autoptr (BatonProcess) first =
      unit->scope != NULL && process->uid == uid ? find_first (root, cgroup, uid) : NULL;
  const BatonProcess *meant = first != NULL ? first : process;

  self->name = g_strdup (meant->name);
  self->app_id = g_strdup (unit->app_id);
  self->unit = g_strdup (unit->unit);
  self->arguments = g_new0 (char *, 1);
  self->variables = g_new0 (char *, 1);
  self->obstacle = look_at_place (process, unit, cgroup, uid);
  if (self->obstacle == BATON_CLOSED_POSSIBLE)
    look_at_start (self, root, meant->pid);

  return self;
}

static void
look_at_close (GPtrArray *programs, BatonRoot *root, const BatonClose *close, guint uid)
{
  g_autoptr (BatonProcess) process = baton_process_new (root, close->pid, NULL);
  g_autofree char *target = g_strdup_printf ("%d:%s", close->pid, close->start_time);
  g_autofree char *cgroup = NULL;
  g_auto (BatonProcessUnit) unit = { 0 };
  g_autoptr (BatonClosedProgram) program = NULL;
  BatonClosedProgram *known;

  if (process == NULL || g_strcmp0 (process->start_time, close->start_time) != 0)
    return;
  cgroup = read_cgroup (root, close->pid);
  baton_process_unit_parse (&unit, cgroup);
  known = process->uid == uid ? find_application (programs, unit.scope) : NULL;
  if (known != NULL)
    {
      add_close (known, target);
      return;
    }

  program = look_at_program (root, process, &unit, cgroup, uid);
  add_close (program, target);
  /* Its number may have gone to another process while it was looked at. */
  g_clear_pointer (&process, baton_process_free);
  process = baton_process_new (root, close->pid, NULL);
  if (process != NULL && g_strcmp0 (process->start_time, close->start_time) == 0)
    g_ptr_array_add (programs, g_steal_pointer (&program));
}

/**
 * baton_closed_look:
 * @root: where to look
 * @request: what is consented to
 * @uid: whose programs may be started again
 *
 * Looks at the programs that are to be closed, while they are still there. May never return: what a
 * process was started with comes out of its own memory (ARGS).
 *
 * Returns: (transfer full) (element-type BatonClosedProgram): how to start them again, one for each
 *   application
 */
GPtrArray *
baton_closed_look (BatonRoot *root, const BatonRequest *request, guint uid)
{
  GPtrArray *programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);

  for (guint i = 0; i < request->closes->len; i++)
    look_at_close (programs, root, g_ptr_array_index (request->closes, i), uid);

  return programs;
}

/* Whoever is the last to be done with it frees it: the one who waits, or the one who looks. */
typedef struct
{
  BatonRoot *root;
  BatonRequest *request;
  guint uid;
  GMutex mutex;
  GCond cond;
  GPtrArray *found;
} Look;

static void
clear_look (gpointer data)
{
  Look *look = data;

  baton_root_unref (look->root);
  baton_request_free (look->request);
  g_mutex_clear (&look->mutex);
  g_cond_clear (&look->cond);
  g_clear_pointer (&look->found, g_ptr_array_unref);
}

static gpointer
look_in_thread (gpointer data)
{
  Look *look = data;
  GPtrArray *found = baton_closed_look (look->root, look->request, look->uid);

  g_mutex_lock (&look->mutex);
  look->found = found;
  g_cond_signal (&look->cond);
  g_mutex_unlock (&look->mutex);
  g_atomic_rc_box_release_full (look, clear_look);

  return NULL;
}

/**
 * baton_closed_look_in_time:
 * @root: where to look
 * @request: what is consented to
 * @uid: whose programs may be started again
 *
 * Looks as baton_closed_look() does, for two seconds at most: a program that hangs is closed none
 * the less, and not offered.
 *
 * Returns: (transfer full) (element-type BatonClosedProgram): how to start them again; nothing where
 *   one of them hangs
 */
GPtrArray *
baton_closed_look_in_time (BatonRoot *root, const BatonRequest *request, guint uid)
{
  Look *look = g_atomic_rc_box_new0 (Look);
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  GPtrArray *found = NULL;

  look->root = baton_root_ref (root);
  look->request = baton_request_new ();
  for (guint i = 0; i < request->closes->len; i++)
    {
      const BatonClose *close = g_ptr_array_index (request->closes, i);

      baton_request_add_close (look->request, close->pid, close->start_time);
    }
  look->uid = uid;
  g_mutex_init (&look->mutex);
  g_cond_init (&look->cond);
  g_thread_unref (g_thread_new ("look", look_in_thread, g_atomic_rc_box_acquire (look)));

  g_mutex_lock (&look->mutex);
  while (look->found == NULL && g_cond_wait_until (&look->cond, &look->mutex, deadline))
    ;
  found = g_steal_pointer (&look->found);
  g_mutex_unlock (&look->mutex);
  g_atomic_rc_box_release_full (look, clear_look);

  return found != NULL
             ? found
             : g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
}
