/*
 * A small paravirtual kernel that tries what the monitor must not allow, with a real processor and
 * a real TLB below. The command line names a case; with a number it is the seed of a storm of
 * random hypercalls.
 *
 * It runs on one root and one table of leaves that map its RAM page by page, and comes back from
 * every trap behind what it attempted (attempt).
 */
#include "tests/vmm/guests/para.h"

_Noreturn void kernel_main(const struct boot_page *boot);
void trapped(void);

#define PAGES (RAM_SIZE / PAGE_SIZE)
#define RW    (PTE_V | PTE_R | PTE_W | PTE_PL_OF(1))

volatile struct hypercall_shared shared PAGE_ALIGNED;
static word leaves[PT_ENTRIES] PAGE_ALIGNED, window_leaves[PT_ENTRIES] PAGE_ALIGNED;
word root[PT_ENTRIES] PAGE_ALIGNED, pages[4][PT_ENTRIES] PAGE_ALIGNED;
static word frames[PAGES];

__asm__(".section .text.start, \"ax\", @progbits\n"
        ".globl _start\n"
        "_start: j 1f\n"
        "        .word " XSTR(HYPERCALL_SIGNATURE) "\n"
                                                   "1:      la sp, stack_top\n"
                                                   "        mv a0, a1\n"
                                                   "        call kernel_main\n"
                                                   ".bss\n"
                                                   ".balign 16\n"
                                                   ".space 8192\n"
                                                   ".globl stack_top\n"
                                                   "stack_top:\n"
                                                   ".text\n");

int ask_all(word number, const word a[6])
{
    register word a0 __asm__("a0") = a[0];
    register word a1 __asm__("a1") = a[1];
    register word a2 __asm__("a2") = a[2];
    register word a3 __asm__("a3") = a[3];
    register word a4 __asm__("a4") = a[4];
    register word a5 __asm__("a5") = a[5];
    register word a7 __asm__("a7") = number;

    __asm__ volatile(".word 0x0000000b"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return (int)a0;
}

int ask(word number, word a, word b, word c, word d)
{
    return ask_all(number, (const word[6]){a, b, c, d, 0, 0});
}

_Noreturn void off(word status)
{
    for (;;)
        ask(HYPERCALL_power_off, status, 0, 0, 0);
}

void say(const char *text)
{
    word size = 0;

    while (text[size])
        size++;
    ask(HYPERCALL_write, (word)(uintptr_t)text, size, 0, 0);
}

static void check(bool held, const char *what)
{
    if (held)
        return;
    say("wrong: ");
    say(what);
    say("\n");
    off(1);
}

/* ---- attempts ------------------------------------------------------------------------------ */

/*
 * bool store(word *address, word value): false when it traps. The way back from the trap does
 * not ask for iret: the callback is in the kernel already, only masked.
 */
__asm__(".globl store\n"
        "store:  sw sp, attempt_sp, t0\n"
        "        sw ra, attempt_ra, t0\n"
        "        sw a1, 0(a0)\n"
        "        li a0, 1\n"
        "        j attempted\n"
        ".balign 4\n"
        ".globl trapped, attempted\n"
        "trapped: lw sp, attempt_sp\n"
        "        lw ra, attempt_ra\n"
        "        li a0, 0\n"
        "attempted: la t1, lost\n" /* a trap that is no attempt's ends the VM */
        "        sw t1, attempt_ra, t0\n"
        "        ret\n"
        "lost:   li a0, 3\n"
        "        li a7, " XSTR(HYPERCALL_power_off) "\n"
                                                    "        .word 0x0000000b\n"
                                                    "        j lost\n"
                                                    ".data\n"
                                                    ".balign 4\n"
                                                    ".globl attempt_sp, attempt_ra\n"
                                                    "attempt_sp: .word stack_top\n"
                                                    "attempt_ra: .word lost\n"
                                                    ".text\n");

/* ---- tables -------------------------------------------------------------------------------- */

word page_of(const void *p)
{
    return (word)(uintptr_t)p & PAGE_MASK;
}

word frame_of(const void *p)
{
    return frames[(page_of(p) - RAM_BASE) / PAGE_SIZE] << PAGE_SHIFT;
}

static bool is_table(word page)
{
    return page == page_of(root) || page == page_of(leaves) || page == page_of(window_leaves);
}

static void must(int answer, const char *what)
{
    check(answer >= 0, what);
}

static void start(void)
{
    must(ask(HYPERCALL_share, page_of((const void *)&shared), 0, 0, 0), "share");
    must(ask(HYPERCALL_callback, (word)(uintptr_t)trapped, 0, 0, 0), "callback");
    must(ask(HYPERCALL_frames, RAM_BASE, PAGES, (word)(uintptr_t)frames, 0), "frames");
    for (word i = 0; i < PAGES; i++) {
        word page = RAM_BASE + i * PAGE_SIZE, rights = RW | PTE_X;
        leaves[PT_INDEX0(page)] =
            frames[i] << PAGE_SHIFT | (is_table(page) ? rights & ~PTE_W : rights);
    }
    root[PT_INDEX1(RAM_BASE)] = frame_of(leaves) | PTE_V;
    root[PT_INDEX1(WINDOW)] = frame_of(window_leaves) | PTE_V;
    must(ask(HYPERCALL_table_make, page_of(leaves), 1, 0, 0), "leaves");
    must(ask(HYPERCALL_table_make, page_of(window_leaves), 1, 0, 0), "window");
    must(ask(HYPERCALL_table_make, page_of(root), 2, 0, 0), "root");
    must(ask(HYPERCALL_root, page_of(root), 0, 0, 0), "running");
}

static int update(word address, word value)
{
    shared.updates[0].address = address;
    shared.updates[0].value = value;
    shared.update_count = 1;
    return ask(HYPERCALL_update, 0, 0, 0, 0);
}

word *window(word i)
{
    return &window_leaves[i];
}

word *own(const void *page)
{
    return &leaves[PT_INDEX0(page)];
}

/* Maps a page in the window and writes there, so that the TLB knows it. */
static void map_and_touch(word i, const void *page)
{
    must(update((word)(uintptr_t)window(i), frame_of(page) | RW), "mapping a page");
    check(store(WINDOW + i * PAGE_SIZE, 0), "a mapped page can be written");
}

/* ---- cases --------------------------------------------------------------------------------- */

static void tables_are_read_only(void)
{
    check(!store((word)(uintptr_t)&root[5], RW), "a root cannot be written");
    check(!store((word)(uintptr_t)window(0), RW), "a table cannot be written");
    check(root[5] == 0, "and has not been");
}

/* XSA-401: the entry goes, the translation stays, the page becomes a table. */
static void stale_writable_translation(void)
{
    map_and_touch(1, pages[0]);
    must(update((word)(uintptr_t)window(1), 0), "unmapping it");
    must(update((word)(uintptr_t)own(pages[0]), 0), "the kernel's own entry too");
    must(ask(HYPERCALL_table_make, page_of(pages[0]), 1, 0, 0), "making it a table");
    check(!store(WINDOW + 1 * PAGE_SIZE, frame_of(root) | RW), "its old address must not work");
    check(!store(page_of(pages[0]), frame_of(root) | RW), "nor the kernel's");
}

/* XSA-286: the pointer goes, translations of all that lay below stay. */
static void stale_after_a_pointer(void)
{
    map_and_touch(2, pages[1]);
    must(update((word)(uintptr_t)own(pages[1]), 0), "the kernel's own entry");
    must(update((word)(uintptr_t)&root[PT_INDEX1(WINDOW)], 0), "unhooking the table");
    must(ask(HYPERCALL_table_free, page_of(window_leaves), 0, 0, 0), "freeing the table");
    must(ask(HYPERCALL_table_make, page_of(pages[1]), 1, 0, 0), "making the page a table");
    check(!store(WINDOW + 2 * PAGE_SIZE, frame_of(root) | RW), "its old address must not work");
}

/* XSA-438 */
static void the_running_root_stays(void)
{
    check(ask(HYPERCALL_table_free, page_of(root), 0, 0, 0) == -HYPERCALL_ERROR_busy,
          "the running root cannot be freed");
    check(ask(HYPERCALL_table_free, page_of(leaves), 0, 0, 0) == -HYPERCALL_ERROR_busy,
          "nor what it leads to");
}

/* XSA-240 */
static void no_table_leads_to_itself(void)
{
    check(update((word)(uintptr_t)&root[0], frame_of(root) | PTE_V) == -HYPERCALL_ERROR_type,
          "a root in itself");
    check(update((word)(uintptr_t)window(0), frame_of(window_leaves) | RW) == -HYPERCALL_ERROR_type,
          "a table that maps itself writable");
}

/* XSA-173: 4 MiB that begin at a frame of one's own do not all belong to one. */
static void no_superpages(void)
{
    word entry = (frame_of(pages[0]) & ~(SUPERPAGE_SIZE - 1)) | RW;

    check(update((word)(uintptr_t)&root[3], entry) == -HYPERCALL_ERROR_entry, "a superpage");
    check(update((word)(uintptr_t)&root[3], frame_of(pages[0]) | RW) == -HYPERCALL_ERROR_entry,
          "a superpage that is not aligned");
}

static void privileged_instructions_trap(void)
{
    word cause_of_it;

    shared.cause = 0;
    __asm__ volatile("la t0, 1f\n"
                     "sw sp, attempt_sp, t1\n"
                     "sw t0, attempt_ra, t1\n"
                     "csrw 0x7c8, zero\n"
                     "1:" ::
                         : "t0", "t1", "a0", "ra", "memory");
    cause_of_it = shared.cause;
    check(cause_of_it == CAUSE_privileged, "csrw ptbr is no hypercall");
}

/* Several slices long: whoever else runs meanwhile must find the counter closed. */
static void the_clock_is_read_without_a_trap(void)
{
    word first = csr_read(CSR_time), last = first;

    shared.cause = 0;
    for (word i = 0; i < 500000; i++)
        last = csr_read(CSR_time);
    check(last != first, "time goes on");
    check(shared.cause == 0, "and the kernel has not heard of a trap");
}

/* ---- two VMs ------------------------------------------------------------------------------- */

/* What both know: the giver is VM 1 and asks for these first. */
#define GIVER     1
#define TAKER     2
#define PORT      EVENT_PORT_first
#define REFERENCE 0
#define HELLO     0x6f6c6c65u
#define WELCOME   0x636c6577u

static void wait_for_event(void)
{
    while (shared.raised == shared.taken)
        ask(HYPERCALL_block, 0, 0, 0, 0);
    shared.taken = shared.raised;
}

/* The other VM may not have come so far. */
static int insist(word number, word a, word b, word c, word d)
{
    int answer;

    while ((answer = ask(number, a, b, c, d)) < 0)
        ask(HYPERCALL_yield, 0, 0, 0, 0);
    return answer;
}

static void giver(void)
{
    volatile word *page = pages[0];

    check(insist(HYPERCALL_event_open, TAKER, 0, 0, 0) == PORT, "the port");
    check(ask(HYPERCALL_grant, page_of(pages[0]), TAKER, 1, 0) == REFERENCE, "the grant");
    wait_for_event();
    check(page[0] == HELLO, "the taker has written");
    check(ask(HYPERCALL_grant_end, REFERENCE, 0, 0, 0) == -HYPERCALL_ERROR_busy,
          "it cannot be taken back yet");
    page[1] = WELCOME;
    must(ask(HYPERCALL_event_send, PORT, 0, 0, 0), "sending");
    wait_for_event();
    must(ask(HYPERCALL_grant_end, REFERENCE, 0, 0, 0), "taking it back");
    check(page[2] == 0, "what was written after that is elsewhere");
}

static void taker(void)
{
    volatile word *page = (volatile word *)(uintptr_t)WINDOW;
    word port = (word)insist(HYPERCALL_event_bind, GIVER, PORT, 0, 0);

    insist(HYPERCALL_grant_map, (word)(uintptr_t)window(0), GIVER, REFERENCE, RW & ~PTE_V);
    page[0] = HELLO;
    must(ask(HYPERCALL_event_send, port, 0, 0, 0), "sending");
    wait_for_event();
    check(page[1] == WELCOME, "the giver has answered");
    must(ask(HYPERCALL_grant_unmap, (word)(uintptr_t)window(0), 0, 0, 0), "unmapping");
    check(!store(WINDOW + 8, HELLO), "it is not there any more, nor in the TLB");
    must(ask(HYPERCALL_event_send, port, 0, 0, 0), "saying so");
}

/* Maps what the other granted, and then the other is gone. */
static void heir(void)
{
    word port = (word)insist(HYPERCALL_event_bind, GIVER, PORT, 0, 0);

    insist(HYPERCALL_grant_map, (word)(uintptr_t)window(0), GIVER, REFERENCE, RW & ~PTE_V);
    check(store(WINDOW, HELLO), "mapped");
    must(ask(HYPERCALL_event_send, port, 0, 0, 0), "sending");
    wait_for_event();
    check(!store(WINDOW, HELLO), "the page has gone with its owner");
    check(ask(HYPERCALL_event_send, port, 0, 0, 0) == -HYPERCALL_ERROR_invalid, "so has the port");
}

static void testator(void)
{
    check(insist(HYPERCALL_event_open, TAKER, 0, 0, 0) == PORT, "the port");
    check(ask(HYPERCALL_grant, page_of(pages[0]), TAKER, 1, 0) == REFERENCE, "the grant");
    wait_for_event();
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"tables_are_read_only", tables_are_read_only},
    {"stale_writable_translation", stale_writable_translation},
    {"stale_after_a_pointer", stale_after_a_pointer},
    {"the_running_root_stays", the_running_root_stays},
    {"no_table_leads_to_itself", no_table_leads_to_itself},
    {"no_superpages", no_superpages},
    {"privileged_instructions_trap", privileged_instructions_trap},
    {"the_clock_is_read_without_a_trap", the_clock_is_read_without_a_trap},
    {"giver", giver},
    {"taker", taker},
    {"testator", testator},
    {"heir", heir},
};

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void kernel_main(const struct boot_page *boot)
{
    start();
    for (word i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!same(cases[i].name, boot->cmdline))
            continue;
        cases[i].run();
        say(cases[i].name);
        say("\n");
        off(0);
    }
    para_storm(boot->cmdline);
}
