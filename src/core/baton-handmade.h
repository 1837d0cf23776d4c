/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-codes.h"
#include "baton-machine.h"

G_BEGIN_DECLS

/**
 * BatonHandmadeKind: what somebody has set up by hand, or by another program, for a card
 */
typedef enum
{
  BATON_HANDMADE_HOOK,          /* a script that libvirt calls, or what such a one reads */
  BATON_HANDMADE_MODULE_OPTION, /* ids of vfio-pci or pci-stub in a file of modprobe's */
  BATON_HANDMADE_DRIVERCTL,     /* a file in driverctl.d */
  BATON_HANDMADE_EARLY_MODULE,  /* a line that has vfio-pci loaded before other drivers */
  BATON_HANDMADE_COMMAND_LINE,  /* a word of the kernel's command line */
  BATON_HANDMADE_INITRAMFS,     /* what becomes part of the image that is booted from */
} BatonHandmadeKind;

const char *baton_handmade_kind_to_string (BatonHandmadeKind kind);

/**
 * BatonHandmadeMove: how it makes room for what Baton does in its place
 * @BATON_HANDMADE_BY_HAND: it does not: it is for its owner to take out
 * @BATON_HANDMADE_LINE: another file takes the file's place, which has it not
 * @BATON_HANDMADE_WHOLE: the whole file is moved aside
 */
typedef enum
{
  BATON_HANDMADE_BY_HAND,
  BATON_HANDMADE_LINE,
  BATON_HANDMADE_WHOLE,
} BatonHandmadeMove;

/**
 * BatonHandmade:
 * @kind: what it is
 * @move: how it makes room
 * @card: the card that it is about, a canonical address
 * @path: the file, below /etc where it can be moved: any bytes
 * @file: the file as it is shown, valid UTF-8
 * @line: the line that it begins in, from 1; 0 where it is in no line
 * @last_line: the line that it ends in
 * @text: what is there, any bytes; cut where it is long
 * @replacement: (nullable): the line that takes the place of it; %NULL where none does
 * @functions: addresses of the card's functions that it names
 * @claims: addresses of the functions that Baton claims at boot in its place
 * @instead: what Baton does instead, a code whose sentence has the arguments of
 *   baton_handmade_dup_args()
 * @about: (nullable): what that sentence names: a word, an address
 *
 * One line, or the one file, that has a say in where a card is. Read only.
 */
typedef struct
{
  BatonHandmadeKind kind;
  BatonHandmadeMove move;
  char *card;
  char *path;
  char *file;
  guint line;
  guint last_line;
  char *text;
  char *replacement;
  GStrv functions;
  GStrv claims;
  BatonCode instead;
  char *about;
} BatonHandmade;

void baton_handmade_free (BatonHandmade *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHandmade, baton_handmade_free)

GHashTable *baton_handmade_dup_args (const BatonHandmade *self);

GPtrArray *baton_handmade_find (BatonRoot *root, BatonMachine *machine);
GPtrArray *baton_handmade_list_of_card (GPtrArray *handmade, const char *card);
char *baton_handmade_dup_digest (GPtrArray *handmade, const char *card);

char *baton_handmade_rewrite (
    GPtrArray *handmade, const char *path, const char *text, gsize length, gsize *ret_length);

G_END_DECLS
