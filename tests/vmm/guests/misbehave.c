/*
 * Kernels that go wrong, each in its own way; the command line says which. The monitor must end
 * that VM with a reason, and nothing else.
 */
#include "tests/vmm/guests/kernel.h"

int kernel_main(const struct boot_page *boot);

static void illegal(void)
{
    __asm__ volatile(".word 0");
}

static void no_handler(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_tvec, 0);
    illegal();
}

static void handler_in_nothing(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_tvec, 0x40000000);
    illegal();
}

static void handler_in_a_device(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_tvec, REGION_uart);
    illegal();
}

static void handler_traps(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_tvec, (word)(uintptr_t)illegal);
    illegal();
}

__attribute__((naked, aligned(4))) static void storm_handler(void)
{
    __asm__ volatile("nop\n .word 0");
}

/* Not a dead end to the processor: the first instruction of the handler does retire. */
static void storm(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_tvec, (word)(uintptr_t)storm_handler);
    illegal();
}

static void wild_root(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_ptbr, PTBR_ON | PTBR_PPN);
    sfence_vma();
    illegal();
}

static void root_of_random_bits(const struct boot_page *boot)
{
    word *root = new_page(), seed = 1;

    (void)boot;
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        seed = seed * 1664525 + 1013904223;
        root[i] = seed;
    }
    csr_write(CSR_ptbr, ptbr_for(root, 0));
    sfence_vma();
    illegal();
}

static void wait_for_ever(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_ie, 0);
    wfi();
}

/* Waits for the disk, which has nothing to do. */
static void wait_for_nothing(const struct boot_page *boot)
{
    (void)boot;
    csr_write(CSR_ie, ie_ext);
    *(volatile word *)(REGION_intc + 4) = 1u << LINE_ata;
    wfi();
}

/* The monitor lies at the bottom of the real RAM and behind the guest's own. */
static void reach_for_the_monitor(const struct boot_page *boot)
{
    csr_write(CSR_tvec, 0);
    *(volatile word *)(uintptr_t)(boot->ram_base + boot->ram_size) = 0xdead;
}

static void reach_by_paging(const struct boot_page *boot)
{
    word *root = new_root();

    map_page(root, 0x40000000, (boot->ram_base + boot->ram_size) | 0xff);
    csr_write(CSR_ptbr, ptbr_for(root, 0));
    sfence_vma();
    csr_write(CSR_tvec, 0);
    *(volatile word *)0x40000000 = 0xdead;
}

/* Where binary translation has its vcpu page. A kernel can write it, and must harm only itself. */
static void spoil_the_top(const struct boot_page *boot)
{
    word seed = boot->ram_size;

    for (unsigned round = 0; round < 20000; round++) {
        volatile word *at = (volatile word *)(uintptr_t)(0xfffff800 + (seed >> 8 & 0x7fc));
        if (round < 10000) /* not yet what jumps go by */
            at = (volatile word *)(uintptr_t)(0xfffffc00 + (seed >> 8 & 0x3fc));
        seed = seed * 1664525 + 1013904223;
        *at = seed % 3 ? seed : (seed & 0xfffc) | 0xfff00000;
        csr_write(CSR_tscratch, csr_read(CSR_status));
        csr_set(CSR_status, seed & 0xf000);
        csr_write(CSR_epc, seed);
        put_text("");
        put_text(csr_read(CSR_tval) == 1 ? "." : "");
    }
}

static void fail_with_7(const struct boot_page *boot)
{
    (void)boot;
    *(volatile word *)REGION_finisher = 7u << 16 | 0x3333;
}

static void spin(const struct boot_page *boot)
{
    (void)boot;
    for (;;)
        __asm__ volatile("");
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {
        {"no_handler", no_handler},
        {"handler_in_nothing", handler_in_nothing},
        {"handler_in_a_device", handler_in_a_device},
        {"handler_traps", handler_traps},
        {"storm", storm},
        {"wild_root", wild_root},
        {"root_of_random_bits", root_of_random_bits},
        {"wait_for_ever", wait_for_ever},
        {"wait_for_nothing", wait_for_nothing},
        {"reach_for_the_monitor", reach_for_the_monitor},
        {"reach_by_paging", reach_by_paging},
        {"spoil_the_top", spoil_the_top},
        {"fail_with_7", fail_with_7},
        {"spin", spin},
    };

    return run_case(cases, sizeof cases / sizeof cases[0], boot);
}
