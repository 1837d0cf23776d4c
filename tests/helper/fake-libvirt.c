/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt's client library as far as Baton calls it, with two virtual machines: "bench", which
 * starts, and "broken". It is found before the real one (LD_LIBRARY_PATH). */
#include "config.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

static const char *message = "no error";
static int connection;
static int bench;
static int broken;

int
virInitialize (void)
{
  return 0;
}

void
virSetErrorFunc (void *data, virErrorFunc handler)
{
  g_assert_nonnull (handler);
}

virConnectPtr
virConnectOpen (const char *name)
{
  g_assert_cmpstr (name, ==, "qemu:///system");

  return (virConnectPtr) &connection;
}

virDomainPtr
virDomainLookupByName (virConnectPtr where, const char *name)
{
  g_assert_true (where == (virConnectPtr) &connection);
  if (g_str_equal (name, "bench"))
    return (virDomainPtr) &bench;
  if (g_str_equal (name, "broken"))
    return (virDomainPtr) &broken;
  message = "Domain not found";

  return NULL;
}

int
virDomainCreate (virDomainPtr domain)
{
  if (domain == (virDomainPtr) &bench)
    return 0;
  message = "internal error: the \x1b[31mdisk is missing";

  return -1;
}

const char *
virGetLastErrorMessage (void)
{
  return message;
}
