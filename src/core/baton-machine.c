/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "baton-adopted.h"
#include "baton-error.h"
#include "baton-handmade.h"
#include "baton-machine-private.h"
#include "baton-pci-address.h"
#include "baton-root-warily.h"
#include "baton-text.h"

/* What an error quotes of what was typed. */
#define MAX_QUOTED 64

/**
 * baton_group_free:
 * @self: (nullable): a group
 *
 * Frees @self, not the functions, which are the machine's.
 */
void
baton_group_free (BatonGroup *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_clear_pointer (&self->functions, g_ptr_array_unref);
  g_free (self);
}

static void
clear_look (BatonLook *self)
{
  g_clear_pointer (&self->names, baton_pci_names_free);
  g_clear_pointer (&self->driver_modules, g_hash_table_unref);
  g_clear_pointer (&self->nvidia_minors, g_hash_table_unref);
  g_clear_pointer (&self->connected, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonLook, clear_look)

static int
compare_functions (gconstpointer a, gconstpointer b)
{
  const BatonFunction *left = *(const BatonFunction *const *) a;
  const BatonFunction *right = *(const BatonFunction *const *) b;

  return baton_pci_address_compare (left->address, right->address);
}

static int
compare_groups (gconstpointer a, gconstpointer b)
{
  const BatonGroup *left = *(const BatonGroup *const *) a;
  const BatonGroup *right = *(const BatonGroup *const *) b;
  guint64 left_number = g_ascii_strtoull (left->id, NULL, 10);
  guint64 right_number = g_ascii_strtoull (right->id, NULL, 10);

  if (left_number != right_number)
    return left_number < right_number ? -1 : 1;

  return strcmp (left->id, right->id);
}

static gboolean
read_functions (BatonLook *look, BatonMachine *machine, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) local_error = NULL;

  names = baton_root_list (look->root, BATON_ROOT_SYS, "bus/pci/devices", &local_error);
  if (names == NULL && g_error_matches (local_error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    return TRUE; /* A machine without a PCI bus has no cards, and that is an answer. */
  if (names == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (baton_pci_address_is_valid (name))
        g_ptr_array_add (machine->functions, baton_look_read_function (look, name));
    }
  g_ptr_array_sort (machine->functions, compare_functions);

  return TRUE;
}

static void
collect_groups (BatonMachine *machine)
{
  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);
      BatonGroup *group;

      if (function->group == NULL)
        continue;

      group = baton_machine_find_group (machine, function->group);
      if (group == NULL)
        {
          group = g_new0 (BatonGroup, 1);
          group->id = g_strdup (function->group);
          group->functions = g_ptr_array_new ();
          g_ptr_array_add (machine->groups, group);
        }
      g_ptr_array_add (group->functions, function);
    }
  g_ptr_array_sort (machine->groups, compare_groups);
}

static BatonMachine *
look_at (BatonRoot *root, BatonLookPurpose purpose, GError **error)
{
  g_autoptr (BatonMachine) self = g_new0 (BatonMachine, 1);
  g_auto (BatonLook) look = { 0 };

  g_atomic_ref_count_init (&self->ref_count);
  self->purpose = purpose;
  self->functions = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_function_free);
  self->cards = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_card_free);
  self->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_group_free);

  self->boot_claims =
      purpose == BATON_LOOK_TO_CHECK ? baton_boot_claims_new () : baton_boot_claims_read (root);

  look.root = root;
  look.purpose = purpose;
  look.names = purpose == BATON_LOOK_TO_CHECK ? baton_pci_names_new_of_numbers ()
                                              : baton_pci_names_new (root);
  look.driver_modules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  look.nvidia_minors = g_hash_table_new (g_str_hash, g_str_equal);

  self->system = purpose == BATON_LOOK_TO_PLAN ? baton_system_new (root, error)
                                               : baton_system_new_to_show (root);
  if (self->system == NULL || !read_functions (&look, self, error))
    return NULL;

  /* They lie on hundreds of pages. To let them go when others have been forked off, to read what may
   * not answer, would make a copy of each page first. */
  g_clear_pointer (&look.names, baton_pci_names_free);

  if (purpose == BATON_LOOK_TO_PLAN)
    baton_look_read_overrides (&look, self);
  baton_look_read_iommu (&look, self);
  collect_groups (self);
  baton_look_read_nvidia (&look, self);
  baton_look_find_cards (&look, self);
  if (purpose == BATON_LOOK_TO_PLAN)
    {
      baton_look_read_modules (&look, self);
      baton_look_find_replaced_modules (&look, self);
    }
  if (purpose == BATON_LOOK_TO_PLAN)
    self->handmade = baton_handmade_find (root, self);
  if (purpose != BATON_LOOK_TO_CHECK)
    self->adopted = baton_adopted_list_cards (root);
  if (purpose != BATON_LOOK_TO_CHECK)
    baton_look_read_monitors (&look);

  return g_steal_pointer (&self);
}

/**
 * baton_machine_new:
 * @root: where to look
 * @error: return location for an error
 *
 * Looks at the machine once. Nothing that sleeps is woken. What cannot be read of one
 * function is unknown rather than an error; an empty machine is an answer as well.
 *
 * @nodes and @modules of a function are looked up where it travels with a card.
 *
 * Returns: (transfer full): the machine, or %NULL where the PCI bus or the system cannot
 *   be looked at at all
 */
BatonMachine *
baton_machine_new (BatonRoot *root, GError **error)
{
  BatonMachine *self;

  g_return_val_if_fail (root != NULL, NULL);

  baton_root_hold_reader (root);
  self = look_at (root, BATON_LOOK_TO_PLAN, error);
  baton_root_release_reader (root);

  return self;
}

/**
 * baton_machine_new_to_show:
 * @root: where to look
 * @error: return location for an error
 *
 * Looks at no more than baton_event_writer_machine() tells. What a plan asks for besides is not
 * there: claims and blacklists, overrides, and the modules that drivers come from. It is by far the
 * most of a look, and a list of cards shows none of it.
 *
 * Returns: (transfer full): the machine, or %NULL like baton_machine_new()
 */
BatonMachine *
baton_machine_new_to_show (BatonRoot *root, GError **error)
{
  g_return_val_if_fail (root != NULL, NULL);

  return look_at (root, BATON_LOOK_TO_SHOW, error);
}

/**
 * baton_machine_new_to_check:
 * @root: where to look
 * @error: return location for an error
 *
 * Like baton_machine_new_to_show(), but asks neither the list of names nor a monitor what it is
 * called. For a look between two steps, whether one did what it should and who has the card now:
 * the longer it takes, the more can come in between.
 *
 * Returns: (transfer full): the machine, or %NULL like baton_machine_new()
 */
BatonMachine *
baton_machine_new_to_check (BatonRoot *root, GError **error)
{
  g_return_val_if_fail (root != NULL, NULL);

  return look_at (root, BATON_LOOK_TO_CHECK, error);
}

/**
 * baton_machine_ref:
 * @self: a machine
 *
 * Returns: (transfer full): @self
 */
BatonMachine *
baton_machine_ref (BatonMachine *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * baton_machine_unref:
 * @self: (nullable): a machine
 *
 * Gives a reference up; with the last one everything that was borrowed from @self ends.
 */
void
baton_machine_unref (BatonMachine *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->cards, g_ptr_array_unref);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->functions, g_ptr_array_unref);
  g_clear_pointer (&self->boot_claims, g_ptr_array_unref);
  g_clear_pointer (&self->handmade, g_ptr_array_unref);
  g_clear_pointer (&self->adopted, g_strfreev);
  g_clear_pointer (&self->system, baton_system_free);
  g_free (self->iommu_kind);
  g_free (self->iommu_reason);
  g_free (self->iommu_detail);
  g_free (self);
}

/**
 * baton_machine_find_card:
 * @self: a machine
 * @address: (nullable): address of a display function
 *
 * Returns: (transfer none) (nullable): the card there
 */
BatonCard *
baton_machine_find_card (BatonMachine *self, const char *address)
{
  for (guint i = 0; i < self->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (self->cards, i);

      if (g_strcmp0 (baton_card_get_address (card), address) == 0)
        return card;
    }

  return NULL;
}

static gboolean
ends_with (const char *address, const char *ending)
{
  gsize address_length = strlen (address);
  gsize ending_length = strlen (ending);

  if (ending_length == 0 || ending_length > address_length)
    return FALSE;
  if (strcmp (address + address_length - ending_length, ending) != 0)
    return FALSE;

  return ending_length == address_length || address[address_length - ending_length - 1] == ':';
}

/**
 * baton_machine_find_card_by_ending:
 * @self: a machine
 * @ending: a whole address, or the end of one from a colon on, such as `01:00.0`
 * @error: return location for an error
 *
 * For what people type.
 *
 * Returns: (transfer none): the only card whose address ends so; %NULL with
 *   %BATON_ERROR_NOT_FOUND where there is none, %BATON_ERROR_MISMATCH where there are
 *   several
 */
BatonCard *
baton_machine_find_card_by_ending (BatonMachine *self, const char *ending, GError **error)
{
  BatonCard *found = NULL;

  g_return_val_if_fail (ending != NULL, NULL);

  for (guint i = 0; i < self->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (self->cards, i);

      if (!ends_with (baton_card_get_address (card), ending))
        continue;
      if (found != NULL)
        {
          g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                       /* Translators: %s are the end of an address, and two addresses */
                       _ ("more than one card’s address ends in “%s”: “%s” and “%s”; type more "
                          "of the one that you mean"),
                       ending, baton_card_get_address (found), baton_card_get_address (card));
          return NULL;
        }
      found = card;
    }

  if (found == NULL)
    {
      g_autofree char *shown = baton_text_clean (ending, -1, MAX_QUOTED, NULL, NULL);

      g_set_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND,
                   /* Translators: %s is what was typed */
                   _ ("no card’s address is or ends in “%s”: “batonctl list” shows every card"),
                   shown);
    }

  return found;
}

/**
 * baton_machine_find_function:
 * @self: a machine
 * @address: (nullable): an address
 *
 * Returns: (transfer none) (nullable): the function there
 */
BatonFunction *
baton_machine_find_function (BatonMachine *self, const char *address)
{
  for (guint i = 0; i < self->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (self->functions, i);

      if (g_strcmp0 (function->address, address) == 0)
        return function;
    }

  return NULL;
}

/**
 * baton_machine_find_group:
 * @self: a machine
 * @id: (nullable): number of a group, as text
 *
 * Returns: (transfer none) (nullable): that group
 */
BatonGroup *
baton_machine_find_group (BatonMachine *self, const char *id)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      BatonGroup *group = g_ptr_array_index (self->groups, i);

      if (g_strcmp0 (group->id, id) == 0)
        return group;
    }

  return NULL;
}
