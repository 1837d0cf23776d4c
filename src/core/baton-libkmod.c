/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dlfcn.h>
#include <glib.h>

/* libkmod is loaded by the first who looks modules up, and not linked: it brings libcrypto with it, by
 * which a signature could be read out of a module's file, and that takes more than half of what it takes
 * to start a program of ours. Most of them never ask for a module: those that list cards, those that
 * start a worker, those that keep a computer awake.
 *
 * Here its calls have their own names and types, so that whoever looks something up calls libkmod as its
 * header says. Whatever they are called with comes from kmod_new(), which returns NULL where there is no
 * such library. */
#pragma GCC visibility push(hidden)
#include <libkmod.h>

#define LIBRARY "libkmod.so.2"

typedef struct kmod_ctx Context;
typedef struct kmod_list List;
typedef struct kmod_module Module;

/* Each: what it returns, its name without "kmod_", its parameters, and their names. */
#define CALLS_OF_CONTEXT(CALL)                                                                 \
  CALL (Context *, unref, (Context * ctx), (ctx))                                              \
  CALL (void, set_log_priority, (Context * ctx, int priority), (ctx, priority))                \
  CALL (List *, list_next, (const List *list, const List *item), (list, item))                 \
  CALL (int, module_new_from_name, (Context * ctx, const char *name, Module **ret_module),     \
        (ctx, name, ret_module))                                                               \
  CALL (int, module_new_from_path, (Context * ctx, const char *path, Module **ret_module),     \
        (ctx, path, ret_module))                                                               \
  CALL (int, module_new_from_lookup, (Context * ctx, const char *alias, List **ret_list),      \
        (ctx, alias, ret_list))                                                                \
  CALL (int, module_new_from_name_lookup,                                                      \
        (Context * ctx, const char *name, Module **ret_module), (ctx, name, ret_module))       \
  CALL (Module *, module_unref, (Module * module), (module))                                   \
  CALL (int, module_unref_list, (List * list), (list))                                         \
  CALL (Module *, module_get_module, (const List *item), (item))                               \
  CALL (const char *, module_get_name, (const Module *module), (module))                       \
  CALL (const char *, module_get_path, (const Module *module), (module))                       \
  CALL (const char *, module_get_options, (const Module *module), (module))                    \
  CALL (const char *, module_get_install_commands, (const Module *module), (module))           \
  CALL (List *, module_get_dependencies, (const Module *module), (module))                     \
  CALL (int, module_get_softdeps, (const Module *module, List **ret_pre, List **ret_post),     \
        (module, ret_pre, ret_post))                                                           \
  CALL (int, module_get_initstate, (const Module *module), (module))                           \
  CALL (int, module_get_info, (const Module *module, List **ret_list), (module, ret_list))     \
  CALL (const char *, module_info_get_key, (const List *item), (item))                         \
  CALL (const char *, module_info_get_value, (const List *item), (item))                       \
  CALL (void, module_info_free_list, (List * list), (list))                                    \
  CALL (int, module_remove_module, (Module * module, unsigned int flags), (module, flags))     \
  CALL (int, module_probe_insert_module,                                                       \
        (Module * module, unsigned int flags, const char *options,                             \
         int (*run_install) (Module * one, const char *line, void *data), const void *data,    \
         void (*print_action) (Module * one, bool install, const char *text)),                 \
        (module, flags, options, run_install, data, print_action))

#define DECLARE(TYPE, NAME, PARAMETERS, ARGUMENTS) __typeof__ (kmod_##NAME) *NAME;

static struct
{
  __typeof__ (kmod_new) *new;
  CALLS_OF_CONTEXT (DECLARE)
} library;

static gboolean
load (void)
{
  void *handle = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL);
#define LIST(TYPE, NAME, PARAMETERS, ARGUMENTS) { "kmod_" #NAME, (void **) &library.NAME },
  const struct
  {
    const char *name;
    void **place;
  } symbols[] = { { "kmod_new", (void **) &library.new }, CALLS_OF_CONTEXT (LIST) };

  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++)
    {
      *symbols[i].place = handle != NULL ? dlsym (handle, symbols[i].name) : NULL;
      if (*symbols[i].place == NULL)
        {
          g_warning ("modules cannot be looked up: %s", dlerror ());
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
is_loaded (void)
{
  enum
  {
    NOT_TRIED,
    LOADED,
    MISSING,
  };
  static gsize state = NOT_TRIED;

  if (g_once_init_enter (&state))
    g_once_init_leave (&state, load () ? LOADED : MISSING);

  return state == LOADED;
}

struct kmod_ctx *
kmod_new (const char *directory, const char *const *paths)
{
  return is_loaded () ? library.new(directory, paths) : NULL;
}

#define DEFINE(TYPE, NAME, PARAMETERS, ARGUMENTS)                                              \
  TYPE kmod_##NAME PARAMETERS                                                                  \
  {                                                                                            \
    return library.NAME ARGUMENTS;                                                             \
  }

CALLS_OF_CONTEXT (DEFINE)

#pragma GCC visibility pop
