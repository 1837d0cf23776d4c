/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-function.h"

static void
test_drivers (void)
{
  static const struct
  {
    const char *driver;
    gboolean on_vfio;
    gboolean on_host;
    gboolean safe;
  } rows[] = {
    { NULL, FALSE, FALSE, TRUE },           { "vfio-pci", TRUE, FALSE, TRUE },
    { "mlx5_vfio_pci", TRUE, FALSE, TRUE }, { "xe-vfio-pci", TRUE, FALSE, TRUE },
    { "vfio-pci-not", FALSE, TRUE, FALSE }, { "pci-stub", FALSE, FALSE, TRUE },
    { "pcieport", FALSE, TRUE, TRUE },      { "amdgpu", FALSE, TRUE, FALSE },
    { "lpc_ich", FALSE, TRUE, FALSE },      { "", FALSE, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      BatonFunction function = { .driver = (char *) rows[i].driver };

      g_test_message ("%s", rows[i].driver);
      g_assert_cmpint (baton_function_is_on_vfio (&function), ==, rows[i].on_vfio);
      g_assert_cmpint (baton_function_is_on_host (&function), ==, rows[i].on_host);
      g_assert_cmpint (baton_function_drives_dma_safely (&function), ==, rows[i].safe);
    }
}

static void
test_classes (void)
{
  static const struct
  {
    guint32 class_code;
    gboolean display;
    gboolean sound;
  } rows[] = {
    { 0x030000, TRUE, FALSE },  { 0x030200, TRUE, FALSE },  { 0x038000, TRUE, FALSE },
    { 0x040300, FALSE, TRUE },  { 0x040100, FALSE, TRUE },  { 0x048000, FALSE, FALSE },
    { 0x0c0330, FALSE, FALSE }, { 0x130000, FALSE, FALSE }, { 0x000300, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      BatonFunction function = { .class_code = rows[i].class_code };

      g_test_message ("%06x", rows[i].class_code);
      g_assert_cmpint (baton_function_is_display (&function), ==, rows[i].display);
      g_assert_cmpint (baton_function_is_sound (&function), ==, rows[i].sound);
    }
}

static void
test_identity (void)
{
  BatonFunction function = { .vendor_id = 0x1002, .device_id = 0x73bf, .subvendor_id = 0x1da2 };
  g_autofree char *identity = baton_function_dup_identity (&function);

  g_assert_cmpstr (identity, ==, "1002:73bf:1da2:0000");
}

static void
test_power_names (void)
{
  static const char *const unknown[] = { NULL, "", "error", "d0", "D3", "D0\n", "unknown" };

  for (guint i = BATON_POWER_UNKNOWN; i <= BATON_POWER_D3COLD; i++)
    g_assert_cmpint (baton_power_from_string (baton_power_to_string (i)), ==, i);
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    g_assert_cmpint (baton_power_from_string (unknown[i]), ==, BATON_POWER_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/function/drivers", test_drivers);
  g_test_add_func ("/core/function/classes", test_classes);
  g_test_add_func ("/core/function/identity", test_identity);
  g_test_add_func ("/core/function/power-names", test_power_names);

  return g_test_run ();
}
