/*
 * Hypercalls at random, from a kernel that runs on page tables of its own: arguments that mean
 * something and that do not, updates, grants and event channels between the VMs of a storm,
 * virtqueues with anything in them, and returns to anywhere.
 */
#include "isa/virtio.h"
#include "tests/vmm/guests/para.h"

#define STORM 4000

static word seed;

static word random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    return seed ^= seed << 5;
}

/* An address in anything: RAM, its edges, the tables, small numbers. */
static word random_argument(void)
{
    switch (random_word() % 6) {
    case 0:
        return random_word();
    case 1:
        return RAM_BASE + random_word() % (RAM_SIZE + 8 * PAGE_SIZE);
    case 2:
        return page_of(pages[random_word() % 4]) + (random_word() % 16) * 4;
    case 3:
        return page_of(root) + (random_word() % 4) * PAGE_SIZE;
    default:
        return random_word() % 8;
    }
}

/* ---- hypercalls: arguments of the kind that they want, mostly ------------------------------- */

enum kind { WILD, A_PAGE, AN_ENTRY, A_LEVEL, A_VM, A_NUMBER, SOME_RIGHTS, A_PORT };

static const struct {
    word number;
    enum kind kinds[4];
} calls[] = {
    {HYPERCALL_frames, {A_PAGE, A_NUMBER, A_PAGE}},
    {HYPERCALL_table_make, {A_PAGE, A_LEVEL}},
    {HYPERCALL_table_free, {A_PAGE}},
    {HYPERCALL_root, {A_PAGE, A_NUMBER}},
    {HYPERCALL_update, {WILD}},
    {HYPERCALL_update, {WILD}},
    {HYPERCALL_event_open, {A_VM}},
    {HYPERCALL_event_bind, {A_VM, A_PORT}},
    {HYPERCALL_event_send, {A_PORT}},
    {HYPERCALL_event_close, {A_PORT}},
    {HYPERCALL_grant, {A_PAGE, A_VM, A_NUMBER}},
    {HYPERCALL_grant_end, {A_NUMBER}},
    {HYPERCALL_grant_map, {AN_ENTRY, A_VM, A_NUMBER, SOME_RIGHTS}},
    {HYPERCALL_grant_map, {AN_ENTRY, A_VM, A_NUMBER, SOME_RIGHTS}},
    {HYPERCALL_grant_unmap, {AN_ENTRY}},
    {HYPERCALL_balloon_give, {A_PAGE}},
    {HYPERCALL_balloon_take, {A_PAGE}},
    {HYPERCALL_device, {A_LEVEL, A_NUMBER}},
};

static word argument(enum kind kind)
{
    switch (random_word() % 16 ? kind : WILD) {
    case A_PAGE:
        return page_of(pages[random_word() % 4]);
    case AN_ENTRY:
        return (word)(uintptr_t)window(random_word() % 16);
    case A_LEVEL:
        return 1 + random_word() % 2;
    case A_VM:
        return 1 + random_word() % 3;
    case A_NUMBER:
        return random_word() % 4;
    case SOME_RIGHTS:
        return PTE_R | (random_word() & (PTE_W | PTE_PL_OF(1)));
    case A_PORT:
        return EVENT_PORT_first + random_word() % 4;
    case WILD:
        break;
    }
    return random_argument();
}

/* An update that may well be right: pages come and go, writable or not. */
static void queue_update(word i)
{
    word page = random_word() % 4;
    word entry = frame_of(pages[page]) | PTE_V | PTE_R | PTE_PL_OF(1);

    shared.updates[i].address =
        (word)(uintptr_t)(random_word() % 2 ? own(pages[page]) : window(random_word() % 16));
    shared.updates[i].value = random_word() % 4 ? entry | (random_word() & PTE_W) : 0;
}

static void queue_something(void)
{
    word count = random_word() % 8;

    for (word i = 0; i < count; i++) {
        queue_update(i);
        if (random_word() % 4)
            continue;
        shared.updates[i].address = random_argument();
        shared.updates[i].value = random_word() % 2
                                      ? frame_of(pages[random_word() % 4]) | (random_word() & 0xff)
                                      : random_word();
    }
    shared.update_count = random_word() % 64 ? count : random_word();
}

/* A page that may become a table: empty, or with something in it. */
static void store_something(void)
{
    const word *page = pages[random_word() % 4];

    for (word i = 0; i < 16; i++)
        store((word)(uintptr_t)&page[i], 0);
    if (random_word() % 2)
        store((word)(uintptr_t)&page[random_word() % 16],
              random_word() % 2 ? frame_of(pages[random_word() % 4]) | (random_word() & 0xff)
                                : random_word());
}

/* ---- virtqueues: parts that lie where they may, mostly, with anything in them ---------------- */

static struct {
    struct virtq_desc desc[8] __attribute__((aligned(16)));
    struct virtq_avail avail;
    struct virtq_used used __attribute__((aligned(4)));
} rings[2] PAGE_ALIGNED;

static word random_piece(void)
{
    static const word edges[] = {RAM_BASE + RAM_SIZE - 4, RAM_BASE - 4, 0xfffffffc, 0x10000000};

    switch (random_word() % 8) {
    case 0:
        return random_word();
    case 1:
        return edges[random_word() % 4];
    case 2: /* a ring's own parts: what is read is changed by what is written */
        return (word)(uintptr_t)rings + random_word() % sizeof rings;
    default:
        return page_of(pages[random_word() % 4]) + random_word() % PAGE_SIZE;
    }
}

static word random_length(void)
{
    static const word lengths[] = {0, 1, 16, 512, 513, 1024, 0x7fffffff, 0xffffffff};

    return random_word() % 4 ? lengths[random_word() % 4] : lengths[random_word() % 8];
}

static struct virtio_block_head heads[2];

/* A request that a disk could carry out, in a queue that may be anything. */
static void put_request(struct virtq_desc *desc, struct virtio_block_head *head)
{
    head->type = random_word() % 8 ? random_word() % 2 : random_word() % 8;
    head->sector = random_word() % 4 ? random_word() % 32 : random_word();
    head->sector_high = random_word() % 32 == 0;
    desc[0] = (struct virtq_desc){(word)(uintptr_t)head, 0, sizeof *head, VIRTQ_NEXT, 1};
    desc[1] =
        (struct virtq_desc){random_piece(), 0, 512 * (1 + random_word() % 3),
                            VIRTQ_NEXT | (head->type == VIRTIO_BLOCK_IN ? VIRTQ_WRITE : 0), 2};
    desc[2] = (struct virtq_desc){random_piece(), 0, 1, VIRTQ_WRITE, 0};
}

static void wild_queue(void)
{
    word n = random_word() % 2, device = random_word() % 8 ? random_word() % 2 : random_word() % 4;
    word queue = random_word() % 2, size = random_word() % 8 ? 8 : random_word() % 256;
    volatile uint16_t *idx = &rings[n].avail.idx;

    for (word i = 0; i < 8; i++) {
        rings[n].desc[i] =
            (struct virtq_desc){random_piece(), random_word() % 16 == 0, random_length(),
                                (uint16_t)(random_word() % 4 ? random_word() % 4 : random_word()),
                                (uint16_t)(random_word() % 8 ? random_word() % 8 : random_word())};
        rings[n].avail.ring[i] = (uint16_t)(random_word() % 8 ? random_word() % 8 : random_word());
    }
    if (random_word() % 2) {
        put_request(rings[n].desc, &heads[n]);
        rings[n].avail.ring[*idx % 8] = 0;
    }
    if (random_word() % 2) {
        *idx = 0;
        ask_all(HYPERCALL_queue,
                (const word[6]){
                    device, queue, size, (word)(uintptr_t)rings[n].desc,
                    random_word() % 8 ? (word)(uintptr_t)&rings[n].avail : random_piece() & ~1u,
                    random_word() % 8 ? (word)(uintptr_t)&rings[n].used : random_piece() & ~3u});
    }
    *idx = (uint16_t)(random_word() % 8 ? *idx + 1 + random_word() % 2 : random_word());
    ask(HYPERCALL_notify, device, queue, 0, 0);
}

/* ---- returns to anywhere ------------------------------------------------------------------- */

/*
 * void wild_return(void): iret as the shared page says. It comes back here when it is refused, or
 * by the callback from whatever it led to; so no register is relied on.
 */
void wild_return(void);
__asm__(".globl wild_return\n"
        "wild_return: addi sp, sp, -64\n"
        "        sw ra, 0(sp)\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11\n"
        "        sw s\\n, 4 + 4*\\n(sp)\n"
        ".endr\n"
        "        sw sp, attempt_sp, t0\n"
        "        la t1, 1f\n"
        "        sw t1, attempt_ra, t0\n"
        "        li a7, " XSTR(HYPERCALL_iret) "\n"
                                               "        .word 0x0000000b\n"
                                               "1:      lw sp, attempt_sp\n"
                                               "        lw ra, 0(sp)\n"
                                               ".irp n,0,1,2,3,4,5,6,7,8,9,10,11\n"
                                               "        lw s\\n, 4 + 4*\\n(sp)\n"
                                               ".endr\n"
                                               "        addi sp, sp, 64\n"
                                               "        j attempted\n");

static void return_to_anywhere(void)
{
    word to = random_word() % 2 ? random_word() : page_of(pages[random_word() % 4]);

    shared.epc = random_word() % 16 ? to & ~3u : to;
    shared.status = random_word() % 8 ? random_word() | status_pring : random_word();
    shared.kernel_sp = random_word();
    wild_return();
    shared.masked = 1; /* an event would come back to where this did */
}

/* What would only end the storm early, or fill the console. */
static bool too_final(word number)
{
    return number == HYPERCALL_power_off || number == HYPERCALL_block ||
           number == HYPERCALL_write || number == HYPERCALL_iret || number == HYPERCALL_callback;
}

static void wild_call(void)
{
    word number = random_word() % 8 ? random_word() % 51 : random_word();
    word a[6];

    for (word i = 0; i < 6; i++)
        a[i] = random_argument();
    if (!too_final(number))
        ask_all(number, a);
}

static void informed_call(void)
{
    word n = random_word() % (sizeof calls / sizeof calls[0]);
    word a[6] = {0};

    for (word i = 0; i < 4; i++)
        a[i] = argument(calls[n].kinds[i]);
    ask_all(calls[n].number, a);
}

_Noreturn void para_storm(const char *text)
{
    seed = 1;
    for (const char *p = text; *p; p++)
        seed = seed * 31 + (word)*p * 0x9e3779b9;
    for (word i = 0; i < STORM; i++) {
        if (random_word() % 4 == 0)
            queue_something();
        if (random_word() % 8 == 0)
            store_something();
        if (random_word() % 8 == 0)
            wild_queue();
        else if (random_word() % 16 == 0)
            return_to_anywhere();
        else if (random_word() % 4 == 0)
            wild_call();
        else
            informed_call();
    }
    say("the storm is over\n");
    off(0);
}
