/*
 * Page tables (isa.md section 5): two levels, 4 KiB pages, 4 MiB superpages. Shared by the
 * machine's walker, the monitor's shadow code and guests: names for bits, nothing else.
 */
#ifndef ISA_PAGING_H
#define ISA_PAGING_H

#define PAGE_SHIFT      12
#define PAGE_SIZE       4096u
#define PAGE_MASK       0xfffff000u
#define SUPERPAGE_SHIFT 22
#define SUPERPAGE_SIZE  (1u << SUPERPAGE_SHIFT)
#define PT_ENTRIES      1024u

#define PTE_V           0x001u
#define PTE_R           0x002u
#define PTE_W           0x004u
#define PTE_X           0x008u
#define PTE_PL_SHIFT    4
#define PTE_PL          0x030u /* outermost ring that may use the page */
#define PTE_PL_OF(ring) ((unsigned)(ring) << PTE_PL_SHIFT)
#define PTE_A           0x040u
#define PTE_D           0x080u
#define PTE_SOFT        0x300u /* free for software */
#define PTE_ZERO        0xc00u /* must be zero */
#define PTE_PPN         0xfffff000u

#define PT_INDEX1(va)   ((unsigned)(va) >> SUPERPAGE_SHIFT)
#define PT_INDEX0(va)   (((unsigned)(va) >> PAGE_SHIFT) & (PT_ENTRIES - 1))

#define PTBR_ON         0x80000000u
#define PTBR_ASID_SHIFT 22
#define PTBR_ASID       0x7fc00000u
#define PTBR_PPN        0x000fffffu

#endif
