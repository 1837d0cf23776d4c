/* SPDX-License-Identifier: GPL-3.0-or-later */

/* bare-loop [THREADS [LIST]]: reads the link of every descriptor and the mappings of every process,
 * with as many threads as the search for holders has, and looks at nothing of it: what any search
 * pays at least that goes by links. First it reads what is in the file LIST, in this order: a line
 * is what to do (f: read a file, d: list a directory, l: read a link, e: see whether it is there),
 * a blank and a path. */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_THREADS 64
#define AT_ONCE 16

static int *pids;
static int n_pids;
static int next_pid;

static void
read_links (int pid, char *buffer)
{
  char path[32];
  char target[4096];
  ssize_t length;
  int fd;

  snprintf (path, sizeof path, "/proc/%d/fd", pid);
  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  while ((length = syscall (SYS_getdents64, fd, buffer, 32768)) > 0)
    for (ssize_t offset = 0; offset < length;)
      {
        struct dirent64 *entry = (void *) (buffer + offset);

        offset += entry->d_reclen;
        if (entry->d_name[0] != '.' &&
            readlinkat (fd, entry->d_name, target, sizeof target) < 0)
          continue;
      }
  close (fd);
}

static void
read_maps (int pid, char *buffer)
{
  char path[32];
  int fd;

  snprintf (path, sizeof path, "/proc/%d/maps", pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  while (read (fd, buffer, 65536) > 0)
    ;
  close (fd);
}

static void
read_one (char kind, const char *path, char *buffer)
{
  int fd;

  if (kind == 'e' || kind == 'l')
    {
      /* What is not there was asked for as well. */
      (void) !(kind == 'e' ? access (path, F_OK) : readlink (path, buffer, 4096));
      return;
    }
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (kind == 'd' ? O_DIRECTORY : 0));
  if (fd < 0)
    return;
  if (kind == 'd')
    while (syscall (SYS_getdents64, fd, buffer, 32768) > 0)
      ;
  else
    while (read (fd, buffer, 65536) > 0)
      ;
  close (fd);
}

static int
read_list (const char *path)
{
  char *buffer = malloc (65536);
  FILE *list = fopen (path, "re");
  char line[4200];

  if (buffer == NULL || list == NULL)
    return 0;
  while (fgets (line, sizeof line, list) != NULL)
    {
      line[strcspn (line, "\n")] = '\0';
      if (line[0] != '\0' && line[1] == ' ')
        read_one (line[0], line + 2, buffer);
    }
  fclose (list);
  free (buffer);
  return 1;
}

static void *
read_processes (void *data)
{
  char *buffer = malloc (65536);

  for (;;)
    {
      int first = __atomic_fetch_add (&next_pid, AT_ONCE, __ATOMIC_RELAXED);

      if (first >= n_pids || buffer == NULL)
        break;
      for (int i = first; i < first + AT_ONCE && i < n_pids; i++)
        {
          read_links (pids[i], buffer);
          read_maps (pids[i], buffer);
        }
    }
  free (buffer);
  return data;
}

int
main (int argc, char **argv)
{
  int n_threads = argc > 1 ? atoi (argv[1]) : 2;
  pthread_t threads[MAX_THREADS];
  struct dirent *entry;
  DIR *proc = opendir ("/proc");

  if (proc == NULL || n_threads < 1 || n_threads > MAX_THREADS)
    return 1;
  if (argc > 2 && !read_list (argv[2]))
    return 1;
  pids = calloc (262144, sizeof *pids);
  while (pids != NULL && n_pids < 262144 && (entry = readdir (proc)) != NULL)
    if (atoi (entry->d_name) > 0)
      pids[n_pids++] = atoi (entry->d_name);
  closedir (proc);

  for (int i = 0; i < n_threads; i++)
    if (pthread_create (&threads[i], NULL, read_processes, NULL) != 0)
      return 1;
  for (int i = 0; i < n_threads; i++)
    pthread_join (threads[i], NULL);

  free (pids);
  return 0;
}
