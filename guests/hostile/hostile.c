/*
 * A kernel that tries everything: random instructions, privileged ones above all, in random
 * rings and states, on random page tables. The command line is its seed.
 *
 * Each attempt ends with a trap, by the timer at the latest. The handler then makes up the
 * next one. It runs without paging and takes nothing from the state that it finds (TPS, tptbr
 * 0); only an attempt in ring 0 that hits the right registers stops it, or ends its VM.
 *
 * Where its processor has vmrun, half of the attempts are guests of its own, from control blocks
 * that are right in most words and random in the others. Where its monitor takes hypercalls, many
 * an hcall is one that exists, with wild arguments.
 *
 * With "virtio " before the seed it also drives virtio devices, with queues that may be anything.
 * With "orderly " before the seed it does only what must have the same outcome on every
 * processor of this kind: straight code, no timer, tables that change only together with a
 * fence, nothing aimed at itself. In the end it prints a digest of all that its traps left.
 */
#include <stdbool.h>
#include <stdint.h>

#include "isa/boot.h"
#include "isa/paging.h"
#include "isa/virtio.h"
#include "xrings.h"

typedef uint32_t word;

_Noreturn void kernel_main(const struct boot_page *boot);
_Noreturn void hostile_next(void);
extern word saved_registers[];

#define FEATURE_VT  2u /* of cpuid leaf 1 */
#define FEATURE_NPT 4u

#define INSN_ECALL  0x00000073u
#define INSN_HCALL  0x0000000bu

#define CODE_WORDS  512
#define TABLES      8
#define PATIENCE    100000 /* cycles of an attempt: many exits long, and a page searched for holes */
#define LENGTH      1500   /* attempts */

static struct {
    word seed, attempts, digest;
    bool orderly, has_vt, has_npt, has_virtio;
    word boldness; /* one attempt in so many is in ring 0 */
    word code[CODE_WORDS] __attribute__((aligned(4096)));
    word tables[TABLES][PT_ENTRIES] __attribute__((aligned(4096)));
    word vmcb[PT_ENTRIES] __attribute__((aligned(4096)));
} state;

word saved_registers[32]; /* where the handler puts them */

static word random_word(void)
{
    if (!state.seed) /* its own stores reach it */
        state.seed = ++state.attempts;
    state.seed ^= state.seed << 13;
    state.seed ^= state.seed >> 17;
    state.seed ^= state.seed << 5;
    return state.seed;
}

static word one_in(word n)
{
    return random_word() % n == 0;
}

/* An address worth trying: RAM, its edges, devices, what lies in between. */
static word random_address(void)
{
    static const word bases[] = {0x80000000, 0x80100000, 0x801ff000, 0x80200000, 0x10000000,
                                 0x0c000000, 0x00100000, 0x10001000, 0,          0xfffff000};
    word first = !state.orderly && one_in(32) ? 0 : 1; /* its own program is soon beyond repair */
    word base =
        one_in(3) ? (word)(uintptr_t)state.code : bases[first + random_word() % (10 - first)];

    return one_in(8) ? random_word() : base + (random_word() & 0xffc);
}

static word random_entry(void)
{
    word table = (word)(uintptr_t)state.tables[random_word() % TABLES];
    word target = one_in(2) ? table : random_address() & PTE_PPN;

    if (one_in(16))
        return random_word();
    if (state.orderly && target == table)
        return table | PTE_V;
    return target | (random_word() & 0xff) | (one_in(4) ? 0 : PTE_V);
}

static word random_insn(void)
{
    static const word opcodes[] = {0x00100073, 0x00000073, 0x30200073, 0x10500073, 0x12000073,
                                   0x0000000b, 0x0000100b, 0x0000200b, 0x0000300b, 0x0000400b,
                                   0x0000500b, 0x0000100f, 0x00000003, 0x00002003, 0x00004003,
                                   0x00000023, 0x00001023, 0x00002023, 0x00000067, 0x00000063};
    word r = random_word();

    if (one_in(8))
        return r;
    if (one_in(12)) /* a register instruction */
        return 0x73 | (r & 0x000fff80) | (0x7c0u + (r >> 20) % 16) << 20 | (r & 0x3000) | 0x1000;
    if (one_in(3)) /* something harmless */
        return 0x13 | (r & 0x000fff80);
    if (state.orderly && one_in(8))
        return INSN_ECALL;
    word opcode =
        opcodes[one_in(2) ? 12 + r % 6
                          : r % (state.orderly ? 18 : 20)]; /* loads and stores above all */
    if (opcode >> 20 || opcode == INSN_ECALL || opcode == INSN_HCALL) /* no operands */
        return opcode;
    return opcode | (random_word() & 0x01ff8f80) | (one_in(4) ? random_word() & 0xfe000000 : 0);
}

static void change_something(void)
{
    for (word n = random_word() % 16; n; n--)
        state.code[random_word() % CODE_WORDS] = random_insn();
    for (word n = random_word() % 16; n; n--)
        state.tables[random_word() % TABLES][random_word() % PT_ENTRIES] = random_entry();
    /* so that something is executed at all */
    state.tables[0][PT_INDEX1(0x80000000)] = 0x80000000 | (random_word() & 0xc0) | 0x3f;
    if (state.orderly || one_in(2))
        sfence_vma();
}

static word random_root(void)
{
    word root = (word)(uintptr_t)state.tables[one_in(2) ? 0 : random_word() % TABLES];

    if (one_in(4))
        return 0;
    if (one_in(16))
        return random_word();
    return PTBR_ON | (random_word() & (3u << PTBR_ASID_SHIFT)) | root >> PAGE_SHIFT;
}

static void add_to_digest(word value)
{
    state.digest = (state.digest ^ value) * 0x01000193;
}

/* What the last attempt left, but for what depends on time: the counters that it read. */
static void look_at_trap(void)
{
    add_to_digest(csr_read(CSR_cause));
    add_to_digest(csr_read(CSR_tval));
    add_to_digest(csr_read(CSR_epc));
    add_to_digest(csr_read(CSR_status));
    add_to_digest(csr_read(CSR_eptbr));
    for (unsigned i = 0; i < 32; i++)
        add_to_digest(saved_registers[i]);
}

static void put_digest(void)
{
    volatile uint8_t *uart = (volatile uint8_t *)REGION_uart;

    for (int shift = 28; shift >= 0; shift -= 4)
        *uart = (uint8_t) "0123456789abcdef"[state.digest >> shift & 15];
    *uart = '\n';
}

static _Noreturn void finish(void)
{
    put_digest();
    for (;;)
        *(volatile word *)REGION_finisher = 0x5555;
}

/* ---- guests of its own ---- */

static void set(word offset, word value)
{
    state.vmcb[offset / 4] = value;
}

/* A control block of which the processor will mostly run what it says. */
static void make_vmcb(const word *begin)
{
    word ring = random_word() % 4;

    for (unsigned i = 0; i < PT_ENTRIES; i++)
        state.vmcb[i] = 0;
    set(VMCB_magic, 0x42434d56);
    set(VMCB_vmid, 1 + random_word() % 3);
    set(VMCB_icept_insn, (random_word() & 0x3ff) | 1u << INTERCEPT_interrupts |
                             1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun);
    set(VMCB_icept_cause, random_word() & 0x0500bfff & (one_in(2) ? ~0u : 0));
    set(VMCB_icept_csr_read, random_word() & 0x3fff);
    set(VMCB_icept_csr_write, random_word() & 0x3fff);
    set(VMCB_io_map, one_in(3) ? (word)(uintptr_t)state.tables : 0);
    set(VMCB_nested_paging, one_in(2) && (state.has_npt || one_in(16)));
    set(VMCB_nptbr, PTBR_ON | (word)(uintptr_t)state.tables[0] >> PAGE_SHIFT);
    set(VMCB_time_offset, random_word());
    set(VMCB_virtual_ip, random_word() & 0x888);
    set(VMCB_inject, one_in(3) ? 0x80000000 | random_word() % 12 : 0);
    set(VMCB_tlb_control, random_word() % 3);
    set(VMCB_pc, (word)(uintptr_t)begin);
    set(VMCB_ring, ring);
    set(VMCB_status, ring << status_cring_SHIFT | (random_word() & 0xf4cf) |
                         (ring && !one_in(16) ? status_pring : 0));
    set(VMCB_tvec, random_address() & ~3u);
    set(VMCB_epc, random_address() & ~3u);
    set(VMCB_ie, random_word() & 0x888);
    set(VMCB_ptbr, random_root());
    set(VMCB_tptbr, random_root());
    set(VMCB_eptbr, random_root());
    set(VMCB_timecmp, random_word());
    if (one_in(4))
        state.vmcb[random_word() % (one_in(2) ? PT_ENTRIES : VMCB_instreth / 4)] = random_word();
}

/* The guest leaves nothing in the registers that is of use: what follows begins anew. */
static _Noreturn void run_guest(const word *begin)
{
    make_vmcb(begin);
    register word vmcb __asm__("x10") = one_in(32) ? random_address() : (word)(uintptr_t)state.vmcb;
    register word *saved __asm__("x31") = saved_registers;
    __asm__ volatile(".irp n,1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,"
                     "28,29,30,31\n"
                     " lw x\\n, 4*\\n(x31)\n"
                     ".endr\n"
                     ".insn r 0x0b, 1, 0, x0, x10, x0\n"
                     "la sp, stack_top\n"
                     "j hostile_next"
                     :
                     : "r"(vmcb), "r"(saved)
                     : "memory");
    __builtin_unreachable();
}

/* ---- virtqueues ---- */

static struct {
    struct virtq_desc desc[8] __attribute__((aligned(16)));
    struct virtq_avail avail;
    struct virtq_used used __attribute__((aligned(4)));
} rings;

static void set_device(word slot, word reg, word value)
{
    *(volatile word *)(uintptr_t)(REGION_virtio + slot * PAGE_SIZE + reg) = value;
}

/* Of the rings themselves, as often as not: what the device reads is changed by what it writes. */
static word random_piece(void)
{
    return one_in(2) ? random_address() : (word)(uintptr_t)&rings + random_word() % sizeof rings;
}

static void place_queue(word slot)
{
    if (one_in(4))
        set_device(slot, VIRTIO_STATUS, 0);
    set_device(slot, VIRTIO_TAKES_SEL, 1);
    set_device(slot, VIRTIO_TAKES, 1);
    set_device(slot, VIRTIO_STATUS, VIRTIO_STATUS_FEATURES | (random_word() & 7));
    set_device(slot, VIRTIO_QUEUE, random_word() % 2);
    set_device(slot, VIRTIO_QUEUE_SIZE, one_in(8) ? random_word() % 256 : 8);
    set_device(slot, VIRTIO_DESC, one_in(8) ? random_piece() : (word)(uintptr_t)rings.desc);
    set_device(slot, VIRTIO_AVAIL, one_in(8) ? random_piece() : (word)(uintptr_t)&rings.avail);
    set_device(slot, VIRTIO_USED, one_in(8) ? random_piece() : (word)(uintptr_t)&rings.used);
    set_device(slot, VIRTIO_READY, !one_in(8));
}

static void drive_devices(void)
{
    word slot = random_word() % 2;

    for (unsigned i = 0; i < 8; i++) {
        rings.desc[i] = (struct virtq_desc){
            random_piece(), one_in(16), one_in(8) ? random_word() : random_word() % 1100,
            (uint16_t)(one_in(8) ? random_word() : random_word() % 4),
            (uint16_t)(one_in(8) ? random_word() : random_word() % 8)};
        rings.avail.ring[i] = (uint16_t)(one_in(8) ? random_word() : random_word() % 8);
    }
    if (one_in(2)) {
        rings.avail.idx = 0;
        place_queue(slot);
    }
    rings.avail.idx = (uint16_t)(one_in(8) ? random_word() : rings.avail.idx + 1);
    set_device(slot, VIRTIO_NOTIFY, random_word() % 3);
    set_device(slot, VIRTIO_ACK, random_word() % 2);
}

/* An hcall that some monitor may know, not far from where the attempt begins. */
static void choose_hypercall(word *begin)
{
    word number = random_word() % 56;

    saved_registers[17] = number == HYPERCALL_power_off && !one_in(16) ? HYPERCALL_yield : number;
    for (unsigned i = 10; i < 16; i++)
        saved_registers[i] = one_in(2)   ? random_word() % 8
                             : one_in(2) ? random_address() & PTE_PPN
                                         : random_address();
    begin[random_word() % 3] = INSN_HCALL;
}

/* The handler's other half: the next attempt. */
_Noreturn void hostile_next(void)
{
    look_at_trap();
    if (++state.attempts > LENGTH)
        finish();
    change_something();
    for (unsigned i = 0; i < 32; i++)
        saved_registers[i] = one_in(2) ? random_address() : random_word();
    word *begin = &state.code[random_word() % (CODE_WORDS - 16)];
    if (!state.orderly && one_in(4))
        choose_hypercall(begin);
    if (state.has_virtio && one_in(8))
        drive_devices();
    csr_write(CSR_ie, state.orderly ? 0 : ie_timer | (random_word() & ie_soft));
    csr_write(CSR_timecmph, 0);
    csr_write(CSR_timecmp, csr_read(CSR_time) + PATIENCE);
    csr_write(CSR_tptbr, 0);
    csr_write(CSR_eptbr, random_root());
    csr_write(CSR_tscratch, (word)(uintptr_t)saved_registers);
    word ring = !state.orderly && one_in(state.boldness) ? 0 : 1 + random_word() % 3;
    csr_write(CSR_status, status_tps | ring << status_pring_SHIFT | status_pie |
                              (random_word() & (status_uf | status_iopl)) |
                              (one_in(8) ? status_ptf : 0));
    csr_write(CSR_epc, (word)(uintptr_t)begin);
    if (state.has_vt && one_in(2))
        run_guest(begin);
    __asm__ volatile("mv x31, %0\n"
                     ".irp n,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                     "27,28,29,30,31\n"
                     " lw x\\n, 4*\\n(x31)\n"
                     ".endr\n"
                     ".word 0x30200073"
                     :
                     : "r"(saved_registers)
                     : "memory");
    __builtin_unreachable();
}

__attribute__((naked, aligned(4))) static void handler(void)
{
    __asm__ volatile("csrrw x31, 0x7c2, x31\n"
                     ".irp n,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                     "27,28,29,30\n"
                     " sw x\\n, 4*\\n(x31)\n"
                     ".endr\n"
                     "csrr x1, 0x7c2\n"
                     "sw x1, 124(x31)\n"
                     "la sp, stack_top\n"
                     "j hostile_next");
}

void kernel_main(const struct boot_page *boot)
{
    state.orderly = boot->cmdline[0] == 'o';
    state.has_virtio = boot->cmdline[0] == 'v';
    state.seed = 1;
    for (const char *p = boot->cmdline; *p; p++)
        state.seed = state.seed * 31 + (word)*p * 0x9e3779b9;
    for (unsigned i = 0; i < CODE_WORDS; i++)
        state.code[i] = random_insn();
    state.boldness = one_in(2) ? 64 : 6;
    state.has_vt = !state.orderly && (cpuid(1) & FEATURE_VT);
    state.has_npt = !state.orderly && (cpuid(1) & FEATURE_NPT);
    if (!state.orderly)
        cpuid(0x40000000); /* who asks for the monitor may make hypercalls */
    csr_write(CSR_tvec, (word)(uintptr_t)handler);
    csr_write(CSR_cntren, state.orderly ? 0 : 7);
    hostile_next();
}
