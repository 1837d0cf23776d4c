/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

static gboolean
is_amd (const BatonMachine *machine)
{
  return g_strcmp0 (machine->system->cpu_vendor, "AuthenticAMD") == 0;
}

static gboolean
is_intel (const BatonMachine *machine)
{
  return g_strcmp0 (machine->system->cpu_vendor, "GenuineIntel") == 0;
}

/* What switches the IOMMU on in the firmware's setup, as its makers call it. */
static const char *
get_firmware_setting (const BatonMachine *machine)
{
  return is_intel (machine) ? "VT-d" : is_amd (machine) ? "IOMMU (AMD-Vi)" : "VT-d or AMD-Vi";
}

static const char *
get_firmware_table (const BatonMachine *machine)
{
  return is_intel (machine) ? "DMAR" : is_amd (machine) ? "IVRS" : "DMAR or IVRS";
}

/**
 * baton_finding_new_missing_iommu:
 * @machine: a machine
 *
 * It concerns every card alike, and a machine without any.
 *
 * Returns: (transfer full) (nullable): why the IOMMU is off and what switches it on here, %NULL
 *   where it is on
 */
BatonFinding *
baton_finding_new_missing_iommu (const BatonMachine *machine)
{
  const char *reason = machine->iommu_reason;
  const char *detail = machine->iommu_detail;

  if (machine->iommu_enabled)
    return NULL;

  if (g_strcmp0 (reason, "command-line") == 0)
    return baton_finding_new (BATON_CODE_IOMMU_OFF_COMMAND_LINE, NULL, "word", detail, NULL);
  if (g_strcmp0 (reason, "no-table") == 0)
    return baton_finding_new (BATON_CODE_IOMMU_OFF_FIRMWARE, NULL, "setting",
                              get_firmware_setting (machine), "table",
                              get_firmware_table (machine), NULL);
  /* Only Intel's driver waits for a word (CONFIG_INTEL_IOMMU_DEFAULT_ON); AMD's begins as soon
   * as there is a table, and no parameter would help (kernel-parameters.txt, amd_iommu). */
  if (g_strcmp0 (reason, "not-enabled") == 0 && g_strcmp0 (detail, "IVRS") != 0)
    return baton_finding_new (BATON_CODE_IOMMU_OFF_NOT_ENABLED, NULL, "parameter",
                              "intel_iommu=on", "table", detail, NULL);

  return baton_finding_new (BATON_CODE_IOMMU_OFF_UNKNOWN, NULL, NULL);
}

/* The processor's own graphics sit on the root bus of the first domain (PCI: 0000:00). Debian's
 * default leaves them out of the IOMMU (CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF). */
static gboolean
may_be_intel_integrated (const BatonPlanning *self)
{
  return is_intel (self->machine) && self->card->display->vendor_id == 0x8086 &&
         g_str_has_prefix (self->card->display->address, "0000:00:");
}

static void
look_for_ungrouped_functions (BatonPlanning *self)
{
  const char *card = baton_card_get_name (self->card);

  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (!baton_planning_travels (self, function) || function->group != NULL)
        continue;

      if (may_be_intel_integrated (self))
        baton_planning_add (self, BATON_CODE_NO_GROUP, function->address, "card", card,
                            "parameter", "intel_iommu=on");
      else
        baton_planning_add (self, BATON_CODE_NO_GROUP_HERE, function->address, "card", card,
                            "address", function->address);
      return;
    }
}

/* Whether a virtual machine can be given the card at all: IOMMU and vfio-pci. */
void
baton_planning_look_at_iommu (BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  if (self->to != BATON_SIDE_GUEST)
    return;

  if (!self->machine->iommu_enabled)
    baton_planning_take (self, baton_finding_new_missing_iommu (self->machine));
  else
    look_for_ungrouped_functions (self);

  if (system->acs_override != NULL)
    baton_planning_add (self, BATON_CODE_ACS_OVERRIDE, NULL, "value", system->acs_override);

  if (system->vfio == BATON_VFIO_MISSING)
    baton_planning_add (self, BATON_CODE_VFIO_MISSING, NULL, "release", system->kernel_release);
  else if (system->vfio == BATON_VFIO_OTHER_KERNEL)
    baton_planning_add (self, BATON_CODE_VFIO_OTHER_KERNEL, NULL, "release",
                        system->kernel_release);
}

/*
 * A group is viable when every bound driver in it leaves DMA to the guest: the vfio family,
 * pci-stub and pcieport (Linux, driver_managed_dma). A bridge with another driver spoils it as
 * well as any device does.
 */
static const char *
get_traveller (const BatonPlanning *self, const BatonGroup *group)
{
  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (g_strcmp0 (function->group, group->id) != 0)
        continue;
      /* What travels along comes after what is the card's. */
      return baton_card_is_also (self->card, function) ? function->name
                                                       : baton_card_get_name (self->card);
    }

  return baton_card_get_name (self->card);
}

static void
look_at_member (BatonPlanning *self, const BatonGroup *group, const BatonFunction *member)
{
  const char *card = get_traveller (self, group);
  gboolean is_there = self->card->side == BATON_SIDE_GUEST;

  if (member->driver != NULL && !baton_function_drives_dma_safely (member))
    baton_planning_add (
        self, is_there ? BATON_CODE_FOREIGN_WHILE_WITH_GUEST : BATON_CODE_FOREIGN_IN_GROUP,
        member->address, "card", card, "group", group->id, "device", member->name, "address",
        member->address, "driver", member->driver);
  else if (is_there)
    return;
  else if (member->is_bridge)
    baton_planning_add (self, BATON_CODE_BRIDGE_STAYS, member->address, "group", group->id,
                        "device", member->name, "address", member->address);
  else
    baton_planning_add (self, BATON_CODE_FOREIGN_IDLE, member->address, "card", card, "group",
                        group->id, "device", member->name, "address", member->address);
}

/* Who else is in the groups that a virtual machine would get. */
void
baton_planning_look_at_groups (BatonPlanning *self)
{
  g_autoptr (GPtrArray) groups = baton_planning_list_groups (self);

  for (guint i = 0; i < groups->len; i++)
    {
      const BatonGroup *group = groups->pdata[i];

      for (guint j = 0; j < group->functions->len; j++)
        {
          const BatonFunction *member = group->functions->pdata[j];

          if (!baton_card_travels (self->card, member->address))
            look_at_member (self, group, member);
        }
    }
}
