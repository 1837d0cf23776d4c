/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BATON_ERROR (baton_error_quark ())

/**
 * BatonError:
 * @BATON_ERROR_PARSE: text that does not have the shape it must have
 * @BATON_ERROR_NOT_FOUND: something named is not there (any more)
 * @BATON_ERROR_PERMISSION: this user may not read or do that
 * @BATON_ERROR_BUSY: somebody else has it
 * @BATON_ERROR_MISMATCH: it is there, and is not what it was
 * @BATON_ERROR_TOO_LARGE: more than Baton is willing to read
 * @BATON_ERROR_UNSUPPORTED: this machine cannot do that
 * @BATON_ERROR_IO: the kernel refused, for another reason
 *
 * A code is here only because some caller acts on it.
 */
typedef enum
{
  BATON_ERROR_PARSE,
  BATON_ERROR_NOT_FOUND,
  BATON_ERROR_PERMISSION,
  BATON_ERROR_BUSY,
  BATON_ERROR_MISMATCH,
  BATON_ERROR_TOO_LARGE,
  BATON_ERROR_UNSUPPORTED,
  BATON_ERROR_IO,
} BatonError;

GQuark baton_error_quark (void);

BatonError baton_error_from_errno (int errsv);

G_END_DECLS
