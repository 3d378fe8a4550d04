/*
 * The micro-benchmarks' kernel: builds one address space, runs the loops of micro.def twice, and
 * powers off. It takes no interrupt and prints nothing.
 *
 *   8000_0000   kernel, one to one, 4 KiB pages, ring 0
 *   4004_0000   the program (user.S), ring 3, behind the kernel in RAM; its page and the kernel's
 *               have different places in the TLB
 *   5000_0000   the window: WINDOW_PAGES pages, all of them the same frame
 *   0010_0000   finisher
 */
#include "guests/micro/ops.h"
#include "isa/boot.h"
#include "isa/paging.h"
#include "xrings.h"

#define USER_BASE     0x40040000u
#define WINDOW_BASE   0x50000000u
#define ALL_RIGHTS    (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define KERNEL_RIGHTS (ALL_RIGHTS | PTE_PL_OF(OPS_KERNEL_RING))
#define USER_RIGHTS   (ALL_RIGHTS | PTE_PL_OF(3))

#define WINDOW_PAGES  256

#define TABLE         __attribute__((aligned(4096))) word

static TABLE root[PT_ENTRIES];
static TABLE kernel_table[PT_ENTRIES], user_table[PT_ENTRIES], window_table[PT_ENTRIES],
    device_table[PT_ENTRIES];
static TABLE window_page[PT_ENTRIES];

extern char kernel_start[], user_start[], user_end[];
/* user.S; addresses as linked, which is where they are in RAM */
extern char user_loop[], user_syscall[], user_pgfault[], user_illegal[], user_compute[];

_Noreturn void micro_main(const struct boot_page *boot);

/* ---- the address space -------------------------------------------------------------------- */

static word address_of(const void *p)
{
    return (word)(uintptr_t)p;
}

static void map(word *table, word virtual, word physical, word size, word rights)
{
    for (word done = 0; done < size; done += PAGE_SIZE)
        table[PT_INDEX0(virtual + done)] = ops_frame(physical + done) | rights;
}

static void attach(word *table, word virtual)
{
    root[PT_INDEX1(virtual)] = ops_frame(address_of(table)) | PTE_V;
}

static void build(void)
{
    word *const tables[] = {kernel_table, user_table, window_table, device_table, root};
    const unsigned count = sizeof tables / sizeof tables[0];
    word user = address_of(user_start), size = address_of(user_end) - user;

    map(kernel_table, address_of(kernel_start), address_of(kernel_start),
        user - address_of(kernel_start), KERNEL_RIGHTS);
    for (unsigned i = 0; i < count; i++)
        map(kernel_table, address_of(tables[i]), address_of(tables[i]), PAGE_SIZE,
            OPS_TABLE_RIGHT | PTE_PL_OF(OPS_KERNEL_RING));
    map(user_table, USER_BASE, user, size, USER_RIGHTS);
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        map(window_table, i << PAGE_SHIFT, address_of(window_page), PAGE_SIZE, KERNEL_RIGHTS);
    if (OPS_DEVICES)
        device_table[PT_INDEX0(REGION_finisher)] = REGION_finisher | KERNEL_RIGHTS;
    attach(kernel_table, address_of(kernel_start));
    attach(user_table, USER_BASE);
    attach(window_table, WINDOW_BASE);
    attach(device_table, REGION_finisher);
    for (unsigned i = 0; i < count; i++)
        ops_table(tables[i], tables[i] == root ? 2 : 1);
    ops_paging(root);
}

/* ---- the operations ------------------------------------------------------------------------ */

static void run_kernel_loop(word times)
{
    for (word i = 0; i < times; i++)
        __asm__ volatile("" : : : "memory");
}

static void user(const char *code, word times)
{
    ops_user(USER_BASE + (address_of(code) - address_of(user_start)), times);
}

static void run_user_loop(word times)
{
    user(user_loop, times);
}

static void run_syscall(word times)
{
    user(user_syscall, times);
}

#define UART_LINE_STATUS 5

static void run_in(word times)
{
    for (word i = 0; i < times; i++)
        ops_port_in(PORT_uart + UART_LINE_STATUS);
}

static void run_cpuid(word times)
{
    for (word i = 0; i < times; i++)
        cpuid(0);
}

static void run_regwr(word times)
{
    for (word i = 0; i < times; i++)
        ops_register_write(i);
}

static __attribute__((noinline)) void function(void)
{
    __asm__ volatile("" : : : "memory");
}

static void run_callret(word times)
{
    for (word i = 0; i < times; i++)
        function();
}

static void run_pgfault(word times)
{
    user(user_pgfault, times);
}

static void run_illegal(word times)
{
    user(user_illegal, times);
}

static word window_address(word i)
{
    return WINDOW_BASE + (i << PAGE_SHIFT);
}

/* The window's pages are used before its entries are, so that there is something to forget. */
static void touch_window(void)
{
    for (word i = 0; i < WINDOW_PAGES; i++)
        if (window_table[i])
            *(volatile word *)(uintptr_t)window_address(i);
}

static void run_pte_same(word times)
{
    for (word i = 0; i < times; i++)
        ops_pte_write(&window_table[i], window_table[i]);
}

static void run_pte_clear(word times)
{
    for (word i = 0; i < times; i++)
        ops_pte_forget(&window_table[i], 0, window_address(i));
}

static void run_pte_set(word times)
{
    word value = ops_frame(address_of(window_page)) | KERNEL_RIGHTS;

    for (word i = 0; i < times; i++) {
        ops_pte_write(&window_table[i], value);
        *(volatile word *)(uintptr_t)window_address(i);
    }
}

static void run_compute(word times)
{
    user(user_compute, times);
}

static const struct micro {
    const char *name;
    word times;
    void (*run)(word times);
} micros[] = {
#define MICRO(name, ring, times, meaning) {#name, times, run_##name},
#include "guests/micro/micro.def"
#undef MICRO
};

static void measure(const struct micro *m)
{
    touch_window();
    m->run(1); /* the first time is another matter: caches, shadows, translations */
    trace_hint(HINT_message, m->name);
    trace_hint(HINT_mark, m->times);
    m->run(m->times);
    trace_hint(HINT_mark, 0);
}

/* The same code each time: what has been translated is not made again. */
static __attribute__((noinline)) void measure_all(void)
{
    for (unsigned i = 0; i < sizeof micros / sizeof micros[0]; i++)
        measure(&micros[i]);
}

_Noreturn void micro_main(const struct boot_page *boot)
{
    ops_init(boot);
    build();
    for (unsigned pass = 0; pass < 2; pass++)
        measure_all();
    ops_power_off();
    for (;;)
        ;
}
