/*
 * Random privileged programs.
 *
 * RAM, by page:  0-4 code   5 trap handlers   6, 7 data   8, 9 root tables   10-13 second-level tables
 *                14, 15 code   16-19 VMCBs   20, 21 I/O permission map   22 nested root   23 nested
 *                second-level table
 * Virtual:       superpages 0, 1, 3FFh and 200h (where RAM is) have tables; each of the first
 *                16 pages of a table maps one of the 16 pages of RAM
 *
 * Registers have roles, so that what is random is still plausible: x8-x15 hold addresses,
 * x23 an instruction, x24-x31 values for control registers and page tables; the rest is scratch.
 * x12 is mostly the address of a VMCB, which is what vmrun names.
 */
#include "tests/reference/generate.h"

#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/paging.h"
#include "isa/vmcb.h"

#include <string.h>

#define HANDLERS     (RAM_BASE + 5 * PAGE_SIZE) /* a page of trap handlers */
#define HANDLER_SIZE 64

enum {
    CODE_PAGES = 6,
    ROOT_PAGE = 8,
    TABLE_PAGE = 10,
    PAGES = 16, /* what random addresses and tables are about */
    IO_MAP_PAGE = 20,
    NESTED_PAGE = 22,
    ALL_PAGES = GENERATE_RAM / PAGE_SIZE,
};

/* splitmix64 */
struct rng rng_init(uint64_t seed)
{
    return (struct rng){seed * 0x9e3779b97f4a7c15u};
}

word rng_word(struct rng *g)
{
    uint64_t z = g->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (word)((z ^ z >> 31) >> 16);
}

word rng_below(struct rng *g, word limit)
{
    return rng_word(g) % limit;
}

bool rng_percent(struct rng *g, unsigned percent)
{
    return rng_below(g, 100) < percent;
}

struct machine_config generate_config(struct rng *g)
{
    static const uint32_t sizes[] = {1, 2, 4, 16, 256};
    struct machine_config config = machine_config_default();

    config.ram_size = 1u << 20;
    config.classic = rng_percent(g, 50);
    config.vt = rng_percent(g, 70);
    config.npt = config.vt && rng_percent(g, 60);
    config.tlb = sizes[rng_below(g, COUNT_OF(sizes))];
    if (rng_percent(g, 50)) {
        word most = rng_percent(g, 5) ? 1000000 : 40;
#define COST(name, value, meaning) config.cost.name = rng_below(g, most);
#include "machine/costs.def"
#undef COST
        config.cost.base = 1 + rng_below(g, most / 10);
        config.cost.divider = 1 + rng_below(g, 7);
    }
    return config;
}

/* ---- values ------------------------------------------------------------------------------ */

static word page_of_ram(struct rng *g)
{
    if (rng_percent(g, 2)) /* nothing is there, or another page of RAM */
        return rng_percent(g, 50) ? 0x40000 : (RAM_BASE >> PAGE_SHIFT) + rng_below(g, 256);
    return (RAM_BASE >> PAGE_SHIFT) + rng_below(g, PAGES);
}

static word leaf(struct rng *g, word page)
{
    word entry = page << PAGE_SHIFT | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL;

    if (rng_percent(g, 30))
        entry &= ~(word)PTE_PL | rng_below(g, 4) << PTE_PL_SHIFT;
    if (rng_percent(g, 30))
        entry ^= 1u << rng_below(g, 4);
    if (rng_percent(g, 30))
        entry |= rng_word(g) & (PTE_A | PTE_D | PTE_SOFT);
    if (rng_percent(g, 2))
        entry |= rng_word(g) & PTE_ZERO;
    return entry;
}

static word superpage(struct rng *g)
{
    word entry = leaf(g, RAM_BASE >> PAGE_SHIFT);

    return rng_percent(g, 10) ? entry | rng_word(g) << PAGE_SHIFT : entry;
}

static word table_page(unsigned n)
{
    return RAM_BASE + (TABLE_PAGE + n) * PAGE_SIZE;
}

static word random_ptbr(struct rng *g)
{
    word root = (RAM_BASE >> PAGE_SHIFT) + ROOT_PAGE + rng_below(g, 2);

    if (rng_percent(g, 2))
        root = rng_word(g) & PTBR_PPN;
    return (rng_percent(g, 85) ? PTBR_ON : 0) | rng_below(g, 3) << PTBR_ASID_SHIFT | root;
}

/* An address in one of the mapped superpages or in RAM itself. */
static word address(struct rng *g, unsigned first_page, unsigned pages)
{
    static const word bases[] = {RAM_BASE, RAM_BASE, RAM_BASE, 0, 0x00400000, 0xffc00000};
    word base = bases[rng_below(g, COUNT_OF(bases))];

    return base + (first_page + rng_below(g, pages)) * PAGE_SIZE + (rng_below(g, PAGE_SIZE) & ~3u);
}

static word entry_address(struct rng *g)
{
    if (rng_percent(g, 20))
        return RAM_BASE + (ROOT_PAGE + rng_below(g, 2)) * PAGE_SIZE +
               4 * (rng_percent(g, 50) ? 0x200 : rng_below(g, 2));
    return table_page(rng_below(g, 4)) + 4 * rng_below(g, PAGES);
}

static word edge(struct rng *g)
{
    static const word edges[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 31, 32, 0x7ff, 0xfff};

    return rng_percent(g, 50) ? edges[rng_below(g, COUNT_OF(edges))] : rng_word(g);
}

/* ---- instructions ------------------------------------------------------------------------ */

static unsigned scratch(struct rng *g)
{
    unsigned n = rng_below(g, 16);

    if (rng_percent(g, 5))
        return rng_below(g, 32);
    return n < 8 ? n : n + 8;
}

static unsigned any(struct rng *g)
{
    return rng_below(g, 32);
}

static unsigned pointer(struct rng *g)
{
    return rng_percent(g, 97) ? 8 + rng_below(g, 8) : any(g);
}

static unsigned control_value(struct rng *g)
{
    return rng_percent(g, 90) ? 24 + rng_below(g, 8) : any(g);
}

static struct insn arithmetic(struct rng *g)
{
    enum insn_id id = INSN_addi + rng_below(g, INSN_remu - INSN_addi + 1);
    struct insn i = {.id = id, .rd = scratch(g), .rs1 = any(g), .rs2 = any(g)};

    i.imm = insn_info(id)->format == FORMAT_SHIFT ? (int32_t)rng_below(g, 32)
                                                  : (int32_t)rng_below(g, 4096) - 2048;
    return i;
}

static struct insn memory(struct rng *g)
{
    enum insn_id id = INSN_lb + rng_below(g, INSN_sw - INSN_lb + 1);
    int32_t offset = (int32_t)rng_below(g, 64) * 4 - 128;

    if (rng_percent(g, 5))
        offset = (int32_t)rng_below(g, 4096) - 2048;
    struct insn i = {.id = id, .rd = scratch(g), .rs1 = pointer(g), .rs2 = any(g), .imm = offset};
    if (i.rs1 == 12 && rng_percent(g, 80)) /* VMCBs live a little longer */
        i.rs1 = 11;
    return i;
}

static struct insn edit_entry(struct rng *g)
{
    return (struct insn){.id = INSN_sw, .rs1 = 30, .rs2 = 29, .imm = (int32_t)rng_below(g, 8) * 4};
}

static struct insn jump(struct rng *g)
{
    enum insn_id id = INSN_jal + rng_below(g, INSN_bgeu - INSN_jal + 1);
    int32_t offset = ((int32_t)rng_below(g, 24) - 4) * 4;
    struct insn i = {.id = id, .rd = scratch(g), .rs1 = any(g), .rs2 = any(g)};

    i.imm = rng_percent(g, 3) ? offset + 2 : offset;
    if (id == INSN_jalr)
        i.rs1 = 25 + rng_below(g, 3);
    return i;
}

static struct insn control(struct rng *g)
{
    static const word favourites[] = {CSR_status, CSR_ptbr,   CSR_timecmp, CSR_ie,
                                      CSR_ip,     CSR_status, CSR_tptbr,   CSR_epc};
    enum insn_id id = INSN_csrrw + rng_below(g, INSN_csrrci - INSN_csrrw + 1);
    struct insn i = {.id = id, .rd = scratch(g), .rs1 = control_value(g)};

    i.imm = (int32_t)rng_below(g, 32);
    i.csr = (uint16_t)favourites[rng_below(g, COUNT_OF(favourites))];
    if (rng_percent(g, 40))
        i.csr = (uint16_t)csr_table[rng_below(g, csr_count)].number;
    if (rng_percent(g, 2))
        i.csr = (uint16_t)rng_below(g, 4096);
    if (rng_percent(g, 30)) /* a plain read */
        i.id = INSN_csrrs, i.rs1 = 0;
    if (i.csr == CSR_tvec && i.id != INSN_csrrs && rng_percent(g, 90))
        i.id = INSN_csrrw, i.rs1 = 26;
    return i;
}

static struct insn special(struct rng *g)
{
    static const enum insn_id ids[] = {
        INSN_tret,    INSN_tret,  INSN_tret,  INSN_sfence_vma, INSN_sfence_vma, INSN_ecall,
        INSN_ebreak,  INSN_hcall, INSN_wfi,   INSN_pin,        INSN_pout,       INSN_probe,
        INSN_probe,   INSN_cpuid, INSN_trace, INSN_lui,        INSN_auipc,      INSN_fence,
        INSN_fence_i, INSN_vmrun, INSN_vmrun, INSN_vmrun,      INSN_vmrun,      INSN_hcall,
    };
    enum insn_id id = ids[rng_below(g, COUNT_OF(ids))];
    struct insn i = {.id = id, .rd = scratch(g), .rs1 = pointer(g), .rs2 = any(g)};

    if (insn_info(id)->format == FORMAT_U)
        i.imm = (int32_t)(rng_word(g) & 0xfffff000);
    if (id == INSN_sfence_vma) {
        i.rs1 = rng_percent(g, 50) ? 0 : i.rs1;
        i.rs2 = rng_percent(g, 50) ? 0 : 16 + rng_below(g, 4);
    }
    if (id == INSN_vmrun && rng_percent(g, 90))
        i.rs1 = 12;
    if (id == INSN_trace)
        i.imm = (int32_t)rng_below(g, 12);
    return i;
}

/* Leaves only the fields that the instruction's format has. */
static word encode(struct insn i)
{
    const char *syntax = insn_info(i.id)->syntax;
    word bits = 0;

    i.rd = strchr(syntax, 'd') ? i.rd : 0;
    i.rs1 = strchr(syntax, 's') ? i.rs1 : 0;
    i.rs2 = strchr(syntax, 't') ? i.rs2 : 0;
    i.csr = strchr(syntax, 'c') ? i.csr : 0;
    i.imm = strpbrk(syntax, "ihmbjuz") ? i.imm : 0;
    return insn_encode(&i, &bits) ? bits : 0;
}

static word instruction(struct rng *g)
{
    static const struct {
        unsigned percent;
        struct insn (*make)(struct rng *g);
    } mix[] = {{34, arithmetic}, {24, memory},  {3, edit_entry},
               {12, jump},       {14, control}, {12, special}};
    word choice = rng_below(g, 100);

    for (unsigned k = 0; k < COUNT_OF(mix); k++) {
        if (choice < mix[k].percent)
            return encode(mix[k].make(g));
        choice -= mix[k].percent;
    }
    return rng_word(g); /* whatever it is */
}

/* ---- memory and registers ---------------------------------------------------------------- */

static void put(uint8_t *ram, word at, word value)
{
    memcpy(ram + (at - RAM_BASE), &value, 4);
}

static void root_table(struct rng *g, uint8_t *ram, unsigned page)
{
    static const unsigned indices[] = {0, 1, 0x200, 0x3ff};
    word root = RAM_BASE + page * PAGE_SIZE;

    for (unsigned k = 0; k < COUNT_OF(indices); k++) {
        word entry = table_page(k) | PTE_V | (rng_word(g) & 0x3f0);

        if (k == 2 && rng_percent(g, 70)) /* handlers mostly survive */
            entry = RAM_BASE | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL;
        else if (rng_percent(g, 15))
            entry = superpage(g);
        put(ram, root + 4 * indices[k], entry);
    }
}

/* Code that changes what stands a few words ahead of it into the instruction in x23. */
static void rewrite(struct rng *g, uint8_t *ram, word at)
{
    int32_t ahead = 8 + (int32_t)rng_below(g, 6) * 4;

    put(ram, at, encode((struct insn){.id = INSN_auipc, .rd = 14}));
    put(ram, at + 4, encode((struct insn){.id = INSN_sw, .rs1 = 14, .rs2 = 23, .imm = ahead}));
}

/* Skips what trapped or goes elsewhere, moves the timer on, and returns; with some noise. */
static void handler(struct rng *g, uint8_t *ram, word at)
{
    int32_t later = (int32_t)rng_below(g, 800);
    uint8_t back = rng_percent(g, 60) ? 5 : rng_percent(g, 50) ? 25 : 27;
    const struct insn body[] = {
        {.id = INSN_csrrs, .rd = 5, .csr = CSR_epc},
        {.id = INSN_addi, .rd = 5, .rs1 = back, .imm = 4},
        {.id = INSN_csrrw, .rs1 = 5, .csr = CSR_epc},
        {.id = INSN_csrrs, .rd = 5, .csr = CSR_time},
        {.id = INSN_addi, .rd = 5, .rs1 = 5, .imm = later},
        {.id = INSN_csrrw, .rs1 = 5, .csr = CSR_timecmp},
        {.id = INSN_tret},
    };

    for (unsigned k = 0; k < COUNT_OF(body); k++) {
        if (k > 0 && rng_percent(g, 6)) { /* handlers are in ring 0 */
            put(ram, at, encode((struct insn){.id = INSN_vmrun, .rs1 = 12}));
            at += 4;
        }
        if (k > 0 && rng_percent(g, 20)) {
            put(ram, at, instruction(g));
            at += 4;
        }
        put(ram, at, encode(body[k]));
        at += 4;
    }
}

/* Guest-physical RAM, mostly where it is, with holes and pages that are not what they seem. */
static void nested_tables(struct rng *g, uint8_t *ram)
{
    word root = RAM_BASE + NESTED_PAGE * PAGE_SIZE, table = root + PAGE_SIZE;
    word first = table | PTE_V;

    if (rng_percent(g, 30))
        first = RAM_BASE | PTE_V | PTE_R | PTE_W | PTE_X;
    put(ram, root + 4 * PT_INDEX1(RAM_BASE), first);
    for (unsigned n = 0; n < 4; n++)
        put(ram, root + 4 * n, rng_percent(g, 60) ? first : superpage(g));
    for (unsigned n = 0; n < ALL_PAGES; n++) {
        word page = rng_percent(g, 85) ? (RAM_BASE >> PAGE_SHIFT) + n : page_of_ram(g);
        word entry = page << PAGE_SHIFT | PTE_V | PTE_R | PTE_W | PTE_X;

        put(ram, table + 4 * n, rng_percent(g, 85) ? entry : leaf(g, page));
    }
    for (word at = IO_MAP_PAGE * PAGE_SIZE; at < NESTED_PAGE * PAGE_SIZE; at += 4)
        put(ram, RAM_BASE + at, rng_word(g) & rng_word(g));
}

void generate_ram(struct rng *g, uint8_t *ram)
{
    memset(ram, 0, GENERATE_RAM);
    for (word at = 0; at < CODE_PAGES * PAGE_SIZE; at += 4)
        put(ram, RAM_BASE + at, instruction(g));
    for (unsigned n = 0; n < 200; n++)
        rewrite(g, ram, RAM_BASE + rng_below(g, CODE_PAGES * PAGE_SIZE - 8) / 4 * 4);
    for (word at = 0; at < PAGE_SIZE; at += HANDLER_SIZE)
        handler(g, ram, HANDLERS + at);
    for (word at = CODE_PAGES * PAGE_SIZE; at < ROOT_PAGE * PAGE_SIZE; at += 4)
        put(ram, RAM_BASE + at, edge(g));
    for (word at = (TABLE_PAGE + 4) * PAGE_SIZE; at < GENERATE_VMCB_PAGE * PAGE_SIZE; at += 4)
        put(ram, RAM_BASE + at, instruction(g));
    nested_tables(g, ram);
    root_table(g, ram, ROOT_PAGE);
    root_table(g, ram, ROOT_PAGE + 1);
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned n = 0; n < PAGES; n++) {
            word page = (RAM_BASE >> PAGE_SHIFT) + n;

            put(ram, table_page(k) + 4 * n, leaf(g, rng_percent(g, 80) ? page : page_of_ram(g)));
        }
    }
}

/* Control registers, ring and pc of a machine or a guest. */
static void state(struct rng *g, struct cpu_regs *regs, uint64_t cycle)
{
    uint64_t deadline = cycle + rng_below(g, 500);

    regs->ring = rng_below(g, 4);
    regs->status = rng_word(g) & (rng_percent(g, 20) ? 0xf7cf : 0xf4cf);
    if (regs->ring != 0 && rng_percent(g, 97))
        regs->status |= FIELD_status_pring; /* as tret leaves it */
    regs->ptbr = random_ptbr(g);
    regs->tptbr = random_ptbr(g);
    regs->eptbr = random_ptbr(g);
    regs->pc = regs->ptbr & PTBR_ON ? regs->x[27] : regs->x[26];
    regs->tvec = HANDLERS + rng_below(g, PAGE_SIZE / HANDLER_SIZE) * HANDLER_SIZE;
    if (rng_percent(g, 8))
        regs->tvec = rng_percent(g, 10) ? 0 : regs->x[26];
    regs->epc = address(g, 0, CODE_PAGES);
    regs->tscratch = rng_word(g);
    regs->ie = rng_word(g) & 0x888;
    regs->ip = rng_percent(g, 10) ? 0x8 : 0;
    regs->timecmp = (word)deadline;
    regs->timecmph = rng_percent(g, 90) ? (word)(deadline >> 32) : rng_below(g, 2);
    regs->cntren = rng_below(g, 8);
}

void generate_regs(struct rng *g, struct cpu_regs *regs, uint64_t cycle)
{
    for (unsigned n = 1; n < 32; n++)
        regs->x[n] = edge(g);
    for (unsigned n = 8; n < 16; n++)
        regs->x[n] = rng_percent(g, 15) ? entry_address(g) : address(g, 0, PAGES);
    if (rng_percent(g, 70))
        regs->x[12] = RAM_BASE + (GENERATE_VMCB_PAGE + rng_below(g, GENERATE_VMCBS)) * PAGE_SIZE;
    for (unsigned n = 16; n < 20; n++)
        regs->x[n] = rng_below(g, 3); /* an ASID */
    regs->x[23] = instruction(g);
    regs->x[24] = random_ptbr(g);
    regs->x[25] = address(g, 0, CODE_PAGES);
    regs->x[26] = RAM_BASE + (rng_below(g, CODE_PAGES * PAGE_SIZE) & ~3u);
    regs->x[27] = address(g, 0, CODE_PAGES);
    regs->x[28] = (word)cycle + rng_below(g, 1000);
    regs->x[29] = leaf(g, page_of_ram(g));
    regs->x[30] = entry_address(g);
    regs->x[31] = rng_word(g) & (0x888 | 0xf7cf);
    state(g, regs, cycle);
}

/* ---- VMCBs -------------------------------------------------------------------------------- */

struct page {
    uint8_t *ram;
    word at;
};

static void set(const struct page *p, enum vmcb_offset offset, word value)
{
    put(p->ram, p->at + (unsigned)offset, value);
}

/* Few bits; now and then none, or one that does not exist. */
static word intercepts(struct rng *g, word valid)
{
    word bits = rng_word(g) & rng_word(g);

    if (rng_percent(g, 50))
        bits &= rng_word(g);
    if (rng_percent(g, 30))
        return 0;
    return rng_percent(g, 98) ? bits & valid : bits;
}

static word random_event(struct rng *g)
{
    static const word causes[] = {0, 2, 3, 5, 7, 8, 11, 12, 13, 15, 24, 25, 26};
    static const word interrupts[] = {3, 7, 11};

    if (rng_percent(g, 70))
        return 0;
    if (rng_percent(g, 4))
        return rng_word(g);
    if (rng_percent(g, 40))
        return 0xc0000000 | interrupts[rng_below(g, COUNT_OF(interrupts))];
    return 0x80000000 | causes[rng_below(g, COUNT_OF(causes))];
}

static void control_words(struct rng *g, const struct page *p, bool npt)
{
    static const word offsets[] = {0, 5, (word)-20, (word)-1000, 0xffffffff, 0x7fffffff};
    word offset = offsets[rng_below(g, COUNT_OF(offsets))];

    set(p, VMCB_magic, rng_percent(g, 98) ? VMCB_MAGIC : rng_word(g));
    set(p, VMCB_vmid, rng_percent(g, 97) ? 1 + rng_below(g, 3) : rng_below(g, 2) << 16);
    word insns = intercepts(g, 0x37f);
    insns |= rng_percent(g, 97) ? 0x300 : 0;
    insns |= rng_percent(g, 50) ? 1u << INTERCEPT_interrupts : 0;
    set(p, VMCB_icept_insn, insns);
    set(p, VMCB_icept_cause, intercepts(g, 0x0700bfff));
    set(p, VMCB_icept_csr_read, intercepts(g, 0x3fff));
    set(p, VMCB_icept_csr_write, intercepts(g, 0x3fff));
    set(p, VMCB_io_map, rng_percent(g, 60) ? 0 : RAM_BASE + IO_MAP_PAGE * PAGE_SIZE);
    if (rng_percent(g, 4)) /* its second page, or all of it, lies outside */
        set(p, VMCB_io_map, rng_percent(g, 50) ? RAM_BASE + 0xff000 : rng_word(g) & PAGE_MASK);
    set(p, VMCB_nested_paging, rng_percent(g, npt ? 60 : 2));
    set(p, VMCB_nptbr, PTBR_ON | ((RAM_BASE >> PAGE_SHIFT) + NESTED_PAGE));
    if (rng_percent(g, 4))
        set(p, VMCB_nptbr, rng_word(g));
    set(p, VMCB_time_offset, offset);
    set(p, VMCB_time_offseth, offset >> 31 && rng_percent(g, 90) ? 0xffffffff : 0);
    set(p, VMCB_virtual_ip, rng_percent(g, 25) ? rng_word(g) & 0x888 : 0);
    set(p, VMCB_inject, random_event(g));
    set(p, VMCB_inject_tval, rng_word(g));
    set(p, VMCB_tlb_control, rng_percent(g, 70) ? 0 : rng_below(g, rng_percent(g, 3) ? 5 : 3));
}

void generate_vmcb(struct rng *g, uint8_t *ram, unsigned n, const struct machine_config *config,
                   const struct cpu_regs *regs, uint64_t cycle)
{
    const struct page page = {ram, RAM_BASE + (GENERATE_VMCB_PAGE + n) * PAGE_SIZE};
    struct cpu_regs r = *regs;

    memset(ram + (GENERATE_VMCB_PAGE + n) * PAGE_SIZE, 0, PAGE_SIZE);
    control_words(g, &page, config->npt);
    state(g, &r, cycle);
    if (rng_percent(g, 50))
        r.ring = 0; /* most of what can exit is for a kernel to do */
    if (rng_percent(g, 30))
        r.ptbr &= ~PTBR_ON, r.pc = r.x[26];
    const word words[] = {r.pc,      r.ring,     r.status, r.tvec, r.tscratch, r.epc,
                          r.cause,   r.tval,     r.ie,     r.ip,   r.ptbr,     r.tptbr,
                          r.timecmp, r.timecmph, r.cntren, r.eptbr};
    for (unsigned k = 0; k < COUNT_OF(words); k++)
        put(ram, page.at + VMCB_pc + 4 * k, words[k]);
    set(&page, VMCB_rs1, rng_word(g));
    set(&page, VMCB_instret, rng_word(g));
    set(&page, VMCB_instreth, rng_below(g, 2));
    word anywhere = rng_below(g, PAGE_SIZE / 4) * 4, named = rng_below(g, 0x150 / 4) * 4;
    if (rng_percent(g, 5))
        put(ram, page.at + anywhere, edge(g));
    if (rng_percent(g, 5))
        put(ram, page.at + named, edge(g));
}
