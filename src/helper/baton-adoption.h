/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-adopted.h"
#include "baton-root.h"

#include <sys/stat.h>

G_BEGIN_DECLS

/**
 * BatonAdoptedFile:
 * @path: a file that somebody else wrote, below `/etc`
 * @kept: where it is kept, below `/etc`
 * @old: SHA-256 of what it held
 * @new: (nullable): SHA-256 of what is in its place; %NULL where nothing is
 * @text: (nullable): what is to be in its place, as far as that was read
 * @info: what it was when it was looked at, to be moved
 */
typedef struct
{
  char *path;
  char *kept;
  char *old;
  char *new;
  GBytes *text;
  struct stat info;
} BatonAdoptedFile;

BatonAdoptedFile *
baton_adopted_file_new (const char *card, const char *path, const char *old, const char *new);

/**
 * BatonAdoption:
 * @card: for which card
 * @is_whole: it was carried out; else it was begun, or is being put back
 * @hook: Baton’s hook was installed for it
 * @images: the boot images were made anew for it
 * @claims: addresses of the functions that Baton claims because of it
 * @files: (element-type BatonAdoptedFile): what was moved aside
 *
 * What somebody had set up for a card, and Baton does now. It is on the disk before anything of it is
 * done, and goes when all of it is undone.
 */
typedef struct
{
  char *card;
  gboolean is_whole;
  gboolean hook;
  gboolean images;
  GStrv claims;
  GPtrArray *files;
} BatonAdoption;

BatonAdoption *baton_adoption_new (const char *card);
void baton_adoption_free (BatonAdoption *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonAdoption, baton_adoption_free)

gboolean baton_adoption_may_move (const char *path);

GPtrArray *baton_adoptions_load (BatonRoot *root, GError **error);
gboolean baton_adoptions_save (GPtrArray *adoptions, BatonRoot *root, GError **error);
BatonAdoption *baton_adoptions_find (GPtrArray *adoptions, const char *card);

G_END_DECLS
