/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-desktop-app.h"

#include <string.h>

/**
 * baton_desktop_app_find:
 * @app_id: (nullable): desktop id without `.desktop`, as a holder has it (hostile)
 *
 * The id comes from a control group's name, which its owner chooses: what is no path is looked up
 * below the data directories only.
 *
 * Returns: (transfer full) (nullable): the app as its user knows it
 */
GDesktopAppInfo *
baton_desktop_app_find (const char *app_id)
{
  g_autofree char *desktop_id = NULL;

  if (app_id == NULL || strchr (app_id, '/') != NULL)
    return NULL;
  desktop_id = g_strconcat (app_id, ".desktop", NULL);

  return g_desktop_app_info_new (desktop_id);
}
