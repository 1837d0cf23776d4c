/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-pci-address.h"

/* References used below:
 *  PARAMETERS - Linux Documentation/admin-guide/kernel-parameters.txt; a module's name may
 *    be written with - or _ (kernel/params.c, dash2underscore)
 *  MODPROBE - modprobe(8): modprobe.blacklist= on the kernel's command line
 *  DRIVERCTL - driverctl(8): one file a device in /etc/driverctl.d, with the driver in it
 */

/* TASK_COMM_LEN of the kernel, with the newline that it adds. */
#define MAX_COMM_BYTES 17

static gboolean
is_key (const char *word, gsize length, const char *key)
{
  if (strlen (key) != length)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      char c = word[i] == '-' ? '_' : word[i];

      if (c != (key[i] == '-' ? '_' : key[i]))
        return FALSE;
    }

  return TRUE;
}

static void
add_blacklists (BatonSystem *self, const char *list, const char *file)
{
  g_auto (GStrv) modules = g_strsplit (list, ",", -1);

  for (guint i = 0; modules[i] != NULL; i++)
    baton_system_add_blacklist (self, modules[i], file, 0);
}

/* DRACUT - dracut.cmdline(7): rd.driver.pre=MODULE[,MODULE…] */
static gboolean
names_vfio (const char *list)
{
  g_auto (GStrv) modules = g_strsplit (list, ",", -1);

  return g_strv_contains ((const char *const *) modules, "vfio-pci") ||
         g_strv_contains ((const char *const *) modules, "vfio_pci");
}

/* Takes the words that decide about drivers and groups from the kernel's command line. */
void
baton_system_read_command_line (BatonSystem *self)
{
  g_auto (GStrv) words = g_strsplit_set (self->command_line, " \t\n", -1);
  g_autofree char *file = baton_root_dup_shown_path (BATON_ROOT_PROC, "cmdline");

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *value = strchr (words[i], '=');
      gsize length = value != NULL ? (gsize) (value - words[i]) : 0;

      if (value == NULL || *++value == '\0')
        continue;
      if (is_key (words[i], length, "vfio-pci.ids"))
        baton_system_add_claim (self, BATON_CLAIM_VFIO_IDS, NULL, value, file, 0);
      else if (is_key (words[i], length, "pci-stub.ids"))
        baton_system_add_claim (self, BATON_CLAIM_PCI_STUB_IDS, NULL, value, file, 0);
      else if (is_key (words[i], length, "rd.driver.pre") && names_vfio (value))
        baton_system_add_claim (self, BATON_CLAIM_DRIVER_PRE, NULL, value, file, 0);
      else if (is_key (words[i], length, "module_blacklist") ||
               is_key (words[i], length, "modprobe.blacklist"))
        add_blacklists (self, value, file);
      else if (is_key (words[i], length, "pcie_acs_override"))
        {
          g_free (self->acs_override);
          self->acs_override = g_utf8_make_valid (value, -1);
        }
    }
}

/* Files are named by address; newer versions put the bus before it, as in `pci-0000:...`. */
void
baton_system_read_driverctl (BatonSystem *self, BatonRoot *root)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_ETC, "driverctl.d", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      const char *address = g_str_has_prefix (name, "pci-") ? name + strlen ("pci-") : name;
      g_autofree char *path = g_build_filename ("driverctl.d", name, NULL);
      g_autofree char *file = baton_root_dup_shown_path (BATON_ROOT_ETC, path);
      g_autofree char *driver = NULL;

      if (!baton_pci_address_is_valid (address))
        continue;
      driver = baton_root_read_line (root, BATON_ROOT_ETC, path, NULL);
      baton_system_add_claim (self, BATON_CLAIM_DRIVERCTL, address, driver, file, 1);
    }
}

static gboolean
read_comm (int proc, const char *pid, char *comm)
{
  g_autofree char *path = g_strconcat (pid, "/comm", NULL);
  int fd = openat (proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  gssize length;

  if (fd < 0)
    return FALSE;

  length = read (fd, comm, MAX_COMM_BYTES);
  close (fd);
  if (length <= 0)
    return FALSE;

  comm[length] = '\0';
  comm[strcspn (comm, "\n")] = '\0';
  return TRUE;
}

/* Programs that switch graphics cards by themselves and have no file that says for which:
 * that they run is what there is to say. */
void
baton_system_read_programs (BatonSystem *self, BatonRoot *root)
{
  static const struct
  {
    const char *name;
    BatonClaimKind kind;
  } programs[] = {
    { "supergfxd", BATON_CLAIM_SUPERGFXD },
    { "cardwired", BATON_CLAIM_CARDWIRED },
  };
  g_autoptr (GPtrArray) pids = baton_root_list (root, BATON_ROOT_PROC, "", NULL);
  gboolean found[G_N_ELEMENTS (programs)] = { FALSE };
  int proc = baton_root_get_fd (root, BATON_ROOT_PROC);

  for (guint i = 0; pids != NULL && i < pids->len; i++)
    {
      const char *pid = g_ptr_array_index (pids, i);
      char comm[MAX_COMM_BYTES + 1];

      if (!g_ascii_isdigit (*pid) || !read_comm (proc, pid, comm))
        continue;
      for (guint j = 0; j < G_N_ELEMENTS (programs); j++)
        {
          if (!found[j] && strcmp (comm, programs[j].name) == 0)
            {
              found[j] = TRUE;
              baton_system_add_claim (self, programs[j].kind, NULL, programs[j].name, NULL, 0);
            }
        }
    }
}
