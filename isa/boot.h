/*
 * The boot page (isa.md section 11): what the loader tells the first program. Shared by the
 * loader, the monitor (which makes one for each guest) and guests. All words little-endian.
 * It lies page-aligned in RAM behind the program and its modules; a1 holds its address. All RAM
 * that nothing was loaded into is zero.
 */
#ifndef ISA_BOOT_H
#define ISA_BOOT_H

#include <stdint.h>

#define BOOT_MAGIC        0x544f4f42u /* the bytes BOOT */
#define BOOT_MODULES_MAX  32
#define BOOT_NAME_SIZE    40
#define BOOT_CMDLINE_SIZE 2048

struct boot_module {
    char name[BOOT_NAME_SIZE]; /* NUL-terminated */
    uint32_t address;          /* physical, page-aligned */
    uint32_t size;             /* bytes */
};

struct boot_page {
    uint32_t magic;
    uint32_t ram_base;
    uint32_t ram_size;
    uint32_t module_count;
    struct boot_module modules[BOOT_MODULES_MAX];
    char cmdline[BOOT_CMDLINE_SIZE]; /* NUL-terminated */
};

_Static_assert(sizeof(struct boot_page) <= 4096, "the boot page is one page");

#endif
