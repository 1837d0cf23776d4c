/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lets baton-run, and with it the program that it starts, open the cards that programs are kept off.
 *
 * Everybody may start it, and it has a right that its caller has not: to choose its own groups. What
 * it is handed decides nothing but what baton-run is told, once that right is gone.
 *
 * The card's group is one more beside the caller's own. In its place, as a set-group-ID program would
 * have it, every file that the program makes would belong to that group, and where the umask is 002
 * everybody who is let in could change it.
 *
 * It keeps programs of one user apart that need not know of each other, and is no wall between them:
 * what is let in can hand an open card to any other program.
 */
#include "config.h"

#include "baton-grant.h"

#include <cap-ng.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* References used below:
 *  CAPS - capabilities(7): what a file permits is permitted to the program whoever starts it, and the
 *    dynamic loader takes LD_PRELOAD and its like away, as for a set-user-ID program
 *  DRM - Linux Documentation/admin-guide/devices.txt: 226 char, Direct Rendering Infrastructure
 *  UACCESS - systemd, rules.d/73-seat-late.rules: who sits at a seat is named in the access list of
 *    each of its cards' nodes, and no longer when somebody else sits there
 *  LIMITS - login.defs(5), SYS_GID_MAX: what is above belongs to people
 */

#define DRM_MAJOR 226 /* DRM */
#define MAX_SYSTEM_GID 999

/* For whoever calls it by hand: baton-run asks before, and says it in its user's language. No
 * catalogue is read here, where to look for one being the caller's to say. */
static void __attribute__ ((format (printf, 1, 2))) say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fputs ("baton-grant: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
}

/* Whoever opens something next must not get the number of standard output. */
static int
hold_standard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && (errno != EBADF || open ("/dev/null", O_RDWR) != fd))
      return 0;

  return 1;
}

static int
find_group (const char *name, gid_t *ret_gid)
{
  const struct group *entry = getgrnam (name);

  if (entry == NULL || entry->gr_gid == 0 || entry->gr_gid > MAX_SYSTEM_GID)
    return 0;
  *ret_gid = entry->gr_gid;

  return 1;
}

static int
is_card (const char *name)
{
  static const char *const kinds[] = { "card", "renderD" };

  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strncmp (name, kinds[i], strlen (kinds[i])) == 0 &&
        isdigit ((unsigned char) name[strlen (kinds[i])]))
      return 1;

  return 0;
}

/* Whether the kernel would let the caller open some other card than the group's: being named in its
 * access list, as who sits at the screen is (UACCESS), or as a member of “video” or “render”. Nobody
 * gets what they could not have had before programs were kept off. */
static int
may_use_another_card (const char *nodes, gid_t gid)
{
  DIR *directory = opendir (nodes);
  const struct dirent *entry;
  int may = 0;

  if (directory == NULL)
    return 0;

  while (!may && (entry = readdir (directory)) != NULL)
    {
      struct stat info;

      may = is_card (entry->d_name) &&
            fstatat (dirfd (directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISCHR (info.st_mode) && major (info.st_rdev) == DRM_MAJOR && info.st_gid != gid &&
            faccessat (dirfd (directory), entry->d_name, R_OK | W_OK, 0) == 0;
    }
  closedir (directory);

  return may;
}

/* Returns: what is in the way of letting the caller in */
static BatonGrantStatus
find_obstacle (const BatonGrant *self, gid_t *ret_gid)
{
  if (!find_group (self->group, ret_gid))
    return BATON_GRANT_NO_GROUP;
  if (capng_get_caps_process () < 0)
    return BATON_GRANT_FAILED;
  if (!capng_have_capability (CAPNG_PERMITTED, CAP_SETGID))
    return BATON_GRANT_NO_RIGHT;
  if (!may_use_another_card (self->nodes, *ret_gid))
    return BATON_GRANT_NOT_FOR_YOU;

  return BATON_GRANT_POSSIBLE;
}

static void
say_obstacle (const BatonGrant *self, BatonGrantStatus status)
{
  switch (status)
    {
    case BATON_GRANT_NOT_FOR_YOU:
      say ("this is for those who may use another card of this computer: log in at its own "
           "screen, or ask its administrator to put you into the group “render”");
      break;
    case BATON_GRANT_NO_GROUP:
      say ("there is no system group “%s”: as root, run systemd-sysusers", self->group);
      break;
    case BATON_GRANT_NO_RIGHT:
      say ("this program has not got its right: as root, run “setcap cap_setgid=p” on it. It "
           "has none either where no_new_privs is set, as in a sandbox");
      break;
    case BATON_GRANT_FAILED:
      say ("it could not be seen which rights this program has");
      break;
    case BATON_GRANT_POSSIBLE:
    default:
      break;
    }
}

/* One more beside those that are there. Returns: whether the kernel took it */
static int
add_group (gid_t gid)
{
  int n = getgroups (0, NULL);
  gid_t *groups = n >= 0 ? malloc (((size_t) n + 1) * sizeof *groups) : NULL;
  int is_done = 0;

  if (groups == NULL)
    return 0;

  n = getgroups (n, groups);
  if (n >= 0)
    {
      groups[n] = gid;
      is_done = capng_update (CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SETGID) == 0 &&
                capng_apply (CAPNG_SELECT_CAPS) == 0 && setgroups ((size_t) n + 1, groups) == 0;
    }
  free (groups);

  return is_done;
}

/* Of what is permitted, can be inherited and is ambient nothing stays; it is looked at again. */
static int
drop_rights (void)
{
  capng_clear (CAPNG_SELECT_CAPS);

  return capng_apply (CAPNG_SELECT_CAPS) == 0 &&
         prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
         capng_get_caps_process () == 0 &&
         capng_have_capabilities (CAPNG_SELECT_CAPS) == CAPNG_NONE;
}

/* Gives back what the loader has taken away (CAPS): it is for the program that is run, which is the
 * caller's own and has no right that the caller has not. Returns: the word after “--”, or NULL */
static char **
take_variables (char **word)
{
  for (; *word != NULL && strcmp (*word, "--") != 0; word++)
    if (strchr (*word, '=') == NULL || **word == '=' || putenv (*word) != 0)
      return NULL;

  return *word != NULL ? word + 1 : NULL;
}

/**
 * baton_grant_main:
 * @self: where things are
 * @argc: as in main()
 * @argv: as in main(): `--check`, or `[NAME=VALUE…] -- ARGUMENT…`
 *
 * Becomes baton-run with these arguments and variables and without any right, in the group whose are
 * the cards that programs are kept off.
 *
 * Returns: the exit status where it did not, which for `--check` is a #BatonGrantStatus
 */
int
baton_grant_main (const BatonGrant *self, int argc, char **argv)
{
  int only_checks = argc == 2 && strcmp (argv[1], BATON_GRANT_CHECK) == 0;
  BatonGrantStatus status;
  char **words = NULL;
  gid_t gid = 0;

  if (!hold_standard_descriptors ())
    return BATON_GRANT_NOT_STARTED;

  status = find_obstacle (self, &gid);
  if (!only_checks && status == BATON_GRANT_POSSIBLE && !add_group (gid))
    {
      say ("the group “%s” could not be added: %s", self->group, strerror (errno));
      status = BATON_GRANT_FAILED;
    }
  else if (!only_checks)
    {
      say_obstacle (self, status);
    }

  /* Whatever comes of it, and before a word of the caller's means anything. */
  if (!drop_rights ())
    {
      say ("the rights of this program could not be given up");
      return only_checks ? (int) BATON_GRANT_FAILED : BATON_GRANT_NOT_STARTED;
    }
  if (only_checks)
    return (int) status;
  if (status != BATON_GRANT_POSSIBLE)
    return BATON_GRANT_NOT_STARTED;

  words = argc > 1 ? take_variables (argv + 1) : NULL;
  if (words == NULL)
    {
      say ("this is for baton-run to start: see baton-run(1)");
      return BATON_GRANT_NOT_STARTED;
    }
  /* The word before the arguments is “--”. */
  words[-1] = (char *) "baton-run";
  execv (self->program, words - 1);
  say ("“%s” could not be started: %s", self->program, strerror (errno));

  return BATON_GRANT_NOT_STARTED;
}
