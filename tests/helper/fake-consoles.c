/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-consoles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-kernel.h"

#define ALL "dev/tty0"
#define VTCON "sys/class/vtconsole/vtcon"
#define FORMAT "%u %u %u %u\n"
#define N_CONSOLES 16

/* A letter for each console, with one before the first. */
#define MAP "console-map"
#define OPEN 'o'
#define REFUSED 'r'
#define N_MAPPED 63

typedef struct
{
  guint shown;
  guint taken;
  guint stays;
  guint freed;
} State;

static gboolean
parse (const char *text, State *ret_state)
{
  return sscanf (text, FORMAT, &ret_state->shown, &ret_state->taken, &ret_state->stays,
                 &ret_state->freed) == 4;
}

static gboolean
read_state (int fd, State *ret_state)
{
  char text[64] = "";

  return pread (fd, text, sizeof text - 1, 0) > 0 && parse (text, ret_state);
}

static int
write_state (int fd, const State *state)
{
  g_autofree char *text =
      g_strdup_printf (FORMAT, state->shown, state->taken, state->stays, state->freed);

  if (ftruncate (fd, 0) < 0 || pwrite (fd, text, strlen (text), 0) != (gssize) strlen (text))
    return errno;

  return 0;
}

int
baton_kernel_look_at_consoles (int fd, guint *ret_shown, guint *ret_taken)
{
  State state;

  if (!read_state (fd, &state))
    return ENOTTY;
  *ret_shown = state.shown;
  *ret_taken = state.taken;

  return 0;
}

int
baton_kernel_reset_console (int fd)
{
  return ftruncate (fd, 0) < 0 ? errno : 0;
}

int
baton_kernel_show_console (int fd, guint console)
{
  State state;

  if (!read_state (fd, &state))
    return ENOTTY;
  while (state.stays != 0)
    pause ();
  state.shown = console;

  return write_state (fd, &state);
}

int
baton_kernel_free_console (int fd, guint console)
{
  State state;

  if (!read_state (fd, &state))
    return ENOTTY;
  if (state.shown == console || (state.taken & 1U << console) != 0)
    return EBUSY;
  state.freed = console;

  return write_state (fd, &state);
}

/* Where the map is, from a framebuffer's node: whoever asks is a child of the test, or of its child. */
static char *
dup_map_path (int fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *node = g_file_read_link (link, NULL);
  g_autofree char *directory = node != NULL ? g_path_get_dirname (node) : g_strdup (".");

  return g_build_filename (directory, MAP, NULL);
}

int
baton_kernel_get_console_map (int fd, guint console, int *ret_framebuffer)
{
  g_autofree char *path = dup_map_path (fd);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return ENOTTY;
  *ret_framebuffer = text[console] - '0';

  return 0;
}

int
baton_kernel_set_console_map (int fd, guint console, guint framebuffer)
{
  g_autofree char *path = dup_map_path (fd);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) || text[0] == REFUSED)
    return EINVAL;
  text[console] = (char) ('0' + framebuffer);

  return g_file_set_contents (path, text, -1, NULL) ? 0 : EIO;
}

static void
add_driver (MockMachine *machine, guint number, const char *name, gboolean is_bound)
{
  g_autofree char *bind_path = g_strdup_printf (VTCON "%u/bind", number);
  g_autofree char *name_path = g_strdup_printf (VTCON "%u/name", number);
  g_autofree char *line = g_strconcat (name, "\n", NULL);

  mock_machine_write (machine, bind_path, is_bound ? "1\n" : "0\n");
  mock_machine_write (machine, name_path, line);
}

void
fake_consoles_add (MockMachine *machine, guint shown, guint taken, gboolean stays)
{
  g_autofree char *text = g_strdup_printf (FORMAT, shown, taken, stays ? 1U : 0U, 0U);

  mock_machine_write (machine, ALL, text);
  for (guint i = 1; i < N_CONSOLES; i++)
    {
      g_autofree char *path = g_strdup_printf ("dev/tty%u", i);

      mock_machine_write (machine, path, "");
    }
  add_driver (machine, 0, "(S) dummy device", FALSE);
  add_driver (machine, 1, "(M) frame buffer device", TRUE);
}

void
fake_consoles_hide (MockMachine *machine)
{
  add_driver (machine, 0, "(S) dummy device", TRUE);
  mock_machine_remove (machine, VTCON "1");
}

void
fake_consoles_draw (MockMachine *machine, gboolean falls_back)
{
  g_autofree char *map = g_strnfill (1 + N_MAPPED, '0');

  map[0] = OPEN;
  mock_machine_write (machine, "dev/" MAP, map);
  if (falls_back)
    add_driver (machine, 0, "(S) dummy device", FALSE);
  add_driver (machine, 1, "(M) frame buffer device", TRUE);
}

static char *
dup_file (MockMachine *machine, const char *path)
{
  g_autofree char *full = g_build_filename (mock_machine_get_directory (machine), path, NULL);
  char *text = NULL;

  g_assert_true (g_file_get_contents (full, &text, NULL, NULL));

  return text;
}

static State
get_state (MockMachine *machine)
{
  g_autofree char *text = dup_file (machine, ALL);
  State state;

  g_assert_true (parse (text, &state));

  return state;
}

guint
fake_consoles_get_shown (MockMachine *machine)
{
  return get_state (machine).shown;
}

guint
fake_consoles_get_freed (MockMachine *machine)
{
  return get_state (machine).freed;
}

char *
fake_consoles_dup_text (MockMachine *machine, guint console)
{
  g_autofree char *path = g_strdup_printf ("dev/tty%u", console);

  return dup_file (machine, path);
}

void
fake_consoles_refuse (MockMachine *machine)
{
  g_autofree char *map = dup_file (machine, "dev/" MAP);

  map[0] = REFUSED;
  mock_machine_write (machine, "dev/" MAP, map);
}

int
fake_consoles_get_framebuffer (MockMachine *machine)
{
  g_autofree char *map = dup_file (machine, "dev/" MAP);

  for (guint i = 2; i <= N_MAPPED; i++)
    if (map[i] != map[1])
      return -1;

  return map[1] - '0';
}
