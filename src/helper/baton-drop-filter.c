/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-drop.h"

#include "baton-error.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

/* What a look at the machine never does. The list is of what is denied and not of what is
 * allowed, because the C library and GLib choose other system calls from release to release, and
 * a look that dies on a newer system is worse than one that could still call getcpu(). */
static const char *const denied[] = {
  /* other processes: CAP_SYS_PTRACE is kept for /proc alone; kcmp() stays, which says no more than
   * whether two threads share their descriptors, and saves reading them again for each thread */
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "process_madvise",
  "pidfd_getfd",
  "pidfd_send_signal",
  "kill",
  /* other programs, other machines */
  "execve",
  "execveat",
  "connect",
  /* files by other doors: CAP_DAC_READ_SEARCH opens any file of a file system by its handle, and
   * io_uring opens, writes and connects past this filter */
  "open_by_handle_at",
  "io_uring_setup",
  /* writing */
  "chmod",
  "chown",
  "creat",
  "fchmod",
  "fchmodat",
  "fchmodat2",
  "fchown",
  "fchownat",
  "fremovexattr",
  "fsetxattr",
  "ftruncate",
  "lchown",
  "link",
  "linkat",
  "lremovexattr",
  "lsetxattr",
  "mkdir",
  "mkdirat",
  "mknod",
  "mknodat",
  "removexattr",
  "rename",
  "renameat",
  "renameat2",
  "rmdir",
  "setxattr",
  "symlink",
  "symlinkat",
  "truncate",
  "unlink",
  "unlinkat",
  "utimensat",
  /* a namespace of one's own gives all capabilities back in it */
  "setns",
  "unshare",
  /* parts of the kernel that have given rights away before */
  "add_key",
  "bpf",
  "keyctl",
  "perf_event_open",
  "request_key",
  "userfaultfd",
};

/* Their flags lie in memory, where a filter cannot see them. "No such call" makes the C library
 * and BatonRoot use the older call, whose flags it can. */
static const char *const not_there[] = {
  "clone3",
  "openat2",
};

static const struct
{
  const char *name;
  guint argument;
} opens[] = {
  { "open", 1 },
  { "openat", 2 },
};

/* O_CREAT and O_TRUNC write without asking for a descriptor to write to. */
static const struct
{
  guint64 mask;
  guint64 value;
} writing[] = {
  { O_ACCMODE, O_WRONLY }, { O_ACCMODE, O_RDWR }, { O_ACCMODE, O_ACCMODE },
  { O_CREAT, O_CREAT },    { O_TRUNC, O_TRUNC },
};

/* A call that this architecture or this libseccomp does not know cannot be made under that name. */
static int
add_rule (scmp_filter_ctx filter,
          int errsv,
          const char *name,
          const struct scmp_arg_cmp *condition)
{
  int number = seccomp_syscall_resolve_name (name);

  if (number == __NR_SCMP_ERROR || number < 0)
    return 0;

  return seccomp_rule_add_array (filter, SCMP_ACT_ERRNO (errsv), number,
                                 condition != NULL ? 1 : 0, condition);
}

static int
add_rules (scmp_filter_ctx filter)
{
  const struct scmp_arg_cmp other_socket = SCMP_A0 (SCMP_CMP_NE, AF_NETLINK);
  const struct scmp_arg_cmp user_namespace =
      SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
  int rc = 0;

  for (guint i = 0; rc == 0 && i < G_N_ELEMENTS (denied); i++)
    rc = add_rule (filter, EPERM, denied[i], NULL);

  for (guint i = 0; rc == 0 && i < G_N_ELEMENTS (not_there); i++)
    rc = add_rule (filter, ENOSYS, not_there[i], NULL);

  for (guint i = 0; rc == 0 && i < G_N_ELEMENTS (opens); i++)
    for (guint j = 0; rc == 0 && j < G_N_ELEMENTS (writing); j++)
      {
        const struct scmp_arg_cmp flags =
            SCMP_CMP (opens[i].argument, SCMP_CMP_MASKED_EQ, writing[j].mask, writing[j].value);

        rc = add_rule (filter, EPERM, opens[i].name, &flags);
      }

  /* Device events come over netlink, which needs no connect. */
  if (rc == 0)
    rc = add_rule (filter, EPERM, "socket", &other_socket);
  if (rc == 0)
    rc = add_rule (filter, EPERM, "clone", &user_namespace);

  return rc;
}

/**
 * baton_drop_install_filter:
 * @error: return location for an error
 *
 * Denies this thread, and all that it starts, the system calls that a look never makes: tracing,
 * reading other processes' memory, taking their descriptors, starting programs, connecting, and
 * opening anything for writing.
 *
 * Returns: %TRUE if the filter is in force
 */
gboolean
baton_drop_install_filter (GError **error)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
  int rc = filter != NULL ? add_rules (filter) : -ENOMEM;

  if (rc == 0)
    rc = seccomp_load (filter);
  seccomp_release (filter);

  if (rc != 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (-rc),
                   "could not install the filter of system calls: %s", g_strerror (-rc));
      return FALSE;
    }

  return TRUE;
}
