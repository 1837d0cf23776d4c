/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <libkmod.h>

G_BEGIN_DECLS

typedef struct kmod_ctx KmodContext;
typedef struct kmod_module KmodModule;

static inline void
baton_kmod_free_context (KmodContext *context)
{
  kmod_unref (context);
}

static inline void
baton_kmod_free_module (KmodModule *module)
{
  kmod_module_unref (module);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmodContext, baton_kmod_free_context)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmodModule, baton_kmod_free_module)

/**
 * BatonInsert:
 * @module: what is inserted, with all that it needs
 * @options: (nullable): parameters that go before those that modprobe.d(5) has for its file
 * @flags: for kmod_module_probe_insert_module()
 */
typedef struct
{
  KmodModule *module;
  char *options;
  unsigned int flags;
} BatonInsert;

int baton_kmod_list_inserts (KmodContext *context,
                             const char *name,
                             const char *options,
                             GPtrArray **ret_inserts);
char *baton_kmod_dup_loaded_name (KmodModule *module);

G_END_DECLS
