/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process-container.h"

#include <string.h>

#include "baton-process-unit.h"

/* References used below:
 *  DOCKER     - moby daemon/oci_linux.go: docker-ID.scope below system.slice with systemd's driver,
 *               /docker/ID with that of its own; the first 12 digits are what `docker ps` shows
 *  PODMAN     - libpod/container_internal_linux.go: libpod-ID.scope, which libpod-conmon-ID.scope
 *               looks after from outside; libpod-payload-ID below the service that runs it, with
 *               --cgroups=split, as Quadlet has it
 *  CONTAINERD - containerd and CRI-O: cri-containerd-ID.scope, crio-ID.scope; nerdctl: nerdctl-ID.scope
 *  KUBELET    - kubernetes pkg/kubelet/cm: /kubepods/CLASS/podUID/ID with the driver cgroupfs
 *  LXC        - lxc src/lxc/cgroups/cgfsng.c: lxc.payload.NAME, and /lxc/NAME before 4.0
 *  NSPAWN     - systemd-nspawn(1), --slice=: machine-NAME.scope, systemd-nspawn@NAME.service
 */

#define DOCKER "Docker"
#define PODMAN "Podman"
#define CONTAINERD "containerd"
#define NERDCTL "nerdctl"
#define CRIO "CRI-O"
#define KUBERNETES "Kubernetes"
#define LXC "LXC"
#define MACHINED "systemd-machined"
#define NSPAWN "systemd-nspawn"

#define KUBEPODS "kubepods"

#define ID_DIGITS 64
#define SHOWN_DIGITS 12

static const struct
{
  const char *prefix;
  const char *suffix;
  const char *engine;
} with_id[] = {
  { "docker-", ".scope", DOCKER },
  { "libpod-", ".scope", PODMAN },
  { "libpod-payload-", "", PODMAN },
  { "libpod-", "", PODMAN },
  { "cri-containerd-", ".scope", CONTAINERD },
  { "nerdctl-", ".scope", NERDCTL },
  { "crio-", ".scope", CRIO },
};

static const struct
{
  const char *prefix;
  const char *suffix;
  const char *engine;
} with_name[] = {
  { "lxc.payload.", "", LXC },
  { "machine-", ".scope", MACHINED },
  { "systemd-nspawn@", ".service", NSPAWN },
};

/* Directories whose children are containers. */
static const struct
{
  const char *parent;
  const char *engine;
  gboolean has_id;
} parents[] = {
  { "docker", DOCKER, TRUE },
  { "lxc", LXC, FALSE },
};

/* What its own engine is told to stop it: nothing else knows whether it is to run again. */
static const struct
{
  const char *engine;
  const char *stop;
} engines[] = {
  { DOCKER, "docker stop" }, { PODMAN, "podman stop" },       { CONTAINERD, "crictl stop" },
  { CRIO, "crictl stop" },   { KUBERNETES, "crictl stop" },   { NERDCTL, "nerdctl stop" },
  { LXC, "lxc-stop -n" },    { MACHINED, "machinectl stop" }, { NSPAWN, "machinectl stop" },
};

static gboolean
is_id (const char *text, gsize length)
{
  return length == ID_DIGITS && strspn (text, "0123456789abcdef") >= ID_DIGITS;
}

/* What is between @prefix and @suffix, and how long that is; 0 where it is no such name. */
static gsize
find_body (const char *name, const char *prefix, const char *suffix, const char **ret_body)
{
  gsize length = strlen (name);
  gsize around = strlen (prefix) + strlen (suffix);

  if (length <= around || !g_str_has_prefix (name, prefix) || !g_str_has_suffix (name, suffix))
    return 0;
  *ret_body = name + strlen (prefix);

  return length - around;
}

static gboolean
is_with_id (const char *name, const char **ret_engine, char **ret_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (with_id); i++)
    {
      const char *body = NULL;
      gsize length = find_body (name, with_id[i].prefix, with_id[i].suffix, &body);

      if (length == 0 || !is_id (body, length))
        continue;
      *ret_engine = with_id[i].engine;
      *ret_name = g_strndup (body, SHOWN_DIGITS);
      return TRUE;
    }

  return FALSE;
}

/* As libvirt names those that QEMU runs. */
static gboolean
is_virtual_machine (const char *body)
{
  return g_str_has_prefix (body, "qemu");
}

static gboolean
is_with_name (const char *name, const char **ret_engine, char **ret_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (with_name); i++)
    {
      const char *body = NULL;
      gsize length = find_body (name, with_name[i].prefix, with_name[i].suffix, &body);
      g_autofree char *escaped = length > 0 ? g_strndup (body, length) : NULL;

      if (escaped == NULL || is_virtual_machine (escaped))
        continue;
      *ret_engine = with_name[i].engine;
      *ret_name = baton_process_unit_unescape (escaped);
      return TRUE;
    }

  return FALSE;
}

static gboolean
is_child (const char *parent, const char *name, const char **ret_engine, char **ret_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (parents); i++)
    {
      if (g_strcmp0 (parents[i].parent, parent) != 0 || *name == '\0' ||
          (parents[i].has_id && !is_id (name, strlen (name))))
        continue;
      *ret_engine = parents[i].engine;
      *ret_name = parents[i].has_id ? g_strndup (name, SHOWN_DIGITS) : g_strdup (name);
      return TRUE;
    }

  return FALSE;
}

/* KUBELET: whichever engine it has, the group says nothing of it. */
static gboolean
is_in_pod (const char *const *names, guint i, const char **ret_engine, char **ret_name)
{
  if (i < 2 || g_strcmp0 (names[1], KUBEPODS) != 0 || !is_id (names[i], strlen (names[i])))
    return FALSE;
  *ret_engine = KUBERNETES;
  *ret_name = g_strndup (names[i], SHOWN_DIGITS);

  return TRUE;
}

/**
 * baton_process_container_parse:
 * @cgroup: (nullable): path of a control group, raw bytes (hostile)
 * @ret_engine: (out) (transfer none): who runs the container, by its own name
 * @ret_name: (out) (transfer full): its name or what its engine calls it by, raw bytes
 *
 * Says whether the processes of a control group are in a container. The outermost is meant: it is
 * what can be stopped from here.
 *
 * Returns: %TRUE if so
 */
gboolean
baton_process_container_parse (const char *cgroup, const char **ret_engine, char **ret_name)
{
  g_auto (GStrv) names = g_strsplit (cgroup != NULL ? cgroup : "", "/", -1);

  for (guint i = 0; names[i] != NULL; i++)
    if (is_with_id (names[i], ret_engine, ret_name) ||
        is_with_name (names[i], ret_engine, ret_name) ||
        (i > 0 && is_child (names[i - 1], names[i], ret_engine, ret_name)) ||
        is_in_pod ((const char *const *) names, i, ret_engine, ret_name))
      return TRUE;

  return FALSE;
}

static gboolean
is_plain (const char *name)
{
  for (; *name != '\0'; name++)
    if (!g_ascii_isalnum (*name) && strchr ("_.-", *name) == NULL)
      return FALSE;

  return TRUE;
}

/**
 * baton_process_container_dup_stop:
 * @engine: as baton_process_container_parse() has said
 * @name: the same
 *
 * Returns: (transfer full): the command that stops the container, for people; the name in it is quoted
 *   where a shell would take it for something else
 */
char *
baton_process_container_dup_stop (const char *engine, const char *name)
{
  g_autofree char *quoted = is_plain (name) ? g_strdup (name) : g_shell_quote (name);

  for (guint i = 0; i < G_N_ELEMENTS (engines); i++)
    if (g_strcmp0 (engines[i].engine, engine) == 0)
      return g_strconcat (engines[i].stop, " ", quoted, NULL);

  return g_strdup (quoted);
}
