/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plan-machine.h"

static void
free_node (gpointer data)
{
  baton_node_free (data);
}

static void
free_claim (gpointer data)
{
  BatonClaim *claim = data;

  g_free (claim->address);
  g_free (claim->value);
  g_free (claim->file);
  g_free (claim);
}

static void
free_blacklist (gpointer data)
{
  BatonBlacklist *blacklist = data;

  g_free (blacklist->module);
  g_free (blacklist->file);
  g_free (blacklist);
}

static void
free_module_use (gpointer data)
{
  BatonModuleUse *use = data;

  g_free (use->name);
  g_free (use);
}

void
plan_machine_set (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

/* @values: words with spaces between */
void
plan_machine_set_list (GStrv *field, const char *values)
{
  g_strfreev (*field);
  *field = *values == '\0' ? g_new0 (char *, 1) : g_strsplit (values, " ", -1);
}

void
plan_machine_set_loaded (PlanMachine *self, const char *modules)
{
  plan_machine_set_list (&self->system->modules_loaded, modules);
}

static void
free_nvidia_module (gpointer data)
{
  BatonNvidiaModule *module = data;

  g_free (module->name);
  g_strfreev (module->users);
  g_free (module);
}

static BatonNvidia *
make_nvidia (void)
{
  BatonNvidia *nvidia = g_new0 (BatonNvidia, 1);

  nvidia->modules = g_ptr_array_new_with_free_func (free_nvidia_module);
  nvidia->units = g_new0 (char *, 1);
  nvidia->installed_units = g_new0 (char *, 1);

  return nvidia;
}

/* Modules are added in the order in which they can be unloaded. */
BatonNvidiaModule *
plan_machine_add_nvidia_module (PlanMachine *self,
                                const char *name,
                                int refcount,
                                const char *users)
{
  BatonNvidiaModule *module = g_new0 (BatonNvidiaModule, 1);

  module->name = g_strdup (name);
  module->refcount = refcount;
  plan_machine_set_list (&module->users, users);
  g_ptr_array_add (self->system->nvidia->modules, module);

  return module;
}

/* The card is NVIDIA's, on its own driver with all four modules. */
void
plan_machine_use_nvidia (PlanMachine *self, const char *version)
{
  plan_machine_set (&self->display->driver, "nvidia");
  plan_machine_set (&self->display->driver_module, "nvidia");
  plan_machine_set_list (&self->display->modules, "nvidia");
  plan_machine_set_loaded (self, "nvidia nvidia_drm nvidia_modeset nvidia_uvm snd_hda_intel");
  plan_machine_set (&self->system->nvidia->version, version);
  plan_machine_add_nvidia_module (self, "nvidia_drm", 0, "");
  plan_machine_add_nvidia_module (self, "nvidia_modeset", 1, "nvidia_drm");
  plan_machine_add_nvidia_module (self, "nvidia_uvm", 0, "");
  plan_machine_add_nvidia_module (self, "nvidia", 2, "nvidia_modeset nvidia_uvm");
}

BatonFunction *
plan_machine_add_function (PlanMachine *self,
                           const char *address,
                           guint32 class_code,
                           const char *driver,
                           const char *group)
{
  BatonFunction *function = g_new0 (BatonFunction, 1);

  function->address = g_strdup (address);
  function->class_code = class_code;
  function->vendor_id = 0x1234;
  function->device_id = 0x1111;
  function->subvendor_id = 0x1af4;
  function->subdevice_id = 0x1100;
  function->name = g_strconcat ("Device at ", address, NULL);
  function->driver = g_strdup (driver);
  function->group = g_strdup (group);
  function->is_bridge = class_code >> 16 == 0x06;
  function->power = BATON_POWER_D0;
  function->runtime_status = g_strdup ("active");
  function->power_control = g_strdup ("on");
  function->reset_methods = g_new0 (char *, 1);
  function->modules = g_new0 (char *, 1);
  function->nodes = g_ptr_array_new_with_free_func (free_node);
  g_ptr_array_add (self->machine->functions, function);

  return function;
}

BatonFunction *
plan_machine_add_companion (PlanMachine *self,
                            const char *address,
                            guint32 class_code,
                            const char *driver)
{
  BatonFunction *function = plan_machine_add_function (self, address, class_code, driver, "7");

  g_ptr_array_add (self->card->functions, function);

  return function;
}

static void
add_node_to (BatonCard *card, BatonFunction *function, BatonNodeKind kind, const char *path)
{
  BatonNode *node = g_new0 (BatonNode, 1);

  node->kind = kind;
  node->path = g_strdup (path);
  node->function = g_strdup (function->address);
  g_ptr_array_add (function->nodes, node);
  g_ptr_array_add (card->nodes, node);
}

static void
add_node (PlanMachine *self, BatonFunction *function, BatonNodeKind kind, const char *path)
{
  add_node_to (self->card, function, kind, path);
}

static BatonCard *
add_card (PlanMachine *self, BatonFunction *display)
{
  BatonCard *card = g_new0 (BatonCard, 1);

  card->display = display;
  card->functions = g_ptr_array_new ();
  card->members = g_ptr_array_new ();
  card->outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_output_free);
  card->nodes = g_ptr_array_new ();
  card->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_guest_free);
  g_ptr_array_add (card->functions, display);
  g_ptr_array_add (self->machine->cards, card);

  return card;
}

static BatonSystem *
make_system (void)
{
  BatonSystem *system = g_new0 (BatonSystem, 1);

  system->kernel_release = g_strdup ("6.1.0-40-amd64");
  system->command_line = g_strdup ("root=/dev/vda");
  system->cpu_vendor = g_strdup ("GenuineIntel");
  system->vfio = BATON_VFIO_READY;
  system->pid1 = g_strdup ("systemd");
  system->memory_bytes = G_GUINT64_CONSTANT (16) << 30;
  system->claims = g_ptr_array_new_with_free_func (free_claim);
  system->blacklists = g_ptr_array_new_with_free_func (free_blacklist);
  system->modules_without_remove = g_new0 (char *, 1);
  system->desktop = baton_desktop_new_empty ();
  system->nvidia = make_nvidia ();
  system->consoles_let_go = TRUE;
  system->modules_loaded = g_strsplit ("bochs snd_hda_intel i915 vfio_pci", " ", -1);

  return system;
}

static BatonHolders *
add_holders_of (PlanMachine *self, const char *card)
{
  BatonHolders *holders = g_new0 (BatonHolders, 1);

  g_atomic_ref_count_init (&holders->ref_count);
  holders->card = g_strdup (card);
  holders->complete = TRUE;
  holders->holders = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  holders->modules = g_ptr_array_new_with_free_func (free_module_use);
  g_ptr_array_add (self->all_holders, holders);

  return holders;
}

static void
add_holders (PlanMachine *self)
{
  self->all_holders = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holders_unref);
  self->holders = add_holders_of (self, PLAN_CARD);
}

static const char *
choose_driver (BatonSide side, gboolean is_display, const char *host_driver)
{
  switch (side)
    {
    case BATON_SIDE_GUEST:
      return "vfio-pci";
    case BATON_SIDE_SPLIT:
      return is_display ? "vfio-pci" : host_driver;
    case BATON_SIDE_NONE:
      return NULL;
    case BATON_SIDE_HOST:
    default:
      return host_driver;
    }
}

/* The machine of the header with its card at @side, and a request for @to. */
PlanMachine *
plan_machine_new (BatonSide side, BatonSide to)
{
  PlanMachine *self = g_new0 (PlanMachine, 1);
  BatonFunction *own = NULL;

  self->machine = g_new0 (BatonMachine, 1);
  g_atomic_ref_count_init (&self->machine->ref_count);
  self->machine->functions =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_function_free);
  self->machine->cards = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_card_free);
  self->machine->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_group_free);
  self->machine->iommu_enabled = TRUE;
  self->machine->iommu_kind = g_strdup ("intel");
  self->machine->system = self->system = make_system ();

  own = plan_machine_add_function (self, PLAN_OTHER, 0x030000, "i915", "0");
  own->driver_module = g_strdup ("i915");
  self->other = add_card (self, own);
  self->other->boot_display = TRUE;
  self->other->side = BATON_SIDE_HOST;
  add_node_to (self->other, own, BATON_NODE_DRM_PRIMARY, "/dev/dri/card0");

  self->display = plan_machine_add_function (self, PLAN_CARD, 0x030000,
                                             choose_driver (side, TRUE, "bochs-drm"), "7");
  self->card = add_card (self, self->display);
  plan_machine_set_list (&self->display->reset_methods, "flr bus");
  plan_machine_set_list (&self->display->modules, "bochs");
  if (baton_function_is_on_host (self->display))
    self->display->driver_module = g_strdup ("bochs");

  self->sound = plan_machine_add_companion (self, PLAN_SOUND, 0x040300,
                                            choose_driver (side, FALSE, "snd_hda_intel"));
  plan_machine_set_list (&self->sound->modules, "snd_hda_intel");
  if (baton_function_is_on_host (self->sound))
    self->sound->driver_module = g_strdup ("snd_hda_intel");

  add_node (self, self->display, BATON_NODE_DRM_PRIMARY, "/dev/dri/card1");
  add_node (self, self->sound, BATON_NODE_SOUND, "/dev/snd/controlC1");
  add_node (self, self->display, BATON_NODE_VFIO_GROUP, "/dev/vfio/7");
  add_holders (self);

  self->profile = baton_profile_new_default (PLAN_CARD);
  self->request = baton_request_new ();
  plan_machine_set_list (&self->request->cards, PLAN_CARD);
  self->request->to = to;
  self->request->uid = 1000;
  self->request->memlock_bytes = G_MAXUINT64;

  return self;
}

void
plan_machine_free (PlanMachine *self)
{
  baton_machine_unref (self->machine);
  g_ptr_array_unref (self->all_holders);
  baton_profile_free (self->profile);
  baton_request_free (self->request);
  g_free (self);
}

static BatonHolder *
add_holder_to (
    BatonHolders *holders, BatonHolderKind kind, int pid, const char *name, const char *node)
{
  BatonHolder *holder = g_new0 (BatonHolder, 1);

  holder->pid = pid;
  holder->start_time = kind == BATON_HOLDER_KERNEL ? NULL : g_strdup (PLAN_DIGITS);
  holder->name = g_strdup (name);
  holder->command = g_strdup (name);
  holder->uid = 1000;
  holder->user = g_strdup ("user");
  holder->kind = kind;
  holder->how = BATON_HOW_FD;
  holder->nodes = g_new0 (char *, 2);
  holder->nodes[0] = g_strdup (node);
  holder->closable =
      kind == BATON_HOLDER_APP || kind == BATON_HOLDER_SERVICE || kind == BATON_HOLDER_SOUND;
  if (g_strcmp0 (node, "/dev/vfio/7") == 0)
    holder->how |= BATON_HOW_VFIO;
  g_ptr_array_add (holders->holders, holder);

  return holder;
}

BatonHolder *
plan_machine_add_holder (
    PlanMachine *self, BatonHolderKind kind, int pid, const char *name, const char *node)
{
  return add_holder_to (self->holders, kind, pid, name, node);
}

/* A desktop that draws on both cards, the processor's own first, and knows of no other order.
 * Returns: what it has of the card */
BatonHolder *
plan_machine_add_desktop (PlanMachine *self, BatonHolderKind kind, int pid, const char *name)
{
  BatonHolder *holder = plan_machine_add_holder (self, kind, pid, name, "/dev/dri/card1");

  add_holder_to (add_holders_of (self, PLAN_OTHER), kind, pid, name, "/dev/dri/card0");
  holder->environment_known = TRUE;
  holder->closable = FALSE;

  return holder;
}

/* Another card, in group 8, whose driver of this computer is radeon; the profile names it. */
BatonCard *
plan_machine_add_stand_in (PlanMachine *self, const char *driver, BatonHolders **ret_holders)
{
  BatonFunction *display =
      plan_machine_add_function (self, PLAN_STAND_IN, 0x030000, driver, "8");
  BatonCard *card = add_card (self, display);
  BatonHolders *holders = add_holders_of (self, PLAN_STAND_IN);

  plan_machine_set_list (&display->modules, "radeon");
  if (baton_function_is_on_host (display))
    display->driver_module = g_strdup (driver);
  else
    display->override = g_strdup ("vfio-pci");
  add_node_to (card, display, BATON_NODE_DRM_PRIMARY, "/dev/dri/card2");
  self->profile->stand_in = baton_also_new (PLAN_STAND_IN, PLAN_STAND_IN_IDENTITY);
  if (ret_holders != NULL)
    *ret_holders = holders;

  return card;
}

void
plan_machine_add_claim (
    PlanMachine *self, BatonClaimKind kind, const char *address, const char *value, guint line)
{
  BatonClaim *claim = g_new0 (BatonClaim, 1);

  claim->kind = kind;
  claim->address = g_strdup (address);
  claim->value = g_strdup (value);
  claim->file = g_strdup (line == 0 ? "/proc/cmdline" : "/etc/modprobe.d/x.conf");
  claim->line = line;
  g_ptr_array_add (self->system->claims, claim);
}

void
plan_machine_add_blacklist (PlanMachine *self, const char *module, guint line)
{
  BatonBlacklist *blacklist = g_new0 (BatonBlacklist, 1);

  blacklist->module = g_strdup (module);
  blacklist->file = g_strdup (line == 0 ? "/proc/cmdline" : "/etc/modprobe.d/x.conf");
  blacklist->line = line;
  g_ptr_array_add (self->system->blacklists, blacklist);
}

static void
collect_groups (BatonMachine *machine)
{
  g_ptr_array_set_size (machine->groups, 0);

  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = machine->functions->pdata[i];
      BatonGroup *group =
          function->group != NULL ? baton_machine_find_group (machine, function->group) : NULL;

      if (function->group == NULL)
        continue;
      if (group == NULL)
        {
          group = g_new0 (BatonGroup, 1);
          group->id = g_strdup (function->group);
          group->functions = g_ptr_array_new ();
          g_ptr_array_add (machine->groups, group);
        }
      g_ptr_array_add (group->functions, function);
    }
}

/* What a test changed is looked at again first, as far as one thing follows from another. */
BatonPlan *
plan_machine_make_plan (PlanMachine *self)
{
  collect_groups (self->machine);
  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      BatonCard *card = self->machine->cards->pdata[i];

      card->side = baton_card_compute_side (card);
    }

  return baton_plan_new (self->machine, self->all_holders, self->profile, self->request);
}

/* Returns: the steps' ids, each followed by its detail in brackets, one a line */
char *
plan_machine_list_steps (const BatonPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      g_assert_cmpuint (step->n, ==, i + 1);
      g_string_append (text, id);
      if (step->detail != NULL)
        g_string_append_printf (text, " (%s)", step->detail);
      g_string_append_c (text, '\n');
    }

  return g_string_free (text, FALSE);
}
