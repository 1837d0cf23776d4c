/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* References used below:
 *  VFIO     - Linux drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init(): makes what draws on the
 *    firmware's framebuffer go, from class 0300 alone
 *  APERTURE - Linux drivers/video/aperture.c: so does every driver that draws itself, and from then on
 *    the device of the framebuffer is gone until the next start (sysfb_disable())
 */

#define CLASS_VGA 0x0300

/* Whether the firmware's framebuffer is on the card, and so is what it draws: it goes when a driver
 * draws on the card, so that there are never both. */
gboolean
baton_planning_has_firmware_console (const BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  return system->framebuffer != NULL && system->framebuffer_function != NULL &&
         baton_card_travels (self->card, system->framebuffer_function);
}

/* On every other class it would go on writing into memory that is the guest's by then (VFIO). */
static gboolean
stays_with_vfio (const BatonPlanning *self)
{
  const BatonFunction *function =
      baton_machine_find_function (self->machine, self->machine->system->framebuffer_function);

  return function->class_code >> 8 != CLASS_VGA;
}

static gboolean
lets_go (const BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  return system->framebuffer_driver != NULL &&
         baton_system_framebuffer_lets_go (system->framebuffer);
}

/* It does not come back with the card: the driver that takes that draws a console itself, and the
 * firmware's is gone for it (APERTURE). */
void
baton_planning_look_at_console (BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  if (baton_planning_has_firmware_console (self))
    baton_planning_add (self,
                        stays_with_vfio (self) && !lets_go (self) ? BATON_CODE_FRAMEBUFFER_STAYS
                                                                  : BATON_CODE_CONSOLE_ENDS,
                        system->framebuffer_function, "card", baton_card_get_name (self->card),
                        "framebuffer", system->framebuffer);
}

/* Before vfio-pci has the card. */
void
baton_planning_add_console_end (BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  if (baton_planning_has_firmware_console (self) && stays_with_vfio (self))
    baton_planning_add_step (self, BATON_STEP_UNBIND_CONSOLE, system->framebuffer,
                             system->framebuffer_driver);
}
