/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-keep-off-row.h"

#include <glib/gi18n.h>

#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-result-words.h"

struct _BatonKeepOffRow
{
  AdwActionRow parent_instance;

  gboolean is_showing; /* what changes now was not changed by the user */
  gboolean is_running;
  gboolean awaits_look;  /* it was done, and the last look is from before */
  gboolean for_programs; /* not of the desktop, but of every program */

  /* owned */
  BatonModel *model;
  BatonHelperClient *client;
  GCancellable *cancellable;
  char *address;
  char *message; /* why it was not done, or not yet */

  /* from the template */
  GtkSwitch *keep_switch;
};

enum
{
  PROP_0,
  PROP_FOR_PROGRAMS,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (BatonKeepOffRow, baton_keep_off_row, ADW_TYPE_ACTION_ROW)

static gboolean
is_kept_off_as (const char *kind, gboolean for_programs)
{
  if (for_programs && (g_strcmp0 (kind, "app") == 0 || g_strcmp0 (kind, "service") == 0))
    return TRUE;

  return g_strcmp0 (kind, "compositor") == 0 || g_strcmp0 (kind, "display-server") == 0;
}

static char *
dup_names (JsonObject *holders, gboolean for_programs)
{
  JsonArray *list = baton_json_get_array (holders, "holders");
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);
      const char *kind = baton_json_get_string (holder, "kind");
      const char *name = baton_json_get_string (holder, "name");

      if (name != NULL && is_kept_off_as (kind, for_programs))
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", name);
    }

  return names->len > 0 ? g_string_free (g_steal_pointer (&names), FALSE) : NULL;
}

/**
 * baton_keep_off_row_dup_subtitle:
 * @is_kept_off: the desktop is kept off the card
 * @holders: (nullable): who has the card, as far as it is known
 *
 * Returns: (transfer full): what holds now
 */
char *
baton_keep_off_row_dup_subtitle (gboolean is_kept_off, JsonObject *holders)
{
  g_autofree char *names = dup_names (holders, FALSE);

  if (!is_kept_off)
    return g_strdup (_ ("Leave it to virtual machines and to the programs that are run on it"));
  if (names != NULL)
    /* Translators: %s are names of programs, such as “sway, Xwayland”. */
    return g_strdup_printf (_ ("From the next login on. Until then it is still used by %s."),
                            names);
  if (baton_json_get_boolean (holders, "complete"))
    return g_strdup (_ ("Nothing of the desktop uses this card"));

  return g_strdup (_ ("From the next login on at the latest"));
}

/**
 * baton_keep_off_row_dup_subtitle_for_programs:
 * @is_kept_off: programs are kept off the card
 * @holders: (nullable): who has the card, as far as it is known
 *
 * Returns: (transfer full): what holds now, or what it would come to
 */
char *
baton_keep_off_row_dup_subtitle_for_programs (gboolean is_kept_off, JsonObject *holders)
{
  g_autofree char *names = dup_names (holders, TRUE);

  if (!is_kept_off)
    return g_strdup (
        _ ("Only what is run on it from here may use it. Services of the system and "
           "“Launch using Discrete GPU” lose it."));
  if (names != NULL)
    /* Translators: %s are names of programs, such as “mpv, firefox”. */
    return g_strdup_printf (_ ("It is used by %s: what had it open before keeps it until it "
                               "ends."),
                            names);

  return g_strdup (_ ("Only what is run on it from here may use it"));
}

static void
set_active (BatonKeepOffRow *self, gboolean is_active)
{
  self->is_showing = TRUE;
  gtk_switch_set_active (self->keep_switch, is_active);
  self->is_showing = FALSE;
}

static void
update (BatonKeepOffRow *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->keep_switch), !self->is_running);
  if (self->message != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self), self->message);
}

static void
say (BatonKeepOffRow *self, char *message)
{
  g_free (self->message);
  self->message = message;
  update (self);
}

static void
on_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonKeepOffRow) self = data;
  g_autoptr (GError) error = NULL;
  JsonObject *end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);
  BatonCode code = end != NULL ? baton_client_result_get_code (end) : BATON_CODE_NONE;

  /* The page is gone: nobody is left to tell. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->is_running = FALSE;
  if (end != NULL && baton_client_result_get_exit (end) == BATON_EXIT_DONE)
    {
      /* What holds is seen; that it takes a restart is not. */
      say (self, code == BATON_CODE_KEPT_OFF_AT_BOOT || code == BATON_CODE_GIVEN_BACK_AT_BOOT
                     ? baton_result_words_dup_text (end)
                     : NULL);
      self->awaits_look = TRUE;
      if (self->message == NULL)
        adw_action_row_set_subtitle (ADW_ACTION_ROW (self), "");
      baton_model_look (self->model);
    }
  else
    {
      set_active (self, !gtk_switch_get_active (self->keep_switch));
      say (self, end != NULL ? baton_result_words_dup_text (end) : g_strdup (error->message));
    }
  g_clear_pointer (&end, json_object_unref);
}

static void
on_switched_cb (BatonKeepOffRow *self)
{
  gboolean undo = !gtk_switch_get_active (self->keep_switch);
  const char *option =
      self->for_programs ? (undo ? NULL : "--programs") : (undo ? "--undo" : NULL);
  const char *const arguments[] = { "isolate", self->address, option, NULL };

  if (self->is_showing || self->is_running)
    return;

  g_clear_object (&self->client);
  self->client = baton_model_new_client (self->model);
  if (self->client == NULL)
    {
      set_active (self, undo);
      return;
    }

  self->is_running = TRUE;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  say (self, g_strdup (_ ("An administrator’s password is asked for.")));
  baton_helper_client_run_async (self->client, arguments, self->cancellable, on_ended_cb,
                                 g_object_ref (self));
}

/* The page is left, and a password that is still being asked for is asked for no longer. */
static void
baton_keep_off_row_unroot (GtkWidget *widget)
{
  BatonKeepOffRow *self = BATON_KEEP_OFF_ROW (widget);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);

  GTK_WIDGET_CLASS (baton_keep_off_row_parent_class)->unroot (widget);
}

static void
baton_keep_off_row_dispose (GObject *object)
{
  BatonKeepOffRow *self = BATON_KEEP_OFF_ROW (object);

  g_clear_object (&self->client);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (baton_keep_off_row_parent_class)->dispose (object);
}

static void
baton_keep_off_row_finalize (GObject *object)
{
  BatonKeepOffRow *self = BATON_KEEP_OFF_ROW (object);

  g_clear_object (&self->cancellable);
  g_free (self->address);
  g_free (self->message);

  G_OBJECT_CLASS (baton_keep_off_row_parent_class)->finalize (object);
}

static void
baton_keep_off_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  BatonKeepOffRow *self = BATON_KEEP_OFF_ROW (object);

  switch (id)
    {
    case PROP_FOR_PROGRAMS:
      g_value_set_boolean (value, self->for_programs);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
baton_keep_off_row_set_property (GObject *object,
                                 guint id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  BatonKeepOffRow *self = BATON_KEEP_OFF_ROW (object);

  switch (id)
    {
    case PROP_FOR_PROGRAMS:
      self->for_programs = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
baton_keep_off_row_class_init (BatonKeepOffRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_keep_off_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_keep_off_row_finalize;
  G_OBJECT_CLASS (klass)->get_property = baton_keep_off_row_get_property;
  G_OBJECT_CLASS (klass)->set_property = baton_keep_off_row_set_property;
  widget_class->unroot = baton_keep_off_row_unroot;

  /* The desktop is kept off already, and this is about every program. */
  properties[PROP_FOR_PROGRAMS] = g_param_spec_boolean (
      "for-programs", NULL, NULL, FALSE,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-keep-off-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonKeepOffRow, keep_switch);
  gtk_widget_class_bind_template_callback (widget_class, on_switched_cb);
}

static void
baton_keep_off_row_init (BatonKeepOffRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
name_for_programs (BatonKeepOffRow *self)
{
  const char *title = _ ("Keep Programs Off, Too");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->keep_switch),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

/**
 * baton_keep_off_row_set_card:
 * @self: a row
 * @model: what asks the helper
 * @address: the card that it is about
 */
void
baton_keep_off_row_set_card (BatonKeepOffRow *self, BatonModel *model, const char *address)
{
  g_return_if_fail (BATON_IS_KEEP_OFF_ROW (self));

  if (self->for_programs)
    name_for_programs (self);
  g_set_object (&self->model, model);
  g_free (self->address);
  self->address = g_strdup (address);
}

/**
 * baton_keep_off_row_show:
 * @self: a row
 * @card: the card
 * @holders: (nullable): who has it
 *
 * Shows what holds. Nothing is offered of the card that the desktop needs, and of programs only where
 * the desktop is kept off.
 *
 * Returns: whether there is something to show
 */
gboolean
baton_keep_off_row_show (BatonKeepOffRow *self, JsonObject *card, JsonObject *holders)
{
  gboolean desktop_is = baton_json_get_boolean (card, "kept_off");
  gboolean is_kept_off = desktop_is;
  g_autofree char *subtitle = NULL;

  g_return_val_if_fail (BATON_IS_KEEP_OFF_ROW (self), FALSE);

  if (self->for_programs)
    is_kept_off = baton_json_get_boolean (card, "programs_kept_off");
  if (self->for_programs && !desktop_is)
    return FALSE;
  if (!desktop_is && (baton_json_get_boolean (card, "boot_display") ||
                      baton_json_get_boolean (card, "only_display")))
    return FALSE;

  /* Where nobody can be asked, it is only shown. */
  if (!is_kept_off && !baton_model_can_ask (self->model))
    return FALSE;

  if (self->awaits_look && is_kept_off == gtk_switch_get_active (self->keep_switch))
    self->awaits_look = FALSE;
  if (self->is_running || self->awaits_look)
    return TRUE;

  set_active (self, is_kept_off);
  gtk_widget_set_sensitive (GTK_WIDGET (self), baton_model_can_ask (self->model));
  subtitle = self->for_programs
                 ? baton_keep_off_row_dup_subtitle_for_programs (is_kept_off, holders)
                 : baton_keep_off_row_dup_subtitle (is_kept_off, holders);
  if (self->message == NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);

  return TRUE;
}

/**
 * baton_keep_off_row_ask:
 * @self: a row that is shown
 *
 * Switches it on, as its user does, and brings it into sight. Where it is on, or nobody can be asked,
 * that is all there is to see.
 */
void
baton_keep_off_row_ask (BatonKeepOffRow *self)
{
  g_return_if_fail (BATON_IS_KEEP_OFF_ROW (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->keep_switch));
  if (gtk_widget_get_sensitive (GTK_WIDGET (self)))
    gtk_switch_set_active (self->keep_switch, TRUE);
}
