/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process-kind.h"

#include <string.h>
#include <unistd.h>

/* References used below:
 *  COMM - prctl(2), PR_SET_NAME: a process's name has at most 15 bytes
 *  NIX  - nixpkgs makeWrapper: the wrapped program is .NAME-wrapped
 *  QEMU - qemu-options.hx: -name [guest=]NAME[,...], -device vfio-pci,host=ADDRESS|sysfsdev=PATH
 *  VBOX - VirtualBox manual, VBoxHeadless: --comment NAME, --startvm UUID|NAME
 *  FDS  - systemd-logind(8), sd_pid_notify_with_fds(3): device descriptors of a session are
 *         kept by logind and stored in process 1
 */

#define MAX_NAME 15 /* COMM */

typedef struct
{
  const char *name;
  BatonHolderKind kind;
  gboolean prefix;
} KnownProgram;

/* By program, as its package installs it. Window managers of X draw on the card themselves when
 * they composite, and end the desktop when they are closed: they count as compositors. */
static const KnownProgram known_programs[] = {
  { "budgie-wm", BATON_HOLDER_COMPOSITOR, FALSE },
  { "cage", BATON_HOLDER_COMPOSITOR, FALSE },
  { "cinnamon", BATON_HOLDER_COMPOSITOR, FALSE },
  { "compiz", BATON_HOLDER_COMPOSITOR, FALSE },
  { "cosmic-comp", BATON_HOLDER_COMPOSITOR, FALSE },
  { "dwl", BATON_HOLDER_COMPOSITOR, FALSE },
  { "enlightenment", BATON_HOLDER_COMPOSITOR, FALSE },
  { "gala", BATON_HOLDER_COMPOSITOR, FALSE },
  { "gamescope", BATON_HOLDER_COMPOSITOR, FALSE },
  { "gamescope-wl", BATON_HOLDER_COMPOSITOR, FALSE },
  { "gnome-shell", BATON_HOLDER_COMPOSITOR, FALSE },
  { "Hyprland", BATON_HOLDER_COMPOSITOR, FALSE },
  { "kwin_wayland", BATON_HOLDER_COMPOSITOR, FALSE },
  { "kwin_wayland_wrapper", BATON_HOLDER_COMPOSITOR, FALSE },
  { "kwin_x11", BATON_HOLDER_COMPOSITOR, FALSE },
  { "labwc", BATON_HOLDER_COMPOSITOR, FALSE },
  { "magpie-wm", BATON_HOLDER_COMPOSITOR, FALSE },
  { "marco", BATON_HOLDER_COMPOSITOR, FALSE },
  { "miracle-wm", BATON_HOLDER_COMPOSITOR, FALSE },
  { "muffin", BATON_HOLDER_COMPOSITOR, FALSE },
  { "mutter", BATON_HOLDER_COMPOSITOR, FALSE },
  { "niri", BATON_HOLDER_COMPOSITOR, FALSE },
  { "phoc", BATON_HOLDER_COMPOSITOR, FALSE },
  { "picom", BATON_HOLDER_COMPOSITOR, FALSE },
  { "qtile", BATON_HOLDER_COMPOSITOR, FALSE },
  { "river", BATON_HOLDER_COMPOSITOR, FALSE },
  { "sway", BATON_HOLDER_COMPOSITOR, FALSE },
  { "wayfire", BATON_HOLDER_COMPOSITOR, FALSE },
  { "weston", BATON_HOLDER_COMPOSITOR, FALSE },
  { "xfwm4", BATON_HOLDER_COMPOSITOR, FALSE },

  { "X", BATON_HOLDER_DISPLAY_SERVER, FALSE },
  { "Xorg", BATON_HOLDER_DISPLAY_SERVER, FALSE },
  { "Xorg.bin", BATON_HOLDER_DISPLAY_SERVER, FALSE },
  { "Xwayland", BATON_HOLDER_DISPLAY_SERVER, FALSE },

  { "alsactl", BATON_HOLDER_SOUND, FALSE },
  { "jackd", BATON_HOLDER_SOUND, FALSE },
  { "jackdbus", BATON_HOLDER_SOUND, FALSE },
  { "pipewire", BATON_HOLDER_SOUND, FALSE },
  { "pipewire-media-session", BATON_HOLDER_SOUND, FALSE },
  { "pipewire-pulse", BATON_HOLDER_SOUND, FALSE },
  { "pulseaudio", BATON_HOLDER_SOUND, FALSE },
  { "wireplumber", BATON_HOLDER_SOUND, FALSE },

  { "VBoxHeadless", BATON_HOLDER_VM, FALSE },
  { "VirtualBoxVM", BATON_HOLDER_VM, FALSE },
  { "cloud-hypervisor", BATON_HOLDER_VM, FALSE },
  { "crosvm", BATON_HOLDER_VM, FALSE },
  { "kvm", BATON_HOLDER_VM, FALSE },
  { "kvmtool", BATON_HOLDER_VM, FALSE },
  { "lkvm", BATON_HOLDER_VM, FALSE },
  { "qemu-kvm", BATON_HOLDER_VM, FALSE },
  { "qemu-system-", BATON_HOLDER_VM, TRUE },
  { "vmware-vmx", BATON_HOLDER_VM, FALSE },
};

/* They keep descriptors for others (FDS): closing them ends sessions and frees nothing. Known
 * by name and by being root's, because any process may take such a name. */
static const char *const keepers[] = {
  "systemd", "init", "systemd-logind", "elogind", "elogind-daemon", "seatd",
};

static const char *const own_programs[] = { "baton", "baton-helper", "batonctl" };

static char *
unwrap_name (const char *name)
{
  const char *dash;

  /* NIX, perhaps cut off (COMM): .Hyprland-wrapp, .kwin_wayland-w */
  if (name[0] != '.')
    return g_strdup (name);
  dash = g_strrstr (name, "-wrap");
  if (dash == NULL && strlen (name) == MAX_NAME)
    dash = strrchr (name, '-');
  return dash != NULL &&
                 (g_str_has_prefix (dash, "-wrap") || g_str_has_prefix ("-wrapped", dash))
             ? g_strndup (name + 1, (gsize) (dash - name - 1))
             : g_strdup (name);
}

static gboolean
is_name_of (const char *name, const char *program)
{
  if (g_str_equal (name, program))
    return TRUE;

  return strlen (name) == MAX_NAME && g_str_has_prefix (program, name);
}

static gboolean
name_is (const char *name, const KnownProgram *program)
{
  return program->prefix ? g_str_has_prefix (name, program->name)
                         : is_name_of (name, program->name);
}

/**
 * baton_process_name_is_of:
 * @name: (nullable): a process's name, perhaps cut off (COMM) or wrapped (NIX)
 * @program: name of a program's file
 *
 * Returns: %TRUE if that is what a process of @program is called
 */
gboolean
baton_process_name_is_of (const char *name, const char *program)
{
  g_autofree char *unwrapped = name != NULL ? unwrap_name (name) : NULL;

  return unwrapped != NULL && is_name_of (unwrapped, program);
}

static gboolean
find_known_kind (const char *raw_name, BatonHolderKind *ret_kind)
{
  g_autofree char *name = NULL;

  if (raw_name == NULL)
    return FALSE;

  name = unwrap_name (raw_name);
  for (guint i = 0; i < G_N_ELEMENTS (known_programs); i++)
    if (name_is (name, &known_programs[i]))
      {
        *ret_kind = known_programs[i].kind;
        return TRUE;
      }

  return FALSE;
}

/**
 * baton_process_name_is_vm:
 * @name: a process's name
 *
 * Returns: %TRUE if that is what a program that runs a virtual machine is called
 */
gboolean
baton_process_name_is_vm (const char *name)
{
  BatonHolderKind kind;

  return find_known_kind (name, &kind) && kind == BATON_HOLDER_VM;
}

/**
 * baton_process_find_kind:
 * @process: a process
 * @unit: what its control group says of it
 * @has_vfio: it has a vfio group or device of a card: nothing but a virtual machine, or what
 *   stands in for one, does that
 *
 * The program's file says more than the name, which a process chooses; the name says more where
 * the program is an interpreter.
 *
 * Returns: what closing @process would mean
 */
BatonHolderKind
baton_process_find_kind (const BatonProcess *process,
                         const BatonProcessUnit *unit,
                         gboolean has_vfio)
{
  BatonHolderKind kind;

  if (has_vfio)
    return BATON_HOLDER_VM;
  if (find_known_kind (process->program, &kind) || find_known_kind (process->name, &kind))
    return kind;
  if (unit->machine != NULL && g_str_has_prefix (unit->unit, "machine-qemu"))
    return BATON_HOLDER_VM;
  if (unit->is_service || process->pid == 1)
    return BATON_HOLDER_SERVICE;

  return BATON_HOLDER_APP;
}

/* QEMU doubles commas inside a value. */
static char *
parse_qemu_name (const char *option)
{
  g_autoptr (GString) value = g_string_new (NULL);

  if (g_str_has_prefix (option, "guest="))
    option += strlen ("guest=");
  for (; *option != '\0'; option++)
    {
      if (*option == ',' && option[1] != ',')
        break;
      if (*option == ',')
        option++;
      g_string_append_c (value, *option);
    }

  return value->len > 0 ? g_strdup (value->str) : NULL;
}

/**
 * baton_process_dup_guest_name:
 * @process: a process of kind %BATON_HOLDER_VM
 * @unit: what its control group says of it
 *
 * Reads the name of the virtual machine from its process's arguments (QEMU, VBOX), or from its
 * control group.
 *
 * Returns: (transfer full) (nullable): raw bytes (hostile)
 */
char *
baton_process_dup_guest_name (const BatonProcess *process, const BatonProcessUnit *unit)
{
  static const char *const options[] = { "--comment", "--startvm", "--id" };

  for (guint i = 0; process->arguments[i] != NULL && process->arguments[i + 1] != NULL; i++)
    {
      const char *argument = process->arguments[i];
      const char *value = process->arguments[i + 1];

      if (g_str_equal (argument, "-name") || g_str_equal (argument, "--name"))
        return parse_qemu_name (value);
      for (guint j = 0; j < G_N_ELEMENTS (options); j++)
        if (g_str_equal (argument, options[j]) && *value != '\0')
          return g_strdup (value);
    }

  return g_strdup (unit->machine);
}

static gboolean
is_one_of (const char *name, const char *const *names, guint n_names)
{
  for (guint i = 0; i < n_names; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      return TRUE;

  return FALSE;
}

/**
 * baton_process_may_be_closed:
 * @process: a process
 * @kind: what baton_process_find_kind() says of it
 *
 * Returns: %FALSE where closing @process would end a session, a virtual machine or Baton
 *   itself, or cannot free the card
 */
gboolean
baton_process_may_be_closed (const BatonProcess *process, BatonHolderKind kind)
{
  if (process->pid <= 1 || process->pid == getpid () || process->is_kernel_thread)
    return FALSE;
  if (kind == BATON_HOLDER_COMPOSITOR || kind == BATON_HOLDER_DISPLAY_SERVER ||
      kind == BATON_HOLDER_VM || kind == BATON_HOLDER_KERNEL)
    return FALSE;
  if (is_one_of (process->program, own_programs, G_N_ELEMENTS (own_programs)))
    return FALSE;
  /* a user's own service manager keeps descriptors as well (FDS) */
  if (is_one_of (process->program, keepers, G_N_ELEMENTS (keepers)))
    return FALSE;

  return process->uid != 0 || !is_one_of (process->name, keepers, G_N_ELEMENTS (keepers));
}

/**
 * baton_process_name_is_keeper:
 * @name: (nullable): a process's name
 *
 * Returns: %TRUE if a process of this name keeps descriptors for others (FDS)
 */
gboolean
baton_process_name_is_keeper (const char *name)
{
  return is_one_of (name, keepers, G_N_ELEMENTS (keepers));
}

static gboolean
text_has_word (const char *text, const char *word)
{
  gsize length = strlen (word);

  for (const char *at = strstr (text, word); at != NULL; at = strstr (at + 1, word))
    {
      gboolean starts = at == text || strchr ("=,/ \"", at[-1]) != NULL;
      gboolean ends = at[length] == '\0' || strchr (",/ \"", at[length]) != NULL;

      if (starts && ends)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_process_names_function:
 * @process: a process
 * @address: canonical address of a PCI function
 *
 * QEMU takes the address with or without its domain (QEMU).
 *
 * Returns: %TRUE if an argument of @process names that function
 */
gboolean
baton_process_names_function (const BatonProcess *process, const char *address)
{
  const char *short_address = g_str_has_prefix (address, "0000:") ? address + 5 : NULL;

  for (guint i = 0; process->arguments[i] != NULL; i++)
    {
      if (text_has_word (process->arguments[i], address))
        return TRUE;
      /* `=01:00.0`, and not the end of `0001:01:00.0` */
      if (short_address != NULL)
        {
          g_autofree char *option = g_strdup_printf ("host=%s", short_address);

          if (text_has_word (process->arguments[i], option))
            return TRUE;
        }
    }

  return FALSE;
}
