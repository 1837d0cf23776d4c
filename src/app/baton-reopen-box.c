/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-reopen-box.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "baton-closed-session.h"
#include "baton-notify-reopen.h"
#include "baton-reopen.h"
#include "baton-text.h"
#include "baton-words.h"

struct _BatonReopenBox
{
  GtkBox parent_instance;

  /* owned */
  BatonClosed *closed; /* NULL where nothing is offered */
  char *card;

  gboolean is_session; /* what ended with a session, and not what was closed alone */

  /* from the template */
  AdwActionRow *row;
  GtkWidget *open_button;
};

G_DEFINE_FINAL_TYPE (BatonReopenBox, baton_reopen_box, GTK_TYPE_BOX)

static void
append (GString *list, const char *text)
{
  g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
}

static char *
dup_name (const BatonClosedProgram *program)
{
  g_autofree char *name = baton_reopen_dup_name (program);

  return baton_words_embed (name);
}

/* What can be opened again, and what cannot and why. */
static void
show_programs (BatonReopenBox *self, GPtrArray *programs)
{
  g_autoptr (GString) possible = g_string_new (NULL);
  g_autoptr (GString) problems = g_string_new (NULL);
  g_autofree char *subtitle = NULL;

  for (guint i = 0; i < programs->len; i++)
    {
      const BatonClosedProgram *program = g_ptr_array_index (programs, i);
      g_autofree char *name = dup_name (program);
      g_autofree char *reason =
          baton_reopen_dup_reason (baton_closed_get_root (self->closed), program);
      g_autofree char *both = reason != NULL ? g_strdup_printf ("%s (%s)", name, reason) : NULL;

      append (reason != NULL ? problems : possible, reason != NULL ? both : name);
    }

  if (self->is_session && problems->len > 0)
    /* Translators: names of applications, each with the reason in brackets */
    subtitle = g_strdup_printf (
        _ ("Open in the session that was ended. Cannot be opened again: %s"), problems->str);
  else if (self->is_session)
    subtitle = g_strdup (
        _ ("Open in the session that was ended. What was not saved does not come back."));
  else if (problems->len > 0)
    /* Translators: names of programs, each with the reason in brackets */
    subtitle = g_strdup_printf (_ ("Closed for the handoff. Cannot be opened again: %s"),
                                problems->str);
  else
    subtitle = g_strdup (_ ("Closed for the handoff"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->row),
                                 possible->len > 0 ? possible->str
                                                   : _ ("Programs That Baton Closed"));
  adw_action_row_set_subtitle (self->row, subtitle);
  gtk_widget_set_visible (self->open_button, possible->len > 0);
}

static void
say (BatonReopenBox *self, const char *text)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.toast", "s", text);
}

typedef struct
{
  BatonClosed *closed;
  GPtrArray *programs;
} Reopening;

static void
free_reopening (gpointer data)
{
  Reopening *reopening = data;

  baton_closed_unref (reopening->closed);
  g_ptr_array_unref (reopening->programs);
  g_free (reopening);
}

static void
reopen_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Reopening *reopening = data;

  g_task_return_pointer (
      task, baton_reopen (baton_closed_get_root (reopening->closed), reopening->programs),
      (GDestroyNotify) g_ptr_array_unref);
}

static void
on_reopened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GPtrArray) results = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GHashTable) args = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  BatonCode code = baton_reopen_describe (results, args);
  g_autofree char *text = NULL;

  baton_words_embed_args (args);
  text = baton_code_fill (gettext (baton_code_get_info (code)->text), args);
  say (BATON_REOPEN_BOX (source), text);
}

static GPtrArray *
list_programs (BatonReopenBox *self, GError **error)
{
  return self->is_session ? baton_closed_list_session (self->closed, self->card, error)
                          : baton_closed_list (self->closed, self->card, error);
}

static void
forget (BatonReopenBox *self)
{
  if (!self->is_session)
    {
      baton_closed_forget (self->closed, self->card);
      return;
    }
  baton_closed_forget_session (self->closed, self->card);
  baton_notify_reopen_withdraw ();
}

/* Offered once: what is started twice was not running twice. */
static void
on_open_clicked_cb (BatonReopenBox *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) programs = list_programs (self, &error);
  g_autoptr (GTask) task = NULL;
  Reopening *reopening;

  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  if (programs == NULL)
    {
      say (self, error->message);
      return;
    }

  forget (self);
  reopening = g_new0 (Reopening, 1);
  reopening->closed = baton_closed_ref (self->closed);
  reopening->programs = g_steal_pointer (&programs);
  task = g_task_new (self, NULL, on_reopened_cb, NULL);
  g_task_set_source_tag (task, on_open_clicked_cb);
  g_task_set_task_data (task, reopening, free_reopening);
  g_task_run_in_thread (task, reopen_in_thread);
}

static void
on_forget_clicked_cb (BatonReopenBox *self)
{
  forget (self);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

static void
baton_reopen_box_finalize (GObject *object)
{
  BatonReopenBox *self = BATON_REOPEN_BOX (object);

  g_clear_pointer (&self->closed, baton_closed_unref);
  g_free (self->card);

  G_OBJECT_CLASS (baton_reopen_box_parent_class)->finalize (object);
}

static void
baton_reopen_box_class_init (BatonReopenBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_reopen_box_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-reopen-box.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonReopenBox, row);
  gtk_widget_class_bind_template_child (widget_class, BatonReopenBox, open_button);
  gtk_widget_class_bind_template_callback (widget_class, on_open_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_forget_clicked_cb);
}

static void
baton_reopen_box_init (BatonReopenBox *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
show (BatonReopenBox *self, BatonClosed *closed, const char *card, gboolean is_session)
{
  g_autoptr (GPtrArray) programs = NULL;

  if (closed != NULL)
    {
      g_autoptr (BatonClosed) before = g_steal_pointer (&self->closed);

      self->closed = baton_closed_ref (closed);
      g_free (self->card);
      self->card = g_strdup (card);
      self->is_session = is_session;
      programs = list_programs (self, NULL);
    }
  if (programs != NULL && programs->len > 0)
    show_programs (self, programs);
  gtk_widget_set_visible (GTK_WIDGET (self), programs != NULL && programs->len > 0);
}

/**
 * baton_reopen_box_show:
 * @self: a box
 * @closed: (nullable): what was closed of this user; %NULL to offer nothing
 * @card: address of a card
 *
 * Offers to open again what was closed for the card, where that is something.
 */
void
baton_reopen_box_show (BatonReopenBox *self, BatonClosed *closed, const char *card)
{
  g_return_if_fail (BATON_IS_REOPEN_BOX (self));

  show (self, closed, card, FALSE);
}

/**
 * baton_reopen_box_show_session:
 * @self: a box
 * @closed: (nullable): what was closed of this user; %NULL to offer nothing
 * @card: address of a card
 *
 * Offers to open again what ended with the session that was ended for the card.
 */
void
baton_reopen_box_show_session (BatonReopenBox *self, BatonClosed *closed, const char *card)
{
  g_return_if_fail (BATON_IS_REOPEN_BOX (self));

  show (self, closed, card, TRUE);
}

/**
 * baton_reopen_box_press:
 * @self: a box
 *
 * Does what its button does, where it offers something.
 */
void
baton_reopen_box_press (BatonReopenBox *self)
{
  g_return_if_fail (BATON_IS_REOPEN_BOX (self));

  if (gtk_widget_get_visible (GTK_WIDGET (self)) && gtk_widget_get_visible (self->open_button))
    on_open_clicked_cb (self);
}
