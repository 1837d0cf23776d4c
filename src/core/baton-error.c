/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"

#include <errno.h>

/**
 * baton_error_quark:
 *
 * Returns: the one domain of Baton's own errors, %BATON_ERROR
 */
GQuark
baton_error_quark (void)
{
  return g_quark_from_static_string ("baton-error-quark");
}

/**
 * baton_error_from_errno:
 * @errsv: a value of errno
 *
 * Returns: the code that callers act on for @errsv
 */
BatonError
baton_error_from_errno (int errsv)
{
  switch (errsv)
    {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case ENOTDIR:
      return BATON_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
      return BATON_ERROR_PERMISSION;
    case EBUSY:
    case EAGAIN:
      return BATON_ERROR_BUSY;
    case EFBIG:
    case E2BIG:
    case ENAMETOOLONG:
      return BATON_ERROR_TOO_LARGE;
    default:
      return BATON_ERROR_IO;
    }
}
