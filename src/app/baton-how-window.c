/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-how-window.h"

#include <glib/gi18n.h>

#include "baton-codes.h"
#include "baton-json.h"
#include "baton-remedy-command.h"
#include "baton-text.h"
#include "baton-words.h"

struct _BatonHowWindow
{
  AdwWindow parent_instance;

  char *command; /* owned */

  /* from the template */
  AdwToastOverlay *toast_overlay;
  GtkLabel *text_label;
  GtkLabel *remedy_label;
  GtkWidget *command_box;
  GtkLabel *command_label;
  GtkWidget *after_label;
};

G_DEFINE_FINAL_TYPE (BatonHowWindow, baton_how_window, ADW_TYPE_WINDOW)

static void
activate_copy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonHowWindow *self = BATON_HOW_WINDOW (widget);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), self->command);
  adw_toast_overlay_add_toast (self->toast_overlay, adw_toast_new (_ ("Command copied")));
}

static void
baton_how_window_finalize (GObject *object)
{
  g_free (BATON_HOW_WINDOW (object)->command);

  G_OBJECT_CLASS (baton_how_window_parent_class)->finalize (object);
}

static void
baton_how_window_class_init (BatonHowWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_how_window_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-how-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, toast_overlay);
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, text_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, remedy_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, command_box);
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, command_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHowWindow, after_label);
  gtk_widget_class_install_action (widget_class, "how.copy", NULL, activate_copy);
}

static void
baton_how_window_init (BatonHowWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_how_window_new:
 * @finding: a finding that has a remedy
 * @command: (nullable): the line that carries the remedy out on this machine
 *
 * Returns: (transfer floating): a window that says how to mend it
 */
BatonHowWindow *
baton_how_window_new (JsonObject *finding, const char *command)
{
  BatonHowWindow *self = g_object_new (BATON_TYPE_HOW_WINDOW, NULL);
  g_autoptr (GHashTable) args = baton_json_dup_args (finding, "args");
  const char *name = baton_json_get_string (finding, "code");
  BatonCode code = BATON_CODE_NONE;
  const BatonCodeInfo *info;
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (name != NULL)
    baton_code_from_string (name, &code);
  info = baton_code_get_info (code);
  baton_words_embed_args (args);

  if (info != NULL)
    {
      text = baton_code_fill (_ (info->text), args);
      remedy = info->remedy != NULL ? baton_code_fill (_ (info->remedy), args) : NULL;
      gtk_window_set_title (GTK_WINDOW (self), _ (info->title));
    }
  else
    {
      text = g_strdup (baton_json_get_string (finding, "text"));
      remedy = g_strdup (baton_json_get_string (finding, "remedy"));
    }

  self->command = g_strdup (command);
  gtk_label_set_label (self->text_label, text != NULL ? text : "");
  gtk_label_set_label (self->remedy_label, remedy != NULL ? remedy : "");
  gtk_label_set_label (self->command_label, command != NULL ? command : "");
  gtk_widget_set_visible (self->command_box, command != NULL);
  gtk_widget_set_visible (self->after_label, command != NULL);
  /* A command line reads from the left in every language. */
  gtk_widget_set_direction (GTK_WIDGET (self->command_label), GTK_TEXT_DIR_LTR);

  return self;
}

/**
 * baton_how_window_present:
 * @parent: the window
 * @finding: (nullable): a finding that has a remedy
 *
 * Says how to mend it, with the exact line for this machine where one is known.
 */
void
baton_how_window_present (GtkWindow *parent, JsonObject *finding)
{
  g_autofree char *command = NULL;
  BatonHowWindow *self;

  if (finding == NULL)
    return;

  command = baton_remedy_command_build (finding, NULL);
  self = baton_how_window_new (finding, command);
  gtk_window_set_transient_for (GTK_WINDOW (self), parent);
  gtk_window_present (GTK_WINDOW (self));
}
