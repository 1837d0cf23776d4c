/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "hidden-holder.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* Of which the search looks at 32 (src/core/baton-holders-walk.c, MAX_TABLES). */
#define N_THREADS 40

typedef struct
{
  pthread_barrier_t ready;
  int fd;
} Hiding;

typedef struct
{
  Hiding *hiding;
  gboolean keeps;
} Thread;

static void *
hide (void *data)
{
  const Thread *thread = data;

  if (unshare (CLONE_FILES) < 0 || (!thread->keeps && close (thread->hiding->fd) < 0))
    _exit (1);
  pthread_barrier_wait (&thread->hiding->ready);
  for (;;)
    pause ();
}

void
hidden_holder_keep (int fd)
{
  static Thread threads[N_THREADS];
  static Hiding hiding;
  sigset_t all, before;
  pthread_t id;

  hiding.fd = fd;
  pthread_barrier_init (&hiding.ready, NULL, N_THREADS + 1);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  for (guint i = 0; i < N_THREADS; i++)
    {
      threads[i] = (Thread){ &hiding, i == N_THREADS - 1 };
      if (pthread_create (&id, NULL, hide, &threads[i]) != 0)
        _exit (1);
    }
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  pthread_barrier_wait (&hiding.ready);
}
