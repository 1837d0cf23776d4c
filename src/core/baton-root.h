/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonRootPart:
 * @BATON_ROOT_SYS: `/sys`
 * @BATON_ROOT_PROC: `/proc`
 * @BATON_ROOT_DEV: `/dev`
 * @BATON_ROOT_ETC: `/etc`
 * @BATON_ROOT_RUN: `/run`
 * @BATON_ROOT_VAR: `/var`
 * @BATON_ROOT_LIB: `/lib`, for `modules/RELEASE` and `modprobe.d`
 * @BATON_ROOT_USR: `/usr`, for desktop entries and `lib/modprobe.d`
 * @BATON_ROOT_BOOT: `/boot`, for the images that the computer boots from
 */
typedef enum
{
  BATON_ROOT_SYS,
  BATON_ROOT_PROC,
  BATON_ROOT_DEV,
  BATON_ROOT_ETC,
  BATON_ROOT_RUN,
  BATON_ROOT_VAR,
  BATON_ROOT_LIB,
  BATON_ROOT_USR,
  BATON_ROOT_BOOT,
  BATON_N_ROOT_PARTS,
} BatonRootPart;

/**
 * BatonRoot:
 *
 * The directories that everything is read from: `/` in real life, a recorded
 * tree in a test. No code outside knows an absolute path of a part.
 * Reference counted; safe to use from several threads at once.
 */
typedef struct _BatonRoot BatonRoot;

BatonRoot *baton_root_new_system (GError **error);
BatonRoot *baton_root_new_for_directory (const char *directory, GError **error);
BatonRoot *baton_root_ref (BatonRoot *self);
void baton_root_unref (BatonRoot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRoot, baton_root_unref)

gboolean baton_root_is_system (BatonRoot *self);

int baton_root_get_fd (BatonRoot *self, BatonRootPart part);
char *baton_root_build_path (BatonRoot *self, BatonRootPart part, const char *path);
char *baton_root_dup_shown_path (BatonRootPart part, const char *path);

int baton_root_open (
    BatonRoot *self, BatonRootPart part, const char *path, int flags, GError **error);
gboolean baton_root_exists (BatonRoot *self, BatonRootPart part, const char *path);
char *baton_root_read_file (BatonRoot *self,
                            BatonRootPart part,
                            const char *path,
                            gsize max_bytes,
                            gsize *ret_length,
                            GError **error);
char *
baton_root_read_line (BatonRoot *self, BatonRootPart part, const char *path, GError **error);
char *
baton_root_read_link (BatonRoot *self, BatonRootPart part, const char *path, GError **error);
char *baton_root_read_link_name (BatonRoot *self,
                                 BatonRootPart part,
                                 const char *path,
                                 GError **error);
GPtrArray *
baton_root_list (BatonRoot *self, BatonRootPart part, const char *path, GError **error);

char *baton_root_name_group_node (const char *group);

G_END_DECLS
