/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-domain-xml.h"

#include <string.h>

#include "baton-error.h"

#define HOSTDEV(address)                                                                       \
  "<hostdev mode='subsystem' type='pci' managed='yes'><driver "                                \
  "name='vfio'/><source><address " address                                                     \
  "/></source><alias name='hostdev0'/><address type='pci' domain='0x0000' bus='0x05' "         \
  "slot='0x00' function='0x0'/></hostdev>"
#define CARD HOSTDEV ("domain='0x0000' bus='0x01' slot='0x00' function='0x0'")
#define SOUND HOSTDEV ("domain='0x0000' bus='0x01' slot='0x00' function='0x1'")
#define DEVICES(devices) "<domain type='kvm' id='1'><devices>" devices "</devices></domain>"

static char *
read_as_text (const char *xml, GError **error)
{
  g_autoptr (GPtrArray) addresses =
      baton_domain_xml_list_pci_devices (xml, strlen (xml), error);

  if (addresses == NULL)
    return NULL;
  g_ptr_array_add (addresses, NULL);

  return g_strjoinv (" ", (GStrv) addresses->pdata);
}

static void
test_devices (void)
{
  static const struct
  {
    const char *xml;
    const char *addresses;
  } rows[] = {
    { DEVICES (""), "" },
    { "<domain/>", "" },
    { DEVICES (CARD), "0000:01:00.0" },
    { DEVICES (CARD SOUND CARD), "0000:01:00.0 0000:01:00.1" },
    { "<?xml version='1.0'?>\n<!-- by hand -->\n" DEVICES (CARD), "0000:01:00.0" },
    { "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><devices>" CARD
      "</devices><qemu:commandline><qemu:arg value='-x'/></qemu:commandline></domain>",
      "0000:01:00.0" },
    /* How an address may be written. */
    { DEVICES (HOSTDEV ("bus='0x0A' slot='0x1f' function='0x7'")), "0000:0a:1f.7" },
    { DEVICES (HOSTDEV ("domain='0' bus='10' slot='31' function='7'")), "0000:0a:1f.7" },
    { DEVICES (HOSTDEV ("domain='0X10000' bus='0x1' slot='0x0' function='0'")),
      "10000:01:00.0" },
    { DEVICES (HOSTDEV ("bus='&#48;x02' slot='0' function='0'")), "0000:02:00.0" },
    /* What is no PCI function of this computer's, or is none that the guest is given. */
    { DEVICES ("<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><address "
               "bus='1' device='2'/></source></hostdev>"),
      "" },
    { DEVICES ("<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address "
               "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>"),
      "" },
    { DEVICES ("<hostdev mode='capabilities' type='pci'><source><address bus='1' slot='0' "
               "function='0'/></source></hostdev>"),
      "" },
    { DEVICES ("<hostdev><source><address bus='1' slot='0' function='0'/></source></hostdev>"),
      "" },
    { DEVICES ("<interface type='hostdev'><source><address type='pci' bus='0x01' slot='0x00' "
               "function='0x0'/></source></interface>"),
      "" },
    { "<domain><metadata><devices>" CARD "</devices></metadata><devices/></domain>", "" },
    { "<x><domain><devices>" CARD "</devices></domain></x>", "" },
    { "<domain><description>" CARD "</description></domain>", "" },
    { "<domain><title>&lt;devices&gt;</title><description><![CDATA[<devices>" CARD
      "]]></description></domain>",
      "" },
    { "<domain><!-- <devices>" CARD "</devices> --></domain>", "" },
    /* A device ends with its element. */
    { DEVICES (CARD "<hostdev mode='subsystem' type='usb'><source><address bus='9' slot='0' "
                    "function='0'/></source></hostdev>"),
      "0000:01:00.0" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *addresses = read_as_text (rows[i].xml, &error);

      g_test_message ("%s", rows[i].xml);
      g_assert_no_error (error);
      g_assert_cmpstr (addresses, ==, rows[i].addresses);
    }
}

static void
test_refuses (void)
{
  static const char *const rows[] = {
    "",
    " ",
    "bench",
    "<domain>",
    "<domain><devices></domain>",
    "<domain>\xff</domain>",
    "<domain name='a' name='b'",
    /* Nothing is declared, whatever stands in a DTD, and nothing is fetched. */
    "<!DOCTYPE domain [<!ENTITY x SYSTEM "
    "'file:///etc/shadow'>]><domain><name>&x;</name></domain>",
    "<!DOCTYPE domain [<!ENTITY a 'aaaa'>]><domain>&a;&a;</domain>",
    "<domain>&nbsp;</domain>",
    DEVICES (HOSTDEV ("")),
    DEVICES (HOSTDEV ("bus='1' slot='0'")),
    DEVICES (HOSTDEV ("bus='' slot='0' function='0'")),
    DEVICES (HOSTDEV ("bus='0x' slot='0' function='0'")),
    DEVICES (HOSTDEV ("bus='0x100' slot='0' function='0'")),
    DEVICES (HOSTDEV ("bus='1' slot='0x20' function='0'")),
    DEVICES (HOSTDEV ("bus='1' slot='0' function='8'")),
    DEVICES (HOSTDEV ("bus='-1' slot='0' function='0'")),
    DEVICES (HOSTDEV ("bus=' 1' slot='0' function='0'")),
    DEVICES (HOSTDEV ("bus='1/../..' slot='0' function='0'")),
    DEVICES (HOSTDEV ("domain='0x100000000' bus='1' slot='0' function='0'")),
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *addresses = read_as_text (rows[i], &error);
      g_autofree char *shown = g_strescape (rows[i], NULL);

      g_test_message ("%s", shown);
      g_assert_null (addresses);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

/* Whoever wrote a guest's description may have written anything into it. */
static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new ("<domain>");
  g_autofree char *spaces = g_strnfill (BATON_DOMAIN_XML_MAX_BYTES, ' ');
  g_autoptr (GString) longest = g_string_new ("<domain>");
  g_autofree char *addresses = NULL;
  g_autoptr (GError) error = NULL;
  gint64 begin_us = g_get_monotonic_time ();

  while (deep->len < BATON_DOMAIN_XML_MAX_BYTES - 8)
    g_string_append (deep, "<devices>");
  g_assert_null (read_as_text (deep->str, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_clear_error (&error);
  /* Not a look at all of them for each. */
  g_assert_cmpint (g_get_monotonic_time () - begin_us, <, 20 * G_USEC_PER_SEC);

  g_string_append_len (longest, spaces,
                       BATON_DOMAIN_XML_MAX_BYTES - (gssize) strlen (DEVICES ("")));
  g_string_append (longest, "</domain>");
  g_assert_cmpuint (longest->len, <=, BATON_DOMAIN_XML_MAX_BYTES);
  addresses = read_as_text (longest->str, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (addresses, ==, "");

  g_string_append (longest, spaces);
  g_assert_null (read_as_text (longest->str, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_clear_error (&error);

  /* A NUL is no end. */
  g_assert_null (baton_domain_xml_list_pci_devices ("<domain/>\0<x", 12, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/domain-xml/devices", test_devices);
  g_test_add_func ("/core/domain-xml/refuses", test_refuses);
  g_test_add_func ("/core/domain-xml/bounds", test_bounds);

  return g_test_run ();
}
