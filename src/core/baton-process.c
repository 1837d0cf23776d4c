/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "baton-error.h"

/* References used below:
 *  PROC5  - proc(5): /proc/pid/stat, status, cmdline, cgroup; NSpid has its number in each
 *    namespace from the reader's to its own
 *  SCHED  - Linux include/linux/sched.h: PF_KTHREAD
 *  CGROUP - cgroups(7): one line for each hierarchy, `0::PATH` is version 2
 *  ARGS   - Linux fs/proc/base.c, get_mm_cmdline(): reads the process's own memory by
 *    access_remote_vm(), which takes that memory's lock and loads what is mapped there
 *  SCREENS - wlroots docs/env_vars.md, WLR_DRM_DEVICES; KWin src/backends/drm/drm_backend.cpp,
 *    KWIN_DRM_DEVICES; aquamarine src/backend/drm/DRM.cpp, AQ_DRM_DEVICES (Hyprland): device files,
 *    divided by colons, the first of which is the one that the others depend on
 *  STAT   - Linux fs/proc/array.c, do_task_stat() and proc_pid_status(): counters and names that the
 *    kernel keeps, for which it takes no lock of the process's memory
 */

#define MAX_STAT 8192
#define MAX_STATUS 16384
#define MAX_CGROUP 16384
/* Arguments are read for what stands in them (a guest's name), and QEMU's are long. */
#define MAX_ARGUMENTS 65536
/* More than a session has; what does not end before it is not taken for known. */
#define MAX_ENVIRONMENT 262144
#define PF_KTHREAD 0x00200000

/* Positions after the name, which is field 2 (PROC5). */
#define STAT_FLAGS (9 - 3)
#define STAT_START_TIME (22 - 3)

static char *
read_file_at (int dir_fd, const char *path, gsize max_bytes, gsize *ret_length, GError **error)
{
  g_autofree char *buffer = NULL;
  gsize length = 0;
  int fd = openat (dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

  if (fd < 0)
    {
      int errsv = errno;

      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   "could not open '%s' of the process: %s", path, g_strerror (errsv));
      return NULL;
    }

  buffer = g_malloc (max_bytes + 1);
  while (length < max_bytes)
    {
      gssize n = TEMP_FAILURE_RETRY (read (fd, buffer + length, max_bytes - length));

      if (n < 0)
        {
          int errsv = errno;

          close (fd);
          g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                       "could not read '%s' of the process: %s", path, g_strerror (errsv));
          return NULL;
        }
      if (n == 0)
        break;
      length += n;
    }
  close (fd);

  buffer[length] = '\0';
  *ret_length = length;
  return g_realloc (g_steal_pointer (&buffer), length + 1);
}

static char *
read_program_name (int dir_fd)
{
  static const char deleted[] = " (deleted)";
  char target[PATH_MAX + 1];
  gssize length = readlinkat (dir_fd, "exe", target, PATH_MAX);
  const char *slash;

  if (length <= 0)
    return NULL;

  target[length] = '\0';
  /* an upgraded program goes on running from its deleted file */
  if (g_str_has_suffix (target, deleted))
    target[length - (gssize) strlen (deleted)] = '\0';
  slash = strrchr (target, '/');

  return g_strdup (slash != NULL ? slash + 1 : target);
}

static const char *const screens_variables[] = {
  "WLR_DRM_DEVICES=", /* SCREENS */
  "KWIN_DRM_DEVICES=",
  "AQ_DRM_DEVICES=",
};

/* As it was when the process began (ARGS): what compositors go by. */
static void
read_screens (BatonProcess *self, int dir_fd)
{
  gsize length = 0;
  g_autofree char *text = read_file_at (dir_fd, "environ", MAX_ENVIRONMENT, &length, NULL);

  self->environment_known = text != NULL && length < MAX_ENVIRONMENT;
  for (gsize at = 0; self->environment_known && at < length; at += strlen (text + at) + 1)
    for (guint i = 0; i < G_N_ELEMENTS (screens_variables); i++)
      if (self->screens == NULL && g_str_has_prefix (text + at, screens_variables[i]))
        self->screens = g_strdup (text + at + strlen (screens_variables[i]));
}

static GStrv
split_arguments (const char *text, gsize length)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize start = 0;

  while (start < length)
    {
      gsize end = start + strnlen (text + start, length - start);
      g_autofree char *argument = g_strndup (text + start, end - start);

      g_strv_builder_add (builder, argument);
      start = end + 1;
    }

  return g_strv_builder_end (builder);
}

static char *
join_arguments (const char *text, gsize length)
{
  char *command;

  while (length > 0 && text[length - 1] == '\0')
    length--;
  length = MIN (length, BATON_PROCESS_MAX_COMMAND);

  command = g_malloc (length + 1);
  for (gsize i = 0; i < length; i++)
    command[i] = text[i] != '\0' ? text[i] : ' ';
  command[length] = '\0';

  return command;
}

/**
 * baton_process_parse_stat:
 * @text: (array length=length): content of `/proc/PID/stat`
 * @length: its length in bytes
 * @ret_name: (out) (transfer full): field 2 without its parentheses, raw bytes
 * @ret_start_time: (out) (transfer full): field 22
 * @ret_kernel: (out): %TRUE for a kernel thread (SCHED)
 *
 * A process chooses its own name, and may put `) R 1 1` and newlines into it; the kernel writes
 * nothing after the last parenthesis but numbers and one letter, so that is where the name ends.
 *
 * Returns: %FALSE, with nothing set, if that is no such line
 */
gboolean
baton_process_parse_stat (const char *text,
                          gsize length,
                          char **ret_name,
                          char **ret_start_time,
                          gboolean *ret_kernel)
{
  const char *open = memchr (text, '(', length);
  const char *closing = memrchr (text, ')', length);
  g_autofree char *rest = NULL;
  g_auto (GStrv) fields = NULL;
  guint64 flags;
  guint64 start_time;

  if (open == NULL || closing == NULL || closing <= open ||
      (gsize) (closing - text) + 2 >= length || closing[1] != ' ')
    return FALSE;

  rest = g_strndup (closing + 2, length - (gsize) (closing + 2 - text));
  fields = g_strsplit (g_strchomp (rest), " ", 64);
  if (g_strv_length (fields) <= STAT_START_TIME ||
      !g_ascii_string_to_unsigned (fields[STAT_FLAGS], 10, 0, G_MAXUINT64, &flags, NULL) ||
      !g_ascii_string_to_unsigned (fields[STAT_START_TIME], 10, 0, G_MAXUINT64, &start_time,
                                   NULL))
    return FALSE;

  *ret_name = g_strndup (open + 1, (gsize) (closing - open - 1));
  *ret_start_time = g_strdup (fields[STAT_START_TIME]);
  *ret_kernel = (flags & PF_KTHREAD) != 0;
  return TRUE;
}

/**
 * baton_process_parse_cgroup:
 * @text: content of `/proc/PID/cgroup`
 *
 * Takes the unified hierarchy, or systemd's own where both are mounted and the unified one is
 * not used (CGROUP).
 *
 * Returns: (transfer full) (nullable): path of the control group, from its root
 */
char *
baton_process_parse_cgroup (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const char *unified = NULL;
  const char *named = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *controllers = strchr (lines[i], ':');
      const char *path = controllers != NULL ? strchr (controllers + 1, ':') : NULL;

      if (path == NULL || path[1] != '/')
        continue;
      if (g_str_has_prefix (lines[i], "0::"))
        unified = path + 1;
      else if (g_str_has_prefix (controllers, ":name=systemd:"))
        named = path + 1;
    }

  if (unified == NULL || (named != NULL && g_strcmp0 (unified, "/") == 0))
    return g_strdup (named);
  return g_strdup (unified);
}

/**
 * baton_process_parse_uid:
 * @text: content of `/proc/PID/status`, in which the kernel escapes the name
 * @ret_uid: (out): where to store the user id
 *
 * Returns: %TRUE if @ret_uid was set to the real user id
 */
gboolean
baton_process_parse_uid (const char *text, guint *ret_uid)
{
  const char *line = strstr (text, "\nUid:\t");
  char *end;
  guint64 uid;

  if (line == NULL)
    return FALSE;

  line += strlen ("\nUid:\t");
  uid = g_ascii_strtoull (line, &end, 10);
  if (end == line || uid > G_MAXUINT)
    return FALSE;

  *ret_uid = (guint) uid;
  return TRUE;
}

/* @status: as for baton_process_parse_uid() */
static int
parse_parent (const char *status)
{
  const char *line = strstr (status, "\nPPid:\t");

  return line != NULL ? (int) g_ascii_strtoll (line + strlen ("\nPPid:\t"), NULL, 10) : 0;
}

static gboolean
parse_is_init (const char *status)
{
  const char *line = strstr (status, "\nNSpid:");
  g_autofree char *numbers = NULL;
  const char *last;

  if (line == NULL)
    return FALSE;
  line += strlen ("\nNSpid:");
  numbers = g_strndup (line, strcspn (line, "\n"));
  last = strrchr (numbers, '\t');

  return last != NULL && g_str_equal (last + 1, "1");
}

/**
 * baton_process_read_identity_at:
 * @dir_fd: the process's directory in `/proc`
 * @pid: its number
 * @error: return location for an error
 *
 * Reads who a process is, of what the kernel keeps itself: no process can hold that up (STAT). Its
 * command, arguments, program and control group stay %NULL.
 *
 * Fails with %BATON_ERROR_NOT_FOUND if the process has ended.
 *
 * Returns: (transfer full): the process
 */
BatonProcess *
baton_process_read_identity_at (int dir_fd, int pid, GError **error)
{
  g_autoptr (BatonProcess) self = g_new0 (BatonProcess, 1);
  g_autofree char *stat_text = NULL;
  g_autofree char *status_text = NULL;
  gsize length;

  self->pid = pid;
  stat_text = read_file_at (dir_fd, "stat", MAX_STAT, &length, error);
  if (stat_text == NULL)
    return NULL;
  if (!baton_process_parse_stat (stat_text, length, &self->name, &self->start_time,
                                 &self->is_kernel_thread))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "could not read the state of process %d: its 'stat' has another shape", pid);
      return NULL;
    }

  status_text = read_file_at (dir_fd, "status", MAX_STATUS, &length, error);
  if (status_text == NULL)
    return NULL;
  if (!baton_process_parse_uid (status_text, &self->uid))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "could not read the user of process %d: its 'status' has another shape",
                   pid);
      return NULL;
    }
  self->parent = parse_parent (status_text);
  self->is_init = parse_is_init (status_text);

  return g_steal_pointer (&self);
}

/**
 * baton_process_read_at:
 * @dir_fd: the process's directory in `/proc`: it stays that of this one process when the
 *   number is given to another
 * @pid: its number
 * @error: return location for an error
 *
 * Reads all there is to say of a process. What only its owner and root may read (the program) is
 * left out where it may not be read.
 *
 * May never return: the arguments come out of the process's own memory (ARGS), which may be locked
 * while it hangs, or be mapped from a file whose server does not answer. To be called where
 * somebody else keeps the time.
 *
 * Fails with %BATON_ERROR_NOT_FOUND if the process has ended.
 *
 * Returns: (transfer full): the process
 */
BatonProcess *
baton_process_read_at (int dir_fd, int pid, GError **error)
{
  g_autoptr (BatonProcess) self = baton_process_read_identity_at (dir_fd, pid, error);
  g_autofree char *arguments = NULL;
  g_autofree char *cgroup_text = NULL;
  gsize length;

  if (self == NULL)
    return NULL;

  /* The rest describes and does not identify: a process that is just ending has none of it. */
  arguments = read_file_at (dir_fd, "cmdline", MAX_ARGUMENTS, &length, NULL);
  self->command = arguments != NULL ? join_arguments (arguments, length) : g_strdup ("");
  self->arguments = split_arguments (arguments, arguments != NULL ? length : 0);
  cgroup_text = read_file_at (dir_fd, "cgroup", MAX_CGROUP, &length, NULL);
  if (cgroup_text != NULL)
    self->cgroup = baton_process_parse_cgroup (cgroup_text);
  self->program = read_program_name (dir_fd);
  read_screens (self, dir_fd);

  return g_steal_pointer (&self);
}

/**
 * baton_process_new:
 * @root: where to look
 * @pid: a process id
 * @error: return location for an error
 *
 * Reads who a process is, as baton_process_read_identity_at() does, and nothing that it could keep
 * the reader waiting with.
 *
 * Fails with %BATON_ERROR_NOT_FOUND if there is no such process.
 *
 * Returns: (transfer full): process @pid of @root's `/proc`
 */
BatonProcess *
baton_process_new (BatonRoot *root, int pid, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%d", pid);
  BatonProcess *self;
  int dir_fd;

  dir_fd = baton_root_open (root, BATON_ROOT_PROC, name, O_PATH | O_DIRECTORY, error);
  if (dir_fd < 0)
    return NULL;

  self = baton_process_read_identity_at (dir_fd, pid, error);
  close (dir_fd);
  return self;
}

/**
 * baton_process_free:
 * @self: a process
 *
 * Frees @self.
 */
void
baton_process_free (BatonProcess *self)
{
  g_free (self->start_time);
  g_free (self->name);
  g_free (self->command);
  g_free (self->program);
  g_strfreev (self->arguments);
  g_free (self->cgroup);
  g_free (self->screens);
  g_free (self);
}
