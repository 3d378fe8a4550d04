/* Random programs; see the header. */
#include "tests/machine/storm.h"

#include "base/hash.h"
#include "machine/snapshot.h"
#include "tests/isa/random.h"

enum {
    PAGES = 2,
    WORDS = PAGES * (int)PAGE_SIZE / 4,
};

/* Random code leaves these alone: where things are, and what the handler works with. */
enum {
    DATA_BASE = 8, /* s0 */
    CODE_BASE = 9, /* s1 */
    SPACE_1 = 18,  /* values of ptbr */
    SPACE_2 = 19,
    NEAR_RAM = 20, /* an address of nothing */
    UART = 21,
    FACTOR = 27,
    WORK = 28,
    WORK_2 = 29,
    SEED = 30,
};

#define STORM_CODE (RAM_BASE + 0x5000)
#define STORM_DATA (RAM_BASE + 0x8000)

static unsigned pick(uint32_t *state, unsigned n)
{
    return random_next(state) % n;
}

static uint8_t target_register(uint32_t *s)
{
    static const uint8_t free_ones[] = {0, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17};

    return free_ones[pick(s, COUNT_OF(free_ones))];
}

static int32_t small(uint32_t *s, unsigned bits, unsigned align)
{
    return ((int32_t)pick(s, 1u << bits) - (1 << (bits - 1))) & -(int32_t)align;
}

static word random_memory(uint32_t *s, enum insn_id id)
{
    static const uint8_t bases[] = {DATA_BASE, DATA_BASE, DATA_BASE, DATA_BASE, DATA_BASE,
                                    DATA_BASE, CODE_BASE, CODE_BASE, NEAR_RAM,  UART};
    struct insn i = {.id = id, .rs1 = bases[pick(s, COUNT_OF(bases))]};

    i.imm = small(s, 12, pick(s, 16) ? 4 : 1);
    if (insn_info(id)->format == FORMAT_LOAD)
        i.rd = target_register(s);
    else
        i.rs2 = (uint8_t)pick(s, 32);
    if (i.rs1 == UART)
        i.imm = 7;
    return rig_encode(i);
}

static word random_csr(uint32_t *s)
{
    static const word numbers[] = {CSR_status, CSR_status, CSR_tscratch, CSR_ie,      CSR_ip,
                                   CSR_ptbr,   CSR_ptbr,   CSR_timecmp,  CSR_instret, CSR_time,
                                   CSR_cycle,  CSR_cntren, CSR_tptbr,    0x123};
    static const uint8_t spaces[] = {0, SPACE_1, SPACE_2};
    word number = numbers[pick(s, COUNT_OF(numbers))];
    struct insn i = {.csr = (uint16_t)number, .rd = target_register(s)};

    if (number == CSR_ptbr || number == CSR_tptbr) {
        i.id = INSN_csrrw;
        i.rs1 = spaces[pick(s, COUNT_OF(spaces))];
    } else if (pick(s, 2)) {
        i.id = (enum insn_id)(INSN_csrrw + pick(s, 3));
        i.rs1 = (uint8_t)pick(s, 32);
    } else {
        i.id = (enum insn_id)(INSN_csrrwi + pick(s, 3));
        i.imm = (int32_t)pick(s, 32);
    }
    return rig_encode(i);
}

static word random_system(uint32_t *s)
{
    static const enum insn_id rest[] = {
        INSN_ecall,      INSN_ebreak, INSN_fence_i, INSN_fence, INSN_sfence_vma,
        INSN_sfence_vma, INSN_tret,   INSN_probe,   INSN_cpuid, INSN_pin,
        INSN_pout,       INSN_trace,  INSN_trace,   INSN_hcall, INSN_vmrun,
    };
    enum insn_id id = rest[pick(s, COUNT_OF(rest))];
    const char *syntax = insn_info(id)->syntax;
    struct insn i = {.id = id};

    for (; *syntax; syntax++) {
        if (*syntax == 'd')
            i.rd = target_register(s);
        if (*syntax == 's')
            i.rs1 = (uint8_t)pick(s, 32);
        if (*syntax == 't')
            i.rs2 = (uint8_t)pick(s, 32);
        if (*syntax == 'i')
            i.imm = small(s, 12, 1);
    }
    return rig_encode(i);
}

static word random_alu(uint32_t *s)
{
    struct insn i = {.id = (enum insn_id)(INSN_add + pick(s, INSN_remu - INSN_add + 1)),
                     .rd = target_register(s),
                     .rs1 = (uint8_t)pick(s, 32),
                     .rs2 = (uint8_t)pick(s, 32)};

    if (pick(s, 2)) {
        i.id = (enum insn_id)(INSN_addi + pick(s, INSN_srai - INSN_addi + 1));
        i.rs2 = 0;
        i.imm = (int32_t)pick(s, 32);
    }
    if (pick(s, 12) == 0) {
        i = (struct insn){.id = INSN_auipc, .rd = target_register(s)};
        i.imm = small(s, 8, 1) * 4096;
    }
    return rig_encode(i);
}

static word random_jump(uint32_t *s)
{
    switch (pick(s, 8)) {
    case 0:
        return I(jalr, target_register(s), CODE_BASE, small(s, 12, pick(s, 8) ? 4 : 1));
    case 1:
        return JAL(target_register(s), small(s, 12, pick(s, 8) ? 4 : 2));
    default:
        return rig_encode((struct insn){.id = (enum insn_id)(INSN_beq + pick(s, 6)),
                                        .rs1 = (uint8_t)pick(s, 32),
                                        .rs2 = (uint8_t)pick(s, 32),
                                        .imm = small(s, 8, pick(s, 16) ? 4 : 2)});
    }
}

static word random_word(uint32_t *s)
{
    unsigned kind = pick(s, 100);

    if (kind < 45)
        return random_alu(s);
    if (kind < 60)
        return random_memory(s, (enum insn_id)(INSN_lb + pick(s, 5)));
    if (kind < 75)
        return random_memory(s, (enum insn_id)(INSN_sb + pick(s, 3)));
    if (kind < 90)
        return random_jump(s);
    if (kind < 94)
        return random_csr(s);
    if (kind < 97)
        return random_system(s);
    return kind == 97 ? random_next(s) : R(add, target_register(s), DATA_BASE, ZERO);
}

/* Interrupt: clear the software bit, next timer in 97; on one of four it does as for exceptions,
 * so that no endless loop is. Exception: on to anywhere, in any ring. */
static void put_handler(struct rig *r)
{
    const word handler[] = {
        CSRR(csrrs, WORK, CSR_cause, ZERO),
        BRANCH(bge, WORK, ZERO, 8 * 4),
        CSRI(csrrci, ZERO, CSR_ip, 8),
        CSRR(csrrs, WORK, CSR_time, ZERO),
        I(addi, WORK, WORK, 97),
        CSRR(csrrw, ZERO, CSR_timecmp, WORK),
        I(andi, WORK, WORK, 12),
        BRANCH(beq, WORK, ZERO, 8),
        PLAIN(tret),
        R(mul, SEED, SEED, FACTOR),
        I(addi, SEED, SEED, 1013),
        I(srli, WORK, SEED, 19),
        I(andi, WORK, WORK, -4),
        R(add, WORK, WORK, CODE_BASE),
        CSRR(csrrw, ZERO, CSR_epc, WORK),
        I(srli, WORK, SEED, 8),
        I(andi, WORK, WORK, 0xfe),
        CSRI(csrrci, ZERO, CSR_status, 0xc),
        I(andi, WORK_2, WORK, 0xc),
        I(ori, WORK_2, WORK_2, 2),
        CSRR(csrrs, ZERO, CSR_status, WORK_2),
        PLAIN(tret),
    };

    for (unsigned i = 0; i < COUNT_OF(handler); i++)
        rig_put_at(r, VECTOR + 4 * i, handler[i]);
}

static void put_tables(struct rig *r)
{
    rig_clear_page(r, ROOT);
    rig_map_ram(r, ROOT);
    rig_clear_page(r, OTHER_ROOT);
    rig_clear_page(r, OTHER_TABLE);
    for (unsigned page = 0; page < 64; page++) {
        word rights = page == 9 ? PTE_R | PTE_X : PTE_R | PTE_W | PTE_X;
        word level = page < 5 ? PTE_PL_OF(0) : PTE_PL_OF(page % 4 ? 3 : 1);
        rig_map(r, OTHER_ROOT, OTHER_TABLE, RAM_BASE + page * PAGE_SIZE,
                (RAM_BASE + page * PAGE_SIZE) | rights | level | PTE_V);
    }
}

void storm_init(struct rig *r, struct machine_config config, uint32_t seed)
{
    uint32_t state = seed * 2654435761u | 1;

    rig_init(r, config);
    put_handler(r);
    put_tables(r);
    for (unsigned i = 0; i < WORDS; i++)
        rig_put_at(r, STORM_CODE + 4 * i, random_word(&state));
    rig_x(r, DATA_BASE, STORM_DATA + 0x800);
    rig_x(r, CODE_BASE, STORM_CODE);
    rig_x(r, SPACE_1, rig_ptbr(ROOT, 1));
    rig_x(r, SPACE_2, rig_ptbr(OTHER_ROOT, 2));
    rig_x(r, NEAR_RAM, NOWHERE);
    rig_x(r, UART, 0x10000000);
    rig_x(r, FACTOR, 1103515245);
    rig_x(r, SEED, seed);
    rig_set_csr(r, CSR_ie, 0x888);
    rig_set_csr(r, CSR_timecmp, 500);
    rig_set_csr(r, CSR_timecmph, 0);
    rig_set_csr(r, CSR_ptbr, rig_ptbr(ROOT, 1));
    rig_pc(r, STORM_CODE);
}

/* ---- running ---------------------------------------------------------------------------- */

static void hash_event(void *user, const struct event *e)
{
    struct storm_result *result = user;

    result->events = hash_bytes(result->events, e, sizeof *e);
    result->traps += e->kind == EVENT_trap;
}

struct stopper {
    struct machine *machine;
    unsigned every, count;
};

static void ask_to_stop(void *user, const struct event *e)
{
    struct stopper *s = user;

    (void)e;
    if (s->every && ++s->count % s->every == 0)
        machine_stop(s->machine);
}

/* Runs a piece, and when asked to takes it back first to run it again. */
static enum machine_stop run_piece(struct machine *m, uint64_t steps, bool twice)
{
    struct snapshot *before;
    struct error err;

    if (!twice)
        return machine_run(m, steps);
    ck_assert_int_eq(snapshot_take(&before, m, &err), 0);
    machine_run(m, steps);
    ck_assert_int_eq(snapshot_restore(before, m, &err), 0);
    snapshot_free(before);
    return machine_run(m, steps);
}

struct storm_result storm_run(struct machine_config config, uint32_t seed, uint64_t steps,
                              const struct storm_way *way)
{
    struct rig r;
    struct storm_result result = {0};

    storm_init(&r, config, seed);
    struct stopper stopper = {.machine = r.m, .every = way->stops};
    struct trace_subscriber hasher = {.fn = hash_event,
                                      .user = &result,
                                      .mask = EVENT_ALL & ~EVENT_BIT(EVENT_insn) &
                                              ~EVENT_BIT(EVENT_mem)};
    struct trace_subscriber watcher = {.fn = ask_to_stop, .user = &stopper, .mask = way->watch};
    if (!way->deaf)
        trace_attach(machine_trace(r.m), &hasher);
    trace_attach(machine_trace(r.m), &watcher);
    while (machine_icount(r.m) < steps) {
        uint64_t left = steps - machine_icount(r.m);
        enum machine_stop why =
            run_piece(r.m, way->piece && way->piece < left ? way->piece : left, way->twice);
        if (why != STOP_BUDGET && why != STOP_REQUESTED)
            break;
    }
    result.icount = machine_icount(r.m);
    result.digest = machine_digest(r.m);
    rig_fini(&r);
    return result;
}
