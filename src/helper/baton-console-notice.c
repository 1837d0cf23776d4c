/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-console-notice.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "baton-desktop.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-state-file.h"

/* References used below:
 *  VTCON   - Linux Documentation/ABI/testing/sysfs-class-vtconsole, and drivers/video/console/dummycon.c:
 *            "dummy device" is what virtual consoles have where nothing shows them
 *  LOGIND  - logind.conf(5), NAutoVTs= and ReserveVT=: a getty is started on the first six; display servers
 *            take the first that are free. src/login/logind-seat.c, seat_save(): ACTIVE is the session on
 *            the screen
 *  CONSOLE - console_codes(4): ESC c resets a console and clears it
 */

#define VTCON "class/vtconsole"
#define DUMMY "dummy device"

/* Beyond those that logind and display servers take. The kernel tells of the first fifteen alone
 * (ioctl_console(2), VT_GETSTATE) whether somebody has them open. */
#define FIRST_CONSOLE 8
#define LAST_CONSOLE 15

#define NOTE "console"
#define ALL_CONSOLES "tty0"
#define SEAT "systemd/seats/seat0"
#define MAX_SEAT_BYTES 4096

#define RESET "\033c"

/* A display server that is asked to let go of the screen answers at once, or never. */
#define DEADLINE_US (5 * G_USEC_PER_SEC)

static gboolean
shows_consoles (BatonRoot *root, const char *name)
{
  g_autofree char *bind_path = g_build_filename (VTCON, name, "bind", NULL);
  g_autofree char *name_path = g_build_filename (VTCON, name, "name", NULL);
  g_autofree char *is_bound = baton_root_read_line (root, BATON_ROOT_SYS, bind_path, NULL);
  g_autofree char *driver = baton_root_read_line (root, BATON_ROOT_SYS, name_path, NULL);

  return g_strcmp0 (is_bound, "1") == 0 && driver != NULL && strstr (driver, DUMMY) == NULL;
}

/* The last screen may be with a guest (VTCON). */
static gboolean
has_screen (BatonRoot *root)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, VTCON, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    if (shows_consoles (root, names->pdata[i]))
      return TRUE;

  return FALSE;
}

static char *
dup_active_session (BatonRoot *root)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, SEAT, MAX_SEAT_BYTES, NULL, NULL);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "ACTIVE="))
      return g_strdup (lines[i] + strlen ("ACTIVE="));

  return NULL;
}

/* Whoever works on a text console, or on a desktop that he has started there, is left alone. What is left
 * of the login screen's own sessions is nobody. */
static gboolean
is_somebody_there (BatonRoot *root)
{
  g_autoptr (BatonDesktop) desktop = baton_desktop_new (root);
  g_autofree char *id = dup_active_session (root);
  const BatonSession *session = id != NULL ? baton_desktop_find_session (desktop, id) : NULL;

  return session != NULL && !baton_session_is_of_login_screen (session);
}

/* Returns: number of the console that has the notice, or 0 */
static guint
read_note (BatonRoot *root)
{
  g_autofree char *text =
      baton_root_read_line (root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY "/" NOTE, NULL);
  guint64 number = 0;

  if (text == NULL ||
      !g_ascii_string_to_unsigned (text, 10, FIRST_CONSOLE, LAST_CONSOLE, &number, NULL))
    return 0;

  return (guint) number;
}

static gboolean
write_note (BatonRoot *root, guint console, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%u\n", console);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY, NOTE, text, 0644, error);
}

static guint
find_free (guint taken, guint earlier)
{
  if (earlier > 0 && (taken & 1U << earlier) == 0)
    return earlier;
  for (guint console = FIRST_CONSOLE; console <= LAST_CONSOLE; console++)
    if ((taken & 1U << console) == 0)
      return console;

  return 0;
}

static guint
choose (BatonRoot *root, GError **error)
{
  baton_autofd int fd = -1;
  guint shown = 0;
  guint taken = 0;
  guint console;
  int errsv;

  if (!has_screen (root))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND, "no screen shows text consoles");
      return 0;
    }
  fd = baton_root_open (root, BATON_ROOT_DEV, ALL_CONSOLES, O_RDWR | O_NOCTTY | O_CLOEXEC,
                        error);
  if (fd < 0)
    return 0;
  errsv = baton_kernel_look_at_consoles (fd, &shown, &taken);
  if (errsv != 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   "the kernel does not say which text consoles are free: %s",
                   g_strerror (errsv));
      return 0;
    }
  console = find_free (taken, read_note (root));
  if (console == 0)
    g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "no text console is free");

  return console;
}

typedef struct
{
  char *consoles; /* path of the one that stands for all */
  char *path;     /* path of its own */
  guint console;
  const char *text;
  gboolean shows;
} Page;

static void
page_clear (Page *self)
{
  g_free (self->consoles);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Page, page_clear)

static gboolean
set_error (GError **error, const char *what, guint console, int errsv)
{
  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
               "text console %u could not be %s: %s", console, what, g_strerror (errsv));

  return FALSE;
}

static gboolean
write_page (const Page *page, GError **error)
{
  baton_autofd int fd = open (page->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  baton_autofd int consoles = -1;
  int errsv;

  if (fd < 0)
    return set_error (error, "opened", page->console, errno);
  errsv = baton_kernel_reset_console (fd);
  if (errsv != 0)
    return set_error (error, "cleared", page->console, errsv);
  if (!baton_write_fully (fd, RESET, strlen (RESET)) ||
      !baton_write_fully (fd, page->text, strlen (page->text)))
    return set_error (error, "written to", page->console, errno);
  if (!page->shows)
    return TRUE;
  consoles = open (page->consoles, O_RDWR | O_NOCTTY | O_CLOEXEC);
  errsv = consoles < 0 ? errno : baton_kernel_show_console (consoles, page->console);

  return errsv == 0 || set_error (error, "shown", page->console, errsv);
}

/* In a child: whoever has halted the console's output, or has the screen and does not let go of it, is
 * waited for here. */
static void
run (int socket, gpointer data)
{
  g_autoptr (GError) error = NULL;

  write_page (data, &error);
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_console_notice_show:
 * @root: the roots
 * @waiter: what waits
 * @text: what is said, in lines of printable ASCII
 * @ret_is_shown: (out): it is on the screen; it is not where somebody works on another text console
 * @error: return location for an error
 *
 * Says something to whoever sits in front of the screen where no desktop can: on a text console that
 * nobody uses. Its number is noted before, so that it is found again.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where no screen shows text consoles, or there are none.
 *
 * Returns: number of the console, or 0
 */
guint
baton_console_notice_show (BatonRoot *root,
                           BatonWaiter *waiter,
                           const char *text,
                           gboolean *ret_is_shown,
                           GError **error)
{
  guint console = choose (root, error);
  g_autofree char *name = g_strdup_printf ("tty%u", console);
  g_auto (Page) page = {
    .consoles = baton_root_build_path (root, BATON_ROOT_DEV, ALL_CONSOLES),
    .path = baton_root_build_path (root, BATON_ROOT_DEV, name),
    .console = console,
    .text = text,
    .shows = !is_somebody_there (root),
  };
  g_autoptr (BatonErrand) errand = NULL;

  if (console == 0 || !write_note (root, console, error))
    return 0;
  errand = baton_errand_new (root, waiter, run, &page, error);
  if (errand == NULL ||
      !baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error))
    return 0;
  *ret_is_shown = page.shows;

  return console;
}

/* It is on the screen, or open: what stands there goes, and the console stays. */
static int
wipe (BatonRoot *root, guint console)
{
  g_autofree char *name = g_strdup_printf ("tty%u", console);
  baton_autofd int fd = baton_root_open (root, BATON_ROOT_DEV, name,
                                         O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, NULL);

  return fd >= 0 && baton_write_fully (fd, RESET, strlen (RESET)) ? 0 : errno;
}

/**
 * baton_console_notice_clear:
 * @root: the roots
 * @error: return location for an error
 *
 * Takes away what baton_console_notice_show() has said: it holds no more.
 *
 * Returns: %TRUE if nothing of it is there
 */
gboolean
baton_console_notice_clear (BatonRoot *root, GError **error)
{
  guint console = read_note (root);
  baton_autofd int fd = -1;
  int errsv;

  if (console == 0)
    return TRUE;
  fd = baton_root_open (root, BATON_ROOT_DEV, ALL_CONSOLES, O_RDWR | O_NOCTTY | O_CLOEXEC,
                        error);
  if (fd < 0)
    return FALSE;
  errsv = baton_kernel_free_console (fd, console);
  if (errsv == EBUSY)
    errsv = wipe (root, console);
  if (errsv != 0)
    return set_error (error, "cleared", console, errsv);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY, NOTE, error);
}
