/* Small programs; see programs.h. */
#include "tests/world/programs.h"

#include "isa/paging.h"

#include <check.h>
#include <string.h>

static const word print_code[] = {
    0x100002b7, /* lui t0, 0x10000: the console */
    0x06800313, /* li t1, 'h' */
    0x00628023, /* sb t1, 0(t0) */
    0x06900313, /* li t1, 'i' */
    0x00628023, /* sb t1, 0(t0) */
    0x00a00313, /* li t1, '\n' */
    0x00628023, /* sb t1, 0(t0) */
    0x00500593, /* li a1, 5 */
    0x00150513, /* addi a0, a0, 1 */
    0xfeb51ee3, /* bne a0, a1, -4 */
    0x001002b7, /* lui t0, 0x100: the finisher */
    0x00073337, /* lui t1, 0x73 */
    0x33330313, /* addi t1, t1, 0x333: 7 << 16 | 3333h */
    0x0062a023, /* sw t1, 0(t0) */
    0x0000006f, /* j . */
};

static const word monitor_code[] = {
    0x800032b7, /* lui t0, 0x80003: VM_PAGE */
    0x0012a013, /* trace t0, vm_create */
    0x80004337, /* lui t1, 0x80004: VM_GPRS */
    0x00232013, /* trace t1, vm_gprs */
    0x10030393, /* addi t2, t1, 0x100 */
    0x0033a013, /* trace t2, vm_name */
    0x00000e17, /* auipc t3, 0 */
    0x028e0e13, /* addi t3, t3, 40: the handler */
    0x7c1e1073, /* csrw tvec, t3 */
    0x80002e37, /* lui t3, 0x80002: VM_CODE */
    0x7c3e1073, /* csrw epc, t3 */
    0x00400e93, /* li t4, 4: PRING 1 */
    0x7c0e9073, /* csrw status, t4 */
    0x00900f13, /* li t5, 9 */
    0x005f2013, /* trace t5, enter */
    0x30200073, /* tret */
    /* handler */
    0x00532a23, /* sw t0, 20(t1) */
    0x11030f93, /* addi t6, t1, 0x110 */
    0x007fa013, /* trace t6, routine */
    0x04d00513, /* li a0, 77 */
    0x02a32423, /* sw a0, 40(t1) */
    0x0000006f, /* j . */
};

static const word guest_code[] = {
    0x04200513, /* li a0, 66 */
    0x7c0025f3, /* csrr a1, status */
    0x0000006f, /* j . */
};

static void start(struct host *h, const word *code, size_t size)
{
    struct cpu_regs regs = {.pc = RAM_BASE};

    ck_assert(machine_write(host_machine(h), RAM_BASE, code, size));
    machine_set_regs(host_machine(h), &regs);
}

void program_print(struct host *h)
{
    start(h, print_code, sizeof print_code);
}

static void put(struct host *h, word address, word value)
{
    ck_assert(machine_write(host_machine(h), address, &value, sizeof value));
}

void program_vm(struct host *h)
{
    struct machine *m = host_machine(h);

    start(h, monitor_code, sizeof monitor_code);
    ck_assert(machine_write(m, VM_CODE, guest_code, sizeof guest_code));
    ck_assert(machine_write(m, VM_GPRS + 0x100, "guest", 6));
    ck_assert(machine_write(m, VM_GPRS + 0x110, "csr", 4));
    put(h, VM_PAGE + 0x000, 0x42434d56);        /* magic */
    put(h, VM_PAGE + 0x004, 9);                 /* vmid */
    put(h, VM_PAGE + 0x020, PTBR_ON | 0x80005); /* nptbr: table at 80005000 */
    put(h, VM_PAGE + 0x100, VM_CODE);           /* pc */
    put(h, VM_PAGE + 0x104, 0);                 /* the guest believes in ring 0 */
    put(h, VM_PAGE + 0x108, 0x1);               /* status: IE */
    put(h, VM_PAGE + 0x10c, 0x80001234);        /* tvec */
    put(h, VM_GPRS + 4 * 8, 0x5050);            /* s0 as the monitor keeps it */
    /* gpa 80000000-803fffff is the same hpa (a superpage); gpa 80400000 is hpa 80006000 */
    put(h, 0x80005000 + 4 * PT_INDEX1(0x80000000),
        0x80000000 | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL);
    put(h, 0x80005000 + 4 * PT_INDEX1(0x80400000), 0x80007000 | PTE_V);
    put(h, 0x80007000, 0x80006000 | PTE_V | PTE_R | PTE_PL);
    put(h, 0x80006000, 0x600df00d);
}

struct host *program_host(struct world **w)
{
    struct machine_config c = machine_config_default();
    struct host *h;
    struct error err;

    c.ram_size = 1 << 20;
    ck_assert_int_eq(world_new(w, &err), 0);
    ck_assert_msg(world_add(*w, "m", &c, &h, &err) == 0, "%s", err.text);
    return h;
}
