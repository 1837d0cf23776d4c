/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-crc32c.h"

/* References used below:
 *  ISCSI - RFC 3720, section 12.1 and appendix B.4: CRC32C and its test values
 */

/* The generator polynomial of ISCSI, its bits mirrored. */
#define CASTAGNOLI 0x82f63b78u

/**
 * baton_crc32c:
 * @seed: 0, or the value of the bytes that come before
 * @bytes: what is summed
 * @length: how many bytes
 *
 * The checksum of ISCSI, which finds every burst of up to 32 wrong bits. A
 * journal has a few kilobytes, so a loop over bits is quick enough and needs
 * no table.
 *
 * Returns: the sum of @bytes, or of what gave @seed and @bytes after it
 */
guint32
baton_crc32c (guint32 seed, const void *bytes, gsize length)
{
  const guint8 *byte = bytes;
  guint32 crc = ~seed;

  for (gsize i = 0; i < length; i++)
    {
      crc ^= byte[i];
      for (int bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) ? CASTAGNOLI : 0);
    }

  return ~crc;
}
