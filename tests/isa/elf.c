/* A small executable to damage; see elf.h. */
#include "tests/isa/elf.h"

#include <stddef.h>
#include <string.h>

#define STRINGS "\0_start\0main\0table\0LIMIT\0.L1\0"

enum { NAME_START = 1, NAME_MAIN = 8, NAME_TABLE = 13, NAME_LIMIT = 19, NAME_LOCAL = 25 };

_Static_assert(offsetof(struct elf_file, code) == 0x80, "the layout of elf.h");
_Static_assert(offsetof(struct elf_file, symbols) == 0xa0, "the layout of elf.h");
_Static_assert(offsetof(struct elf_file, strings) == 0x100, "the layout of elf.h");

static void fill_header(Elf32_Ehdr *h)
{
    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = ELFCLASS32;
    h->e_ident[EI_DATA] = ELFDATA2LSB;
    h->e_ident[EI_VERSION] = EV_CURRENT;
    h->e_type = ET_EXEC;
    h->e_machine = EM_RISCV;
    h->e_version = EV_CURRENT;
    h->e_entry = 0x80000000;
    h->e_phoff = offsetof(struct elf_file, segments);
    h->e_shoff = offsetof(struct elf_file, sections);
    h->e_ehsize = sizeof(Elf32_Ehdr);
    h->e_phentsize = sizeof(Elf32_Phdr);
    h->e_phnum = 2;
    h->e_shentsize = sizeof(Elf32_Shdr);
    h->e_shnum = 4;
    h->e_shstrndx = 2;
}

struct elf_file elf_sample(void)
{
    struct elf_file f = {
        .segments = {{PT_LOAD, 0x80, 0x80000000, 0x80000000, 16, 16, PF_R | PF_X, 4},
                     {PT_LOAD, 0x90, 0x80001000, 0x80001000, 8, 64, PF_R | PF_W, 4}},
        .code = {0x00500513, 0x008000ef, 0x00008067, 0x0000006f},
        .data = {1, 2, 3, 4, 5, 6, 7, 8},
        .symbols = {{0},
                    {NAME_START, 0x80000000, 0, ELF32_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, 3},
                    {NAME_MAIN, 0x80000004, 8, ELF32_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 3},
                    {NAME_TABLE, 0x80001000, 8, ELF32_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 3},
                    {NAME_LIMIT, 0x80000004, 0, ELF32_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, SHN_ABS},
                    {NAME_LOCAL, 0x80000008, 0, ELF32_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, 3}},
        .strings = STRINGS,
        .sections = {{0},
                     {.sh_type = SHT_SYMTAB,
                      .sh_offset = offsetof(struct elf_file, symbols),
                      .sh_size = sizeof f.symbols,
                      .sh_link = 2,
                      .sh_info = 1,
                      .sh_addralign = 4,
                      .sh_entsize = sizeof(Elf32_Sym)},
                     {.sh_type = SHT_STRTAB,
                      .sh_offset = offsetof(struct elf_file, strings),
                      .sh_size = sizeof f.strings,
                      .sh_addralign = 1},
                     {.sh_type = SHT_PROGBITS,
                      .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                      .sh_addr = 0x80000000,
                      .sh_offset = 0x80,
                      .sh_size = 16,
                      .sh_addralign = 4}},
    };

    fill_header(&f.header);
    return f;
}
