/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-unit-job.h"
#include "fake-nvidia.h"
#include "fake-units.h"
#include "hidden-holder.h"

#define PLATFORM "sys/bus/platform"
#define CONSOLE "efi-framebuffer.0"
#define CONSOLE_DRIVER "efi-framebuffer"
#define PCI_DRIVERS "sys/bus/pci/drivers"
#define BUS "sys/devices/pci0000:01/pci_bus/0000:01"
#define BRIDGE "sys/devices/pci0000:01/above"
#define STAND_IN_BUS "sys/devices/pci0000:02/pci_bus/0000:02"
#define STAND_IN_BRIDGE "sys/devices/pci0000:02/above"
#define VFIO_CLASS "sys/class/vfio/"

/* Lines of `resource`: one BAR with its place in memory, and none. */
#define FAKE_BARS                                                                              \
  "0x00000000fd000000 0x00000000fdffffff 0x0000000000040200\n"                                 \
  "0x0000000000000000 0x0000000000000000 0x0000000000000000"
#define FAKE_NO_BARS                                                                           \
  "0x0000000000000000 0x0000000000ffffff 0x0000000000040200\n"                                 \
  "0x0000000000000000 0x0000000000000000 0x0000000000000000"

/* Seen by the children as well. */
typedef struct
{
  guint n_acts;
  guint nth;
  FakeFault fault;
  int errsv;
  int awake_errno; /* what a setting that lets a function sleep is answered with, or 0 */
  int group_errno; /* what opening the group's node is answered with, or 0 */
  gboolean group_viable;
  gboolean keeps_node;
  gboolean nvidia_busy;
  FakeUdev udev;
  const char *without_settings; /* the module that takes none, or NULL */
  const char *refused_module;   /* the module that is not loaded, or NULL */
  gboolean service_hangs;
  FakeRescan rescan;
  gboolean renumbered;
  guint n_removed;
  FakeReset reset;
  guint n_resets;
  guint n_bus_resets;
  gboolean desktop_obeys;
  guint n_sent[2]; /* remove events, add events */
  gboolean until_found;
  gboolean until_reset;
  guint refused; /* index of the function that its host driver does not take, and why */
  int refused_errno;
  pid_t worker;
  char cancel_file[512];
} Shared;

struct _FakeKernel
{
  MockMachine *machine;
  Shared *shared;
  char *new_node;
  int block[2];
};

/* There is one kernel. */
static FakeKernel *kernel;

/* The driver of the first one is what the test's machine has. */
static struct
{
  const char *address;
  const char *driver;
  const char *directory;
  const char *nodes[2];
  const char *group;
  const char *away; /* what @directory is called meanwhile */
  gboolean there;
} functions[] = {
  { FAKE_CARD, "amdgpu", "drm", { "dev/dri/card1", "dev/dri/renderD129" }, FAKE_GROUP, "drm" },
  { FAKE_SOUND,
    "snd_hda_intel",
    "sound",
    { "dev/snd/controlC1", "dev/snd/pcmC1D3p" },
    FAKE_GROUP,
    "sound" },
  { FAKE_USB, "xhci_hcd", "usb1", { "dev/hidraw0", "dev/hidraw1" }, FAKE_GROUP, "usb1" },
  { FAKE_STAND_IN,
    "amdgpu",
    "drm",
    { "dev/dri/card2", "dev/dri/renderD130" },
    FAKE_STAND_IN_GROUP,
    "drm-2" },
  { FAKE_STAND_IN_SOUND,
    "snd_hda_intel",
    "sound",
    { "dev/snd/controlC2", "dev/snd/pcmC2D3p" },
    FAKE_STAND_IN_GROUP,
    "sound-2" },
};

/* The card's own, and what else there may be. */
#define N_OWN 2
#define USB 2
#define N_FUNCTIONS G_N_ELEMENTS (functions)

static char *
in_tree (const char *path)
{
  return g_build_filename (mock_machine_get_directory (kernel->machine), path, NULL);
}

static void
move (const char *from, const char *to)
{
  g_autofree char *full_from = in_tree (from);
  g_autofree char *full_to = in_tree (to);
  g_autofree char *directory = g_path_get_dirname (full_to);

  g_mkdir_with_parents (directory, 0755);
  if (g_file_test (full_from, G_FILE_TEST_EXISTS) && g_rename (full_from, full_to) < 0)
    g_error ("could not move %s: %s", full_from, g_strerror (errno));
}

/* Device files come and go with the driver; they are plain files here. */
static void
move_nodes (guint i, gboolean appear)
{
  g_autofree char *device =
      mock_machine_dup_device_path (kernel->machine, functions[i].address);
  g_autofree char *there = g_build_filename (device, functions[i].directory, NULL);
  g_autofree char *away = g_build_filename ("fake", functions[i].away, NULL);

  move (appear ? away : there, appear ? there : away);
  for (guint j = 0; j < G_N_ELEMENTS (functions[i].nodes); j++)
    {
      g_autofree char *away_node = g_build_filename ("fake", functions[i].nodes[j], NULL);

      move (appear ? away_node : functions[i].nodes[j],
            appear ? functions[i].nodes[j] : away_node);
    }
}

static guint
find_function (const char *address)
{
  for (guint i = 0; i < N_FUNCTIONS; i++)
    if (functions[i].there && g_str_equal (functions[i].address, address))
      return i;

  return N_FUNCTIONS;
}

static char *
read_driver (const char *address)
{
  g_autofree char *device = mock_machine_dup_device_path (kernel->machine, address);
  g_autofree char *path = g_build_filename (device, "driver", NULL);
  g_autofree char *full = in_tree (path);
  g_autofree char *target = g_file_read_link (full, NULL);

  return target != NULL ? g_path_get_basename (target) : NULL;
}

static char *
read_override (const char *address)
{
  g_autofree char *device = mock_machine_dup_device_path (kernel->machine, address);
  g_autofree char *path = g_build_filename (device, "driver_override", NULL);
  g_autofree char *full = in_tree (path);
  char *text = NULL;

  g_file_get_contents (full, &text, NULL, NULL);

  return g_strchomp (text);
}

static gboolean
matches (const char *address, const char *driver)
{
  g_autofree char *override = read_override (address);
  guint i = find_function (address);

  /* An override decides alone; vfio-pci takes nothing without one (drivers/pci/pci-driver.c). */
  if (!g_str_equal (override, "(null)"))
    return g_str_equal (override, driver);

  return g_str_equal (functions[i].driver, driver);
}

static char *
dup_place (guint i, gboolean removed)
{
  if (removed)
    return g_build_filename ("fake/removed", functions[i].address, NULL);

  return mock_machine_dup_device_path (kernel->machine, functions[i].address);
}

static gboolean
is_removed (guint i)
{
  g_autofree char *place = dup_place (i, TRUE);
  g_autofree char *full = in_tree (place);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

static const char *
get_group (void)
{
  return kernel->shared->renumbered ? FAKE_NEW_GROUP : FAKE_GROUP;
}

static void
update_node_of (const char *group, const char *name)
{
  g_autofree char *path = g_strconcat ("dev/vfio/", name, NULL);
  g_autofree char *class = g_strconcat (VFIO_CLASS, name, NULL);
  g_autofree char *numbers = g_strconcat (class, "/dev", NULL);
  g_autofree char *node = in_tree (path);
  gboolean wanted = FALSE;

  for (guint i = 0; i < N_FUNCTIONS; i++)
    {
      g_autofree char *driver = NULL;

      if (!functions[i].there || !g_str_equal (functions[i].group, group))
        continue;
      driver = read_driver (functions[i].address);
      wanted |= g_strcmp0 (driver, "vfio-pci") == 0;
    }
  if (wanted && !g_file_test (node, G_FILE_TEST_EXISTS))
    {
      mock_machine_write (kernel->machine, path, "");
      g_chmod (node, 0600);
      mock_machine_write (kernel->machine, numbers,
                          g_str_equal (group, FAKE_GROUP) ? FAKE_GROUP_NUMBERS "\n" : "1:5\n");
    }
  else if (!wanted && !kernel->shared->keeps_node)
    {
      g_unlink (node);
      mock_machine_remove (kernel->machine, class);
    }
}

static void
update_group_node (void)
{
  update_node_of (FAKE_GROUP, get_group ());
  if (functions[N_FUNCTIONS - 1].there)
    update_node_of (FAKE_STAND_IN_GROUP, FAKE_STAND_IN_GROUP);
}

static int
bind_function (const char *driver, const char *address)
{
  guint i = find_function (address);
  g_autofree char *now = NULL;

  if (i == N_FUNCTIONS || is_removed (i))
    return ENODEV;
  now = read_driver (address);
  if (now != NULL)
    return EBUSY;
  if (!matches (address, driver))
    return ENODEV;
  if (i == kernel->shared->refused && g_str_equal (driver, functions[i].driver))
    return kernel->shared->refused_errno;
  mock_machine_set_driver (kernel->machine, address, driver);
  if (g_str_equal (driver, "nvidia"))
    fake_nvidia_bound (kernel->machine, TRUE);
  else if (g_str_equal (driver, functions[i].driver))
    move_nodes (i, TRUE);
  update_group_node ();

  return 0;
}

static int
unbind_function (const char *driver, const char *address)
{
  guint i = find_function (address);
  g_autofree char *now = NULL;

  if (i == N_FUNCTIONS)
    return ENODEV;
  now = read_driver (address);
  if (g_strcmp0 (now, driver) != 0)
    return ENODEV;
  if (g_str_equal (driver, "nvidia"))
    fake_nvidia_bound (kernel->machine, FALSE);
  else if (g_str_equal (driver, functions[i].driver))
    move_nodes (i, FALSE);
  mock_machine_set_driver (kernel->machine, address, NULL);
  update_group_node ();

  return 0;
}

static int
probe_function (const char *address)
{
  for (guint i = 0; i < N_FUNCTIONS; i++)
    if (functions[i].there && g_str_equal (functions[i].address, address))
      bind_function (functions[i].driver, address);

  return 0;
}

/* A driver's remove would run with the lock of all of PCI held: nobody may ask for that. */
static int
remove_function (const char *address)
{
  guint i = find_function (address);
  g_autofree char *driver = read_driver (address);
  g_autofree char *from = dup_place (i, FALSE);
  g_autofree char *to = dup_place (i, TRUE);
  g_autofree char *link = g_build_filename ("sys/bus/pci/devices", address, NULL);

  if (driver != NULL)
    g_error ("%s was removed with the driver %s", address, driver);
  move (from, to);
  mock_machine_remove (kernel->machine, link);
  kernel->shared->n_removed++;
  if (i == kernel->shared->refused && kernel->shared->until_found)
    kernel->shared->refused = G_N_ELEMENTS (functions);

  return 0;
}

/* The driver takes what was reset as it takes what was found anew. */
static int
reset (const char *address)
{
  for (guint i = 0; i < N_OWN; i++)
    {
      g_autofree char *driver = read_driver (functions[i].address);

      if (driver != NULL)
        g_error ("%s was reset with the driver %s", functions[i].address, driver);
    }
  if (address != NULL && kernel->shared->reset == FAKE_RESET_BY_BUS)
    return ENOTTY;
  kernel->shared->n_resets += address != NULL;
  kernel->shared->n_bus_resets += address == NULL;
  if (kernel->shared->reset == FAKE_RESET_SILENCES)
    mock_machine_set_attribute (kernel->machine, FAKE_CARD, "config", "\xff\xff\xff\xff");
  if (kernel->shared->until_reset)
    kernel->shared->refused = G_N_ELEMENTS (functions);

  return 0;
}

/* udev loads what it thinks belongs to the driver, with no settings but modprobe.d(5)'s. */
static void
be_quicker (void)
{
  if (kernel->shared->udev == FAKE_UDEV_SLOW)
    return;
  fake_nvidia_load (kernel->machine, "nvidia_drm", NULL);
  if (kernel->shared->udev == FAKE_UDEV_AND_A_DESKTOP)
    fake_nvidia_set_count (kernel->machine, "nvidia_drm", 1);
}

/* The driver does not stay where it finds no card that it may take (nv.c, nvidia_init_module():
 * "No NVIDIA devices probed"). */
static int
load_nvidia (const char *name, const char *options)
{
  if (!fake_nvidia_is_loaded (kernel->machine, "nvidia"))
    {
      fake_nvidia_load (kernel->machine, "nvidia",
                        g_str_equal (name, "nvidia") ? options : NULL);
      if (bind_function ("nvidia", FAKE_CARD) != 0)
        {
          fake_nvidia_unload (kernel->machine, "nvidia");
          return ENODEV;
        }
      be_quicker ();
    }
  fake_nvidia_load (kernel->machine, name, options);

  return 0;
}

/* As the kernel makes a new function: no override, kept awake, and given to who wants it. */
static void
find_again (guint i)
{
  const char *address = functions[i].address;
  g_autofree char *from = dup_place (i, TRUE);
  g_autofree char *to = dup_place (i, FALSE);
  g_autofree char *link = g_build_filename ("sys/bus/pci/devices", address, NULL);

  move (from, to);
  mock_machine_link (kernel->machine, link, to);
  mock_machine_set_attribute (kernel->machine, address, "driver_override", "(null)");
  mock_machine_set_attribute (kernel->machine, address, "power/control", "on");
  mock_machine_set_attribute (kernel->machine, address, "d3cold_allowed", "1");
  if (kernel->shared->rescan == FAKE_RESCAN_NO_ROOM ||
      kernel->shared->rescan == FAKE_RESCAN_NO_ROOM_AT_FIRST)
    mock_machine_set_attribute (kernel->machine, address, "resource",
                                kernel->shared->rescan == FAKE_RESCAN_NO_ROOM ||
                                        kernel->shared->n_removed <= N_OWN
                                    ? FAKE_NO_BARS
                                    : FAKE_BARS);
  if (kernel->shared->rescan == FAKE_RESCAN_RENUMBERS)
    {
      kernel->shared->renumbered = TRUE;
      mock_machine_set_group (kernel->machine, address, FAKE_NEW_GROUP);
      mock_machine_remove (kernel->machine, "sys/kernel/iommu_groups/" FAKE_GROUP);
    }
  if (!g_str_equal (functions[i].driver, "nvidia") ||
      fake_nvidia_is_loaded (kernel->machine, "nvidia"))
    bind_function (functions[i].driver, address);
  else if (kernel->shared->udev != FAKE_UDEV_SLOW)
    load_nvidia ("nvidia", NULL);
}

static int
rescan (gboolean from_above)
{
  if (kernel->shared->rescan == FAKE_RESCAN_LOSES ||
      (kernel->shared->rescan == FAKE_RESCAN_SLEEPS && !from_above))
    return 0;
  for (guint i = 0; i < N_FUNCTIONS; i++)
    if (functions[i].there && is_removed (i))
      find_again (i);

  return 0;
}

static int
set_attribute (int fd, const char *path, const char *text)
{
  g_autofree char *line = NULL;
  char now[64] = { 0 };

  if (g_str_has_suffix (path, "/driver_override"))
    {
      g_autofree char *again = g_strdup_printf ("/proc/self/fd/%d", fd);
      baton_autofd int reading = open (again, O_RDONLY | O_CLOEXEC);

      if (reading < 0 || pread (reading, now, sizeof now - 1, 0) < 0)
        return errno;
      /* Linux 6.1: nothing to clear is an error. */
      if (g_str_equal (text, "\n") && g_str_has_prefix (now, "(null)"))
        return EIO;
      line = g_str_equal (text, "\n") ? g_strdup ("(null)\n") : g_strconcat (text, "\n", NULL);
    }
  else if (g_str_has_suffix (path, "/power/control") && kernel->shared->awake_errno != 0 &&
           g_str_equal (text, "auto"))
    return kernel->shared->awake_errno;
  else
    line = g_strconcat (text, "\n", NULL);
  if (ftruncate (fd, 0) < 0 || pwrite (fd, line, strlen (line), 0) < 0)
    return errno;
  if (g_str_has_suffix (path, "/power/control") && g_str_equal (text, "on"))
    {
      g_autofree char *status = g_strconcat (path, "/../runtime_status", NULL);

      g_file_set_contents (status, "active\n", -1, NULL);
    }

  return 0;
}

/* udev passes on what was written, and the desktop of FAKE_DESKTOP_FD does as it says. */
static int
send_event (const char *text)
{
  gboolean is_add = g_str_equal (text, "add");
  g_autofree char *node = in_tree (functions[0].nodes[0]);
  g_autofree char *held = in_tree (FAKE_DESKTOP_FD);
  g_autofree char *away = in_tree ("fake-desktop");

  if (!is_add && !g_str_equal (text, "remove"))
    return EINVAL;
  kernel->shared->n_sent[is_add]++;
  if (!kernel->shared->desktop_obeys)
    return 0;
  /* Nobody follows the link, which may lead nowhere on this computer. */
  if (rename (is_add ? away : held, is_add ? held : away) < 0 && errno != ENOENT)
    g_error ("could not move %s: %s", held, g_strerror (errno));
  close (open (node, O_RDONLY | O_CLOEXEC));

  return 0;
}

static int
draw_console (const char *device, const char *driver, gboolean is_bind)
{
  g_autofree char *link = g_build_filename (PLATFORM "/devices", device, "driver", NULL);
  g_autofree char *full = in_tree (link);
  gboolean is_bound = g_file_test (full, G_FILE_TEST_IS_SYMLINK);

  if (!g_str_equal (device, CONSOLE) || !g_str_equal (driver, CONSOLE_DRIVER) ||
      is_bind == is_bound)
    return ENODEV;
  if (is_bind)
    return symlink ("../../../../../bus/platform/drivers/" CONSOLE_DRIVER, full) < 0 ? errno
                                                                                     : 0;

  return unlink (full) < 0 ? errno : 0;
}

static int
act (int fd, const char *text)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *driver = g_path_get_basename (directory);

  if (strstr (path, PLATFORM "/drivers/") != NULL)
    return draw_console (text, driver, g_str_has_suffix (path, "/bind"));
  if (g_str_has_suffix (path, "/unbind"))
    return unbind_function (driver, text);
  if (g_str_has_suffix (path, "/bind"))
    return bind_function (driver, text);
  if (g_str_has_suffix (path, "/drivers_probe"))
    return probe_function (text);
  if (g_str_has_suffix (path, "/uevent"))
    return send_event (text);
  if (g_str_has_suffix (path, "/remove"))
    return remove_function (driver);
  if (g_str_has_suffix (path, "/rescan"))
    return rescan (g_str_has_suffix (path, BRIDGE "/rescan"));
  if (g_str_has_suffix (path, "/reset"))
    return reset (driver);
  if (g_str_has_suffix (path, BRIDGE "/reset_subordinate"))
    return reset (NULL);
  if (g_str_has_suffix (path, "/unbindLock") && kernel->shared->nvidia_busy)
    return 0;

  return set_attribute (fd, path, text);
}

/* A process that has the node that test-exec-close.c gives the card, until the test unblocks. */
static void
start_holder (gboolean hides)
{
  char byte;
  int ready[2];
  int fd;

  if (pipe2 (ready, O_CLOEXEC) < 0 || fork () > 0)
    {
      close (ready[1]);
      if (read (ready[0], &byte, 1) != 1)
        g_error ("nobody opens the card");
      return;
    }
  close (kernel->block[1]);
  fd = open ("/dev/full", O_RDWR);
  if (fd >= 0 && hides)
    {
      hidden_holder_keep (fd);
      close (fd);
    }
  if (fd < 0 || write (ready[1], "x", 1) != 1)
    _exit (1);
  close (ready[1]);
  while (read (kernel->block[0], &byte, 1) < 0 && errno == EINTR)
    ;
  _exit (0);
}

/* What is at the card's address when the act has been done. */
static void
change_card (FakeFault fault)
{
  g_autofree char *device = mock_machine_dup_device_path (kernel->machine, FAKE_CARD);

  if (fault == FAKE_FAULT_USE)
    fake_nvidia_set_count (kernel->machine, "nvidia",
                           fake_nvidia_count (kernel->machine, "nvidia") + 1);
  if (fault == FAKE_FAULT_SWAP)
    mock_machine_set_attribute (kernel->machine, FAKE_CARD, "device", "0x4711");
  if (fault != FAKE_FAULT_LEAVE)
    return;
  mock_machine_remove (kernel->machine, device);
  mock_machine_remove (kernel->machine, "sys/bus/pci/devices/" FAKE_CARD);
}

/* Returns whether the act is to be done, or else its errno. */
static gboolean
meet_fault (int *ret_errno)
{
  Shared *shared = kernel->shared;
  char byte;

  *ret_errno = 0;
  if (++shared->n_acts != shared->nth)
    return TRUE;
  switch (shared->fault)
    {
    case FAKE_FAULT_REFUSE:
      *ret_errno = shared->errsv;
      return FALSE;
    case FAKE_FAULT_LIE:
      return FALSE;
    case FAKE_FAULT_CRASH:
      raise (SIGKILL);
      return FALSE;
    case FAKE_FAULT_BLOCK:
      close (kernel->block[1]);
      while (read (kernel->block[0], &byte, 1) < 0 && errno == EINTR)
        ;
      return TRUE;
    case FAKE_FAULT_KILL:
      kill (shared->worker, SIGKILL);
      _exit (0);
    case FAKE_FAULT_TERM:
      kill (shared->worker, SIGTERM);
      return TRUE;
    case FAKE_FAULT_HOLD:
    case FAKE_FAULT_HIDE:
      start_holder (shared->fault == FAKE_FAULT_HIDE);
      return TRUE;
    case FAKE_FAULT_CANCEL:
      g_file_set_contents (shared->cancel_file, "", 0, NULL);
      return TRUE;
    case FAKE_FAULT_LEAVE:
    case FAKE_FAULT_SWAP:
    case FAKE_FAULT_USE:
    case FAKE_FAULT_NONE:
    default:
      return TRUE;
    }
}

int
baton_kernel_write (int fd, const char *text)
{
  int errsv;

  if (!meet_fault (&errsv))
    return errsv;
  errsv = act (fd, text);
  if (kernel->shared->n_acts == kernel->shared->nth)
    change_card (kernel->shared->fault);

  return errsv;
}

int
baton_kernel_probe_group (int dev, const char *path, gboolean *ret_viable)
{
  *ret_viable = kernel->shared->group_viable;
  if (faccessat (dev, path, F_OK, 0) < 0)
    return errno;

  return kernel->shared->group_errno;
}

int
baton_kernel_load_module (const char *name, const char *options)
{
  int errsv;

  if (!meet_fault (&errsv))
    return errsv;
  if (g_str_equal (name, "vfio-pci"))
    {
      mock_machine_write (kernel->machine, "sys/module/vfio_pci/initstate", "live\n");
      mock_machine_add_driver (kernel->machine, "vfio-pci", "vfio_pci");
      mock_machine_write (kernel->machine, PCI_DRIVERS "/vfio-pci/unbind", "");
      return 0;
    }
  if (g_strcmp0 (name, kernel->shared->refused_module) == 0)
    return ENOMEM;
  if (g_strcmp0 (name, kernel->shared->without_settings) == 0 && options != NULL &&
      *options != '\0')
    return EINVAL;
  return load_nvidia (name, options);
}

int
baton_kernel_unload_module (const char *name)
{
  int errsv;

  if (!meet_fault (&errsv))
    return errsv;
  if (g_str_has_prefix (name, "nvidia"))
    {
      if (fake_nvidia_count (kernel->machine, name) > 0)
        return EAGAIN;
      if (g_str_equal (name, "nvidia"))
        unbind_function (name, FAKE_CARD);
      fake_nvidia_unload (kernel->machine, name);
      return 0;
    }
  mock_machine_remove (kernel->machine, "sys/module/vfio_pci");
  mock_machine_remove (kernel->machine, PCI_DRIVERS "/vfio-pci");

  return 0;
}

/* systemd is as far away as the kernel, and lies and fails in the same ways. */
gboolean
baton_unit_job_run (BatonRoot *root,
                    BatonWaiter *waiter,
                    const char *method,
                    const char *unit,
                    guint patience_ms,
                    GError **error)
{
  gboolean starts = g_str_equal (method, "StartUnit");
  int errsv;

  if (!g_strv_contains (baton_nvidia_list_units (), unit))
    return fake_units_run_job (root, method, unit, kernel->shared->cancel_file, error);
  if (!starts && kernel->shared->service_hangs && patience_ms == 0)
    {
      /* It is about to end when somebody loses patience, and only a start brings it back. */
      g_file_set_contents (kernel->shared->cancel_file, "", 0, NULL);
      mock_machine_write (kernel->machine, FAKE_SERVICE_STOPS, "");
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "somebody asked to stop");
      return FALSE;
    }
  if (starts)
    mock_machine_remove (kernel->machine, FAKE_SERVICE_STOPS);
  if (meet_fault (&errsv))
    fake_nvidia_run_service (kernel->machine, starts);
  else if (errsv != 0)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd's job ended with “failed”");
      return FALSE;
    }

  return TRUE;
}

GStrv
baton_kernel_list_loads (const char *name)
{
  const char *const names[] = {
    g_str_has_prefix (name, "nvidia") ? name : "vfio_pci",
    NULL,
  };

  return g_strdupv ((GStrv) names);
}

FakeKernel *
fake_kernel_new (MockMachine *machine)
{
  FakeKernel *self = g_new0 (FakeKernel, 1);

  self->machine = machine;
  self->shared =
      mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_assert_true (self->shared != MAP_FAILED);
  g_assert_cmpint (pipe2 (self->block, O_CLOEXEC), ==, 0);
  self->shared->group_viable = TRUE;
  self->shared->refused = G_N_ELEMENTS (functions);
  self->shared->worker = getpid ();
  kernel = self;

  for (guint i = 0; i < N_FUNCTIONS; i++)
    functions[i].there = i < N_OWN;
  functions[0].driver = "amdgpu";
  functions[0].nodes[0] = "dev/dri/card1";
  mock_machine_add_gpu (machine, "0000:00:02.0", "1");
  mock_machine_add_gpu (machine, FAKE_CARD, FAKE_GROUP);
  mock_machine_write (machine, PCI_DRIVERS "/amdgpu/unbind", "");
  mock_machine_write (machine, PCI_DRIVERS "/snd_hda_intel/unbind", "");
  mock_machine_write (machine, "sys/bus/pci/drivers_probe", "");
  mock_machine_write (machine, "dev/vfio/vfio", "");
  mock_machine_write (machine, "sys/class/vfio/.keep", "");
  for (guint i = 0; i < N_OWN; i++)
    for (guint j = 0; j < G_N_ELEMENTS (functions[i].nodes); j++)
      mock_machine_write (machine, functions[i].nodes[j], "");
  for (guint i = 0; i < N_OWN; i++)
    {
      mock_machine_set_attribute (machine, functions[i].address, "remove", "");
      mock_machine_set_attribute (machine, functions[i].address, "reset", "");
      mock_machine_set_attribute (machine, functions[i].address, "resource", FAKE_BARS);
    }
  mock_machine_write (machine, BUS "/rescan", "");
  mock_machine_write (machine, BRIDGE "/rescan", "");
  mock_machine_write (machine, BRIDGE "/reset_subordinate", "");
  mock_machine_link (machine, BUS "/device", BRIDGE);
  mock_machine_link (machine, "sys/class/pci_bus/0000:01", BUS);
  mock_machine_write (machine, "run/udev/data", "");
  /* What systemd makes for the worker's unit. */
  mock_machine_write (machine, "run/baton/lock", "");
  mock_machine_write (machine, "run/baton/cards/.keep", "");
  mock_machine_write (machine, "var/lib/baton/.keep", "");
  mock_machine_write (machine, "proc/sys/kernel/random/boot_id", "boot-1\n");
  mock_machine_set_attribute (machine, FAKE_CARD, "power/control", "auto");

  return self;
}

/* A USB controller in a slot of its own, on its driver. */
void
fake_kernel_add_usb (FakeKernel *self)
{
  g_autofree char *device = NULL;
  g_autofree char *port = NULL;

  mock_machine_add_function (self->machine, FAKE_USB, 0x0c0330, FAKE_USB_IDENTITY, NULL,
                             FAKE_GROUP, "xhci_hcd");
  mock_machine_write (self->machine, PCI_DRIVERS "/xhci_hcd/unbind", "");
  mock_machine_set_attribute (self->machine, FAKE_USB, "power/control", "auto");
  mock_machine_set_modules (self->machine, FAKE_USB, "xhci_hcd");
  device = mock_machine_dup_device_path (self->machine, FAKE_USB);
  port = g_build_filename (device, "usb1/product", NULL);
  mock_machine_write (self->machine, port, "xHCI Host Controller\n");
  for (guint i = 0; i < G_N_ELEMENTS (functions[USB].nodes); i++)
    mock_machine_write (self->machine, functions[USB].nodes[i], "");
  functions[USB].there = TRUE;
}

/* Another card in a group of its own, parked as at boot. */
void
fake_kernel_add_stand_in (FakeKernel *self)
{
  mock_machine_add_gpu (self->machine, FAKE_STAND_IN, FAKE_STAND_IN_GROUP);
  mock_machine_write (self->machine, STAND_IN_BUS "/rescan", "");
  mock_machine_write (self->machine, STAND_IN_BRIDGE "/rescan", "");
  mock_machine_link (self->machine, STAND_IN_BUS "/device", STAND_IN_BRIDGE);
  mock_machine_link (self->machine, "sys/class/pci_bus/0000:02", STAND_IN_BUS);
  baton_kernel_load_module ("vfio-pci", NULL);
  for (guint i = USB + 1; i < N_FUNCTIONS; i++)
    {
      functions[i].there = TRUE;
      mock_machine_set_attribute (self->machine, functions[i].address, "remove", "");
      mock_machine_set_attribute (self->machine, functions[i].address, "resource", FAKE_BARS);
      for (guint j = 0; j < G_N_ELEMENTS (functions[i].nodes); j++)
        mock_machine_write (self->machine, functions[i].nodes[j], "");
    }
  for (guint i = USB + 1; i < N_FUNCTIONS; i++)
    {
      unbind_function (functions[i].driver, functions[i].address);
      mock_machine_set_attribute (self->machine, functions[i].address, "driver_override",
                                  "vfio-pci");
      bind_function ("vfio-pci", functions[i].address);
    }
}

void
fake_kernel_draw_console (FakeKernel *self)
{
  g_autofree char *device = mock_machine_dup_device_path (self->machine, FAKE_CARD);
  g_autofree char *platform = g_build_filename (device, CONSOLE, NULL);
  g_autofree char *uevent = g_build_filename (platform, "uevent", NULL);

  mock_machine_set_attribute (self->machine, FAKE_CARD, "class", "0x038000");
  mock_machine_write (self->machine, uevent, "");
  mock_machine_link (self->machine, PLATFORM "/devices/" CONSOLE, platform);
  mock_machine_write (self->machine, PLATFORM "/drivers/" CONSOLE_DRIVER "/bind", "");
  mock_machine_write (self->machine, PLATFORM "/drivers/" CONSOLE_DRIVER "/unbind", "");
  g_assert_cmpint (draw_console (CONSOLE, CONSOLE_DRIVER, TRUE), ==, 0);
}

/* The card is NVIDIA's, on its own driver with all of its modules. */
void
fake_kernel_use_nvidia (FakeKernel *self, const char *version)
{
  functions[0].driver = "nvidia";
  fake_nvidia_init (self->machine, version);
}

void
fake_kernel_set_nvidia_busy (FakeKernel *self, gboolean busy)
{
  self->shared->nvidia_busy = busy;
}

void
fake_kernel_set_desktop_obeys (FakeKernel *self)
{
  self->shared->desktop_obeys = TRUE;
}

guint
fake_kernel_get_n_sent (FakeKernel *self, gboolean is_add)
{
  return self->shared->n_sent[is_add];
}

void
fake_kernel_set_udev (FakeKernel *self, FakeUdev udev)
{
  self->shared->udev = udev;
}

void
fake_kernel_refuse_settings (FakeKernel *self, const char *module)
{
  self->shared->without_settings = module;
}

void
fake_kernel_refuse_module (FakeKernel *self, const char *module)
{
  self->shared->refused_module = module;
}

void
fake_kernel_hang_service (FakeKernel *self)
{
  self->shared->service_hangs = TRUE;
}

void
fake_kernel_free (FakeKernel *self)
{
  munmap (self->shared, sizeof (Shared));
  fake_kernel_unblock (self);
  baton_fd_clear (&self->block[0]);
  g_free (self->new_node);
  g_free (self);
  kernel = NULL;
}

void
fake_kernel_set_fault (FakeKernel *self, guint nth, FakeFault fault, int errsv)
{
  self->shared->n_acts = 0;
  self->shared->nth = nth;
  self->shared->fault = fault;
  self->shared->errsv = errsv;
}

void
fake_kernel_be_worker (FakeKernel *self)
{
  self->shared->worker = getpid ();
}

void
fake_kernel_set_cancel_file (FakeKernel *self, const char *path)
{
  g_strlcpy (self->shared->cancel_file, path, sizeof self->shared->cancel_file);
}

guint
fake_kernel_get_n_acts (FakeKernel *self)
{
  return self->shared->n_acts;
}

void
fake_kernel_unblock (FakeKernel *self)
{
  /* Its end is seen by all who wait, but not before whoever was forked meanwhile has ended too. */
  if (self->block[1] >= 0 && write (self->block[1], "x", 1) != 1)
    g_error ("nobody can be unblocked: %s", g_strerror (errno));
  baton_fd_clear (&self->block[1]);
}

void
fake_kernel_keep_awake (FakeKernel *self, int errsv)
{
  self->shared->awake_errno = errsv;
}

void
fake_kernel_set_group_busy (FakeKernel *self, gboolean busy)
{
  self->shared->group_errno = busy ? EBUSY : 0;
}

void
fake_kernel_refuse_group (FakeKernel *self, int errsv)
{
  self->shared->group_errno = errsv;
}

void
fake_kernel_set_group_viable (FakeKernel *self, gboolean viable)
{
  self->shared->group_viable = viable;
}

void
fake_kernel_keep_group_node (FakeKernel *self)
{
  self->shared->keeps_node = TRUE;
}

void
fake_kernel_refuse_host (FakeKernel *self, const char *address, int errsv)
{
  self->shared->refused = find_function (address);
  self->shared->refused_errno = errsv;
}

void
fake_kernel_accept_host (FakeKernel *self)
{
  self->shared->refused = G_N_ELEMENTS (functions);
}

void
fake_kernel_refuse_until_found (FakeKernel *self, const char *address, int errsv)
{
  fake_kernel_refuse_host (self, address, errsv);
  self->shared->until_found = TRUE;
}

void
fake_kernel_refuse_until_reset (FakeKernel *self, const char *address, int errsv)
{
  fake_kernel_refuse_host (self, address, errsv);
  self->shared->until_reset = TRUE;
}

void
fake_kernel_set_reset (FakeKernel *self, FakeReset reset)
{
  self->shared->reset = reset;
  if (reset == FAKE_RESET_NOT)
    {
      self->shared->reset = FAKE_RESET_BY_BUS;
      mock_machine_remove (self->machine, BRIDGE "/reset_subordinate");
    }
}

guint
fake_kernel_get_n_resets (FakeKernel *self)
{
  return self->shared->n_resets;
}

guint
fake_kernel_get_n_bus_resets (FakeKernel *self)
{
  return self->shared->n_bus_resets;
}

void
fake_kernel_set_rescan (FakeKernel *self, FakeRescan rescan)
{
  self->shared->rescan = rescan;
}

/* Its node is away with its driver. */
void
fake_kernel_rename_card (FakeKernel *self, const char *name)
{
  g_autofree char *directory = g_strconcat ("fake/drm/", name, NULL);
  g_autofree char *node = g_strconcat ("fake/dev/dri/", name, NULL);
  g_autofree char *uevent = g_strconcat (directory, "/uevent", NULL);
  g_autofree char *text = g_strdup_printf ("MAJOR=226\nMINOR=1\nDEVNAME=dri/%s\n", name);

  move ("fake/drm/card1", directory);
  move ("fake/dev/dri/card1", node);
  mock_machine_write (self->machine, uevent, text);
  functions[0].nodes[0] = self->new_node = g_strconcat ("dev/dri/", name, NULL);
}

guint
fake_kernel_get_n_removed (FakeKernel *self)
{
  return self->shared->n_removed;
}

static void
add_to_snapshot (GPtrArray *lines, const char *top, const char *path)
{
  g_autofree char *full = g_build_filename (top, path, NULL);
  g_autoptr (GDir) directory = NULL;
  g_autofree char *link = g_file_read_link (full, NULL);
  g_autofree char *text = NULL;
  const char *name;

  if (link != NULL)
    {
      g_ptr_array_add (lines, g_strdup_printf ("%s -> %s", path, link));
      return;
    }
  directory = g_dir_open (full, 0, NULL);
  if (directory == NULL)
    {
      g_file_get_contents (full, &text, NULL, NULL);
      g_ptr_array_add (lines, g_strdup_printf ("%s: %s", path, text));
      return;
    }
  g_ptr_array_add (lines, g_strdup_printf ("%s/", path));
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      /* What Baton tells about its work is not what it works on. */
      if (!g_str_equal (below, "run/baton/handoff") &&
          !g_str_equal (below, "var/lib/baton/report.json"))
        add_to_snapshot (lines, top, below);
    }
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

char *
fake_kernel_dup_snapshot (FakeKernel *self)
{
  static const char *const parts[] = { "sys", "dev", "run", "var", "etc", "proc/driver" };
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    add_to_snapshot (lines, mock_machine_get_directory (self->machine), parts[i]);
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);

  return g_strjoinv ("\n", (GStrv) lines->pdata);
}
