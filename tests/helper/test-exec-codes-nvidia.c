/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "codes-table.h"

/* A driver that leaves with its card, so that its modules are unloaded. */
#define NVIDIA "550.163.01"

static const CodesRow rows[] = {
  { "nvidia/refused/to-guest", NVIDIA, "guest", FAKE_FAULT_REFUSE, EPERM,
    "bind bind-refused EPERM\n"
    "hold-power setting-refused EPERM\n"
    "load-module module-not-loaded EPERM\n"
    "prove-unused nvidia-no-proof EPERM\n"
    "set-override setting-refused EPERM\n"
    "stop-unit unit-not-stopped -\n"
    "unbind unbind-refused EPERM\n"
    "unload-module module-not-unloaded EPERM\n" },
  { "nvidia/refused/to-host", NVIDIA, "host", FAKE_FAULT_REFUSE, EPERM,
    "bind bind-refused EPERM\n"
    "hold-power setting-refused EPERM\n"
    "load-module module-not-loaded EPERM\n"
    "problem display-missing\n"
    "problem module-not-loaded\n"
    "problem unit-not-started\n"
    "set-override setting-refused EPERM\n"
    "unbind unbind-refused EPERM\n" },
  { "nvidia/without-effect/to-guest", NVIDIA, "guest", FAKE_FAULT_LIE, 0,
    "bind not-as-expected -\n"
    "hold-power not-as-expected -\n"
    "load-module module-not-listed -\n"
    "prove-unused nvidia-in-use EBUSY\n"
    "set-override not-as-expected -\n"
    "stop-unit unit-still-runs -\n"
    "unbind not-as-expected -\n"
    "unload-module module-still-there -\n" },
  { "nvidia/without-effect/to-host", NVIDIA, "host", FAKE_FAULT_LIE, 0,
    "bind not-as-expected -\n"
    "hold-power not-as-expected -\n"
    "load-module module-not-listed -\n"
    "problem display-missing\n"
    "problem module-not-listed\n"
    "problem unit-does-not-run\n"
    "set-override not-as-expected -\n"
    "unbind not-as-expected -\n" },
  { "nvidia/used/to-guest", NVIDIA, "guest", FAKE_FAULT_USE, 0,
    "prove-unused module-in-use EAGAIN\n"
    "unload-module module-in-use EAGAIN\n" },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/helper/codes/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], codes_test_each_act);
    }

  return g_test_run ();
}
