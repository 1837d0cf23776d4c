/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <elf.h>
#include <string.h>

#include "baton-machine.h"
#include "mock-machine.h"

#define CARD "0000:01:00.0"
#define FILES "usr/lib/modules/" MOCK_RELEASE
#define BOOTED "cpu 1 2 3\nbtime 1000000000\n"
#define LOADED "srcversion=0123456789ABCDEF01234567"
#define UPGRADED "srcversion=FEDCBA987654321001234567"

/* The least that is a module's file: an object with what modinfo(8) would say of it. */
static void
write_module (MockMachine *mock, const char *path, const char *const *info)
{
  static const char names[] = "\0.modinfo\0.shstrtab";
  g_autoptr (GByteArray) file = g_byte_array_new ();
  Elf64_Shdr sections[3] = { 0 };
  Elf64_Ehdr header = {
    .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                 G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT },
    .e_type = ET_REL,
    .e_version = EV_CURRENT,
    .e_ehsize = sizeof (Elf64_Ehdr),
    .e_shentsize = sizeof (Elf64_Shdr),
    .e_shnum = G_N_ELEMENTS (sections),
    .e_shstrndx = 2,
  };

  g_byte_array_append (file, (const guint8 *) &header, sizeof header);
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = file->len;
  for (guint i = 0; info[i] != NULL; i++)
    g_byte_array_append (file, (const guint8 *) info[i], (guint) strlen (info[i]) + 1);
  sections[1].sh_size = file->len - sections[1].sh_offset;
  sections[2].sh_name = 1 + sizeof ".modinfo";
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = file->len;
  sections[2].sh_size = sizeof names;
  g_byte_array_append (file, (const guint8 *) names, sizeof names);
  while (file->len % 8 != 0)
    g_byte_array_append (file, (const guint8 *) "", 1);
  header.e_shoff = file->len;
  g_byte_array_append (file, (const guint8 *) sections, sizeof sections);
  memcpy (file->data, &header, sizeof header);
  mock_machine_write_bytes (mock, path, file->data, file->len);
}

static const struct
{
  const char *name;
  const char *module;  /* that has the card */
  const char *loaded;  /* its mark in memory: ATTRIBUTE=VALUE, or NULL */
  const char *on_disk; /* in its file, or NULL where there is no such file */
  const char *file;    /* in the index */
  const char *stat;    /* of the system: when it was started */
  const char *replaced;
  const char *untold;
  gboolean built_in;
} rows[] = {
  { "the same", "amdgpu", LOADED, LOADED, "kernel/amdgpu.ko", NULL, "", "" },
  { "another", "amdgpu", LOADED, UPGRADED, "kernel/amdgpu.ko", NULL, "amdgpu", "" },
  { "another version", "nvidia", "version=550.163.01", "version=595.45.04",
    "updates/dkms/nvidia.ko", NULL, "nvidia", "" },
  { "its name written otherwise", "nvidia_x", LOADED, UPGRADED, "updates/nvidia-x.ko", NULL,
    "nvidia_x", "" },
  { "another module's name begins so", "nvidia", LOADED, UPGRADED, "updates/nvidia-drm.ko",
    NULL, "", "" },
  { "another version under Debian's name", "nvidia", "version=550.163.01", "version=595.45.04",
    "updates/dkms/nvidia-current.ko", NULL, "nvidia", "" },
  { "another version for old cards", "nvidia", "version=470.256.02", "version=470.199.02",
    "updates/dkms/nvidia-tesla-470.ko.xz", NULL, "nvidia", "" },
  { "the same under Debian's name", "nvidia", "version=550.163.01", "version=550.163.01",
    "updates/dkms/nvidia-current.ko", NULL, "", "" },
  { "only its display part under Debian's name", "nvidia", "version=550.163.01",
    "version=595.45.04", "updates/dkms/nvidia-current-drm.ko", NULL, "", "" },
  { "nothing to tell it by in memory", "amdgpu", NULL, UPGRADED, "kernel/amdgpu.ko", NULL, "",
    "amdgpu" },
  { "nothing to tell it by in the file", "amdgpu", LOADED, "license=GPL", "kernel/amdgpu.ko",
    NULL, "", "amdgpu" },
  { "nothing to tell it by, and as old as the start", "amdgpu", NULL, UPGRADED,
    "kernel/amdgpu.ko", "cpu 1 2 3\nbtime 4000000000\n", "", "" },
  { "no file any more", "amdgpu", LOADED, NULL, "kernel/amdgpu.ko", BOOTED, "amdgpu", "" },
  { "no file in a recorded tree", "amdgpu", LOADED, NULL, "kernel/amdgpu.ko", NULL, "", "" },
  { "not in the index any more", "amdgpu", LOADED, NULL, "kernel/radeon.ko", BOOTED, "amdgpu",
    "" },
  { "not in the index since before the start", "amdgpu", LOADED, NULL, "kernel/radeon.ko",
    "cpu 1 2 3\nbtime 4000000000\n", "", "" },
  { "only its display part any more", "nvidia", LOADED, LOADED, "updates/nvidia-drm.ko", BOOTED,
    "nvidia", "" },
  { "outside of the kernel's directory", "amdgpu", LOADED, NULL, "/opt/amdgpu.ko", BOOTED, "",
    "" },
  { "built in", "amdgpu", LOADED, NULL, "kernel/radeon.ko", BOOTED, "", "", TRUE },
  { "upgraded before the computer was started", "amdgpu", LOADED, UPGRADED, "kernel/amdgpu.ko",
    "cpu 1 2 3\nbtime 4000000000\n", "", "" },
  { "upgraded after that", "amdgpu", LOADED, UPGRADED, "kernel/amdgpu.ko", BOOTED, "amdgpu",
    "" },
};

static void
prepare (MockMachine *mock, guint i)
{
  const char *const info[] = { "license=GPL", rows[i].on_disk, NULL };
  const char *file = rows[i].file != NULL ? rows[i].file : "kernel/amdgpu.ko";
  g_autofree char *path = g_build_filename (FILES, file, NULL);

  mock_machine_add_gpu (mock, CARD, "1");
  mock_machine_set_driver (mock, CARD, rows[i].module);
  if (rows[i].loaded != NULL)
    {
      g_auto (GStrv) mark = g_strsplit (rows[i].loaded, "=", 2);
      g_autofree char *attribute =
          g_build_filename ("sys/module", rows[i].module, mark[0], NULL);
      g_autofree char *line = g_strconcat (mark[1], "\n", NULL);

      mock_machine_write (mock, attribute, line);
    }
  if (!rows[i].built_in)
    {
      g_autofree char *state =
          g_build_filename ("sys/module", rows[i].module, "initstate", NULL);

      mock_machine_write (mock, state, "live\n");
    }
  if (rows[i].on_disk != NULL)
    write_module (mock, path, info);
  if (rows[i].file != NULL)
    {
      g_autofree char *index =
          g_strconcat ("kernel/other.ko: ", rows[i].file, "\n", rows[i].file, ":\n", NULL);

      mock_machine_write (mock, FILES "/modules.dep", index);
    }
  if (rows[i].stat != NULL)
    mock_machine_write (mock, "proc/stat", rows[i].stat);
}

static void
test_replaced (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *replaced = NULL;
      g_autofree char *untold = NULL;

      g_test_message ("%s", rows[i].name);
      prepare (mock, i);
      machine = mock_machine_look (mock);
      g_assert_nonnull (machine->system->modules_replaced);
      replaced = g_strjoinv (" ", machine->system->modules_replaced);
      g_assert_cmpstr (replaced, ==, rows[i].replaced);
      untold = g_strjoinv (" ", machine->system->modules_untold);
      g_assert_cmpstr (untold, ==, rows[i].untold);
    }
}

/* Of NVIDIA's driver, most is no source. */
static void
test_same_sources (void)
{
  const char *const info[] = { LOADED, "version=550.163.02", NULL };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  prepare (mock, 0);
  mock_machine_write (mock, "sys/module/amdgpu/version", "550.163.01\n");
  write_module (mock, FILES "/kernel/amdgpu.ko", info);
  machine = mock_machine_look (mock);
  g_assert_true (
      g_strv_contains ((const char *const *) machine->system->modules_replaced, "amdgpu"));
}

/* Those for old cards may be installed beside those for new ones: it is enough that one of the files
 * is what was loaded. */
static void
test_side_by_side (void)
{
  static const char index[] = "updates/nvidia-tesla-470.ko:\nupdates/nvidia-current.ko:\n";
  const char *const old[] = { "version=470.256.02", NULL };
  const char *const loaded[] = { "version=550.163.01", NULL };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_gpu (mock, CARD, "1");
  mock_machine_set_driver (mock, CARD, "nvidia");
  mock_machine_write (mock, "sys/module/nvidia/version", "550.163.01\n");
  mock_machine_write (mock, FILES "/modules.dep", index);
  write_module (mock, FILES "/updates/nvidia-tesla-470.ko", old);
  write_module (mock, FILES "/updates/nvidia-current.ko", loaded);
  machine = mock_machine_look (mock);
  g_assert_cmpuint (g_strv_length (machine->system->modules_replaced), ==, 0);
}

/* A kernel that is removed or upgraded takes its modules along, on some distributions while it runs.
 * Where there are none at all, they were never there (a container's, or a system's that has them
 * elsewhere). */
static void
test_kernel_removed (void)
{
  static const struct
  {
    const char *removed;
    const char *replaced;
  } kernels[] = { { FILES, "amdgpu" }, { "usr/lib/modules", "" } };

  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *replaced = NULL;

      prepare (mock, 0);
      mock_machine_write (mock, "proc/stat", BOOTED);
      mock_machine_write (mock, "usr/lib/modules/6.2/modules.dep", "");
      mock_machine_remove (mock, kernels[i].removed);
      machine = mock_machine_look (mock);
      replaced = g_strjoinv (" ", machine->system->modules_replaced);
      g_assert_cmpstr (replaced, ==, kernels[i].replaced);
    }
}

/* What is no module is no other version of one either. */
static void
test_broken_file (void)
{
  static const char *const texts[] = { "", "no object", "\177ELF" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      prepare (mock, 1);
      mock_machine_write (mock, FILES "/kernel/amdgpu.ko", texts[i]);
      machine = mock_machine_look (mock);
      g_assert_cmpuint (g_strv_length (machine->system->modules_replaced), ==, 0);
    }
}

/* What most of a distribution's own modules are told by: the id of their build, which memory and file
 * both have in the same form. */
static void
test_build_id (void)
{
#define HEAD "\4\0\0\0\24\0\0\0\3\0\0\0GNU\0"
  static const char loaded[] = HEAD "abcdefghijklmnopqrst";
  static const struct
  {
    const char *name;
    const char *file;
    gsize length;
    const char *replaced;
    const char *untold;
  } builds[] = {
    { "the same", "\177ELF..." HEAD "abcdefghijklmnopqrst...", 46, "", "" },
    { "another", "\177ELF..." HEAD "ABCDEFGHIJKLMNOPQRST...", 46, "amdgpu", "" },
    { "none", "\177ELF...", 7, "", "amdgpu" },
    { "packed",
      "\375"
      "7zXZ abcdefghijklmnopqrst",
      26, "", "amdgpu" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (builds); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *replaced = NULL;
      g_autofree char *untold = NULL;

      g_test_message ("%s", builds[i].name);
      mock_machine_add_gpu (mock, CARD, "1");
      mock_machine_write (mock, FILES "/modules.dep", "kernel/amdgpu.ko: kernel/drm.ko\n");
      mock_machine_write_bytes (mock, "sys/module/amdgpu/notes/.note.gnu.build-id", loaded,
                                sizeof loaded - 1);
      mock_machine_write_bytes (mock, FILES "/kernel/amdgpu.ko", builds[i].file,
                                builds[i].length);
      machine = mock_machine_look (mock);
      replaced = g_strjoinv (" ", machine->system->modules_replaced);
      g_assert_cmpstr (replaced, ==, builds[i].replaced);
      untold = g_strjoinv (" ", machine->system->modules_untold);
      g_assert_cmpstr (untold, ==, builds[i].untold);
    }
#undef HEAD
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine/replaced/rows", test_replaced);
  g_test_add_func ("/core/machine/replaced/same-sources", test_same_sources);
  g_test_add_func ("/core/machine/replaced/side-by-side", test_side_by_side);
  g_test_add_func ("/core/machine/replaced/build-id", test_build_id);
  g_test_add_func ("/core/machine/replaced/kernel-removed", test_kernel_removed);
  g_test_add_func ("/core/machine/replaced/broken-file", test_broken_file);

  return g_test_run ();
}
