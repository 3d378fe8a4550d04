/*
 * The interpreter routines against the simulated processor: each case puts the same state into
 * a bare machine and into a virtual CPU, lets the one execute an instruction and the other
 * emulate it, and compares everything that software can see. Seeded, so always the same cases.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "isa/insn.h"
#include "machine/machine.h"
#include "tests/vmm/fake.h"
#include "vmm/emulate.h"

#include "isa/paging.h"

Suite *suite_vmm_reference(void);

#define CODE   (RAM_BASE + 0x2000)
#define ROOT   (RAM_BASE + 0x4000)
#define TABLE  (RAM_BASE + 0x5000)
#define PROBED 0x00005000u
#define CASES  20000

static struct machine *machine;
static bool classic; /* the variant, of both */
static struct vmm vmm;
static struct vm *vm;
static uint64_t seed;

static word random_word(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (word)(seed >> 32);
}

static word one_of(const word *list, unsigned count)
{
    return list[random_word() % count];
}

static void new_machine(void)
{
    struct machine_config config = machine_config_default();

    machine_free(machine);
    config.ram_size = 1u << 20;
    config.classic = classic;
    ck_assert_int_eq(machine_new(&machine, &config, NULL), 0);
}

static void both_write(gpa address, word value)
{
    fake_write(vm, address, value);
    ck_assert(machine_write(machine, address, &value, sizeof value));
}

static void setup(bool is_classic)
{
    machine = NULL;
    classic = is_classic;
    new_machine();
    vm = fake_vm(&vmm);
    fake()->features = classic ? 0 : 1;
    vata_init(vm, 0);
    seed = 20;
}

static void teardown(void)
{
    machine_free(machine);
}

/* ---- cases --------------------------------------------------------------------------------- */

static const enum insn_id kinds[] = {
    INSN_csrrw,  INSN_csrrs, INSN_csrrc, INSN_csrrwi,     INSN_csrrsi,
    INSN_csrrci, INSN_tret,  INSN_wfi,   INSN_sfence_vma, INSN_hcall,
    INSN_vmrun,  INSN_pin,   INSN_pout,  INSN_probe,      INSN_cpuid,
};

static const word numbers[] = {
    0x7c0, 0x7c1, 0x7c2, 0x7c3, 0x7c4, 0x7c5, 0x7c6, 0x7c7, 0x7c8, 0x7c9, 0x7ca, 0x7cb, 0x7cc,
    0x7cd, 0x7ce, 0x7cf, 0xc00, 0xc01, 0xc02, 0xc03, 0xc80, 0xc81, 0xc82, 0xc83, 0x000, 0x300,
};

/* Registers that instructions take as port, leaf, address... */
static word interesting(enum insn_id id)
{
    static const word ports[] = {0x3ff, 0x103ff, 0x100, 0x1f7, 0xffff};
    static const word leaves[] = {0, 2, 0x40000001, 0xffffffff};

    if (id == INSN_pin || id == INSN_pout)
        return one_of(ports, COUNT_OF(ports));
    if (id == INSN_cpuid)
        return one_of(leaves, COUNT_OF(leaves));
    if (id == INSN_probe)
        return random_word() % 4 ? PROBED + random_word() % 4096 : random_word();
    return random_word();
}

static struct insn random_insn(void)
{
    struct insn i = {.id = kinds[random_word() % COUNT_OF(kinds)]};
    const char *syntax = insn_info(i.id)->syntax;

    if (strchr(syntax, 'd'))
        i.rd = random_word() % 4 ? random_word() % 32 : 0;
    if (strchr(syntax, 's'))
        i.rs1 = random_word() % 4 ? random_word() % 32 : 0;
    if (strchr(syntax, 't'))
        i.rs2 = random_word() % 4 ? random_word() % 32 : 0;
    if (strchr(syntax, 'c'))
        i.csr = (uint16_t)one_of(numbers, COUNT_OF(numbers));
    if (strchr(syntax, 'z'))
        i.imm = random_word() % 4 ? (int32_t)(random_word() % 32) : 0;
    ck_assert(insn_encode(&i, &i.bits));
    return i;
}

/* A state in which `i` at CODE is what happens next: no interrupt is due. */
static struct cpu_regs random_state(const struct insn *i)
{
    struct cpu_regs r = {.pc = CODE};
    bool waits = i->id == INSN_wfi;

    for (unsigned n = 1; n < 32; n++)
        r.x[n] = random_word();
    if (i->rs1)
        r.x[i->rs1] = interesting(i->id);
    r.ring = random_word() % 4;
    r.status = random_word() & 0xf7cf;
    if (random_word() % 2)
        r.status &= ~0x100u; /* TF, half of the time */
    r.tvec = random_word() % 16 ? RAM_BASE + 0x100 : random_word() % 2 ? CODE : 0;
    r.tscratch = random_word();
    r.epc = random_word() & ~3u;
    r.cause = random_word() & 0x8000001f;
    r.tval = random_word();
    r.ip = random_word() & 8;
    r.ie = random_word() & 0x888 & ~r.ip;
    if (waits && r.ring == 0) {
        r.status &= ~1u;
        r.ip = r.ie = 8;
    }
    r.ptbr = random_word() % 2 ? PTBR_ON | ROOT >> PAGE_SHIFT | (random_word() & PTBR_ASID) : 0;
    r.tptbr = random_word() & 0xffcfffff;
    r.eptbr = random_word() & 0xffcfffff;
    r.timecmp = random_word();
    r.timecmph = random_word() | 0x80000000;
    r.cntren = random_word() & 7;
    return r;
}

/* Registers that are words of both worlds. */
static const struct {
    const char *name;
    size_t in_regs;   /* byte of struct cpu_regs */
    unsigned in_vmcb; /* word of the VMCB */
} pairs[] = {
#define PAIR(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct cpu_regs, name), offsetof(union vmcb, name) / 4                     \
    }
    PAIR(tvec), PAIR(tscratch), PAIR(epc),     PAIR(cause),    PAIR(tval),   PAIR(ie),    PAIR(ip),
    PAIR(ptbr), PAIR(tptbr),    PAIR(timecmp), PAIR(timecmph), PAIR(cntren), PAIR(eptbr),
#undef PAIR
};

static void put_vcpu(struct vcpu *v, const struct cpu_regs *r)
{
    memcpy(v->x, r->x, sizeof v->x);
    v->waiting = false;
    v->instret = 7;
    v->trapped_at = 0;
    *v->cb = (union vmcb){.words = {0}};
    v->cb->pc = r->pc;
    v->cb->status = r->status;
    for (unsigned n = 0; n < COUNT_OF(pairs); n++)
        v->cb->words[pairs[n].in_vmcb] = *(const word *)((const char *)r + pairs[n].in_regs);
    vcpu_set_ring(v, r->ring);
}

static struct cpu_regs get_vcpu(struct vcpu *v)
{
    struct cpu_regs r = {.pc = v->cb->pc, .ring = v->cb->ring};

    memcpy(r.x, v->x, sizeof r.x);
    r.status = v->cb->status & ~0x30u;
    for (unsigned n = 0; n < COUNT_OF(pairs); n++)
        *(word *)((char *)&r + pairs[n].in_regs) = v->cb->words[pairs[n].in_vmcb];
    return r;
}

static bool reads_counter(const struct insn *i)
{
    return strchr(insn_info(i->id)->syntax, 'c') && i->csr >= 0xc00;
}

static void compare(const struct insn *i, const struct cpu_regs *before, struct cpu_regs real,
                    struct cpu_regs virtual, unsigned n)
{
    const char *name = insn_info(i->id)->name;

    if (reads_counter(i) && i->rd) /* the value is time, not state */
        virtual.x[i->rd] = real.x[i->rd];
    real.ip &= 8;
    virtual.ip &= 8;
    ck_assert_msg(real.pc == virtual.pc && real.ring == virtual.ring,
                  "case %u: %s %08x in ring %u: goes to %08x in ring %u, not %08x in ring %u", n,
                  name, i->bits, before->ring, virtual.pc, virtual.ring, real.pc, real.ring);
    ck_assert_msg(real.status == virtual.status, "case %u: %s %08x: status is %08x, not %08x", n,
                  name, i->bits, virtual.status, real.status);
    for (unsigned k = 0; k < COUNT_OF(pairs); k++) {
        word is = *(const word *)((const char *)&virtual + pairs[k].in_regs);
        word should = *(const word *)((const char *)&real + pairs[k].in_regs);
        ck_assert_msg(is == should, "case %u: %s %08x in ring %u: %s is %08x, not %08x", n, name,
                      i->bits, before->ring, pairs[k].name, is, should);
    }
    for (unsigned x = 0; x < 32; x++)
        ck_assert_msg(real.x[x] == virtual.x[x],
                      "case %u: %s %08x in ring %u: x%u is %08x, not %08x", n, name, i->bits,
                      before->ring, x, virtual.x[x], real.x[x]);
}

START_TEST(a_routine_does_what_the_processor_does)
{
    unsigned trapped = 0, ended = 0;

    setup(_i);
    for (unsigned n = 0; n < CASES; n++) {
        struct insn i = random_insn();
        struct cpu_regs before = random_state(&i);
        word leaf = random_word() % 8 ? random_word() & 0xfff : random_word();

        both_write(CODE, i.bits);
        both_write(ROOT, TABLE | PTE_V);
        both_write(ROOT + PT_INDEX1(RAM_BASE) * 4, RAM_BASE | 0xff);
        both_write(TABLE + PT_INDEX0(PROBED) * 4, leaf);
        machine_set_regs(machine, &before);
        uint64_t retired = machine_instret(machine);
        machine_run(machine, 1);
        put_vcpu(&vm->vcpu, &before);
        vm->ended = false;
        emulate(&vm->vcpu, i.bits);
        ck_assert_msg((machine_state(machine) == MACHINE_SHUTDOWN) == vm->ended,
                      "case %u: %s %08x: %s", n, insn_info(i.id)->name, i.bits,
                      vm->ended ? vm->reason : "the machine shut down, the VM did not");
        if (vm->ended) {
            ended++;
            new_machine();
            vm->uart = (struct vuart){0};
            continue;
        }
        compare(&i, &before, *machine_regs(machine), get_vcpu(&vm->vcpu), n);
        ck_assert_uint_eq(vm->vcpu.instret - 7, machine_instret(machine) - retired);
        trapped += vm->vcpu.instret == 7;
    }
    /* the cases are worth something only if they go every way */
    ck_assert_uint_gt(trapped, CASES / 10);
    ck_assert_uint_lt(trapped, CASES - CASES / 10);
    ck_assert_uint_gt(ended, 10);
}
END_TEST

Suite *suite_vmm_reference(void)
{
    Suite *s = suite_create("vmm_reference");
    TCase *t = tcase_create("reference");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_routine_does_what_the_processor_does, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
