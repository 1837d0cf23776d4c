/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holder.h"

#include <string.h>

#include "baton-holder-service.h"
#include "baton-process-container.h"
#include "baton-process-kind.h"
#include "baton-process-unit.h"
#include "baton-unit-name.h"

static const struct
{
  BatonHolderKind kind;
  const char *text;
} kind_names[] = {
  { BATON_HOLDER_APP, "app" },
  { BATON_HOLDER_COMPOSITOR, "compositor" },
  { BATON_HOLDER_DISPLAY_SERVER, "display-server" },
  { BATON_HOLDER_SERVICE, "service" },
  { BATON_HOLDER_SOUND, "sound" },
  { BATON_HOLDER_VM, "vm" },
  { BATON_HOLDER_KERNEL, "kernel" },
};

/* From the file and not through NSS: a name service may be a network's, and core loads no
 * libraries of others into a process that has rights. Who is not in it has a number. */
static char *
find_user_name (const char *passwd, guint uid)
{
  g_auto (GStrv) lines = g_strsplit (passwd != NULL ? passwd : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 4);
      guint64 number;

      if (g_strv_length (fields) == 4 && *fields[0] != '\0' &&
          g_ascii_string_to_unsigned (fields[2], 10, 0, G_MAXUINT, &number, NULL) &&
          number == uid)
        return g_strdup (fields[0]);
    }

  return g_strdup_printf ("%u", uid);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GStrv
dup_sorted (GPtrArray *paths)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_ptr_array_sort (paths, compare_paths);
  for (guint i = 0; i < paths->len; i++)
    g_strv_builder_add (builder, paths->pdata[i]);

  return g_strv_builder_end (builder);
}

/**
 * baton_holder_kind_to_string:
 * @kind: a kind
 *
 * Returns: (nullable): its word in the contract
 */
const char *
baton_holder_kind_to_string (BatonHolderKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (kind_names[i].kind == kind)
      return kind_names[i].text;

  return NULL;
}

/**
 * baton_holder_kind_from_string:
 * @text: (nullable): a word of the contract
 * @ret_kind: (out caller-allocates): where to store the kind
 *
 * Returns: %TRUE if @ret_kind was set: @text names a kind
 */
gboolean
baton_holder_kind_from_string (const char *text, BatonHolderKind *ret_kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (g_strcmp0 (kind_names[i].text, text) == 0)
      {
        *ret_kind = kind_names[i].kind;
        return TRUE;
      }

  return FALSE;
}

/**
 * baton_holder_free:
 * @self: (nullable): a holder
 *
 * Frees @self.
 */
void
baton_holder_free (BatonHolder *self)
{
  if (self == NULL)
    return;

  g_free (self->start_time);
  g_free (self->name);
  g_free (self->command);
  g_free (self->user);
  g_free (self->unit);
  g_free (self->scope);
  g_free (self->app_id);
  g_free (self->guest);
  g_free (self->container);
  g_free (self->screens);
  baton_device_session_free (self->kept_for);
  g_strfreev (self->nodes);
  g_free (self);
}

/**
 * baton_holder_new_for_process:
 * @root: where it was found
 * @process: who
 * @how: set of #BatonHow
 * @nodes: (element-type filename): paths of the card's nodes that it has
 * @passwd: (nullable): the text of `/etc/passwd`
 *
 * Returns: (transfer full): the process as a holder
 */
BatonHolder *
baton_holder_new_for_process (BatonRoot *root,
                              const BatonProcess *process,
                              guint how,
                              GPtrArray *nodes,
                              const char *passwd)
{
  g_auto (BatonProcessUnit) unit = { 0 };
  BatonHolder *self = g_new0 (BatonHolder, 1);

  baton_process_unit_parse (&unit, process->cgroup);
  self->pid = process->pid;
  self->start_time = g_strdup (process->start_time);
  self->name = g_strdup (process->name);
  self->command = g_strdup (process->command);
  self->uid = process->uid;
  self->user = find_user_name (passwd, process->uid);
  self->kind = baton_process_find_kind (process, &unit, (how & BATON_HOW_VFIO) != 0);
  self->how = how;
  if (self->kind == BATON_HOLDER_VM)
    self->guest = baton_process_dup_guest_name (process, &unit);
  if (self->kind == BATON_HOLDER_COMPOSITOR)
    {
      self->environment_known = process->environment_known;
      self->screens = g_strdup (process->screens);
    }
  /* What has started it in there would start it again. A virtual machine is known by its own name. */
  if (self->kind != BATON_HOLDER_VM)
    baton_process_container_parse (process->cgroup, &self->engine, &self->container);
  self->closable = self->container == NULL && baton_process_may_be_closed (process, self->kind);
  self->unit = g_steal_pointer (&unit.unit);
  /* Everything of a user's own systemd is below its service. */
  self->of_user = process->cgroup != NULL && strstr (process->cgroup, "/user@") != NULL;
  if (self->kind == BATON_HOLDER_SERVICE && self->closable)
    self->main_pid = baton_holder_service_find_main (root, process, self->unit, self->of_user);
  self->scope = g_steal_pointer (&unit.scope);
  self->app_id = g_steal_pointer (&unit.app_id);
  self->nodes = dup_sorted (nodes);

  return self;
}

/**
 * baton_holder_is_started_again:
 * @self: a holder
 *
 * Returns: whether it is a service itself, or an application that is one: whoever ends it may find it
 *   started again by systemd, and ends it for good by stopping its unit
 */
gboolean
baton_holder_is_started_again (const BatonHolder *self)
{
  return self->main_pid != 0 ||
         (self->scope != NULL && g_str_has_suffix (self->scope, ".service"));
}

/**
 * baton_holder_dup_unit:
 * @self: a holder that runs in a unit
 *
 * Returns: (transfer full): its unit, as steps and notes name it: a user's with his number
 */
char *
baton_holder_dup_unit (const BatonHolder *self)
{
  g_autofree char *name = g_strconcat ("user:", self->unit, NULL);

  return self->of_user ? baton_unit_name_dup_for_user (name, self->uid) : g_strdup (self->unit);
}

/**
 * baton_holder_dup_stop:
 * @self: a holder that runs in a unit
 *
 * Returns: (transfer full): the command that stops its unit, for people
 */
char *
baton_holder_dup_stop (const BatonHolder *self)
{
  return g_strconcat (self->of_user ? "systemctl --user stop " : "systemctl stop ", self->unit,
                      NULL);
}
