/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-domain-xml.h"

#include "baton-error.h"

/* References used below:
 *  FORMATDOMAIN - libvirt docs/formatdomain.rst, “Host device assignment” and “Device Addresses”
 *  HOOKS - libvirt docs/hooks.rst: the script's standard input is the guest's whole XML
 *
 * GLib's reader and not libxml2's, which would be one library more in a program of root's: it knows
 * the five entities of XML and character references, opens nothing, and reads no DTD: what a DTD
 * declares stays unknown, and an unknown entity is an error.
 */

/* Outermost first. libvirt's own elements have no prefix. */
static const char *const path[] = { "domain", "devices", "hostdev", "source", "address" };

#define DEPTH ((guint) G_N_ELEMENTS (path))
#define DEPTH_OF_HOSTDEV 3

typedef struct
{
  gboolean in_pci_device;

  /* owned */
  GPtrArray *addresses;
} Reading;

/* Whether the element that was begun last is the one at @depth of the path, and nowhere else: what a
 * guest's metadata hold are anybody's. */
static gboolean
is_at (GMarkupParseContext *context, guint depth)
{
  const GSList *open = g_markup_parse_context_get_element_stack (context);

  for (guint i = depth; i > 0; i--, open = open->next)
    if (open == NULL || !g_str_equal (open->data, path[i - 1]))
      return FALSE;

  return open == NULL;
}

static const char *
find_value (const char **names, const char **values, const char *wanted)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], wanted))
      return values[i];

  return NULL;
}

/* `0x0a` as libvirt writes it, or `10` as people do (FORMATDOMAIN). */
static gboolean
read_number (const char *text, guint64 max, guint64 *ret_number)
{
  gboolean is_hexadecimal = g_str_has_prefix (text, "0x") || g_str_has_prefix (text, "0X");

  return g_ascii_string_to_unsigned (is_hexadecimal ? text + 2 : text, is_hexadecimal ? 16 : 10,
                                     0, max, ret_number, NULL);
}

/* Returns: (transfer full) (nullable): the canonical address */
static char *
read_address (const char **names, const char **values, GError **error)
{
  static const struct
  {
    const char *name;
    guint64 max;
  } parts[] = { { "domain", G_MAXUINT32 },
                { "bus", 0xff },
                { "slot", 0x1f },
                { "function", 7 } };
  guint64 numbers[G_N_ELEMENTS (parts)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const char *text = find_value (names, values, parts[i].name);

      /* Of all parts the domain alone may be missing. */
      if (text == NULL && i == 0)
        continue;
      if (text == NULL || !read_number (text, parts[i].max, &numbers[i]))
        {
          g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                       "it names a device of this computer whose “%s” is missing or wrong",
                       parts[i].name);
          return NULL;
        }
    }

  return g_strdup_printf ("%04x:%02x:%02x.%x", (guint) numbers[0], (guint) numbers[1],
                          (guint) numbers[2], (guint) numbers[3]);
}

static void
on_element_begun (GMarkupParseContext *context,
                  const char *name,
                  const char **names,
                  const char **values,
                  gpointer data,
                  GError **error)
{
  Reading *self = data;

  if (is_at (context, DEPTH_OF_HOSTDEV))
    self->in_pci_device = g_strcmp0 (find_value (names, values, "mode"), "subsystem") == 0 &&
                          g_strcmp0 (find_value (names, values, "type"), "pci") == 0;
  else if (self->in_pci_device && is_at (context, DEPTH))
    {
      g_autofree char *address = read_address (names, values, error);

      if (address != NULL &&
          !g_ptr_array_find_with_equal_func (self->addresses, address, g_str_equal, NULL))
        g_ptr_array_add (self->addresses, g_steal_pointer (&address));
    }
}

static void
on_element_ended (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  Reading *self = data;

  if (is_at (context, DEPTH_OF_HOSTDEV))
    self->in_pci_device = FALSE;
}

/**
 * baton_domain_xml_list_pci_devices:
 * @text: a guest as libvirt describes it (FORMATDOMAIN), at most %BATON_DOMAIN_XML_MAX_BYTES
 * @length: how many bytes
 * @error: return location for an error
 *
 * Reads which PCI functions of this computer a guest is given: the sources of its
 * `<hostdev mode='subsystem' type='pci'>`, in order and each once. What is given in any other way, a
 * mediated device, USB, a network's virtual function, is no matter of a whole card.
 *
 * Fails with %BATON_ERROR_PARSE.
 *
 * Returns: (transfer full) (element-type utf8): canonical addresses, or %NULL
 */
GPtrArray *
baton_domain_xml_list_pci_devices (const char *text, gsize length, GError **error)
{
  static const GMarkupParser parser = { .start_element = on_element_begun,
                                        .end_element = on_element_ended };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  Reading reading = { .addresses = addresses };
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autoptr (GError) cause = NULL;

  if (length > BATON_DOMAIN_XML_MAX_BYTES)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "it is longer than %d bytes",
                   BATON_DOMAIN_XML_MAX_BYTES);
      return NULL;
    }

  context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &reading, NULL);
  if (g_markup_parse_context_parse (context, text, (gssize) length, &cause) &&
      g_markup_parse_context_end_parse (context, &cause))
    return g_steal_pointer (&addresses);

  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE, cause->message);

  return NULL;
}
