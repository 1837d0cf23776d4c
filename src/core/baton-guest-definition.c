/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guest-definition.h"

#include <string.h>

#include "baton-domain-xml.h"
#include "baton-error.h"
#include "baton-text.h"

/* Where the driver for QEMU keeps its persistent definitions and the numbers of its processes: in
 * libvirt's sources src/qemu/qemu_conf.c, virQEMUDriverConfigNew(), and src/conf/virdomainobjlist.c. */
#define DEFINITIONS "libvirt/qemu"
#define SUFFIX ".xml"
#define PROCESSES "libvirt/qemu"

/* As long as any other argument of a request; libvirt itself allows what fits a file's name. */
#define MAX_NAME_BYTES 128
/* More than anybody looks through in a menu. */
#define MAX_GUESTS 64

/**
 * baton_guest_name_is_possible:
 * @name: what somebody says is a virtual machine's name
 *
 * Whether libvirt could have a virtual machine of that name which also can be shown as it is: it
 * forbids slashes and line breaks (src/conf/domain_conf.c, virDomainDefParseXML()), and a name of
 * dots would be a path.
 *
 * Returns: %TRUE if so
 */
gboolean
baton_guest_name_is_possible (const char *name)
{
  g_autofree char *clean = NULL;

  if (*name == '\0' || *name == '.' || strlen (name) > MAX_NAME_BYTES ||
      strchr (name, '/') != NULL)
    return FALSE;
  clean = baton_text_clean (name, -1, MAX_NAME_BYTES + 1, NULL, NULL);

  return g_str_equal (clean, name);
}

static gboolean
is_running (BatonRoot *root, const char *name)
{
  g_autofree char *path = g_strconcat (PROCESSES "/", name, ".pid", NULL);

  return baton_root_exists (root, BATON_ROOT_RUN, path);
}

/**
 * baton_guest_definition_new:
 * @root: where to look
 * @name: a name that baton_guest_name_is_possible()
 *
 * Returns: (transfer full): what is known of it, which without the right to read libvirt's files is
 *   that nobody could look
 */
BatonGuestDefinition *
baton_guest_definition_new (BatonRoot *root, const char *name)
{
  BatonGuestDefinition *self = g_new0 (BatonGuestDefinition, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strconcat (DEFINITIONS "/", name, SUFFIX, NULL);
  g_autofree char *text = NULL;
  gsize length = 0;

  g_return_val_if_fail (baton_guest_name_is_possible (name), self);

  text = baton_root_read_file (root, BATON_ROOT_ETC, path, BATON_DOMAIN_XML_MAX_BYTES, &length,
                               &error);
  if (text == NULL)
    {
      self->found = g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND)
                        ? BATON_GUEST_MISSING
                        : BATON_GUEST_UNTOLD;
      return self;
    }
  self->found = is_running (root, name) ? BATON_GUEST_RUNNING : BATON_GUEST_OFF;
  self->devices = baton_domain_xml_list_pci_devices (text, length, NULL);

  return self;
}

void
baton_guest_definition_free (BatonGuestDefinition *self)
{
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  g_free (self);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
could_have (BatonRoot *root, const char *name, const char *address)
{
  g_autoptr (BatonGuestDefinition) self = baton_guest_definition_new (root, name);

  return self->found == BATON_GUEST_OFF && self->devices != NULL &&
         g_ptr_array_find_with_equal_func (self->devices, address, g_str_equal, NULL);
}

/**
 * baton_guest_definition_list:
 * @root: where to look
 * @address: the display function of a card
 *
 * Returns: (transfer full): the names of the virtual machines of libvirt's system instance that
 *   are given the card and do not run, at most 64, sorted; empty where nobody may look
 */
GStrv
baton_guest_definition_list (BatonRoot *root, const char *address)
{
  g_autoptr (GPtrArray) files = baton_root_list (root, BATON_ROOT_ETC, DEFINITIONS, NULL);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; files != NULL && i < files->len && names->len < MAX_GUESTS; i++)
    {
      const char *file = files->pdata[i];
      g_autofree char *name = NULL;

      if (!g_str_has_suffix (file, SUFFIX))
        continue;
      name = g_strndup (file, strlen (file) - strlen (SUFFIX));
      if (baton_guest_name_is_possible (name) && could_have (root, name, address))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);

  return (GStrv) g_ptr_array_free (names, FALSE);
}
