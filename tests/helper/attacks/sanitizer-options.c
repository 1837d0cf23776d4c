/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pkexec clears the environment, so what the sanitizers are told stands here. The search for leaks
 * traces its own process, which the helper forbids. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "detect_leaks=0";
}
