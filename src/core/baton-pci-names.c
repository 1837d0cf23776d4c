/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-names.h"

#include <setjmp.h>
#include <string.h>

#include <pci/pci.h>

#include "baton-pci-list.h"

/* Longer than any name of the database. */
#define MAX_NAME 512

struct _BatonPciNames
{
  /* owned */
  BatonPciList *list; /* NULL: libpci's own is asked */
  struct pci_access *access;

  int extra_flags;
};

/* libpci's way to report a damaged list is a function that must not come back, and its
 * own one ends the process. A helper in the middle of a handoff must not end over a name. */
static _Thread_local jmp_buf damaged_list;

static G_NORETURN void
leave_damaged_list (char *message, ...)
{
  longjmp (damaged_list, 1);
}

static void
drop_message (char *message, ...)
{
}

static struct pci_access *
new_access (void)
{
  struct pci_access *access = pci_alloc ();

  access->error = leave_damaged_list;
  access->warning = drop_message;
  access->debug = drop_message;

  return access;
}

static gboolean
load_list (struct pci_access *access)
{
  /* What was read before the damage stays known; the rest is shown as numbers. */
  if (setjmp (damaged_list) == 0)
    return pci_load_name_list (access) != 0;

  return TRUE;
}

/* udev's database has the same names. It is asked where the list is missing, and only if it
 * is there: libpci opens it anew for each name that is not found, and loses what it opened
 * where that fails (lib/names-hwdb.c of 3.9). */
static gboolean
has_hwdb (BatonRoot *root)
{
  return baton_root_exists (root, BATON_ROOT_ETC, "udev/hwdb.bin") ||
         baton_root_exists (root, BATON_ROOT_USR, "lib/systemd/hwdb/hwdb.bin") ||
         baton_root_exists (root, BATON_ROOT_USR, "lib/udev/hwdb.bin");
}

/**
 * baton_pci_names_new:
 * @root: where to look
 *
 * A recorded tree brings the names that it was recorded with, and no other list is
 * asked, so that it reads alike everywhere. Without a list, names are numbers.
 *
 * Returns: (transfer full): the names
 */
BatonPciNames *
baton_pci_names_new (BatonRoot *root)
{
  BatonPciNames *self = g_new0 (BatonPciNames, 1);
  char cache_parameter[] = "net.cache_name";
  char no_file[] = "";

  self->access = new_access ();
  self->list = baton_pci_list_new (root);
  if (self->list != NULL)
    return self;

  /* libpci keeps what it once learned from the network in the home of whoever runs it: a
   * file of a user's has no place in what root says, nor asking who the user is. */
  pci_set_param (self->access, cache_parameter, no_file);

  if (!baton_root_is_system (root))
    {
      g_autofree char *path =
          baton_root_build_path (root, BATON_ROOT_USR, "share/misc/pci.ids");

      /* libpci frees this one with free(). */
      pci_set_name_list_path (self->access, strdup (path), 1);
    }

  if (load_list (self->access) || !baton_root_is_system (root) || !has_hwdb (root))
    self->extra_flags = PCI_LOOKUP_NO_HWDB;

  return self;
}

/**
 * baton_pci_names_new_of_numbers:
 *
 * For whom no name is told: to load a list takes longer than to look at a computer's cards.
 *
 * Returns: (transfer full): names that are numbers
 */
BatonPciNames *
baton_pci_names_new_of_numbers (void)
{
  BatonPciNames *self = g_new0 (BatonPciNames, 1);

  self->access = new_access ();
  self->extra_flags = PCI_LOOKUP_NUMERIC | PCI_LOOKUP_NO_HWDB;

  return self;
}

/**
 * baton_pci_names_free:
 * @self: (nullable): the names
 *
 * Frees @self.
 */
void
baton_pci_names_free (BatonPciNames *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->list, baton_pci_list_free);
  pci_cleanup (self->access);
  g_free (self);
}

static char *
make_valid (const char *name)
{
  return g_utf8_make_valid (name, -1);
}

static char *
take_valid (char *name)
{
  char *valid = make_valid (name);

  g_free (name);

  return valid;
}

/**
 * baton_pci_names_dup_vendor:
 * @self: the names
 * @vendor_id: vendor
 *
 * Returns: (transfer full): the vendor in words, as far as it is known
 */
char *
baton_pci_names_dup_vendor (BatonPciNames *self, guint16 vendor_id)
{
  char buffer[MAX_NAME];

  if (self->list != NULL)
    return take_valid (baton_pci_list_dup_vendor (self->list, vendor_id));

  return make_valid (pci_lookup_name (self->access, buffer, sizeof buffer,
                                      PCI_LOOKUP_VENDOR | self->extra_flags, vendor_id));
}

/**
 * baton_pci_names_dup_device:
 * @self: the names
 * @vendor_id: vendor
 * @device_id: device
 *
 * Returns: (transfer full): vendor and device in words, as far as they are known
 */
char *
baton_pci_names_dup_device (BatonPciNames *self, guint16 vendor_id, guint16 device_id)
{
  char buffer[MAX_NAME];

  if (self->list != NULL)
    return take_valid (baton_pci_list_dup_device (self->list, vendor_id, device_id));

  return make_valid (pci_lookup_name (self->access, buffer, sizeof buffer,
                                      PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | self->extra_flags,
                                      vendor_id, device_id));
}

/**
 * baton_pci_names_dup_class:
 * @self: the names
 * @class_code: 24 bits of class, subclass and programming interface
 *
 * Returns: (transfer full): class and subclass in words
 */
char *
baton_pci_names_dup_class (BatonPciNames *self, guint32 class_code)
{
  char buffer[MAX_NAME];

  if (self->list != NULL)
    return take_valid (baton_pci_list_dup_class (self->list, (guint16) (class_code >> 8)));

  return make_valid (pci_lookup_name (self->access, buffer, sizeof buffer,
                                      PCI_LOOKUP_CLASS | self->extra_flags, class_code >> 8));
}
