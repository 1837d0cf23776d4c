/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-frame.h"

#include <epoxy/egl.h>
#include <epoxy/gl.h>
#include <glib/gi18n.h>
#include <string.h>

#include "baton-error.h"

/* References used below:
 *  DEVICE - EGL_EXT_device_enumeration, EGL_EXT_device_query, EGL_EXT_platform_device: a display on a
 *    device itself, with no window system in between
 *  DRM - EGL_EXT_device_drm (EGL_DRM_DEVICE_FILE_EXT, /dev/dri/cardN), EGL_EXT_device_drm_render_node
 *    (EGL_DRM_RENDER_NODE_FILE_EXT, /dev/dri/renderDN)
 *  SOFTWARE - the names of Mesa's renderers that draw on the processor: src/gallium/drivers/llvmpipe
 *    and softpipe, and "SWR" of releases before 22
 */

/* DRM; epoxy 1.5 does not have it yet. */
#ifndef EGL_DRM_RENDER_NODE_FILE_EXT
#define EGL_DRM_RENDER_NODE_FILE_EXT 0x3377
#endif

#define MAX_DEVICES 64
#define SIZE 64

/* OpenGL of the oldest kind, which every driver has; OpenGL ES has a library of its own, which not
 * every desktop has installed.
 *
 * What the frame is to look like: a triangle over the whole of it, on another colour. */
static const float corners[] = { -1, -1, 3, -1, -1, 3 };
static const guint8 wanted[] = { 51, 153, 255 };

static const char *const vertex_source =
    "attribute vec2 at;\n"
    "void main () { gl_Position = vec4 (at, 0.0, 1.0); }\n";
static const char *const fragment_source =
    "void main () { gl_FragColor = vec4 (0.2, 0.6, 1.0, 1.0); }\n";

static gboolean
fail (GError **error, const char *reason)
{
  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED, reason);

  return FALSE;
}

static gboolean
is_one_of (const char *node, const char *const *nodes)
{
  return node != NULL && g_strv_contains (nodes, node);
}

/* Returns: EGL_NO_DEVICE_EXT where no library drives the card */
static EGLDeviceEXT
find_device (const char *const *nodes)
{
  EGLDeviceEXT devices[MAX_DEVICES];
  EGLint n_devices = 0;

  if (!epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_platform_device") ||
      !(epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_device_base") ||
        epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_device_enumeration")) ||
      !eglQueryDevicesEXT (MAX_DEVICES, devices, &n_devices))
    return EGL_NO_DEVICE_EXT;

  for (EGLint i = 0; i < n_devices; i++)
    {
      const char *extensions = eglQueryDeviceStringEXT (devices[i], EGL_EXTENSIONS);

      if (extensions == NULL)
        continue;
      if (strstr (extensions, "EGL_EXT_device_drm_render_node") != NULL &&
          is_one_of (eglQueryDeviceStringEXT (devices[i], EGL_DRM_RENDER_NODE_FILE_EXT), nodes))
        return devices[i];
      if (strstr (extensions, "EGL_EXT_device_drm") != NULL &&
          is_one_of (eglQueryDeviceStringEXT (devices[i], EGL_DRM_DEVICE_FILE_EXT), nodes))
        return devices[i];
    }

  return EGL_NO_DEVICE_EXT;
}

static GLuint
compile (GLenum type, const char *source)
{
  GLuint shader = glCreateShader (type);
  GLint is_compiled = GL_FALSE;

  glShaderSource (shader, 1, &source, NULL);
  glCompileShader (shader);
  glGetShaderiv (shader, GL_COMPILE_STATUS, &is_compiled);

  return is_compiled ? shader : 0;
}

/* A clear alone could be done without a single instruction run by the card. */
static gboolean
draw (GError **error)
{
  GLuint vertex = compile (GL_VERTEX_SHADER, vertex_source);
  GLuint fragment = compile (GL_FRAGMENT_SHADER, fragment_source);
  GLuint program = glCreateProgram ();
  GLint is_linked = GL_FALSE;
  guint8 pixel[4] = { 0 };

  if (vertex == 0 || fragment == 0)
    return fail (error, _ ("its driver did not make a program for it"));
  glAttachShader (program, vertex);
  glAttachShader (program, fragment);
  glBindAttribLocation (program, 0, "at");
  glLinkProgram (program);
  glGetProgramiv (program, GL_LINK_STATUS, &is_linked);
  if (!is_linked)
    return fail (error, _ ("its driver did not make a program for it"));

  glViewport (0, 0, SIZE, SIZE);
  glClearColor (1, 0, 0, 1);
  glClear (GL_COLOR_BUFFER_BIT);
  glUseProgram (program);
  glVertexAttribPointer (0, 2, GL_FLOAT, GL_FALSE, 0, corners);
  glEnableVertexAttribArray (0);
  glDrawArrays (GL_TRIANGLES, 0, 3);
  glFinish ();
  glReadPixels (SIZE / 2, SIZE / 2, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);

  if (glGetError () != GL_NO_ERROR)
    return fail (error, _ ("its driver reported an error while it drew"));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (ABS (pixel[i] - wanted[i]) > 2)
      return fail (error, _ ("it drew something else than it was told to"));

  return TRUE;
}

static gboolean
is_software_renderer (const char *renderer)
{
  static const char *const names[] = { "llvmpipe", "softpipe", "SWR", "Software Rasterizer" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strstr (renderer, names[i]) != NULL)
      return TRUE;

  return FALSE;
}

static char *
dup_gl_string (GLenum name)
{
  const char *text = (const char *) glGetString (name);

  return g_strdup (text != NULL ? text : "");
}

static BatonFrame *
draw_on (EGLDisplay display, GError **error)
{
  static const EGLint config_wanted[] = { EGL_SURFACE_TYPE,
                                          EGL_PBUFFER_BIT,
                                          EGL_RENDERABLE_TYPE,
                                          EGL_OPENGL_BIT,
                                          EGL_RED_SIZE,
                                          8,
                                          EGL_GREEN_SIZE,
                                          8,
                                          EGL_BLUE_SIZE,
                                          8,
                                          EGL_NONE };
  static const EGLint surface_wanted[] = { EGL_WIDTH, SIZE, EGL_HEIGHT, SIZE, EGL_NONE };
  g_autoptr (BatonFrame) frame = NULL;
  EGLConfig config;
  EGLint n_configs = 0;
  EGLContext context;
  EGLSurface surface;

  if (!eglBindAPI (EGL_OPENGL_API) ||
      !eglChooseConfig (display, config_wanted, &config, 1, &n_configs) || n_configs == 0)
    {
      fail (error, _ ("its driver has no picture that can be drawn without a window"));
      return NULL;
    }
  context = eglCreateContext (display, config, EGL_NO_CONTEXT, NULL);
  surface = eglCreatePbufferSurface (display, config, surface_wanted);
  if (context == EGL_NO_CONTEXT || surface == EGL_NO_SURFACE ||
      !eglMakeCurrent (display, surface, surface, context))
    {
      fail (error, _ ("its driver did not let a program draw"));
      return NULL;
    }

  if (!draw (error))
    return NULL;
  frame = g_new0 (BatonFrame, 1);
  frame->renderer = dup_gl_string (GL_RENDERER);
  frame->version = dup_gl_string (GL_VERSION);
  frame->is_software = is_software_renderer (frame->renderer);

  return g_steal_pointer (&frame);
}

/**
 * baton_frame_draw:
 * @nodes: (array zero-terminated=1): device files of a card
 * @error: return location for an error
 *
 * Draws one frame with the card, by whatever library drives it, and looks whether it is what was to be
 * drawn.
 *
 * Returns: (transfer full): who drew it; %NULL with a clause that says why nobody did
 */
BatonFrame *
baton_frame_draw (const char *const *nodes, GError **error)
{
  EGLDeviceEXT device = find_device (nodes);
  EGLDisplay display;
  BatonFrame *frame;

  if (device == EGL_NO_DEVICE_EXT)
    {
      fail (error, _ ("no library for drawing that is installed drives it"));
      return NULL;
    }

  display = eglGetPlatformDisplayEXT (EGL_PLATFORM_DEVICE_EXT, device, NULL);
  if (display == EGL_NO_DISPLAY || !eglInitialize (display, NULL, NULL))
    {
      fail (error, _ ("its library for drawing did not start"));
      return NULL;
    }

  frame = draw_on (display, error);
  eglTerminate (display);

  return frame;
}

/**
 * baton_frame_free:
 * @self: (nullable): a frame
 */
void
baton_frame_free (BatonFrame *self)
{
  if (self == NULL)
    return;

  g_free (self->renderer);
  g_free (self->version);
  g_free (self);
}
