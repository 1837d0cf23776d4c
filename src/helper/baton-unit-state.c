/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-state.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baton-desktop.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-state-file.h"
#include "baton-systemd-job.h"
#include "baton-unit-bus.h"
#include "baton-unit-name.h"

/* References used below:
 *  SD-DBUS - org.freedesktop.systemd1(5), interfaces Manager, Unit and Service
 *  SD-STOP - systemd's src/core/unit-dependency-atom.c, UNIT_ATOM_PROPAGATE_STOP and what pulls in
 *            a stop: the other ends of Requires=, Requisite=, BindsTo= and PartOf=
 */

#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

#define CALL_TIMEOUT_MS 25000

/* As long as the child's calls may take, for a handful of units. */
#define DEADLINE_US (60 * G_USEC_PER_SEC)

#define MAX_ANSWER_BYTES 65536

/* More than stand on any service. */
#define MAX_GOES_ALONG 32
#define MAX_TRIGGERS 16

/* What no unit's name begins with (SD-DBUS: a name has none but letters, digits and “:_.-\\@”). */
#define TRIGGER "<"

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  BatonUnitBus *bus;
} Question;

static GVariant *
call (GDBusConnection *connection,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  return g_dbus_connection_call_sync (connection, BATON_SYSTEMD_NAME, path, interface, method,
                                      arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL,
                                      error);
}

/* Of a unit that is not installed as well: it is inactive (SD-DBUS, LoadUnit). */
static char *
load (GDBusConnection *connection, const char *unit, GError **error)
{
  g_autoptr (GVariant) loaded = call (connection, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER,
                                      "LoadUnit", g_variant_new ("(s)", unit), "(o)", error);
  char *path = NULL;

  if (loaded != NULL)
    g_variant_get (loaded, "(o)", &path);

  return path;
}

static GVariant *
read_properties (GDBusConnection *connection, const char *unit, GError **error)
{
  g_autofree char *path = load (connection, unit, error);
  g_autoptr (GVariant) reply =
      path != NULL ? call (connection, path, PROPERTIES_INTERFACE, "GetAll",
                           g_variant_new ("(s)", UNIT_INTERFACE), "(a{sv})", error)
                   : NULL;

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/* Nothing but a service has one. To ask for this alone spares systemd some two hundred others. */
static guint
read_main_pid (GDBusConnection *connection, const char *unit)
{
  g_autofree char *path =
      g_str_has_suffix (unit, ".service") ? load (connection, unit, NULL) : NULL;
  g_autoptr (GVariant) reply =
      path != NULL ? call (connection, path, PROPERTIES_INTERFACE, "Get",
                           g_variant_new ("(ss)", SERVICE_INTERFACE, "MainPID"), "(v)", NULL)
                   : NULL;
  g_autoptr (GVariant) value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32)
             ? g_variant_get_uint32 (value)
             : 0;
}

static char *
dup_active (GVariant *properties)
{
  char *active = NULL;

  g_variant_lookup (properties, "ActiveState", "s", &active);

  return active != NULL ? active : g_strdup ("unknown");
}

static char *
dup_id (GVariant *properties, const char *unit)
{
  char *id = NULL;

  g_variant_lookup (properties, "Id", "s", &id);

  return id != NULL ? id : g_strdup (unit);
}

static gboolean
is_running (const char *active)
{
  static const char *const words[] = { "active", "activating", "refreshing", "reloading",
                                       NULL };

  return g_strv_contains (words, active);
}

/* By another name a unit may be one that nobody is to touch. */
static gboolean
check_names (const BatonUnitBus *bus, GVariant *properties, GError **error)
{
  gboolean is_display_manager = g_str_equal (bus->name, BATON_DISPLAY_MANAGER);
  g_auto (GStrv) names = NULL;

  g_variant_lookup (properties, "Names", "^as", &names);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *name = g_strconcat (bus->prefix, names[i], NULL);
      g_autofree char *fault = NULL;

      if (is_display_manager && baton_unit_name_may_be_display_manager (names[i]))
        continue;
      fault = baton_unit_name_dup_fault (name);
      if (fault == NULL)
        continue;
      g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "it has another name as well, and %s",
                   fault);
      return FALSE;
    }

  return TRUE;
}

/* A name with a mistake in it would be believed. Of the system's units that is known before. */
static gboolean
check_presence (const BatonUnitBus *bus, GVariant *properties, GError **error)
{
  g_autofree char *loaded = NULL;

  g_variant_lookup (properties, "LoadState", "s", &loaded);
  if (bus->path == NULL || g_strcmp0 (loaded, "not-found") != 0)
    return TRUE;
  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_NOT_FOUND,
                       "the user’s systemd has no such unit");

  return FALSE;
}

static void
add_units (GVariant *properties, GPtrArray *units)
{
  static const char *const keys[] = { "RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_auto (GStrv) names = NULL;

      g_variant_lookup (properties, keys[i], "^as", &names);
      for (guint j = 0; names != NULL && names[j] != NULL; j++)
        if (!g_ptr_array_find_with_equal_func (units, names[j], g_str_equal, NULL))
          g_ptr_array_add (units, g_strdup (names[j]));
    }
}

/* Whatever stops with a unit that stops, and with those that stop with it (SD-STOP). */
static void
add_lines (GDBusConnection *connection, const char *unit, GVariant *properties, GString *lines)
{
  g_autoptr (GPtrArray) units = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (units, g_strdup (unit));
  add_units (properties, units);
  for (guint i = 1; i < units->len && i <= MAX_GOES_ALONG; i++)
    {
      const char *other = units->pdata[i];
      g_autoptr (GVariant) others = NULL;
      g_autofree char *active = NULL;

      others = read_properties (connection, other, NULL);
      if (others == NULL)
        continue;
      active = dup_active (others);
      if (!is_running (active))
        continue;
      g_string_append_printf (lines, "%s\n", other);
      add_units (others, units);
    }
}

static void
add_triggers (GDBusConnection *connection, GVariant *properties, GString *lines)
{
  g_auto (GStrv) names = NULL;

  g_variant_lookup (properties, "TriggeredBy", "^as", &names);
  for (guint i = 0; names != NULL && names[i] != NULL && i < MAX_TRIGGERS; i++)
    {
      g_autoptr (GVariant) others = read_properties (connection, names[i], NULL);
      g_autofree char *active = others != NULL ? dup_active (others) : NULL;

      if (active != NULL && is_running (active))
        g_string_append_printf (lines, TRIGGER "%s\n", names[i]);
    }
}

static gboolean
answer (int socket, const GString *lines, GError **error)
{
  baton_autofd int fd = memfd_create ("baton-unit", MFD_CLOEXEC);

  if (fd < 0 || !baton_write_fully (fd, lines->str, lines->len) || lseek (fd, 0, SEEK_SET) < 0)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "could not keep the answer: %s",
                   g_strerror (errno));
      return FALSE;
    }
  baton_errand_answer (socket, fd, NULL);

  return TRUE;
}

/* In a child that has nothing else to do: it ends with the bus and all. */
static void
ask (int socket, gpointer data)
{
  const Question *question = data;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autofree char *active = NULL;
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;

  connection = baton_unit_bus_connect (question->bus, question->root, &error);
  if (connection != NULL)
    properties = read_properties (connection, question->bus->name, &error);
  if (properties != NULL && check_presence (question->bus, properties, &error) &&
      check_names (question->bus, properties, &error))
    {
      active = dup_active (properties);
      id = dup_id (properties, question->bus->name);
      g_string_append_printf (lines, "%s\n%s\n%u\n", id, active,
                              read_main_pid (connection, question->bus->name));
      add_triggers (connection, properties, lines);
      add_lines (connection, question->bus->name, properties, lines);
      if (answer (socket, lines, &error))
        return;
    }
  if (error != NULL)
    g_dbus_error_strip_remote_error (error);
  baton_errand_answer (socket, -1, error);
}

static BatonUnitState *
parse (const char *unit, const char *prefix, GStrv lines)
{
  BatonUnitState *self = g_new0 (BatonUnitState, 1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) triggers = g_strv_builder_new ();

  self->unit = g_strdup (unit);
  self->id = g_strconcat (prefix, lines[0], NULL);
  self->active = g_strdup (lines[1]);
  self->main_pid = (guint) g_ascii_strtoull (lines[2], NULL, 10);
  for (guint i = 3; lines[i] != NULL; i++)
    {
      gboolean is_trigger = g_str_has_prefix (lines[i], TRIGGER);
      g_autofree char *name =
          g_strconcat (prefix, lines[i] + (is_trigger ? strlen (TRIGGER) : 0), NULL);

      if (*lines[i] != '\0')
        g_strv_builder_add (is_trigger ? triggers : builder, name);
    }
  self->triggers = g_strv_builder_end (triggers);
  self->goes_along = g_strv_builder_end (builder);

  return self;
}

static BatonUnitState *
read_answer (int fd, const char *unit, const char *prefix, GError **error)
{
  g_autofree char *text = g_malloc (MAX_ANSWER_BYTES);
  g_auto (GStrv) lines = NULL;
  gssize n = fd >= 0 ? read (fd, text, MAX_ANSWER_BYTES - 1) : -1;

  if (n <= 0)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "whoever was sent to ask knew nothing");
      return NULL;
    }
  text[n] = '\0';
  lines = g_strsplit (text, "\n", -1);
  if (g_strv_length (lines) >= 3)
    return parse (unit, prefix, lines);
  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "the answer broke off");

  return NULL;
}

/**
 * baton_unit_state_new:
 * @root: the roots
 * @waiter: what waits
 * @unit: a unit, as steps and notes name it
 * @error: return location for an error
 *
 * Asks systemd how a unit stands, by a child, because a bus may not answer.
 *
 * Fails as well where @unit is another name of one that Baton does not touch, and where it is a
 * user's that his systemd does not have. What a user's says is believed of his own units alone.
 *
 * Returns: (transfer full) (nullable): how it stands
 */
BatonUnitState *
baton_unit_state_new (BatonRoot *root, BatonWaiter *waiter, const char *unit, GError **error)
{
  g_auto (BatonUnitBus) bus = { 0 };
  Question question = { .root = root, .bus = &bus };
  g_autoptr (BatonErrand) errand = NULL;
  baton_autofd int fd = -1;

  baton_unit_bus_init (&bus, root, unit);
  errand = baton_errand_new (root, waiter, ask, &question, error);
  if (errand == NULL ||
      !baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, &fd, error))
    return NULL;

  return read_answer (fd, unit, bus.prefix, error);
}

/**
 * baton_unit_state_free:
 * @self: (nullable): how a unit stands
 */
void
baton_unit_state_free (BatonUnitState *self)
{
  if (self == NULL)
    return;

  g_free (self->unit);
  g_free (self->id);
  g_free (self->active);
  g_strfreev (self->triggers);
  g_strfreev (self->goes_along);
  g_free (self);
}

/**
 * baton_unit_state_runs:
 * @self: how a unit stands
 *
 * Returns: whether it runs, or is about to; what is being stopped by somebody does not
 */
gboolean
baton_unit_state_runs (const BatonUnitState *self)
{
  return is_running (self->active);
}

/**
 * baton_unit_state_has_failed:
 * @self: how a unit stands whose start is over
 *
 * A service that has done its work in its start, and ended well, has not failed; one that systemd is
 * about to start once more has.
 *
 * Returns: whether its start came to nothing
 */
gboolean
baton_unit_state_has_failed (const BatonUnitState *self)
{
  return g_str_equal (self->active, "failed") || g_str_equal (self->active, "activating");
}
