/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <dirent.h>

#include "baton-machine.h"
#include "baton-pci-names.h"

G_BEGIN_DECLS

/* What one look shares between its parts; gone when the machine is there. */
typedef struct
{
  /* borrowed */
  BatonRoot *root;

  BatonLookPurpose purpose;

  /* owned */
  BatonPciNames *names;
  GHashTable *driver_modules; /* driver -> module, "" where it is built in */
  GHashTable *nvidia_minors;  /* address -> minor number + 1 */
  GPtrArray *connected;       /* outputs whose monitors are to be named, NULL for none */
} BatonLook;

/* baton-machine-function.c */
BatonFunction *baton_look_read_function (BatonLook *self, const char *address);

gboolean baton_look_may_have_guest (BatonLook *self, const BatonFunction *function);

void baton_look_read_overrides (BatonLook *self, BatonMachine *machine);

/* baton-machine-cards.c */
void baton_look_find_cards (BatonLook *self, BatonMachine *machine);

/* baton-machine-also.c */
void baton_look_find_also (BatonLook *self, BatonMachine *machine);
void baton_look_read_also_belongings (BatonLook *self, BatonMachine *machine, BatonCard *card);

/* baton-machine-nvidia.c */
void baton_look_read_nvidia (BatonLook *self, BatonMachine *machine);

void baton_look_read_silence (BatonLook *self, BatonFunction *function);

/* baton-machine-nodes.c */
void baton_look_read_nodes (BatonLook *self, BatonFunction *function);
gssize baton_look_read_small_file (int directory, const char *name, char *buffer, gsize size);
gboolean baton_look_is_directory (int directory, const struct dirent *entry);

/* baton-machine-usb.c */
void baton_look_read_plugged (BatonLook *self, BatonFunction *function);

/* baton-machine-outputs.c */
GPtrArray *baton_look_read_outputs (BatonLook *self, const BatonFunction *display);

/* baton-machine-monitors.c */
void baton_look_expect_monitor (BatonLook *self, const char *connector, BatonOutput *output);

void baton_look_read_monitors (BatonLook *self);

/* baton-machine-modules.c */
void baton_look_read_modules (BatonLook *self, BatonMachine *machine);

/* baton-machine-replaced.c */
void baton_look_find_replaced_modules (BatonLook *self, BatonMachine *machine);

/* baton-machine-iommu.c */
void baton_look_read_iommu (BatonLook *self, BatonMachine *machine);

G_END_DECLS
