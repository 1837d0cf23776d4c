/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

#define MOCK_RELEASE "6.1.0-mock"

/* A computer built for a test: a directory with sys, proc, ... that core looks at as it would
 * look at the machine. A new one has an Intel processor, the IOMMU on, vfio-pci to be
 * loaded, systemd as process 1, and no PCI devices. Paths are relative to the top of the
 * tree, such as "etc/modprobe.d/x.conf"; an address is that of a function added before. */
typedef struct _MockMachine MockMachine;

MockMachine *mock_machine_new (void);
void mock_machine_free (MockMachine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MockMachine, mock_machine_free)

const char *mock_machine_get_directory (MockMachine *self);
BatonRoot *mock_machine_get_root (MockMachine *self);
BatonMachine *mock_machine_look (MockMachine *self);

void mock_machine_write (MockMachine *self, const char *path, const char *text);
void
mock_machine_write_bytes (MockMachine *self, const char *path, gconstpointer data, gsize size);
void mock_machine_link (MockMachine *self, const char *path, const char *target_path);
void mock_machine_remove (MockMachine *self, const char *path);
void mock_machine_set_command_line (MockMachine *self, const char *command_line);
void mock_machine_set_iommu_off (MockMachine *self);
void mock_machine_hold_lock (MockMachine *self, const char *handoff);

/* Devices. @group and @driver may be NULL, @parent as well (a root bus). A driver that is
 * not known yet is registered, with a module of the same name. */
void mock_machine_add_function (MockMachine *self,
                                const char *address,
                                guint32 class_code,
                                const char *ids,
                                const char *parent,
                                const char *group,
                                const char *driver);
void mock_machine_add_bridge (MockMachine *self,
                              const char *address,
                              const char *ids,
                              const char *parent,
                              const char *group);

/* A whole card on the host: display function on amdgpu with DRM nodes and two connectors
 * (DP-1 with a monitor, HDMI-A-1 without), and its sound function .1 on snd_hda_intel
 * with its nodes; the first one is the boot display. */
void mock_machine_add_gpu (MockMachine *self, const char *address, const char *group);

/* Both of a card's functions on vfio-pci, with /dev/vfio/GROUP; nodes of the host are gone. */
void mock_machine_move_gpu_to_guest (MockMachine *self, const char *address);

void mock_machine_add_driver (MockMachine *self, const char *driver, const char *module);
void mock_machine_set_driver (MockMachine *self, const char *address, const char *driver);
void mock_machine_set_group (MockMachine *self, const char *address, const char *group);
void mock_machine_set_attribute (MockMachine *self,
                                 const char *address,
                                 const char *attribute,
                                 const char *value);
void mock_machine_remove_attribute (MockMachine *self, const char *address, const char *name);
void mock_machine_add_node (MockMachine *self,
                            const char *address,
                            const char *below,
                            const char *name,
                            guint major,
                            guint minor);
void mock_machine_set_output (MockMachine *self,
                              const char *address,
                              const char *connector,
                              const char *monitor);
void mock_machine_set_modules (MockMachine *self, const char *address, const char *module);
char *mock_machine_dup_device_path (MockMachine *self, const char *address);

/* What was found, as a text to compare: with spaces between. */
char *mock_join_addresses (GPtrArray *functions);
char *mock_join_nodes (GPtrArray *nodes);

G_END_DECLS
