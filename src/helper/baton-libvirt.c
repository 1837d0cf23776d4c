/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-libvirt.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "baton-error.h"

/* libvirt's own client library (libvirt-domain.h, libvirt-host.h). It is loaded where a guest is
 * started, in a child that does nothing else, and not linked: it brings two dozen libraries with it,
 * which the helper of somebody who hands cards over by hand has no use for, and must not trust. */
#define LIBRARY "libvirt.so.0"
#define SYSTEM_INSTANCE "qemu:///system"

typedef struct
{
  __typeof__ (virInitialize) *initialize;
  __typeof__ (virSetErrorFunc) *set_error_func;
  __typeof__ (virConnectOpen) *open;
  __typeof__ (virDomainLookupByName) *look_up;
  __typeof__ (virDomainCreate) *create;
  __typeof__ (virGetLastErrorMessage) *get_message;
} Libvirt;

static gboolean
load (Libvirt *self, GError **error)
{
  void *library = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL);
  const struct
  {
    const char *name;
    void **place;
  } symbols[] = {
    { "virInitialize", (void **) &self->initialize },
    { "virSetErrorFunc", (void **) &self->set_error_func },
    { "virConnectOpen", (void **) &self->open },
    { "virDomainLookupByName", (void **) &self->look_up },
    { "virDomainCreate", (void **) &self->create },
    { "virGetLastErrorMessage", (void **) &self->get_message },
  };

  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++)
    {
      *symbols[i].place = library != NULL ? dlsym (library, symbols[i].name) : NULL;
      if (*symbols[i].place == NULL)
        {
          g_set_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND,
                       "libvirt's client library cannot be used (%s)", dlerror ());
          return FALSE;
        }
    }

  return TRUE;
}

/* Without one of its own it writes to standard error, which is nobody's here. */
static void
keep_silent (void *data, virErrorPtr error)
{
}

/**
 * baton_libvirt_start_guest:
 * @name: a virtual machine of libvirt's system instance
 * @error: return location for an error, in libvirt's words
 *
 * Starts it, and comes back when it runs. To be called in a child that ends afterwards: it connects,
 * waits for as long as libvirt takes, and leaves everything open.
 *
 * Returns: %TRUE if it runs
 */
gboolean
baton_libvirt_start_guest (const char *name, GError **error)
{
  Libvirt libvirt = { 0 };
  virConnectPtr connection = NULL;
  virDomainPtr domain = NULL;

  if (!load (&libvirt, error))
    return FALSE;
  libvirt.set_error_func (NULL, keep_silent);
  if (libvirt.initialize () == 0)
    connection = libvirt.open (SYSTEM_INSTANCE);
  if (connection != NULL)
    domain = libvirt.look_up (connection, name);
  if (domain != NULL && libvirt.create (domain) == 0)
    return TRUE;
  g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "%s", libvirt.get_message ());

  return FALSE;
}
